"""What the bureau and the finance bureau keep: divisions, targets, standards, budgets, treasury entries, plans.

What belongs here: the city system's tables, once the ledgers of all simulated months are known. What does not: the ledgers themselves
(`ledgers.py`), what the months leave behind (`books.py`), the published figures of the year before (`history.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

from warehouse.periods import Period

from .arrow_columns import constant, dates, money, numbers
from .books import FUNDS, Books
from .calendar_days import day_of
from .care import SEASON
from .geography import CITY_CODE, CITY_NAME, Geography
from .history import History, net
from .ledgers import standards
from .randomness import stream
from .tables import Sheet


class CityTables:
    """Makes the city's sheets for every month, from the books of all months."""

    def __init__(self, seed: int, geography: Geography, months: list[Period], books: Books) -> None:
        self.seed, self.geography, self.months, self.books = seed, geography, months, books
        self.years = sorted({month.year for month in months})
        self.annual = self._annual()
        self.history = History(seed, geography, months, books, self.annual[self.years[0]])
        self.opening = self._openings()
        self.past = self.history.sheet({fund: amount for fund, (amount, _) in self.opening[self.years[0]].items()})

    def sheets(self, period: Period) -> list[Sheet]:
        """The city's delivery of a month."""
        found = [
            self._divisions(),
            self._planned("insurable_population", period),
            self._planned("enrollment_targets", period),
            self._standards(period),
            self._opening_balances(period),
            self._fund_budgets(period),
            self._institution_budgets(period),
            self._treasury(period),
            self._payout_plans(period),
        ]
        return [*found, self.past]

    def _divisions(self) -> Sheet:
        places = self.geography
        rows = [(CITY_CODE, CITY_NAME, "city", None)]
        for county, code in enumerate(places.county_codes):
            rows.append((code, places.county_names[county], "county", CITY_CODE))
        for township, code in enumerate(places.township_codes):
            rows.append((code, places.township_names[township], "township", str(places.county_codes[places.township_county[township]])))
        for village, code in enumerate(places.village_codes):
            rows.append((code, places.village_names[village], "village", str(places.township_codes[places.village_township[village]])))
        rows.sort(key=lambda row: row[0])
        return Sheet.of("divisions", _table(("code", "name", "level", "parent_code"), rows), ("code",))

    def _base_month(self, year: int) -> str:
        return str(min(month for month in self.months if month.year == year))

    def _planned(self, table: str, period: Period) -> Sheet:
        """Who should be insured, and the target: a little more than are, and a little less than that."""
        base = self._base_month(period.year)
        towns = self.books.townships[base]
        divide, factor = (1000, 965) if table == "insurable_population" else (1000, 975)
        with_source = table == "insurable_population"
        rows: list[tuple] = []
        for scheme in ("employee", "resident", "rural"):
            if scheme == "rural":
                of_township = -(-towns * divide // factor)
                counties = np.bincount(self.geography.township_county, of_township, len(self.geography.county_codes)).astype(np.int64)
                rows += [
                    (str(code), scheme, int(persons)) for code, persons in zip(self.geography.township_codes, of_township, strict=True)
                ]
            else:
                counties = -(-self.books.insured(base, scheme) * divide // factor)
            rows += [(str(code), scheme, int(persons)) for code, persons in zip(self.geography.county_codes, counties, strict=True)]
            rows.append((CITY_CODE, scheme, int(counties.sum())))
        rows.sort()
        columns = {
            "year": numbers(np.full(len(rows), period.year)),
            "division_code": pa.array([row[0] for row in rows]),
            "scheme": pa.array([row[1] for row in rows]),
            "persons": numbers(np.array([row[2] for row in rows])),
        }
        if with_source:
            columns["source"] = constant("公安户籍 + 居住证", len(rows))
        return Sheet.of(table, pa.table(columns), ("year", "division_code", "scheme"))

    def _standards(self, period: Period) -> Sheet:
        rows = [
            (scheme, source, yuan * 100)
            for scheme in ("resident", "rural")
            for source, yuan in sorted(standards(period.year, scheme).items())
        ]
        table = pa.table(
            {
                "year": numbers(np.full(len(rows), period.year)),
                "scheme": pa.array([row[0] for row in rows]),
                "source": pa.array([row[1] for row in rows]),
                "yuan_per_person": money(np.array([row[2] for row in rows])),
            }
        )
        return Sheet.of("financing_standards", table, ("year", "scheme", "source"))

    def _annual(self) -> dict[int, dict[tuple[str, str], int]]:
        """A year's income and expenditure by fund and subject, from the months simulated."""
        found = {}
        for year in self.years:
            months = [str(month) for month in self.months if month.year == year]
            sums: dict[tuple[str, str], int] = defaultdict(int)
            for month in months:
                for (fund, _, subject), amount in self.books.ledgers[month].items():
                    sums[fund, subject] += amount
            share = 12 / sum(SEASON[int(month[5:]) - 1] for month in months)
            yearly = {key: int(amount * share) for key, amount in sums.items()}
            for scheme in ("resident", "rural"):
                persons = self.books.stocks[months[0]][scheme, "INSURED"][1]
                parts = standards(year, scheme)
                yearly[scheme, "1002"] = persons * parts["person"] * 100
                yearly[scheme, "1003"] = persons * sum(amount for source, amount in parts.items() if source != "person") * 100
            found[year] = {key: yearly[key] for key in sorted(yearly)}
        return found

    def _spent(self, year: int, funds: Iterable[str]) -> int:
        return sum(amount for (fund, subject), amount in self.annual[year].items() if fund in funds and subject.startswith("2"))

    def _openings(self) -> dict[int, dict[str, tuple[int, int]]]:
        """Amount and adjustment of each fund on each 1 January: months of spending that a sound fund has in hand."""
        first = self.years[0]
        cover = {"employee_pool": 13.4, "employee_account": 17.0, "resident": 3.1, "rural": 2.1, "maternity": 14.0}
        found: dict[int, dict[str, tuple[int, int]]] = {}
        for year in self.years:
            found[year] = {}
            for fund in FUNDS:
                if year == first:
                    amount = int(self._spent(year, (fund,)) / 12 * cover[fund]) // 100 * 100 + 37
                else:
                    amount = sum(found[year - 1][fund]) + self._surplus_of_year(year - 1, fund)
                adjustment = -(amount // 200) if fund == "rural" and len([month for month in self.months if month.year == year]) > 1 else 0
                found[year][fund] = (amount, adjustment)
        return found

    def _surplus_of_year(self, year: int, fund: str) -> int:
        """Simulated months of a year, and the history of those before them."""
        total = 0
        for month in self.months:
            if month.year == year:
                total += sum(
                    amount if subject.startswith("1") else -amount
                    for (name, _, subject), amount in self.books.ledgers[str(month)].items()
                    if name == fund
                )
        before = [Period(year, number) for number in range(1, 13) if Period(year, number) < self.months[0]]
        return total + sum(net(self.history.ledger(month), fund) for month in before)

    def _opening_balances(self, period: Period) -> Sheet:
        found = self.opening[period.year]
        shown = period.month > min(month.month for month in self.months if month.year == period.year)
        adjustments = [found[fund][1] if shown else 0 for fund in FUNDS]
        table = pa.table(
            {
                "year": numbers(np.full(len(FUNDS), period.year)),
                "fund": pa.array(FUNDS),
                "amount": money(np.array([found[fund][0] for fund in FUNDS])),
                "adjustment": money(np.array(adjustments)),
                "adjustment_note": pa.array(["上年度决算审计调整" if amount else None for amount in adjustments], type=pa.string()),
            }
        )
        return Sheet.of("opening_balances", table, ("year", "fund"), totals=("amount", "adjustment"))

    def _budget(self, year: int) -> list[tuple[str, str, int]]:
        return [(fund, subject, amount * 104 // 100) for (fund, subject), amount in self.annual[year].items()]

    def _fund_budgets(self, period: Period) -> Sheet:
        rows = self._budget(period.year)
        table = pa.table(
            {
                "year": numbers(np.full(len(rows), period.year)),
                "fund": pa.array([row[0] for row in rows]),
                "subject_code": pa.array([row[1] for row in rows]),
                "amount": money(np.array([row[2] for row in rows])),
            }
        )
        return Sheet.of("fund_budgets", table, ("year", "fund", "subject_code"), totals=("amount",))

    def _institution_budgets(self, period: Period) -> Sheet:
        """Level two: hospitals and centres by what they were paid, the rest kept in reserve."""
        rows: list[tuple[str, str, int]] = []
        institutions = self.geography.institutions
        for scheme in ("employee", "resident", "rural"):
            fund = "employee_pool" if scheme == "employee" else scheme
            whole = sum(amount for name, subject, amount in self._budget(period.year) if name == fund and subject.startswith("2"))
            paid = self.books.by_institution[scheme] * np.isin(institutions.kind, (1, 3)) * (institutions.county >= 0)
            shares = paid / max(self.books.by_institution[scheme].sum(), 1.0) * 0.95
            codes = institutions.codes(scheme)
            dealt = [(scheme, str(codes[place]), int(whole * shares[place])) for place in np.flatnonzero(shares > 0)]
            rows += [*dealt, (scheme, "RESERVE", whole - sum(row[2] for row in dealt))]
        table = pa.table(
            {
                "year": numbers(np.full(len(rows), period.year)),
                "scheme": pa.array([row[0] for row in rows]),
                "institution_code": pa.array([row[1] for row in rows]),
                "amount": money(np.array([row[2] for row in rows])),
            }
        )
        return Sheet.of("institution_budgets", table, ("year", "scheme", "institution_code"), totals=("amount",))

    def _treasury(self, period: Period) -> Sheet:
        """Receipts and payments by fund and subject, sweeps between accounts, transfers between city and counties."""
        chance = stream(self.seed, "treasury", period)
        codes = self.geography.county_codes
        entries: list[tuple[int, str, str, str, str | None, str, int, str]] = []
        kept = self.books.ledgers[str(period)]

        def day() -> int:
            return int(chance.integers(1, 27))

        for (fund, county, subject), amount in kept.items():
            if not amount:
                continue
            code = str(codes[county]) if county >= 0 else None
            receipt = subject.startswith("1")
            way = ("income", "in") if receipt else ("expenditure", "out")
            # A negative month (more taken back than paid) goes the other way round in the ledger, not in the bank's book.
            entries.append((day(), fund, way[0], way[1], code, subject, amount, "收入入账" if receipt else "待遇拨付"))
        for fund in FUNDS[:4]:
            received = sum(amount for (name, _, subject), amount in kept.items() if name == fund and subject.startswith("1"))
            spent = sum(amount for (name, _, subject), amount in kept.items() if name == fund and subject.startswith("2"))
            for amount, source, target, memo in (
                (received, "income", "treasury", "收入户划入财政专户"),
                (spent, "treasury", "expenditure", "财政专户拨入支出户"),
            ):
                on = day()
                entries.append((on, fund, source, "out", None, "6001", amount, f"{memo} {fund}"))
                entries.append((on, fund, target, "in", None, "6001", amount, f"{memo} {fund}"))
        flows = self.books.flows[str(period)]
        for fund, scheme in (("employee_pool", "employee"), ("resident", "resident"), ("rural", "rural")):
            for county, code in enumerate(codes):
                if scheme == "rural":
                    up = sum(
                        amount
                        for (name, place, subject), amount in kept.items()
                        if (name, place) == (fund, county) and subject.startswith("1")
                    )
                    down = sum(
                        amount
                        for (name, place, subject), amount in kept.items()
                        if (name, place) == (fund, county) and subject.startswith("2")
                    )
                else:
                    up = int(flows[scheme, "POOLED_PAID"][county] * 1.1)
                    down = int(flows[scheme, "POOLED_PAID"][county])
                on = day()
                entries.append((on, fund, "income", "out", str(code), "4001", up, f"上解 {code} {fund}"))
                entries.append((on, fund, "treasury" if scheme == "rural" else "income", "in", None, "4001", up, f"上解 {code} {fund}"))
                on = day()
                entries.append((on, fund, "expenditure", "in", str(code), "5001", down, f"下拨 {code} {fund}"))
                entries.append(
                    (on, fund, "treasury" if scheme == "rural" else "expenditure", "out", None, "5001", down, f"下拨 {code} {fund}")
                )
        first = day_of(period.first_day) - 1
        number = f"{period.year}{period.month:02d}T"
        table = pa.table(
            {
                "entry_no": pa.array([f"{number}{place + 1:04d}" for place in range(len(entries))]),
                "entry_date": dates(np.array([first + row[0] for row in entries])),
                "fund": pa.array([row[1] for row in entries]),
                "account": pa.array([row[2] for row in entries]),
                "direction": pa.array([row[3] for row in entries]),
                "county_code": pa.array([row[4] for row in entries], type=pa.string()),
                "subject_code": pa.array([row[5] for row in entries]),
                "amount": money(np.array([row[6] for row in entries])),
                "memo": pa.array([row[7] for row in entries]),
            }
        )
        return Sheet.of("treasury_ledger", table, ("entry_no",), "entry_date", ("amount",))

    def _payout_plans(self, period: Period) -> Sheet:
        """One plan a county and fund: what was paid last month, asked for, approved, paid; one in eight comes after the 5th."""
        chance = stream(self.seed, "plans", period)
        before = self.books.flows.get(str(period.shift(-1)), self.books.flows[str(period)])
        first = day_of(period.first_day)
        rows = []
        for fund, scheme in (("employee_pool", "employee"), ("resident", "resident"), ("rural", "rural")):
            for county, code in enumerate(self.geography.county_codes):
                paid = int(before[scheme, "INPATIENT_POOLED_PAID"][county])
                planned = int(paid * chance.uniform(0.98, 1.05))
                approved = planned * 98 // 100
                late = chance.random() < 0.12
                submitted = first + (int(chance.integers(5, 11)) if late else int(chance.integers(1, 5)))
                due = submitted + int(chance.integers(8, 20))
                is_paid = chance.random() < 0.97
                rows.append(
                    (
                        f"{period.year}{period.month:02d}P{code}{fund}",
                        str(code),
                        fund,
                        paid,
                        planned,
                        paid * 2,
                        planned,
                        approved,
                        approved,
                        submitted,
                        due if is_paid else submitted + 1_000_000,
                        "paid" if is_paid else "approved",
                    )
                )
        amounts = ("prior_month_paid", "planned", "working_capital_balance", "requested", "approved_by_bureau", "approved_by_finance")
        table = pa.table(
            {
                "plan_no": pa.array([row[0] for row in rows]),
                "period": constant(str(period), len(rows)),
                "county_code": pa.array([row[1] for row in rows]),
                "fund": pa.array([row[2] for row in rows]),
                "care_category": constant("住院", len(rows)),
                **{name: money(np.array([row[3 + place] for row in rows])) for place, name in enumerate(amounts)},
                "submitted_on": dates(np.array([row[9] for row in rows])),
                "paid_on": dates(np.array([row[10] for row in rows])),
                "status": pa.array([row[11] for row in rows]),
            }
        )
        return Sheet.of("payout_plans", table, ("plan_no",), "period", ("requested",))


def _table(names: tuple[str, ...], rows: list[tuple]) -> pa.Table:
    return pa.table(
        {
            name: pa.array([None if row[place] is None else str(row[place]) for row in rows], type=pa.string())
            for place, name in enumerate(names)
        }
    )
