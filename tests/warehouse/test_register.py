"""The register: append-only, in order, shared by several processes, whole after a kill."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import warehouse.register
from warehouse.errors import RegisterError
from warehouse.register import TABLES, Register

# Every process waits for the same moment, so that they meet on a register that does not exist yet.
WRITER = """
import sys, time
from pathlib import Path
from warehouse.register import Register
path, name, entries, begin = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
time.sleep(max(0, begin - time.time()))
with Register(path) as register:
    print("open", flush=True)
    for number in range(entries):
        register.append_audit(who=name, run=name, action="write", subject=str(number))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.sqlite"


def publish(register: Register, period: str = "2025-01", number: int = 1) -> None:
    release = f"{period}-r{number:02d}"
    register.publish(
        period=period,
        release=release,
        number=number,
        file=f"{release}.duckdb",
        sha256="0" * 64,
        built_at="2025-02-03T08:00:00+00:00",
        warehouse_fingerprint="f",
        code_version="c",
        rule_set_version="r",
        without=("rural/990104",),
        in_force=(),
        earlier_releases=("2024-12-r02",),
        who="statistician",
        run="run-1",
    )


def append_to(register: Register, table: str) -> None:
    values = {column.split()[0]: _value(column) for column in TABLES[table]}
    with register._transaction():
        register._append(table, "somebody", "run-1", **values)


def _value(column: str) -> object:
    if "integer" in column:
        return 1
    if "check (" in column:
        return column.split("in ('", 1)[1].split("'", 1)[0]
    return "text"


def test_a_register_that_does_not_exist_reads_as_an_empty_one_and_is_not_made_by_reading(path: Path):
    with Register(path, read_only=True) as register:
        assert register.releases() == []
        assert register.in_force("2025-01") is None
        assert register.exceptions() == []
    assert not path.exists()


def test_a_register_whose_first_command_was_cut_short_reads_as_an_empty_one(path: Path):
    path.touch()
    with Register(path, read_only=True) as register:
        assert register.releases() == []
    with Register(path) as register:
        register.append_audit(who="a", run="r", action="try")
        assert len(register.rows("audit_log")) == 1


def test_a_file_that_is_no_register_is_refused_in_one_message(path: Path):
    path.write_bytes(b"this is no database, it only stands where one should" * 100)
    with pytest.raises(RegisterError, match="cannot be opened"):
        Register(path)
    with pytest.raises(RegisterError, match="cannot be opened"):
        Register(path, read_only=True)


def test_who_may_only_read_a_home_reads_its_register_and_is_told_that_it_cannot_be_written():
    """In a process of its own that has given up the rights of the one who tests."""
    folder = Path(tempfile.mkdtemp())
    try:
        with Register(folder / "register.sqlite") as register:
            register.append_audit(who="a", run="r", action="try")
        folder.chmod(0o555)
        (folder / "register.sqlite").chmod(0o444)
        queue = multiprocessing.get_context("fork").SimpleQueue()
        reader = multiprocessing.get_context("fork").Process(target=_read_only_view, args=(folder / "register.sqlite", queue))
        reader.start()
        read, refusal = queue.get()
        reader.join()
        assert read == ["try"]
        assert "the folder or the file is read-only" in refusal
        assert "backup" not in refusal
    finally:
        folder.chmod(0o755)
        shutil.rmtree(folder)


def _read_only_view(path: Path, queue) -> None:
    if os.geteuid() == 0:
        os.setuid(65534)
    with Register(path, read_only=True) as register:
        read = [row["action"] for row in register.rows("audit_log")]
    try:
        Register(path)
    except RegisterError as error:
        queue.put((read, str(error)))
    else:
        queue.put((read, "it was opened for writing"))


