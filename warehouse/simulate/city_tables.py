"""What the bureau and the finance bureau keep: divisions, targets, standards, budgets, treasury entries, plans, history.

What belongs here: the city system's tables, once the ledgers of all simulated months are known. What does not: the ledgers themselves
(`ledgers.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from warehouse.periods import Period

from .arrow_columns import constant, dates, money, numbers
from .calendar_days import day_of
from .care import CHRONIC, INPATIENT, OUTPATIENT, SEASON, Cases
from .enrollment import EMPLOYEE, RESIDENT, RURAL, Enrollment, shown_status
from .geography import CITY_CODE, CITY_NAME, Geography
from .ledgers import standards
from .randomness import stream
from .tables import Sheet

SCHEMES = {EMPLOYEE: "employee", RESIDENT: "resident", RURAL: "rural"}
FUNDS = ("employee_account", "employee_pool", "maternity", "resident", "rural")
_FLOWS = (
    "SETTLEMENTS",
    "OUTPATIENT_VISITS",
    "CHRONIC_VISITS",
    "ADMISSIONS",
    "BED_DAYS",
    "TOTAL_COST",
    "OUTPATIENT_COST",
    "INPATIENT_COST",
    "DRUG_COST",
    "POOLED_PAID",
    "FUND_PAID",
    "INPATIENT_IN_SCOPE",
    "INPATIENT_FUND_PAID",
    "INPATIENT_POOLED_PAID",
)
_COUNTS = {"SETTLEMENTS", "OUTPATIENT_VISITS", "CHRONIC_VISITS", "ADMISSIONS", "BED_DAYS"}


def half_up(amount: int) -> int:
    """Hundredths of a fen to fen, once, half away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * ((abs(amount) + 50) // 100)


@dataclass
class Books:
    """What the months leave behind for the city's tables; all amounts in fen."""

    geography: Geography
    ledgers: dict[str, dict[tuple[str, int, str], int]] = field(default_factory=dict)  # period: (fund, county or -1, subject): fen
    flows: dict[str, dict[tuple[str, str], np.ndarray]] = field(default_factory=dict)  # period: (scheme, measure): by county
    insured: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)  # period: scheme: by county
    distinct: dict[str, dict[str, int]] = field(default_factory=dict)  # period: scheme or all: persons in the city
    everybody: dict[str, np.ndarray] = field(default_factory=dict)  # period: distinct persons by county
    townships: dict[str, np.ndarray] = field(default_factory=dict)  # period: rural persons by township
    by_institution: dict[str, np.ndarray] = field(default_factory=dict)  # scheme: fen paid by institution, all months

    def note_ledgers(
        self, period: Period, employee: dict[tuple[str, str], int], resident: dict[str, int], rural: list[dict[str, int]]
    ) -> None:
        """Keep the month's ledgers by fund, county and subject."""
        kept: dict[tuple[str, int, str], int] = {}
        for (insurance, subject), amount in employee.items():
            fund = "maternity" if insurance == "510" else "employee_pool" if subject.endswith("P") else "employee_account"
            kept[fund, -1, subject] = amount
        kept.update({("resident", -1, subject): amount for subject, amount in resident.items()})
        for county, ledger in enumerate(rural):
            kept.update({("rural", county, subject): half_up(amount) for subject, amount in ledger.items()})
        self.ledgers[str(period)] = kept

    def note_care(self, period: Period, cases: dict[int, Cases]) -> None:
        """Keep the month's care by scheme and county."""
        kept: dict[tuple[str, str], np.ndarray] = {}
        size = len(self.geography.county_codes)
        for system, table in cases.items():
            scheme = SCHEMES[system]
            unit = 100 if system == RURAL else 1
            basic = table["care"] < 4 if system == EMPLOYEE else np.ones(len(table["care"]), dtype=bool)
            fund = sum(table[name] for name in ("pooled", "large", "civil", "aid", "other"))
            inside = table["care"] == INPATIENT
            stays = inside & (table["direction"] == 1)

            def add(measure: str, mask: np.ndarray, values: np.ndarray, *, scheme: str = scheme, table: Cases = table) -> None:
                kept[scheme, measure] = np.rint(np.bincount(table["office"][mask], values[mask].astype(np.float64), size)).astype(np.int64)

            sign = table["direction"]
            length = np.maximum(table["discharged"] - table["admitted"], 1)
            add("SETTLEMENTS", basic, sign)
            add("OUTPATIENT_VISITS", table["care"] == OUTPATIENT, sign)
            add("CHRONIC_VISITS", table["care"] == CHRONIC, sign)
            add("ADMISSIONS", stays, sign)
            add("BED_DAYS", stays, length)
            add("TOTAL_COST", basic, table["total"] // unit)
            add("OUTPATIENT_COST", table["care"] == OUTPATIENT, table["total"] // unit)
            add("INPATIENT_COST", inside, table["total"] // unit)
            add("DRUG_COST", basic, table["drug"] // unit)
            add("POOLED_PAID", basic, table["pooled"] // unit)
            add("FUND_PAID", basic, fund // unit)
            add("INPATIENT_IN_SCOPE", inside, table["in_scope"] // unit)
            add("INPATIENT_FUND_PAID", inside, fund // unit)
            add("INPATIENT_POOLED_PAID", inside, table["pooled"] // unit)
            known = basic & (table["institution"] >= 0)
            paid = np.bincount(
                table["institution"][known], (table["pooled"][known] // unit).astype(np.float64), len(self.geography.institutions.name)
            )
            self.by_institution[scheme] = self.by_institution.get(scheme, np.zeros(len(paid))) + paid
        self.flows[str(period)] = kept

    def note_insured(self, period: Period, enrollment: Enrollment) -> None:
        """Keep how many persons are insured where at the month's end."""
        relations, records = enrollment.relations, enrollment.records
        size, last = len(self.geography.county_codes), day_of(period.last_day)
        on = (shown_status(relations, period) == 1) & (relations.start <= last) & (relations.end >= last)
        self.insured[str(period)], self.distinct[str(period)] = {}, {}
        for system, scheme in SCHEMES.items():
            chosen = on & (relations.system == system)
            pairs = np.unique(relations.person[chosen] * size + relations.county[chosen])
            self.insured[str(period)][scheme] = np.bincount(pairs % size, minlength=size)
            self.distinct[str(period)][scheme] = len(np.unique(relations.person[chosen]))
        self.distinct[str(period)]["all"] = len(np.unique(relations.person[on]))
        self.everybody[str(period)] = np.bincount(np.unique(relations.person[on] * size + relations.county[on]) % size, minlength=size)
        rural = on & (relations.system == RURAL)
        township = self.geography.village_township[records.village[relations.record[rural]]]
        width = len(self.geography.township_codes)
        pairs = np.unique(relations.person[rural] * width + township)
        self.townships[str(period)] = np.bincount(pairs % width, minlength=width)


class CityTables:
    """Makes the city's sheets for every month, from the books of all months."""

    def __init__(self, seed: int, geography: Geography, months: list[Period], books: Books) -> None:
        self.seed, self.geography, self.months, self.books = seed, geography, months, books
        self.years = sorted({month.year for month in months})
        self.annual = self._annual()
        self.opening = self._openings()
        self.past = self._history()

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
        return [*found, self._history_sheet()]

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
        return Sheet("divisions", _table(("code", "name", "level", "parent_code"), rows), ("code",))

    def _base_month(self, year: int) -> str:
        return str(min(month for month in self.months if month.year == year))

    def _planned(self, table: str, period: Period) -> Sheet:
        """Who should be insured, and the target: a little more than are, and a little less than that."""
        insured = self.books.insured[self._base_month(period.year)]
        towns = self.books.townships[self._base_month(period.year)]
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
                counties = -(-insured[scheme] * divide // factor)
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
        return Sheet(table, pa.table(columns), ("year", "division_code", "scheme"))

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
        return Sheet("financing_standards", table, ("year", "scheme", "source"))

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
                persons = self.books.distinct[months[0]][scheme]
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
        return total + sum(_net(self._past_ledger(month), fund) for month in before)

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
        return Sheet("opening_balances", table, ("year", "fund"), totals=("amount", "adjustment"))

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
        return Sheet("fund_budgets", table, ("year", "fund", "subject_code"), totals=("amount",))

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
        return Sheet("institution_budgets", table, ("year", "scheme", "institution_code"), totals=("amount",))

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
        return Sheet("treasury_ledger", table, ("entry_no",), "entry_date", ("amount",))

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
        return Sheet("payout_plans", table, ("plan_no",), "period", ("requested",))

    def _past_months(self) -> list[Period]:
        """January of the year before the first month, to the month before it."""
        first = self.months[0]
        return Period.span(Period(first.year - 1, 1), first.shift(-1))

    def _past_ledger(self, month: Period) -> dict[tuple[str, int, str], int]:
        """The ledgers of a month before the first: like the year's, a little lower each year back."""
        chance = stream(self.seed, "past ledger", month)
        base = self.annual[self.years[0]]
        back = 0.95 ** (self.years[0] - month.year)
        premium = (0.16, 0.1, 0.05, 0.01, 0.01, 0.01, 0.01, 0.01, 0.08, 0.18, 0.2, 0.18)[month.month - 1]
        subsidy = (0.14, 0.10, 0.10, 0.10, 0.10, 0.10, 0.08, 0.07, 0.06, 0.06, 0.05, 0.04)[month.month - 1]
        counties = self.books.insured[str(self.months[0])]["rural"]
        weights = counties / max(counties.sum(), 1)
        found: dict[tuple[str, int, str], int] = {}
        for (fund, subject), yearly in base.items():
            share = SEASON[month.month - 1] / 12
            if fund in ("resident", "rural") and subject in ("1002", "1003"):
                share = premium if subject == "1002" else subsidy
            amount = int(yearly * back * share * chance.uniform(0.97, 1.03))
            if fund == "rural":
                for county, weight in enumerate(weights):
                    found[fund, county, subject] = int(amount * weight)
            else:
                found[fund, -1, subject] = amount
        return found

    def _history(self) -> list[tuple[str, str, str, str, str, int, int]]:
        """Rows of history: period, type, division, scheme, measure, value, decimals (0 counts, 2 money)."""
        rows: list[tuple[str, str, str, str, str, int, int]] = []
        codes = [str(code) for code in self.geography.county_codes]
        for month in self._past_months():
            rows += self._past_money(month, codes)
            rows += self._past_care(month, codes)
            rows += self._past_insured(month, codes)
        return [*rows, *self._past_balances()]

    def _past_money(self, month: Period, codes: list[str]) -> list[tuple[str, str, str, str, str, int, int]]:
        ledger = self._past_ledger(month)
        sums: dict[tuple[str, str, str], int] = defaultdict(int)

        def book(scheme: str, division: str, subject: str, amount: int) -> None:
            income = subject.startswith("1")
            measures = ["INCOME" if income else "EXPENDITURE"]
            if subject[:4] in ("1001", "1002"):
                measures.append("CONTRIBUTION_INCOME")
            named = {"1003": "SUBSIDY_INCOME", "1004": "INTEREST_INCOME"}
            measures += [named[subject[:4]]] if subject[:4] in named else []
            if scheme == "employee":
                measures.append(("ACCOUNT_" if subject.endswith("A") else "POOL_") + measures[0])
                measures += ["INPATIENT_EXPENDITURE"] if subject == "2001P" else []
                measures += ["OUTPATIENT_EXPENDITURE"] if subject in ("2002P", "2003P") else []
            elif scheme in ("resident", "rural"):
                measures.append(f"POOL_{measures[0]}")
                measures += ["PERSONAL_CONTRIBUTION"] if subject == "1002" else []
                measures += ["INPATIENT_EXPENDITURE"] if subject == "2001" else []
                measures += ["OUTPATIENT_EXPENDITURE"] if subject in ("2002", "2003") else []
            for measure in measures:
                sums[scheme, division, measure] += amount
                if (
                    scheme != "maternity"
                    and division == CITY_CODE
                    and measure in ("INCOME", "EXPENDITURE", "CONTRIBUTION_INCOME", "SUBSIDY_INCOME", "INTEREST_INCOME")
                ):
                    sums["all", division, measure] += amount

        for (fund, county, subject), amount in ledger.items():
            scheme = "employee" if fund.startswith("employee") else fund
            book(scheme, CITY_CODE, subject, amount)
            if county >= 0:
                book(scheme, codes[county], subject, amount)
        return [(str(month), "month", division, scheme, measure, amount, 2) for (scheme, division, measure), amount in sums.items()]

    def _past_care(self, month: Period, codes: list[str]) -> list[tuple[str, str, str, str, str, int, int]]:
        chance = stream(self.seed, "past care", month)
        back = 0.96 ** (self.years[0] - month.year) * SEASON[month.month - 1]
        months = [str(found) for found in self.months]
        rows = []
        for measure in _FLOWS:
            everywhere = np.zeros(len(codes), dtype=np.int64)
            decimals = 0 if measure in _COUNTS else 2
            for scheme in ("employee", "resident", "rural"):
                mean = np.mean([self.books.flows[found][scheme, measure] for found in months], axis=0)
                by_county = np.maximum(mean * back * chance.uniform(0.96, 1.04, len(codes)), 0).astype(np.int64)
                everywhere = everywhere + by_county
                rows += [
                    (str(month), "month", code, scheme, measure, int(value), decimals) for code, value in zip(codes, by_county, strict=True)
                ]
                rows.append((str(month), "month", CITY_CODE, scheme, measure, int(by_county.sum()), decimals))
            rows += [
                (str(month), "month", code, "all", measure, int(value), decimals) for code, value in zip(codes, everywhere, strict=True)
            ]
            rows.append((str(month), "month", CITY_CODE, "all", measure, int(everywhere.sum()), decimals))
        return rows

    def _past_insured(self, month: Period, codes: list[str]) -> list[tuple[str, str, str, str, str, int, int]]:
        first = str(self.months[0])
        behind = (self.months[0].year - month.year) * 12 + self.months[0].month - month.month
        factor = 1 - 0.0012 * behind
        rows = []
        for scheme in ("employee", "resident", "rural"):
            now = self.books.insured[first][scheme]
            counties = (now * factor).astype(np.int64)
            # Persons of two counties are fewer than the counties' sum: as many as there are in the first month.
            across = int(now.sum()) - self.books.distinct[first][scheme]
            rows += [(str(month), "point", code, scheme, "INSURED", int(value), 0) for code, value in zip(codes, counties, strict=True)]
            rows.append((str(month), "point", CITY_CODE, scheme, "INSURED", int(counties.sum()) - across, 0))
        everybody = (self.books.everybody[first] * factor).astype(np.int64)
        rows += [(str(month), "point", code, "all", "INSURED", int(value), 0) for code, value in zip(codes, everybody, strict=True)]
        across = int(self.books.everybody[first].sum()) - self.books.distinct[first]["all"]
        rows.append((str(month), "point", CITY_CODE, "all", "INSURED", int(everybody.sum()) - across, 0))
        return rows

    def _past_balances(self) -> list[tuple[str, str, str, str, str, int, int]]:
        """Balances that roll: December's is the opening balance of the year after."""
        first = self.months[0]
        months = self._past_months()
        balances: dict[str, dict[str, int]] = {}
        opening = {fund: self.opening[first.year][fund][0] for fund in FUNDS}
        turn = str(Period(first.year - 1, 12))
        balances[turn] = dict(opening)
        running = dict(opening)
        for month in reversed([month for month in months if month.year < first.year]):
            balances[str(month)] = dict(running)
            running = {fund: running[fund] - _net(self._past_ledger(month), fund) for fund in FUNDS}
        balances[str(months[0].shift(-1))] = dict(running)
        running = dict(opening)
        for month in [month for month in months if month.year == first.year]:
            running = {fund: running[fund] + _net(self._past_ledger(month), fund) for fund in FUNDS}
            balances[str(month)] = dict(running)
        rows = []
        for period, found in sorted(balances.items()):
            employee = found["employee_pool"] + found["employee_account"]
            values = {
                ("employee", "BALANCE"): employee,
                ("employee", "POOL_BALANCE"): found["employee_pool"],
                ("employee", "ACCOUNT_BALANCE"): found["employee_account"],
                ("resident", "BALANCE"): found["resident"],
                ("resident", "POOL_BALANCE"): found["resident"],
                ("rural", "BALANCE"): found["rural"],
                ("maternity", "BALANCE"): found["maternity"],
                ("all", "BALANCE"): employee + found["resident"] + found["rural"],
            }
            rows += [(period, "point", CITY_CODE, scheme, measure, amount, 2) for (scheme, measure), amount in values.items()]
        return rows

    def _history_sheet(self) -> Sheet:
        rows = self.past
        values = [
            f"{value}" if decimals == 0 else f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"
            for *_, value, decimals in rows
        ]
        table = pa.table(
            {
                "period": pa.array([row[0] for row in rows]),
                "period_type": pa.array([row[1] for row in rows]),
                "division_code": pa.array([row[2] for row in rows]),
                "scheme": pa.array([row[3] for row in rows]),
                "measure_code": pa.array([row[4] for row in rows]),
                "value": pa.array(values),
                "source": pa.array([f"{row[0][:4]}年度统计公报" for row in rows]),
            }
        )
        return Sheet("history", table, ("period", "period_type", "division_code", "scheme", "measure_code"))


def _net(ledger: dict[tuple[str, int, str], int], fund: str) -> int:
    return sum(amount if subject.startswith("1") else -amount for (name, _, subject), amount in ledger.items() if name == fund)


def _table(names: tuple[str, ...], rows: list[tuple]) -> pa.Table:
    return pa.table(
        {
            name: pa.array([None if row[place] is None else str(row[place]) for row in rows], type=pa.string())
            for place, name in enumerate(names)
        }
    )
