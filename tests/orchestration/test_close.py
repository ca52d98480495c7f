"""When a month closes, when it does not, and what changes in a release when something new comes."""

import csv
from decimal import Decimal

import pytest

from orchestration.close import approve, close_month
from orchestration.expected import Office, needs_of
from orchestration.stages import locked
from orchestration.status import months_and_next
from tests.conftest import SAMPLES, copy_of
from tests.odd_deliveries import Deliveries
from tests.redelivery import send_again
from warehouse.errors import CloseRefusedError, UsageError
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.releases import diff
from warehouse.settings import Settings

JANUARY, FEBRUARY, MARCH = Period(2025, 1), Period(2025, 2), Period(2025, 3)
MINI = SAMPLES / "mini_city" / "inbox"


@pytest.fixture
def mini(closed_mini_home, tmp_path) -> Settings:
    return copy_of(closed_mini_home, tmp_path / "home")


def releases_of(settings):
    with Register(settings.register, read_only=True) as register:
        return [(row.release, row.state) for row in register.releases()]


def test_closing_again_with_nothing_new_publishes_nothing(mini):
    before = releases_of(mini)
    again = close_month(mini, FEBRUARY)
    assert not again.published
    assert again.release.release == "2025-02-r01"
    assert releases_of(mini) == before


def one_fen_more(rows):
    """The first inpatient claim costs, and the patient pays, a fen more."""
    claim = next(row for row in rows if not row["冲红序号"])
    for column in ("总费用", "个人自付", "药品费"):
        claim[column] = str(Decimal(claim[column]) + Decimal("0.01"))
    return rows


def test_a_redelivery_before_approval_changes_exactly_the_cells_it_should(mini, tmp_path):
    inbox = tmp_path / "again"
    send_again(MINI / "rural" / "2025-02" / "990102", inbox, 2, {"hospital_claims": one_fen_more})
    result = close_month(mini, FEBRUARY, inbox=inbox)
    assert result.release.release == "2025-02-r02"
    assert releases_of(mini) == [("2025-01-r01", "provisional"), ("2025-02-r01", "superseded"), ("2025-02-r02", "provisional")]
    changed = [row for row in diff(mini, "2025-02-r01", "2025-02-r02") if row.table in {"measure_values", "indicator_values"}]
    assert changed
    for row in changed:
        keys = dict(row.keys)
        assert keys["period"] == "2025-02"
        assert keys["division_code"] in {"990100", "990102"}
        assert keys["scheme"] in {"rural", "all"}
    fen_more = {
        (dict(row.keys)["division_code"], dict(row.keys)["period_type"])
        for row in changed
        if row.table == "measure_values"
        and dict(row.keys)["measure_code"] == "TOTAL_COST"
        and dict(row.keys)["scheme"] == "rural"
        and row.new - row.old == Decimal("0.01")
    }
    assert {("990100", "month"), ("990102", "month"), ("990100", "ytd"), ("990102", "ytd")} <= fen_more
    # What has nothing to do with the cost of that claim stays.
    untouched = {"INSURED", "INCOME", "CONTRIBUTIONS", "POOLED_FUND", "SETTLEMENTS"}
    assert not [row for row in changed if row.table == "measure_values" and dict(row.keys)["measure_code"] in untouched]


def test_an_approved_month_stays_and_says_how_to_restate(mini, tmp_path):
    with pytest.raises(CloseRefusedError, match="approve earlier months first"):
        approve(mini, FEBRUARY, "王主任")
    assert approve(mini, JANUARY, "王主任").state == "approved"
    send_again(MINI / "rural" / "2025-01" / "990102", tmp_path / "again", 2, {"hospital_claims": one_fen_more})
    with pytest.raises(CloseRefusedError, match=r"tongchou restate 2025-01"):
        close_month(mini, JANUARY, inbox=tmp_path / "again")
    with pytest.raises(CloseRefusedError, match="approved already"):
        approve(mini, JANUARY, "李主任")
    assert ("2025-01-r01", "approved") in releases_of(mini)
    # The late delivery is later knowledge: the next month does not change what January published.
    close_month(mini, FEBRUARY)
    changed = [dict(row.keys) for row in diff(mini, "2025-02-r01", "2025-02-r02") if row.table == "measure_values"]
    assert all(keys["period"] == "2025-02" for keys in changed)