def test_a_register_of_a_newer_program_is_refused(path: Path):
    Register(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("pragma user_version = 99")
    for read_only in (False, True):
        with pytest.raises(RegisterError, match="version 99"):
            Register(path, read_only=read_only)


def test_it_is_kept_with_a_write_ahead_log(path: Path):
    with Register(path) as register:
        assert register._connection.execute("pragma journal_mode").fetchone()[0] == "wal"
        assert register._connection.execute("pragma synchronous").fetchone()[0] == 2


@pytest.mark.parametrize("table", sorted(TABLES))
def test_no_table_lets_an_entry_be_changed_deleted_or_replaced(path: Path, table: str):
    with Register(path) as register:
        append_to(register, table)
        before = register.rows(table)
        column = TABLES[table][0].split()[0]
        for statement in (
            f"update {table} set {column} = 'other'",
            f"delete from {table}",
            f"insert or replace into {table} select * from {table}",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                register._connection.execute(statement)
        assert register.rows(table) == before


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_entry_says_who_when_and_in_which_run(path: Path, table: str):
    with Register(path) as register:
        append_to(register, table)
        row = register.rows(table)[0]
    assert (row["who"], row["run"]) == ("somebody", "run-1")
    assert row["at"].endswith("+00:00")


def test_publishing_supersedes_the_release_before_it_and_keeps_it(path: Path):
    with Register(path) as register:
        publish(register, number=1)
        publish(register, number=2)
        assert [(row.release, row.state) for row in register.releases()] == [("2025-01-r01", "superseded"), ("2025-01-r02", "provisional")]
        assert register.in_force("2025-01").release == "2025-01-r02"
        assert register.next_number("2025-01") == 3
        row = register.release("2025-01-r02")
    assert (row.without, row.in_force, row.earlier_releases) == (("rural/990104",), (), ("2024-12-r02",))


def test_the_releases_in_force_come_one_per_month_in_order(path: Path):
    with Register(path) as register:
        for period, number in (("2025-02", 1), ("2024-12", 1), ("2025-01", 1), ("2025-01", 2)):
            publish(register, period, number)
        assert {month: row.release for month, row in register.all_in_force().items()} == {
            "2024-12": "2024-12-r01",
            "2025-01": "2025-01-r02",
            "2025-02": "2025-02-r01",
        }
        assert list(register.all_in_force()) == ["2024-12", "2025-01", "2025-02"]


def test_a_number_that_somebody_else_has_published_meanwhile_is_refused_and_changes_nothing(path: Path):
    with Register(path) as register, Register(path) as other:
        number = register.next_number("2025-01")
        publish(other, number=number)
        with pytest.raises(RegisterError, match="published since"):
            publish(register, number=number)
        assert [row.state for row in register.releases()] == ["provisional"]
        assert len(register.rows("audit_log")) == 1


def test_approval_freezes_the_release_in_force_and_is_told_by_whom(path: Path):
    with Register(path) as register:
        publish(register, number=1)
        publish(register, number=2)
        row = register.approve("2025-01", "周主任", "run-2")
        assert (row.release, row.state, row.state_by) == ("2025-01-r02", "approved", "周主任")
        assert [(entry["release"], entry["name"]) for entry in register.rows("approvals")] == [("2025-01-r02", "周主任")]
        with pytest.raises(RegisterError, match="approved already"):
            register.approve("2025-01", "周主任", "run-3")
        with pytest.raises(RegisterError, match="no release to approve"):
            register.approve("2025-02", "周主任", "run-3")
        assert len(register.rows("approvals")) == 1


def test_a_transaction_that_fails_leaves_none_of_its_entries(path: Path):
    with Register(path) as register:
        with pytest.raises(RegisterError, match="nothing was written"), register._transaction():
            register._append("audit_log", "a", "r", action="first")
            register._append("release_events", "a", "r", release="2025-01-r01", state="no such state")
        assert register.rows("audit_log") == []
        register.append_audit(who="a", run="r", action="second")
        assert [row["action"] for row in register.rows("audit_log")] == ["second"]


def test_a_reader_cannot_write(path: Path):
    Register(path).close()
    with Register(path, read_only=True) as register, pytest.raises(RegisterError, match="read only"):
        register.append_audit(who="a", run="r", action="try")


def test_an_unknown_release_and_an_unknown_table_are_told_in_words(path: Path):
    with Register(path) as register:
        with pytest.raises(RegisterError, match="no such release"):
            register.release("2025-01-r01")
        with pytest.raises(RegisterError, match="no table 'secrets'"):
            register.rows("secrets")


def test_exceptions_are_signed_in_order_and_read_up_to_a_month(path: Path):
    with Register(path) as register:
        for period in ("2025-03", "2025-01"):
            row = register.except_check(
                check_code="CHK-24", period=period, division_code=None, until="2025-12", name="周主任", reason="已核实", run="r"
            )
            assert (row.period, row.name, row.reason) == (period, "周主任", "已核实")
        assert [row.period for row in register.exceptions()] == ["2025-03", "2025-01"]
        assert [row.period for row in register.exceptions("2025-02")] == ["2025-01"]


def test_a_case_stands_as_its_last_answer_says_and_keeps_it_while_it_is_asked_again(path: Path):
    keys = {"scheme_a": "employee", "relation_id_a": "1", "scheme_b": "rural", "relation_id_b": "2"}
    with Register(path) as register:
        register.append_case_event(who="a", run="r", **keys, status="sent", facts_hash="f1")
        register.append_case_event(who="a", run="r", **{**keys, "relation_id_b": "3"}, status="sent")
        register.append_case_event(
            who="b", run="r", **keys, status="answered_duplicate", answer="duplicate", retained_relation_id="1", facts_hash="f1"
        )
        states = {key[3]: state for key, state in register.case_states().items()}
        assert {number: state.status for number, state in states.items()} == {"2": "answered_duplicate", "3": "sent"}
        register.append_case_event(who="a", run="r", **keys, status="settled", ended_relation_id="2", ended_on="2025-01-31")
        register.append_case_event(who="a", run="r", **keys, status="sent", facts_hash="f2")
        again = next(iter(register.case_states().values()))
    assert (again.status, again.answer, again.retained_relation_id) == ("sent", "duplicate", "1")
    assert (again.answered_facts_hash, again.sent_facts_hash) == ("f1", "f2")


def test_an_answer_that_another_county_contradicts_holds_no_longer_until_one_is_given_again(path: Path):
    keys = {"scheme_a": "employee", "relation_id_a": "1", "scheme_b": "rural", "relation_id_b": "2"}
    with Register(path) as register:
        register.append_case_event(who="a", run="r", **keys, status="answered_duplicate", answer="duplicate", retained_relation_id="1")
        register.append_case_event(who="b", run="r", **keys, status="contested", note="990102, 990103")
        (state,) = register.case_states().values()
        assert (state.status, state.answer, state.retained_relation_id, state.is_contested) == ("sent", None, None, True)
        register.append_case_event(who="a", run="r", **keys, status="answered_legitimate", answer="legitimate")
        (state,) = register.case_states().values()
    assert (state.status, state.answer, state.is_contested, state.note) == ("answered_legitimate", "legitimate", False, None)


def test_entries_appended_together_stand_together_or_not_at_all(path: Path):
    keys = {"scheme_a": "employee", "relation_id_a": "1", "scheme_b": "rural", "relation_id_b": "2"}
    with Register(path) as register:
        with pytest.raises(RegisterError, match="nothing was written"):
            register.append_all(
                who="a", run="r", entries=[("case_events", {**keys, "status": "sent"}), ("case_events", {"status": "sent"})]
            )
        assert register.rows("case_events") == []
        register.append_all(who="a", run="r", entries=[("case_events", {**keys, "status": "sent"})] * 2)
        assert len(register.rows("case_events")) == 2


def test_a_register_of_the_first_version_is_brought_up_to_date_and_keeps_its_entries(path: Path, monkeypatch: pytest.MonkeyPatch):
    keys = {"scheme_a": "employee", "relation_id_a": "1", "scheme_b": "rural", "relation_id_b": "2"}
    joined = {column for added in warehouse.register._JOINED.values() for _, column in added}
    first = {table: tuple(column for column in columns if column not in joined) for table, columns in warehouse.register.TABLES.items()}
    with monkeypatch.context() as patched:
        patched.setattr(warehouse.register, "SCHEMA_VERSION", 1)
        patched.setattr(warehouse.register, "TABLES", first)
        with Register(path) as register:
            register.append_case_event(who="a", run="r", **keys, status="sent")
    with Register(path, read_only=True) as register:
        assert [state.status for state in register.case_states().values()] == ["sent"]
    with Register(path) as register:
        register.append_case_event(who="b", run="r", **keys, status="answered_legitimate", answer="legitimate", facts_hash="f")
        assert [row["facts_hash"] for row in register.rows("case_events")] == [None, "f"]
    with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute("update case_events set status = 'sent'")


def test_what_people_decided_changes_the_digest_and_what_nobody_decided_does_not(path: Path):
    with Register(path) as register:
        empty = register.decisions_digest("2025-02")
        register.append_audit(who="a", run="r", action="look")
        publish(register)
        register.append_account(who="a", run="r", account="clerk", display_name="x", role="county", divisions="990102", state="active")
        register.except_check(check_code="CHK-24", period="2025-03", division_code=None, until="2025-12", name="n", reason="later", run="r")
        assert register.decisions_digest("2025-02") == empty
        register.except_check(check_code="CHK-24", period="2025-02", division_code=None, until="2025-12", name="n", reason="now", run="r")
        signed = register.decisions_digest("2025-02")
        assert signed != empty
        keys = {"scheme_a": "employee", "relation_id_a": "1", "scheme_b": "rural", "relation_id_b": "2"}
        register.append_case_event(who="a", run="r", **keys, status="sent")
        sent = register.decisions_digest("2025-02")
        assert sent != signed
        register.append_case_event(who="a", run="r", **keys, status="settled", ended_relation_id="2")
        assert register.decisions_digest("2025-02") == sent
        assert register.decisions_digest("2025-02") == register.decisions_digest("2025-02")


def test_processes_that_write_at_once_lose_no_entry_and_keep_each_ones_order(path: Path):
    begin = str(time.time() + 0.7)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, "60", begin], stderr=subprocess.PIPE, text=True, stdout=subprocess.DEVNULL
        )
        for name in ("first", "second", "third")
    ]
    for writer in writers:
        _, said = writer.communicate(timeout=60)
        assert writer.returncode == 0, said
    with Register(path, read_only=True) as register:
        rows = register.rows("audit_log")
    assert len(rows) == 180
    for name in ("first", "second", "third"):
        assert [row["subject"] for row in rows if row["who"] == name] == [str(number) for number in range(60)]


def test_a_writer_that_is_killed_leaves_whole_entries_and_a_register_that_takes_more(path: Path):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), "killed", "100000", "0"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    writer.stdout.readline()
    time.sleep(0.2)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait(timeout=10)
    writer.stdout.close()
    with Register(path) as register:
        before = register.rows("audit_log")
        assert before
        assert [row["subject"] for row in before] == [str(number) for number in range(len(before))]
        assert register._connection.execute("pragma integrity_check").fetchone()[0] == "ok"
        register.append_audit(who="next", run="r", action="write")
        assert len(register.rows("audit_log")) == len(before) + 1


def test_a_reader_sees_one_state_while_another_process_writes(path: Path):
    with Register(path) as writer, Register(path, read_only=True) as reader:
        publish(writer, number=1)
        with writer._transaction():
            writer._append("release_events", "a", "r", release="2025-01-r01", state="superseded", note=None)
            assert reader.in_force("2025-01").release == "2025-01-r01"
        assert reader.in_force("2025-01") is None
