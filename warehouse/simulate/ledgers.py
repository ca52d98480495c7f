"""Money of the funds: contributions, subsidies, ledgers, treasury entries, budgets, standards, and the history of the year before.

What belongs here: amounts that tie to the records as the source contracts say (fen; hundredths of a fen in the rural system). What does
not: what care costs (`care.py`), the form of the tables (`tables.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from warehouse.periods import Period

from .calendar_days import FAR, day_of
from .care import CHRONIC, INPATIENT, MATERNITY_STAY, MATERNITY_VISIT, OUTPATIENT, PHARMACY, Cases
from .enrollment import EMPLOYEE, RESIDENT, Enrollment, Participations, employee_category, shown_status
from .geography import Geography
from .population import Population
from .randomness import stream

SUBJECT_NAMES = {
    "1001": "单位缴费收入",
    "1002": "个人缴费收入",
    "1003": "财政补贴收入",
    "1004": "利息收入",
    "1005": "转移收入",
    "1009": "其他收入",
    "2001": "住院待遇支出",
    "2002": "普通门诊支出",
    "2003": "门诊慢特病支出",
    "2004": "药店支出",
    "2005": "生育医疗支出",
    "2006": "生育津贴支出",
    "2007": "大额(大病)支出",
    "2008": "转移支出",
    "2009": "其他支出",
}
LEVELS = ("central", "province", "city", "county")
LEVEL_NAMES = {"central": "中央补助", "province": "省级补助", "city": "市级补助", "county": "县级补助"}
_WHEN = (0.14, 0.10, 0.10, 0.10, 0.10, 0.10, 0.08, 0.07, 0.06, 0.06, 0.05, 0.04)
_WHEN_COUNTY = (0.18, 0.15, 0.15, 0.16, 0.17, 0.19, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_CARE_SUBJECT = {INPATIENT: "2001", OUTPATIENT: "2002", CHRONIC: "2003", PHARMACY: "2004", MATERNITY_STAY: "2005", MATERNITY_VISIT: "2005"}


def standards(year: int, scheme: str) -> dict[str, int]:
    """Yuan a person and year by source; the fiscal part was 670 in 2025 and rose by 30 a year."""
    fiscal = 670 + 30 * (year - 2025)
    province, city = 160, 40 if scheme == "resident" else 30
    central = 402 + 18 * (year - 2025)
    return {
        "person": 400 + 20 * (year - 2025),
        "central": central,
        "province": province,
        "city": city,
        "county": fiscal - central - province - city,
    }


@dataclass
class Supplements:
    """Which relations have the insurances that ride along."""

    maternity: np.ndarray
    civil: np.ndarray
    large: np.ndarray
    base: np.ndarray  # contribution base, fen


@dataclass
class Money:
    """Payments of the city, month by month."""

    seed: int
    population: Population
    geography: Geography
    enrollment: Enrollment
    taking_part: Participations
    arrears: list[dict[str, np.ndarray]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw what a relation keeps: its base, its supplements, the months in which it is paid for."""
        chance = stream(self.seed, "money")
        relations = self.enrollment.relations
        count = len(relations)
        age = self.population.age(day_of(self.enrollment.months[-1].last_day))[relations.person]
        working = (relations.system == EMPLOYEE) & (age < np.where(self.population.sex[relations.person] == 1, 60, 55))
        kind = self.enrollment.employers.kind[np.maximum(relations.employer, 0)]
        public = np.isin(kind, ("30", "50"))
        luck = chance.random((3, count))
        base = np.exp(chance.normal(-0.5 * 0.4**2, 0.4, count)) * np.select([relations.category == 12, public], [3_900, 6_100], 5_000)
        self.supplements = Supplements(
            working & np.isin(relations.category, (11, 13)) & (luck[0] < np.where(relations.category == 11, 0.92, 0.4)),
            working & public & (luck[1] < 0.9),
            (relations.system == EMPLOYEE) & (relations.category != 12) & (luck[2] < 0.35),
            np.clip(base.astype(np.int32), 3_000, 24_000) * 100,
        )
        self.collections = self._collections(chance)

    def contributions(self, period: Period) -> dict[str, np.ndarray]:
        """AC43 of the month: dues of everybody in work, what was received, arrears of the month before."""
        chance = stream(self.seed, "contributions", period)
        relations, last = self.enrollment.relations, day_of(period.last_day)
        category = employee_category(relations, self.population, last)
        due = (relations.system == EMPLOYEE) & (shown_status(relations, period) == 1) & np.isin(category, (11, 12, 13))
        due &= (relations.end >= relations.start) & (self.population.death[relations.person] > last)
        blocks = []
        for insurance, mask in ((310, due), (510, due & self.supplements.maternity), (320, due & self.supplements.civil)):
            blocks.append(self._dues(chance, insurance, np.flatnonzero(mask), category, period))
        joined = relations.start >= day_of(period.first_day)
        large = due & self.supplements.large & ((period.month == 1) | joined)
        blocks.append(self._dues(chance, 330, np.flatnonzero(large), category, period))
        rows = {name: np.concatenate([block.pop(name) for block in blocks]) for name in list(blocks[0])}
        owed = np.flatnonzero((rows["received"] == 0) & (rows["insurance"] == 310))
        waiting = {name: column[owed] for name, column in rows.items()}
        paid_now = self.arrears
        pays = chance.random(len(owed)) < 0.8
        self.arrears = [{name: column[pays] for name, column in waiting.items()}]
        for block in paid_now:
            block["received"] = np.ones_like(block["received"])
            block["employer_paid"], block["person_paid"] = block["employer_due"], block["person_due"]
            block["credit"] = block["credit_due"]
            block["on"] = day_of(period.first_day) + block["on"] % 27
        rows = {name: np.concatenate([rows.pop(name), *(block[name] for block in paid_now)]) for name in list(rows)}
        rows["serial"] = (period.year * 100 + period.month) * 10**9 + 1 + np.arange(len(rows["received"]))
        return rows

    def _dues(
        self, chance: np.random.Generator, insurance: int, where: np.ndarray, category: np.ndarray, period: Period
    ) -> dict[str, np.ndarray]:
        """Dues of one insurance; what is received comes within the month."""
        count = len(where)
        base = self.supplements.base[where]
        flexible = category[where] == 12
        shares = {310: (70, 20), 510: (3, 0), 320: (30, 0), 330: (0, 0)}[insurance]
        employer = np.where(flexible, 0, base * shares[0] // 1000)
        person = np.where(flexible, base * 85 // 1000, base * shares[1] // 1000)
        if insurance == 330:
            person = np.full(count, 12_000, dtype=np.int32)
        received = chance.random(count) < np.where(flexible, 0.965, 0.985)
        credit = np.where(flexible | (insurance != 310), 0, person + employer * 10 // 100)
        return {
            "relation": where.astype(np.int32),
            "insurance": np.full(count, insurance, dtype=np.int16),
            "month": np.full(count, period.year * 100 + period.month, dtype=np.int32),
            "base": base,
            "employer_due": employer,
            "person_due": person,
            "employer_paid": np.where(received, employer, 0),
            "person_paid": np.where(received, person, 0),
            "credit_due": credit,
            "credit": np.where(received, credit, 0),
            "received": received.astype(np.int8),
            "on": np.where(received, day_of(period.first_day) + 4 + chance.integers(0, 22, count), FAR).astype(np.int32),
        }

    def _collections(self, chance: np.random.Generator) -> dict[str, np.ndarray]:
        """What residents pay for a year, most of them in the autumn before, newcomers when they come."""
        relations, months = self.enrollment.relations, self.enrollment.months
        years = sorted({month.year for month in months} | {month.year + 1 for month in months if month.month >= 9})
        blocks = []
        for year in years:
            begin, finish = day_of(Period(year, 1).first_day), day_of(Period(year, 12).last_day)
            pays = (
                (relations.system == RESIDENT) & (relations.start <= finish) & (relations.end >= begin) & (relations.end >= relations.start)
            )
            pays &= (relations.first_paid < 0) | (relations.first_paid <= finish)
            where = np.flatnonzero(pays)
            count = len(where)
            autumn = np.array([-122, -92, -61, -31, 0, 31, 59, 150])[
                chance.choice(8, count, p=[0.08, 0.18, 0.22, 0.2, 0.15, 0.1, 0.05, 0.02])
            ]
            day = np.maximum(begin + autumn + chance.integers(0, 27, count), relations.start[where])
            covered = np.maximum(
                np.maximum(begin, relations.start[where]), np.where(relations.first_paid[where] > 0, relations.first_paid[where], begin)
            )
            amount = np.full(count, standards(year, "resident")["person"] * 100)
            need = self.enrollment.need[self.population.household[relations.person[where]]]
            aided = np.select([need == 0, need == 1], [0, amount // 2], amount)
            keep = (day <= relations.end[where]) & (day <= day_of(months[-1].last_day)) & (day >= day_of(months[0].first_day))
            columns = (where, day, covered, np.full(count, year), amount - aided, aided)
            blocks.append([column[keep].astype(np.int32) for column in columns])
        names = ("relation", "day", "covered", "year", "paid", "aided")
        return dict(zip(names, (np.concatenate(column) for column in zip(*blocks, strict=True)), strict=True))

    def collected(self, period: Period) -> dict[str, np.ndarray]:
        """Resident payments of the month."""
        day = self.collections["day"]
        where = np.flatnonzero((day >= day_of(period.first_day)) & (day <= day_of(period.last_day)))
        rows = {name: column[where] for name, column in self.collections.items()}
        rows["serial"] = (period.year * 100 + period.month) * 10**9 + 1 + np.arange(len(where))
        return rows

    def subsidies(self, period: Period, insured: np.ndarray, scheme: str) -> list[tuple[int, str, int, int]]:
        """County, level, persons and amount (fen; rural hundredths of a fen) of the month's fiscal subsidies."""
        rows = []
        unit = 10_000 if scheme == "rural" else 100
        for county, persons in enumerate(insured.tolist()):
            for level in LEVELS:
                share = (_WHEN_COUNTY if level == "county" else _WHEN)[period.month - 1]
                amount = round(standards(period.year, scheme)[level] * unit * persons * share)
                if amount:
                    rows.append((county, level, persons, amount))
        return rows

    def rural_premiums(self, period: Period) -> list[tuple[int, int, str, int, int]]:
        """County, year, source, persons and amount (hundredths of a fen) that participants paid, or aid for them."""
        taking, relations = self.taking_part, self.enrollment.relations
        now = (taking.paid_on >= day_of(period.first_day)) & (taking.paid_on <= day_of(period.last_day)) & (taking.shown_from < FAR)
        need = self.enrollment.need[self.population.household[relations.person[taking.relation]]] > 0
        rows = []
        for county in range(len(self.geography.county_codes)):
            here = now & (relations.county[taking.relation] == county)
            for year in np.unique(taking.year[here]).tolist():
                for source, mask in (("个人缴费", ~need), ("医疗救助资助", need)):
                    persons = int((here & mask & (taking.year == year)).sum())
                    if persons:
                        rows.append((county, year, source, persons, persons * standards(year, "rural")["person"] * 10_000))
        return rows


def employee_ledgers(
    seed: int, period: Period, contributions: dict[str, np.ndarray], cases: Cases, category: np.ndarray
) -> dict[tuple[str, str], int]:
    """Subjects of 310 and 510 (fen), tied to contributions and settlements; interest and the rest in proportion."""
    chance = stream(seed, "ledger", "employee", period)
    got = contributions["received"] == 1
    basic, riding = got & (contributions["insurance"] == 310), got & (contributions["insurance"] == 510)
    flexible = category[contributions["relation"]] == 12
    employer, person, credit = (contributions[name] for name in ("employer_paid", "person_paid", "credit"))
    person_credit = np.where(flexible, 0, person)
    ledger: dict[tuple[str, str], int] = {}
    # Everything credited stands in 1001A and 1002A, whoever retired since the dues were drawn.
    ledger["310", "1002A"] = int(np.minimum(person_credit, credit)[basic].sum())
    ledger["310", "1001A"] = int(credit[basic].sum()) - ledger["310", "1002A"]
    ledger["310", "1001P"] = int(employer[basic].sum()) - ledger["310", "1001A"]
    ledger["310", "1002P"] = int(person[basic].sum()) - ledger["310", "1002A"]
    rides = np.isin(cases["care"], (MATERNITY_STAY, MATERNITY_VISIT))
    for care in (INPATIENT, OUTPATIENT, CHRONIC, PHARMACY):
        here = cases["care"] == care
        ledger["310", f"{_CARE_SUBJECT[care]}P"] = int(cases["pooled"][here].sum())
        ledger["310", f"{_CARE_SUBJECT[care]}A"] = int(cases["account"][here].sum())
    ledger["310", "2007P"] = int(cases["large"][~rides].sum())
    pool = sum(amount for (_, subject), amount in ledger.items() if subject.startswith("2") and subject.endswith("P"))
    account = sum(amount for (_, subject), amount in ledger.items() if subject.startswith("2") and subject.endswith("A"))
    for subject, base, share in (
        ("1003P", pool, 0.02),
        ("1004P", pool, 0.022),
        ("1009P", pool, 0.003),
        ("2009P", pool, 0.004),
        ("1004A", account, 0.05),
        ("1005A", account, 0.02),
        ("2008A", account, 0.015),
        ("2009A", account, 0.003),
    ):
        ledger["310", subject] = int(base * share * chance.uniform(0.7, 1.3))
    ledger["510", "1001P"] = int(employer[riding].sum())
    ledger["510", "2005P"] = int(cases["pooled"][rides].sum())
    ledger["510", "2006P"] = int(ledger["510", "2005P"] * chance.uniform(0.9, 1.2))
    ledger["510", "1004P"] = int(ledger["510", "1001P"] * 0.01)
    return {key: ledger[key] for key in sorted(ledger)}


def resident_ledger(seed: int, period: Period, paid: int, subsidies: int, cases: Cases) -> dict[str, int]:
    """Subjects of 391 (fen)."""
    chance = stream(seed, "ledger", "resident", period)
    ledger = {"1002": paid, "1003": subsidies}
    for subject in ("2001", "2002", "2003", "2004", "2005"):
        here = np.isin(cases["care"], [care for care, code in _CARE_SUBJECT.items() if code == subject])
        ledger[subject] = int(cases["pooled"][here].sum())
    ledger["2007"] = int(cases["large"].sum())
    spent = sum(amount for subject, amount in ledger.items() if subject.startswith("2"))
    ledger["1004"] = int(spent * 0.012 * chance.uniform(0.7, 1.3))
    ledger["2009"] = int(spent * 0.003 * chance.uniform(0.5, 1.5))
    return dict(sorted(ledger.items()))


def rural_ledger(seed: int, period: Period, county: int, premiums: int, subsidies: int, cases: Cases) -> dict[str, int]:
    """Subjects of one county's 380 (hundredths of a fen)."""
    chance = stream(seed, "ledger", "rural", county, period)
    here = cases["office"] == county
    ledger = {"1002": premiums, "1003": subsidies, "2001": int(cases["pooled"][here & (cases["care"] == INPATIENT)].sum())}
    for care, subject in ((OUTPATIENT, "2002"), (CHRONIC, "2003")):
        chosen = here & (cases["care"] == care)
        ledger[subject] = int(cases["pooled"][chosen].sum() + cases["account"][chosen].sum())
    ledger["2007"] = int(cases["large"][here].sum())
    spent = sum(amount for subject, amount in ledger.items() if subject.startswith("2"))
    ledger["1004"] = int(spent * 0.01 * chance.uniform(0.7, 1.3)) // 100 * 100
    ledger["2009"] = int(spent * 0.003 * chance.uniform(0.5, 1.5)) // 100 * 100
    return dict(sorted(ledger.items()))


def insured_by_county(enrollment: Enrollment, geography: Geography, system: int, period: Period) -> np.ndarray:
    """Persons insured by county at the month's end, as the subsidies count them."""
    relations = enrollment.relations
    last = day_of(period.last_day)
    on = (relations.system == system) & (shown_status(relations, period) == 1) & (relations.start <= last) & (relations.end >= last)
    return np.bincount(relations.county[on], minlength=len(geography.county_codes))
