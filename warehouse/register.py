"""The register: what people decided and what was published, in SQLite, append-only (`<home>/register.sqlite`).

What belongs here: the tables that cannot be rebuilt from landing, and typed functions that append to them and read them. A state is never
written over: it is the last of its events, and the tables refuse UPDATE and DELETE by triggers. What does not: the files of releases
(`releases.py`), and the rules that say when a month may be closed (`orchestration/close.py`).
"""

from __future__ import annotations

import getpass
import json
import os
import sqlite3
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse.errors import RegisterError

SCHEMA_VERSION = 2

# Seconds to wait for another process that is writing.
_PATIENCE = 30

# Each table also has `entry` (the order of appending), `at` (UTC, ISO), `who` and `run`.
TABLES: dict[str, tuple[str, ...]] = {
    "releases": (
        "period text not null",
        "release text not null unique",
        "number integer not null",
        "file text not null",
        "sha256 text not null",
        "built_at text not null",
        "warehouse_fingerprint text not null",
        "code_version text not null",
        "rule_set_version text not null",
        "without_offices text not null",
        "in_force_offices text not null",
        "earlier_releases text not null",
    ),
    "release_events": (
        "release text not null",
        "state text not null check (state in ('provisional', 'approved', 'superseded'))",
        "note text",
    ),
    "approvals": ("period text not null", "release text not null", "name text not null"),
    "exceptions": (
        "check_code text not null",
        "period text not null",
        "division_code text",
        "until text not null",
        "name text not null",
        "reason text not null",
    ),
    "match_decisions": (
        "source_system_a text not null",
        "source_person_no_a text not null",
        "source_system_b text not null",
        "source_person_no_b text not null",
        "verdict text not null check (verdict in ('same', 'different', 'cannot tell'))",
        "fields_hash text not null",
        "reason text",
    ),
    "match_models": ("model_version text not null", "kind text not null", "parameters text not null", "sha256 text not null", "note text"),
    "person_events": (
        "event text not null check (event in ('merged', 'split'))",
        "period text not null",
        "person_id_from text not null",
        "person_id_to text not null",
        "source_system text",
        "source_person_no text",
        "cause text not null",
    ),
    "case_events": (
        "scheme_a text not null",
        "relation_id_a text not null",
        "scheme_b text not null",
        "relation_id_b text not null",
        "case_id text",
        "status text not null",
        "answer text",
        "retained_relation_id text",
        "ended_relation_id text",
        "ended_on text",
        "note text",
        "release text",
        "facts_hash text",
    ),
    "worklist_answers": (
        "worklist text not null",
        "period text not null",
        "office text not null",
        "row_number integer not null",
        "scheme_a text not null",
        "relation_id_a text not null",
        "scheme_b text not null",
        "relation_id_b text not null",
        "answer text not null",
        "retained_relation_id text",
        "file_sha256 text not null",
        "note text",
        "ended_on text",
        "facts_hash text",
    ),
    "accounts": (
        "account text not null",
        "display_name text not null",
        "role text not null",
        "divisions text not null",
        "password_hash text",
        "state text not null check (state in ('active', 'closed'))",
    ),
    "audit_log": ("action text not null", "subject text", "detail text", "outcome text"),
}

# Columns that joined the tables of an earlier version, by the version that brought them.
_JOINED: dict[int, tuple[tuple[str, str], ...]] = {
    2: (
        ("case_events", "release text"),
        ("case_events", "facts_hash text"),
        ("worklist_answers", "ended_on text"),
        ("worklist_answers", "facts_hash text"),
    ),
}

# What a county found, by the event that says so.
ANSWERS = {"answered_duplicate": "duplicate", "answered_legitimate": "legitimate", "answered_wrong_match": "wrong_match"}
# Steps that follow from deliveries and answers: recorded for whoever asks when, never read to compute a number.
DERIVED_STEPS = ("settled", "closed", "reopened")

VIEWS: dict[str, str] = {
    "release_states": """
        select releases.*, events.state, events.at as state_at, events.who as state_by
        from releases
        left join release_events as events
            on events.entry = (select max(newest.entry) from release_events as newest where newest.release = releases.release)
    """,
}


