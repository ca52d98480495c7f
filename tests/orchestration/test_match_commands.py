"""A reviewer at the command line: sees what waits, decides, and the next close obeys."""

import duckdb
import openpyxl
import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.close import close_month
from tests.conftest import copy_of
from warehouse.errors import CloseRefusedError, UsageError
from warehouse.identity.decisions import MatchDecisionError
from warehouse.identity.decisions import queue as waiting
from warehouse.periods import Period
from warehouse.register import Register

FEBRUARY = Period(2025, 2)


def typed(settings, *arguments):
    result = CliRunner().invoke(cli.app, ["--home", str(settings.home), *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def person_of(settings, system, number):
    with duckdb.connect(str(settings.warehouse), read_only=True) as con:
        return con.execute(
            "select person_id from marts.bridge_person_source_ids where source_system = ? and source_person_no = ?", [system, number]
        ).fetchone()[0]


def test_a_decision_splits_a_person_at_the_next_close_and_the_split_is_logged(closed_mini_home, tmp_path):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    with Register(settings.register) as register:
        accepted = next(row for row in waiting(settings, register) if row["rule"] == "R1")
    one = (accepted["source_system_a"], accepted["source_person_no_a"])
    other = (accepted["source_system_b"], accepted["source_person_no_b"])
    assert person_of(settings, *one) == person_of(settings, *other)
    pair = ",".join(":".join(record) for record in (other, one))
    said = typed(settings, "match", "decide", pair, "different", "--as", "复核员", "--reason", "两个人")
    assert one[1] in said
    result = close_month(settings, FEBRUARY)
    assert result.published
    assert person_of(settings, *one) != person_of(settings, *other)
    with Register(settings.register, read_only=True) as register:
        events = [row for row in register.rows("person_events") if row["event"] == "split"]
        assert len(register.rows("match_decisions")) == 1
    assert [(row["source_system"], row["source_person_no"]) for row in events] in ([one], [other])
    assert "decision" in events[0]["cause"]
    assert "precision" in typed(settings, "match", "quality")
    # The one pair of the sample that anybody looked at was two persons: so the release says, and the report that is printed from it.
    with duckdb.connect(str(settings.published / result.release.file), read_only=True) as con:
        assert con.execute("select precision_value, precision_low, pairs_decided from reporting.match_quality").fetchone() == (0, 0, 1)
        assert ("R1", 0, 1) in con.execute("select stratum, decided_same, decided_different from reporting.match_strata").fetchall()
    sheet = openpyxl.load_workbook(settings.reports / "2025-02" / result.release.release / "bureau.xlsx", read_only=True)["M11全市"]
    assert [value for (value,) in sheet.iter_rows(max_col=1, values_only=True) if value and "查准率 0.00%" in str(value)] != []


def test_the_queue_shows_evidence_and_no_name(closed_mini_home):
    shown = typed(closed_mini_home, "match", "queue", "--limit", "5")
    assert "待复核" in shown
    with duckdb.connect(str(closed_mini_home.warehouse), read_only=True) as con:
        names = {
            name for (name,) in con.execute("select distinct name from intermediate.int_person_records where name is not null").fetchall()
        }
    assert not [name for name in names if len(name) > 2 and name in shown]


def test_a_wrong_verdict_or_pair_is_told_and_records_nothing(closed_mini_home, tmp_path):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    for arguments, error in (
        (["match", "decide", "nonsense", "same", "--as", "复核员"], MatchDecisionError),
        (["match", "decide", "nonsense", "perhaps", "--as", "复核员"], UsageError),
    ):
        with pytest.raises(error):
            typed(settings, *arguments)
    with Register(settings.register, read_only=True) as register:
        assert register.rows("match_decisions") == []


def test_a_model_is_not_trained_on_a_warehouse_that_an_earlier_program_laid_out(closed_mini_home, tmp_path):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    with duckdb.connect(str(settings.warehouse)) as con:
        con.execute("drop table intermediate.int_numbers_without_record")
    with pytest.raises(CloseRefusedError, match="earlier version of the program; close the month again"):
        typed(settings, "match", "train")
