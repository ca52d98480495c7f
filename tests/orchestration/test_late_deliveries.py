"""What comes after a month was closed or approved: what the next months then rest on. Each closes a city several times over."""

import pytest

from orchestration.close import approve, close_month
from tests.conftest import SAMPLES, copy_of
from tests.e2e.plain_answers import differences
from tests.odd_deliveries import Deliveries
from warehouse.errors import CloseRefusedError
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import Settings

JANUARY, FEBRUARY, MARCH, APRIL = (Period(2025, month) for month in (1, 2, 3, 4))


@pytest.fixture
def mini(closed_mini_home, tmp_path) -> Settings:
    return copy_of(closed_mini_home, tmp_path / "home")


@pytest.fixture(scope="module")
def year() -> Deliveries:
    """The small city's deliveries of January and February, and those of February once more for March and April."""
    deliveries = Deliveries.read(SAMPLES / "mini_city" / "inbox")
    deliveries.copy_month("2025-02", "2025-03", "M3")
    deliveries.copy_month("2025-02", "2025-04", "M4")
    return deliveries


@pytest.mark.slow
def test_an_opening_balance_that_changes_after_approval_moves_the_next_month_alone(mini, year, tmp_path):
    for month in (JANUARY, FEBRUARY):
        approve(mini, month, "王主任")
    late = year.only(("city", "2025-02", "990100"), *year.of_month("2025-03").tables)
    for row in late.rows("opening_balances"):
        row.update({"employee_pool": {"amount": "1000000.00"}, "resident": {"adjustment": "77.00"}}.get(row["fund"], {}))
    receive(mini, late.only(("city", "2025-02", "990100")).write(tmp_path / "late", number=2))
    receive(mini, late.of_month("2025-03").write(tmp_path / "march"))
    result = close_month(mini, MARCH)
    assert result.release.release == "2025-03-r01"
    assert result.checks.ours_failed == ()
    compared, wrong = differences(mini, "2025-03")
    assert compared > 300
    assert wrong == []


@pytest.mark.slow
def test_a_month_closed_before_an_earlier_one_came_is_closed_again_before_it_is_approved(mini, year, tmp_path):
    """March comes after April was closed: April's year so far lacks it until April is closed again."""
    receive(mini, year.of_month("2025-04").write(tmp_path / "april"))
    close_month(mini, APRIL)
    receive(mini, year.of_month("2025-03").write(tmp_path / "march"))
    assert close_month(mini, MARCH).to_close_again == (APRIL,)
    for month in (JANUARY, FEBRUARY, MARCH):
        approve(mini, month, "王主任")
    with pytest.raises(CloseRefusedError, match=r"2025-04 does not rest on 2025-03-r01: close 2025-04 again"):
        approve(mini, APRIL, "王主任")
    with Register(mini.register, read_only=True) as register:
        assert register.in_force("2025-04").state == "provisional"