@dataclass(frozen=True)
class ReleaseRow:
    """One published release and the state it is in.

    Attributes:
        period: its month, `YYYY-MM`.
        release: its name, `2025-06-r01`.
        number: the how-manieth release of its month.
        file: name of its file under `published/`.
        sha256: of that file.
        built_at: when it was built, UTC, ISO.
        warehouse_fingerprint: of everything that it was computed from.
        code_version: of the code.
        rule_set_version: of seeds and rules.
        without: offices that its month was closed without, `rural/990104`.
        in_force: offices whose accepted delivery was used although a newer one was refused.
        earlier_releases: the releases that its earlier months were copied from.
        state: `provisional`, `approved` or `superseded`.
        state_at: when it came into that state, UTC, ISO.
        state_by: who brought it there.
        run: the run that published it.
    """

    period: str
    release: str
    number: int
    file: str
    sha256: str
    built_at: str
    warehouse_fingerprint: str
    code_version: str
    rule_set_version: str
    without: tuple[str, ...]
    in_force: tuple[str, ...]
    earlier_releases: tuple[str, ...]
    state: str
    state_at: str
    state_by: str
    run: str

    @property
    def is_in_force(self) -> bool:
        """Whether it is the release that its month stands on."""
        return self.state != "superseded"


CaseKey = tuple[str, str, str, str]


@dataclass
class CaseState:
    """How a case between two relations stands by its events: what was asked and what was answered.

    Attributes:
        key: scheme and relation id of the two relations, a before b.
        case_id: its id in releases.
        status: `sent`, `answered_duplicate`, `answered_legitimate` or `answered_wrong_match`.
        answer: `duplicate`, `legitimate` or `wrong_match`: the answer that holds, also while the case is asked again; None where none does.
        retained_relation_id: of the answer: the relation to keep; None where it names none.
        ended_relation_id: of the answer: the relation that the county has ended.
        ended_on: of the answer: when, `YYYY-MM-DD`.
        answered_at: when it was answered.
        answered_facts_hash: of what the case was when it was answered.
        sent_at: when it was last sent to its counties.
        sent_facts_hash: of what the case was then.
        sent_release: the release that the worklists were written from.
        is_contested: whether its two counties gave answers that do not agree, so that none holds.
        note: in which way they do not.
        last_step: the last step that was recorded, also of those that follow from deliveries (`settled`, `closed`, `reopened`).
    """

    key: CaseKey
    case_id: str | None = None
    status: str = "sent"
    answer: str | None = None
    retained_relation_id: str | None = None
    ended_relation_id: str | None = None
    ended_on: str | None = None
    answered_at: str | None = None
    answered_facts_hash: str | None = None
    sent_at: str | None = None
    sent_facts_hash: str | None = None
    sent_release: str | None = None
    is_contested: bool = False
    note: str | None = None
    last_step: str | None = None

    def take(self, event: dict[str, Any]) -> None:
        """Move on by one event. A case that is sent again keeps its answer; counties that contradict each other take it back."""
        self.last_step = event["status"]
        self.case_id = event["case_id"] or self.case_id
        if event["status"] in ANSWERS:
            self.status, self.answer, self.is_contested, self.note = event["status"], ANSWERS[event["status"]], False, None
            self.retained_relation_id = event["retained_relation_id"]
            self.ended_relation_id, self.ended_on = event["ended_relation_id"], event["ended_on"]
            self.answered_at, self.answered_facts_hash = event["at"], event.get("facts_hash")
        elif event["status"] == "contested":
            self.status, self.answer, self.is_contested, self.note = "sent", None, True, event["note"]
            self.retained_relation_id = self.ended_relation_id = self.ended_on = None
        elif event["status"] == "sent":
            self.status, self.sent_at = "sent", event["at"]
            self.sent_facts_hash, self.sent_release = event.get("facts_hash"), event.get("release")


@dataclass(frozen=True)
class ExceptionRow:
    """A signed exception to a check of the sources."""

    check_code: str
    period: str
    division_code: str | None
    until: str
    name: str
    reason: str
    at: str


def utc_now() -> str:
    """This moment, UTC, ISO to the microsecond."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def new_run_id() -> str:
    """A run's name: sortable by its beginning."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:6]}"


