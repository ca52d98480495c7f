"""The bureau's published figures from before the first delivery: optional, plausible, and adding up.

What belongs here: `history` from January of the year before the first month to the month before it, for the measures that comparisons
with last year, rolling windows and months of cover read. What does not: anything of the simulated months themselves, which are like it
but not taken from it (`books.py`).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pyarrow as pa

from warehouse.periods import Period

from .books import FUNDS, Books, is_count
from .care import SEASON
from .geography import CITY_CODE, Geography
from .ledgers import SUBJECT_NAMES
from .randomness import stream
from .tables import Sheet

Row = tuple[str, str, str, str, str, int, int]  # period, type, division, scheme, measure, value, decimals (0 counts, 2 money)
_BASIC = ("employee", "resident", "rural")
_OF_SUBJECT = {
    "1001": ("CONTRIBUTION_INCOME", "FINANCING"),
    "1002": ("CONTRIBUTION_INCOME", "PERSONAL_CONTRIBUTION", "FINANCING"),
    "1003": ("SUBSIDY_INCOME", "FINANCING"),
    "1004": ("INTEREST_INCOME",),
    "1005": ("TRANSFERS_IN",),
    "1009": ("FINANCING",),
    "2001": ("INPATIENT_EXPENDITURE",),
    "2002": ("OUTPATIENT_EXPENDITURE",),
    "2003": ("OUTPATIENT_EXPENDITURE",),
    "2004": ("PHARMACY_EXPENDITURE",),
    "2005": ("MATERNITY_MEDICAL_EXPENDITURE",),
    "2006": ("MATERNITY_ALLOWANCE",),
    "2007": ("CATASTROPHIC_EXPENDITURE",),
    "2008": ("TRANSFERS_OUT",),
}
# Measures that only some schemes have; the others are of every scheme.
_SCHEMES_OF = {
    "FINANCING": ("resident", "rural"),
    "PERSONAL_CONTRIBUTION": ("resident", "rural"),
    "SUBSIDY_INCOME": _BASIC,
    "INTEREST_INCOME": _BASIC,
    "TRANSFERS_IN": ("employee",),
    "TRANSFERS_OUT": ("employee",),
    "INPATIENT_EXPENDITURE": _BASIC,
    "OUTPATIENT_EXPENDITURE": _BASIC,
    "PHARMACY_EXPENDITURE": ("employee",),
    "MATERNITY_MEDICAL_EXPENDITURE": ("maternity",),
    "MATERNITY_ALLOWANCE": ("maternity",),
    "CATASTROPHIC_EXPENDITURE": ("employee", "resident"),
}
_EACH_FOR_ITSELF = ("SELF_PAID_COST",)  # the rural scheme books more under it than the others
_OF_ALL_SCHEMES = ("INCOME", "EXPENDITURE", "CONTRIBUTION_INCOME", "SUBSIDY_INCOME", "INTEREST_INCOME")


def net(ledger: dict[tuple[str, int, str], int], fund: str) -> int:
    """Income less expenditure of a fund."""
    return sum(amount if subject.startswith("1") else -amount for (name, _, subject), amount in ledger.items() if name == fund)


def measures_of(scheme: str, subject: str) -> list[str]:
    """The measures that an amount of the ledger belongs to."""
    side = "INCOME" if subject.startswith("1") else "EXPENDITURE"
    found = [side, f"SUBJ_{subject}"]
    if scheme == "employee":
        found.append(f"{'ACCOUNT' if subject.endswith('A') else 'POOL'}_{side}")
        if subject in ("1001A", "1002A"):
            found.append("ACCOUNT_CREDITS")
    elif scheme != "maternity":
        found.append(f"POOL_{side}")
    for measure in _OF_SUBJECT.get(subject[:4], ()):
        # What employees' accounts pay is neither inpatient nor outpatient spending of the pool.
        of_pool = measure not in ("INPATIENT_EXPENDITURE", "OUTPATIENT_EXPENDITURE") or not subject.endswith("A")
        if scheme in _SCHEMES_OF.get(measure, (scheme,)) and of_pool:
            found.append(measure)
    return found


class History:
    """Figures of the months before the first, each a little lower the further back."""

    def __init__(self, seed: int, geography: Geography, months: list[Period], books: Books, annual: dict[tuple[str, str], int]) -> None:
        """Keep what a past month is like.

        Args:
            seed: the city's seed.
            geography: its counties.
            months: the simulated months.
            books: what they left behind.
            annual: the first year's income and expenditure by fund and subject, fen.
        """
        self.seed, self.months, self.books, self.annual = seed, months, books, annual
        self.codes = [str(code) for code in geography.county_codes]
        self.township_codes = [str(code) for code in geography.township_codes]
        self.past = Period.span(Period(months[0].year - 1, 1), months[0].shift(-1))

    def ledger(self, month: Period) -> dict[tuple[str, int, str], int]:
        """The ledgers of a past month: fund, county or -1, subject."""
        chance = stream(self.seed, "past ledger", month)
        back = 0.95 ** (self.months[0].year - month.year)
        premium = (0.16, 0.1, 0.05, 0.01, 0.01, 0.01, 0.01, 0.01, 0.08, 0.18, 0.2, 0.18)[month.month - 1]
        subsidy = (0.14, 0.10, 0.10, 0.10, 0.10, 0.10, 0.08, 0.07, 0.06, 0.06, 0.05, 0.04)[month.month - 1]
        counties = self.books.insured(str(self.months[0]), "rural")
        weights = counties / max(counties.sum(), 1)
        found: dict[tuple[str, int, str], int] = {}
        for (fund, subject), yearly in self.annual.items():
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

    def sheet(self, opening: dict[str, int]) -> Sheet:
        """The table, given the balances of 1 January of the first simulated year."""
        rows: list[Row] = []
        for month in self.past:
            rows += self._money(month)
            rows += self._care(month)
            rows += self._insured(month)
        rows += self._balances(opening)
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
        return Sheet.of("history", table, ("period", "period_type", "division_code", "scheme", "measure_code"))

    def _money(self, month: Period) -> list[Row]:
        """Income and expenditure: the city of every scheme, the counties of the rural one."""
        sums: dict[tuple[str, str, str], int] = defaultdict(int)
        # A yearbook prints every line of the chart, those where nothing was booked with 0.
        for subject in SUBJECT_NAMES:
            for scheme, endings in (("employee", "PA"), ("resident", " "), ("rural", " "), ("maternity", "P")):
                for division in (CITY_CODE, *self.codes) if scheme == "rural" else (CITY_CODE,):
                    for measure in (f"SUBJ_{subject}{ending.strip()}" for ending in endings):
                        sums[scheme, division, measure] = 0
        for (fund, county, subject), amount in self.ledger(month).items():
            scheme = "employee" if fund.startswith("employee") else fund
            for measure in measures_of(scheme, subject):
                sums[scheme, CITY_CODE, measure] += amount
                if county >= 0:
                    sums[scheme, self.codes[county], measure] += amount
                if scheme in _BASIC and measure in _OF_ALL_SCHEMES:
                    sums["all", CITY_CODE, measure] += amount
        return [(str(month), "month", division, scheme, measure, amount, 2) for (scheme, division, measure), amount in sums.items()]

    def _care(self, month: Period) -> list[Row]:
        """Care like that of the simulated months, with the season's swing."""
        chance = stream(self.seed, "past care", month)
        back = 0.96 ** (self.months[0].year - month.year) * SEASON[month.month - 1]
        flows = [self.books.flows[str(found)] for found in self.months]
        rows: list[Row] = []
        everywhere: dict[str, np.ndarray] = {}
        for scheme, measure in sorted({key for found in flows for key in found}):
            nothing = np.zeros(len(self.codes), dtype=np.int64)
            mean = np.mean([found.get((scheme, measure), nothing) for found in flows], axis=0)
            by_county = np.maximum(mean * back * chance.uniform(0.96, 1.04, len(self.codes)), 0).astype(np.int64)
            # Of maternity the count of settlements is published for the city alone.
            city_alone = scheme == "maternity" and measure.startswith("SETTLEMENTS")
            spread = self._spread(month, scheme, measure, by_county, int(by_county.sum()))
            rows += spread[-1:] if city_alone else spread
            if scheme in _BASIC:
                everywhere[measure] = everywhere.get(measure, nothing) + by_county
        # A measure that one of the schemes has alone is that scheme's; over all schemes stand those of all.
        for measure, by_county in everywhere.items():
            if measure not in _EACH_FOR_ITSELF and all((scheme, measure) in flows[0] for scheme in _BASIC):
                rows += self._spread(month, "all", measure, by_county, int(by_county.sum()))
        return rows

    def _spread(self, month: Period, scheme: str, measure: str, by_county: np.ndarray, city: int) -> list[Row]:
        decimals = 0 if is_count(measure) else 2
        rows: list[Row] = [
            (str(month), "month", code, scheme, measure, int(value), decimals) for code, value in zip(self.codes, by_county, strict=True)
        ]
        return [*rows, (str(month), "month", CITY_CODE, scheme, measure, city, decimals)]

    def _insured(self, month: Period) -> list[Row]:
        """Insured persons: a little fewer each month back, as many in two counties as in the first month."""
        first = str(self.months[0])
        behind = (self.months[0].year - month.year) * 12 + self.months[0].month - month.month
        factor = 1 - 0.0012 * behind
        rows: list[Row] = []
        for (scheme, measure), (by_county, city) in self.books.stocks[first].items():
            counties = (by_county * factor).astype(np.int64)
            across = int(by_county.sum()) - city
            rows += [(str(month), "point", code, scheme, measure, int(value), 0) for code, value in zip(self.codes, counties, strict=True)]
            rows.append((str(month), "point", CITY_CODE, scheme, measure, int(counties.sum()) - across, 0))
        townships = (self.books.townships[first] * factor).astype(np.int64)
        return [
            *rows,
            *(
                (str(month), "point", code, "rural", "INSURED", int(value), 0)
                for code, value in zip(self.township_codes, townships, strict=True)
            ),
        ]

    def _balances(self, opening: dict[str, int]) -> list[Row]:
        """Balances that roll: December's is the opening balance of the year after."""
        turn = Period(self.months[0].year - 1, 12)
        balances = {turn: dict(opening)}
        running = dict(opening)
        for month in reversed([month for month in self.past if month <= turn]):
            balances[month] = dict(running)
            ledger = self.ledger(month)
            running = {fund: running[fund] - net(ledger, fund) for fund in FUNDS}
        balances[self.past[0].shift(-1)] = running
        running = dict(opening)
        for month in [month for month in self.past if month > turn]:
            ledger = self.ledger(month)
            running = {fund: running[fund] + net(ledger, fund) for fund in FUNDS}
            balances[month] = dict(running)
        rows: list[Row] = []
        for period, found in sorted(balances.items()):
            rows += [
                (str(period), "point", CITY_CODE, scheme, f"{part}BALANCE", amount, 2) for (scheme, part), amount in _parts(found).items()
            ]
        for period in self.past:
            began = balances[Period(period.year - 1, 12)]
            rows += [
                (str(period), "point", CITY_CODE, scheme, f"{part}OPENING_BALANCE", amount, 2)
                for (scheme, part), amount in _parts(began).items()
                # Of residents the pool is the whole fund, and its opening is printed once.
                if (scheme, part) != ("resident", "POOL_")
            ]
        return rows


def _parts(found: dict[str, int]) -> dict[tuple[str, str], int]:
    """Balances of the funds as schemes and parts of schemes show them."""
    employee = found["employee_pool"] + found["employee_account"]
    return {
        ("employee", ""): employee,
        ("employee", "POOL_"): found["employee_pool"],
        ("employee", "ACCOUNT_"): found["employee_account"],
        ("resident", ""): found["resident"],
        ("resident", "POOL_"): found["resident"],
        ("rural", ""): found["rural"],
        ("maternity", ""): found["maternity"],
        ("all", ""): employee + found["resident"] + found["rural"],
    }