def test_closing_an_earlier_month_again_names_the_later_ones_which_the_next_month_waits_for(mini, tmp_path):
    send_again(MINI / "rural" / "2025-01" / "990102", tmp_path / "again", 2, {"hospital_claims": one_fen_more})
    result = close_month(mini, JANUARY, inbox=tmp_path / "again")
    assert result.release.release == "2025-01-r02"
    assert result.to_close_again == (FEBRUARY,)
    march = Deliveries.read(MINI)
    march.copy_month("2025-02", "2025-03", "M3")
    receive(mini, march.of_month("2025-03").write(tmp_path / "march"))
    with pytest.raises(
        CloseRefusedError, match=r"2025-02 rests on 2025-01-r01, which was replaced since: close 2025-02 again .*, then 2025-03"
    ):
        close_month(mini, MARCH)
    approve(mini, JANUARY, "王主任")
    with pytest.raises(CloseRefusedError, match="close 2025-02 again"):
        approve(mini, FEBRUARY, "王主任")


def test_a_county_that_did_not_deliver_stops_the_close_with_its_name_and_is_expected_again(tmp_path):
    """The city of rare cases lacks county 990103 in January; in February it is expected, and has delivered."""
    settings = Settings.from_environment(tmp_path / "home")
    receive(settings, SAMPLES / "edge_city" / "inbox")
    with pytest.raises(CloseRefusedError, match="2025-01 cannot be closed before 2024-12"):
        close_month(settings, JANUARY)
    assert needs_of(settings, JANUARY).missing == (Office("rural", "990103"),)
    assert Office("rural", "990103") in needs_of(settings, FEBRUARY).expected
    with pytest.raises(UsageError, match="rural/990199 owes nothing"):
        close_month(settings, Period(2024, 11), without=(Office("rural", "990199"),))
    with pytest.raises(UsageError, match="has delivered"):
        close_month(settings, Period(2024, 11), without=(Office("rural", "990102"),))


def test_the_city_of_an_excused_county_carries_its_note(closed_edge_home):
    with Register(closed_edge_home.register, read_only=True) as register:
        assert register.in_force("2025-01").without == ("rural/990103",)
        assert register.in_force("2025-02").without == ()
    package = closed_edge_home.reports / "2025-01" / "2025-01-r01"
    with (package / "cells.csv").open(encoding="utf-8-sig", newline="") as handle:
        notes = {row["text"] for row in csv.DictReader(handle) if row["division_code"] == "990103"}
    assert any("未报送" in note for note in notes)


def test_a_month_that_nobody_delivered_names_everything_that_is_missing(mini):
    with pytest.raises(CloseRefusedError) as refusal:
        close_month(mini, MARCH)
    message = str(refusal.value)
    for office in ("employee/990100", "resident/990100", "city/990100", "rural/990102", "rural/990103", "rural/990104"):
        assert f"{office} has not delivered 2025-03" in message
    assert "--without rural/990104" in message


def test_a_refused_delivery_above_the_one_in_force_stops_the_close_until_told_otherwise(mini, tmp_path):
    inbox = tmp_path / "again"
    folder = send_again(MINI / "rural" / "2025-02" / "990102", inbox, 2, {"hospital_claims": one_fen_more})
    with (folder / "members.csv").open("ab") as handle:
        handle.write(b"\n1")
    with pytest.raises(CloseRefusedError, match=r"rural/990102 delivered 2025-02 number 2, which was refused \(checksum"):
        close_month(mini, FEBRUARY, inbox=inbox)
    with pytest.raises(UsageError, match="no accepted delivery"):
        close_month(mini, MARCH, in_force=(Office("rural", "990102"),))
    assert months_and_next(mini, FEBRUARY)[0].refused == "rural/990102 (checksum)"
    result = close_month(mini, FEBRUARY, in_force=(Office("rural", "990102"),))
    assert result.release.in_force == ("rural/990102",)
    assert not [row for row in diff(mini, "2025-02-r01", result.release.release) if row.table == "measure_values"]


def test_two_closes_never_share_a_home(mini):
    with locked(mini), pytest.raises(CloseRefusedError, match="another close holds this home"):
        close_month(mini, FEBRUARY)


def test_the_next_step_is_named_for_every_month(mini):
    assert [row.next_step for row in months_and_next(mini)] == ["tongchou approve 2025-01 --as NAME", "tongchou approve 2025-02 --as NAME"]