def current_user() -> str:
    """Who types, as the machine knows it.

    A container may run under a number that has no entry among its users; that number is then the name.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _may_write(path: Path) -> bool:
    """Whether a register there could be written: the file, or where there is none yet, and its folder."""
    place = path.parent
    while not place.exists():
        place = place.parent
    return os.access(place, os.W_OK) and (not path.exists() or os.access(path, os.W_OK))


class Register:
    """The register of one home. Every method that writes is one transaction; every method that reads sees one state."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        try:
            self._connection = self._opened()
        except sqlite3.Error as error:
            message = f"{path}: the register cannot be opened ({error}); where it is damaged, restore it from the backup"
            if not read_only and not _may_write(path):
                message = f"{path}: the register cannot be written by {current_user()}: the folder or the file is read-only"
            raise RegisterError(message) from error
        self._connection.row_factory = sqlite3.Row

    def _opened(self) -> sqlite3.Connection:
        if self.read_only:
            if self.path.exists():
                mode = "mode=ro"
                if not _may_write(self.path) and not Path(f"{self.path}-wal").exists():
                    # A reader keeps its place in a file beside the register, which one who may not write cannot have.
                    mode += "&immutable=1"
                connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=_PATIENCE)
                if self._version_of(connection) > 0:
                    return connection
                # Somebody's first command was cut short, or is just about to write its schema.
                connection.close()
            connection = sqlite3.connect(":memory:", isolation_level=None)
            self._create(connection)
            return connection
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=_PATIENCE)
        self._keep_write_ahead_log(connection)
        connection.execute("pragma synchronous = full")
        self._create(connection)
        return connection

    @staticmethod
    def _keep_write_ahead_log(connection: sqlite3.Connection) -> None:
        # SQLite waits for no lock where it changes to the log; of two first commands at once one would fail.
        last_try = time.monotonic() + _PATIENCE
        while True:
            try:
                connection.execute("pragma journal_mode = wal")
            except sqlite3.OperationalError:
                if time.monotonic() > last_try:
                    raise
                time.sleep(0.02)
            else:
                return

    def __enter__(self) -> Register:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    # Schema

    def _version_of(self, connection: sqlite3.Connection) -> int:
        found = int(connection.execute("pragma user_version").fetchone()[0])
        if found > SCHEMA_VERSION:
            message = f"{self.path}: the register has version {found}, this program reads up to {SCHEMA_VERSION}: use the newer program"
            raise RegisterError(message)
        return found

    def _create(self, connection: sqlite3.Connection) -> None:
        if self._version_of(connection) == SCHEMA_VERSION:
            return
        with self._transaction_of(connection):
            # Another process may have been first.
            if self._version_of(connection) == SCHEMA_VERSION:
                return
            before = self._version_of(connection)
            for table, columns in TABLES.items():
                connection.execute(
                    f"create table if not exists {table} (entry integer primary key autoincrement, at text not null, who text not null, "
                    f"run text not null, {', '.join(columns)})"
                )
                for verb in ("update", "delete"):
                    connection.execute(
                        f"create trigger if not exists {table}_refuses_{verb} before {verb} on {table} "
                        f"begin select raise(abort, 'the register is append-only: {table} refuses {verb}'); end"
                    )
                # `insert or replace` deletes without asking the delete trigger, so an entry that stands is refused as well.
                connection.execute(
                    f"create trigger if not exists {table}_refuses_replace before insert on {table} "
                    f"when exists (select 1 from {table} where entry = new.entry) "
                    f"begin select raise(abort, 'the register is append-only: {table} refuses replace'); end"
                )
            connection.execute(
                "create trigger if not exists releases_refuses_republishing before insert on releases "
                "when exists (select 1 from releases where release = new.release) "
                "begin select raise(abort, 'the register is append-only: a release is published once'); end"
            )
            if before:
                for version in range(before + 1, SCHEMA_VERSION + 1):
                    for table, column in _JOINED[version]:
                        connection.execute(f"alter table {table} add column {column}")
                connection.execute("drop view if exists case_answers")
            for view, sql in VIEWS.items():
                connection.execute(f"create view if not exists {view} as {sql}")
            connection.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self.read_only:
            message = f"{self.path}: opened to read only, nothing can be appended"
            raise RegisterError(message)
        try:
            with self._transaction_of(self._connection):
                yield
        except sqlite3.Error as error:
            message = f"{self.path}: the register did not take the entry, nothing was written ({error})"
            raise RegisterError(message) from error

    @staticmethod
    @contextmanager
    def _transaction_of(connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("begin immediate")
        try:
            yield
            connection.execute("commit")
        except BaseException:
            if connection.in_transaction:
                connection.execute("rollback")
            raise

    def _append(self, table: str, who: str, run: str, **values: object) -> None:
        columns = ["at", "who", "run", *values]
        marks = ", ".join("?" for _ in columns)
        self._connection.execute(f"insert into {table} ({', '.join(columns)}) values ({marks})", [utc_now(), who, run, *values.values()])

    # Releases

    def publish(
        self,
        *,
        period: str,
        release: str,
        number: int,
        file: str,
        sha256: str,
        built_at: str,
        warehouse_fingerprint: str,
        code_version: str,
        rule_set_version: str,
        without: tuple[str, ...],
        in_force: tuple[str, ...],
        earlier_releases: tuple[str, ...],
        who: str,
        run: str,
    ) -> ReleaseRow:
        """Record a release whose file is in place: this is the act of publishing. The release before it of its month is superseded.

        Raises:
            RegisterError: somebody else has published the month meanwhile.
        """
        with self._transaction():
            if number != self.next_number(period):
                message = f"{release}: {period} has been published since as number {self.next_number(period) - 1}; repeat the command"
                raise RegisterError(message)
            before = self.in_force(period)
            self._append(
                "releases",
                who,
                run,
                period=period,
                release=release,
                number=number,
                file=file,
                sha256=sha256,
                built_at=built_at,
                warehouse_fingerprint=warehouse_fingerprint,
                code_version=code_version,
                rule_set_version=rule_set_version,
                without_offices=json.dumps(list(without)),
                in_force_offices=json.dumps(list(in_force)),
                earlier_releases=json.dumps(list(earlier_releases)),
            )
            if before is not None:
                self._append("release_events", who, run, release=before.release, state="superseded", note=f"by {release}")
            self._append("release_events", who, run, release=release, state="provisional", note=None)
            self._append("audit_log", who, run, action="publish", subject=release, detail=f"sha256 {sha256}", outcome="done")
        return self.release(release)

    def approve(self, period: str, name: str, run: str) -> ReleaseRow:
        """Freeze a month: its release in force becomes approved.

        Raises:
            RegisterError: the month has no release, or is approved already.
        """
        with self._transaction():
            row = self.in_force(period)
            if row is None or row.state == "approved":
                message = f"{period}: {'no release to approve' if row is None else 'approved already'}"
                raise RegisterError(message)
            self._append("approvals", name, run, period=period, release=row.release, name=name)
            self._append("release_events", name, run, release=row.release, state="approved", note=None)
            self._append("audit_log", name, run, action="approve", subject=row.release, detail=None, outcome="done")
        return self.release(row.release)

    def releases(self) -> list[ReleaseRow]:
        """Every release ever published, by month, then number."""
        return self._releases("order by period, number")

    def release(self, release: str) -> ReleaseRow:
        """One release by name.

        Raises:
            RegisterError: no release has that name.
        """
        rows = self._releases("where release = ?", release)
        if not rows:
            message = f"{release}: no such release; `tongchou status` lists what was published"
            raise RegisterError(message)
        return rows[0]

    def in_force(self, period: str) -> ReleaseRow | None:
        """The release that a month stands on; None while it is not closed."""
        rows = self._releases("where period = ? and state <> 'superseded' order by number desc limit 1", period)
        return rows[0] if rows else None

    def all_in_force(self) -> dict[str, ReleaseRow]:
        """The release in force of every closed month, in order of months."""
        return {row.period: row for row in self._releases("where state <> 'superseded' order by period, number")}

    def next_number(self, period: str) -> int:
        """The number that the next release of a month has."""
        return int(self._connection.execute("select coalesce(max(number), 0) + 1 from releases where period = ?", [period]).fetchone()[0])

    def _releases(self, clause: str, *values: object) -> list[ReleaseRow]:
        return [
            ReleaseRow(
                period=row["period"],
                release=row["release"],
                number=row["number"],
                file=row["file"],
                sha256=row["sha256"],
                built_at=row["built_at"],
                warehouse_fingerprint=row["warehouse_fingerprint"],
                code_version=row["code_version"],
                rule_set_version=row["rule_set_version"],
                without=tuple(json.loads(row["without_offices"])),
                in_force=tuple(json.loads(row["in_force_offices"])),
                earlier_releases=tuple(json.loads(row["earlier_releases"])),
                state=row["state"],
                state_at=row["state_at"],
                state_by=row["state_by"],
                run=row["run"],
            )
            for row in self._connection.execute(f"select * from release_states {clause}", values).fetchall()
        ]

    # Exceptions, decisions, answers

    def except_check(
        self, *, check_code: str, period: str, division_code: str | None, until: str, name: str, reason: str, run: str
    ) -> ExceptionRow:
        """Sign an exception: a check of the sources is known not to hold, why, and until when."""
        with self._transaction():
            self._append(
                "exceptions",
                name,
                run,
                check_code=check_code,
                period=period,
                division_code=division_code,
                until=until,
                name=name,
                reason=reason,
            )
            self._append("audit_log", name, run, action="except", subject=check_code, detail=f"{period} to {until}", outcome="done")
            return self.exceptions()[-1]

    def exceptions(self, through: str | None = None) -> list[ExceptionRow]:
        """Signed exceptions in order of signing, of months up to `through`."""
        rows = self._connection.execute(
            "select * from exceptions where ? is null or period <= ? order by entry", [through, through]
        ).fetchall()
        return [
            ExceptionRow(*(row[name] for name in ("check_code", "period", "division_code", "until", "name", "reason", "at")))
            for row in rows
        ]

    def case_states(self) -> dict[CaseKey, CaseState]:
        """How every case stands that was ever sent or answered, by the keys of its two relations, in order of their first events."""
        states: dict[CaseKey, CaseState] = {}
        for event in self.rows("case_events"):
            key = (event["scheme_a"], event["relation_id_a"], event["scheme_b"], event["relation_id_b"])
            states.setdefault(key, CaseState(key)).take(event)
        return states

    def append_match_decision(self, *, who: str, run: str, **values: object) -> None:
        """Record what a reviewer decided on a pair of person records."""
        self._append_one("match_decisions", who, run, values)

    def append_match_model(self, *, who: str, run: str, **values: object) -> None:
        """Record the parameters of a matching model in use."""
        self._append_one("match_models", who, run, values)

    def append_person_events(self, rows: Iterable[dict[str, object]], *, who: str, run: str) -> None:
        """Record that persons became one, or one became several: all of a run's events, or none."""
        with self._transaction():
            for values in rows:
                self._append("person_events", who, run, **values)

    def append_case_event(self, *, who: str, run: str, **values: object) -> None:
        """Record a step of a duplicate case."""
        self._append_one("case_events", who, run, values)

    def append_account(self, *, who: str, run: str, **values: object) -> None:
        """Record an account as it now is; the last row of an account holds."""
        self._append_one("accounts", who, run, values)

    def append_audit(
        self, *, who: str, run: str, action: str, subject: str | None = None, detail: str | None = None, outcome: str = "done"
    ) -> None:
        """Record that somebody did something."""
        self._append_one("audit_log", who, run, {"action": action, "subject": subject, "detail": detail, "outcome": outcome})

    def append_all(self, *, who: str, run: str, entries: Sequence[tuple[str, dict[str, object]]]) -> None:
        """Append rows to tables in order, all of them or none."""
        with self._transaction():
            for table, values in entries:
                self._append(table, who, run, **values)

    def _append_one(self, table: str, who: str, run: str, values: dict[str, object]) -> None:
        with self._transaction():
            self._append(table, who, run, **values)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table or view of the register, in order of appending.

        Raises:
            RegisterError: the register has no such table.
        """
        if table not in TABLES and table not in VIEWS:
            message = f"the register has no table {table!r}: it has {', '.join([*TABLES, *VIEWS])}"
            raise RegisterError(message)
        return [dict(row) for row in self._connection.execute(f"select * from {table} order by entry").fetchall()]

    def decisions_digest(self, through: str) -> list[list[object]]:
        """What people decided that bears on the numbers of months up to `through`, for the warehouse's fingerprint."""
        decided: list[list[object]] = []
        for table in ("match_decisions", "match_models", "case_events", "worklist_answers"):
            decided += [[table, *row.values()] for row in self.rows(table) if table != "case_events" or row["status"] not in DERIVED_STEPS]
        decided += [
            ["exceptions", row.check_code, row.period, row.division_code, row.until, row.name, row.reason]
            for row in self.exceptions(through)
        ]
        return [[value if isinstance(value, (int, float, str)) or value is None else str(value) for value in row] for row in decided]
