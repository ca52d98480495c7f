"""The whole simulation: a city, its months, its deliveries, its truth.

What belongs here: the order of things. What does not: any of the things themselves, which have a file each.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import numpy as np

from warehouse.errors import UsageError
from warehouse.periods import Period

from . import file_faults, ledgers
from .books import Books
from .calendar_days import day_of
from .care import Care, category_at
from .city_tables import CityTables
from .enrollment import EMPLOYEE, RESIDENT, RURAL, enroll, participations
from .geography import Geography, lay_out
from .identity_faults import write_down
from .ledgers import Money, insured_by_county
from .population import settle
from .randomness import stream
from .rates import FaultRates
from .tables import Sheet, Tables
from .truth import Truth
from .writing import CSV, CSV_MARKED, GB18030, PARQUET, XLSX, write_delivery


@dataclass(frozen=True)
class SimulationSummary:
    """What was written."""

    inbox: Path
    truth: Path
    persons: int
    counties: int
    months: int
    deliveries: int
    rows: int
    faulty_deliveries: int
    rejected_rows: int


def simulate(
    inbox: Path,
    persons: int,
    first: Period,
    last: Period,
    seed: int,
    faults: str | Path | FaultRates = "specified",
    truth: Path | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> SimulationSummary:
    """Write a simulated city's deliveries, and beside them the truth.

    Args:
        inbox: where the deliveries go; must not hold any yet.
        persons: how many people live in the city on the first day.
        first: first month.
        last: last month.
        seed: same seed, same bytes.
        faults: `none`, `light`, `specified`, a file of rates, or rates.
        truth: where the right answers go; `<inbox>-truth` if None. Never inside the inbox.
        on_progress: called with one line of text for each step.

    Raises:
        UsageError: a wish that cannot be fulfilled, in words.
    """
    inbox = Path(inbox).resolve()
    truth = Path(truth).resolve() if truth else inbox.with_name(f"{inbox.name}-truth")
    _refuse_nonsense(inbox, truth, persons, first, last)
    rates = FaultRates.of(faults)
    say = on_progress or (lambda _: None)
    months = Period.span(first, last)
    geography = lay_out(seed, persons)
    with tempfile.TemporaryDirectory(prefix="simulated-city-") as scratch:
        con = duckdb.connect(str(Path(scratch) / "answers.duckdb"))
        con.execute(f"set threads = 2; set preserve_insertion_order = true; set memory_limit = '600MB'; set temp_directory = '{scratch}'")
        answers = Truth(con, months)
        desk = _Desk(con, inbox, seed, rates, answers)
        # The population goes before the answers are worked out, and then they may have the memory that it took.
        books = _insurance_systems(seed, persons, geography, months, rates, answers, desk, say)
        city = CityTables(seed, geography, months, books)
        for month in months:
            desk.send("city", month, "990100", city.sheets(month), CSV_MARKED)
        say("truth")
        con.execute("set memory_limit = '1500MB'")
        answers.write(truth, desk.expected)
        con.close()
    return SimulationSummary(
        inbox,
        truth,
        persons,
        len(geography.county_codes),
        len(months),
        len(desk.expected),
        desk.rows,
        len(desk.faulty),
        sum(int(row["rows_rejected"] or 0) for row in desk.expected),
    )


def _insurance_systems(
    seed: int,
    persons: int,
    geography: Geography,
    months: list[Period],
    rates: FaultRates,
    answers: Truth,
    desk: _Desk,
    say: Callable[[str], None],
) -> Books:
    """Send what the three insurance systems deliver, month by month; returns what the city's own tables need to know of it."""
    population = settle(seed, persons, geography, day_of(months[0].first_day), day_of(months[-1].last_day), rates)
    enrollment = enroll(seed, population, geography, months, rates)
    taking_part = participations(seed, enrollment)
    particulars = write_down(seed, population, enrollment, rates)
    say(f"population: {len(population):,} persons, {len(enrollment.records):,} records, {len(geography.county_codes)} counties")
    answers.note_persons(population, enrollment, particulars, geography)
    care = Care(seed, population, geography, enrollment, rates)
    money = Money(seed, population, geography, enrollment, taking_part)
    tables = Tables(seed, rates, geography, population, enrollment, particulars, taking_part, money, care)
    books = Books(geography)
    forms = _Forms(months, insured_by_county(enrollment, geography, RURAL, months[0]))
    offices = [str(code) for code in geography.county_codes]
    desk.plan([(system, month, office, forms.of(system, month, place)) for month in months for system, office, place in _senders(offices)])
    for month in months:
        contributions = money.contributions(month)
        cases = care.month(month)
        collected = money.collected(month)
        premiums = money.rural_premiums(month)
        resident_subsidies = money.subsidies(month, insured_by_county(enrollment, geography, RESIDENT, month), "resident")
        rural_subsidies = money.subsidies(month, insured_by_county(enrollment, geography, RURAL, month), "rural")
        employee = ledgers.employee_ledgers(seed, month, contributions, cases[EMPLOYEE], category_at(care, EMPLOYEE, month))
        paid = int(collected["paid"].sum() + collected["aided"].sum())
        resident = ledgers.resident_ledger(seed, month, paid, sum(row[3] for row in resident_subsidies), cases[RESIDENT])
        rural = [
            ledgers.rural_ledger(
                seed,
                month,
                county,
                sum(row[4] for row in premiums if row[0] == county),
                sum(row[3] for row in rural_subsidies if row[0] == county),
                cases[RURAL],
            )
            for county in range(len(offices))
        ]
        books.note_ledgers(month, employee, resident, rural)
        books.note_care(month, cases)
        books.note_insured(month, enrollment, population, money.supplements.maternity)
        sheets = tables.employee(month, contributions, cases.pop(EMPLOYEE), employee)
        del contributions
        desk.send("employee", month, "990100", sheets, forms.of("employee", month, -1))
        sheets = tables.resident(month, collected, resident_subsidies, cases.pop(RESIDENT), resident)
        desk.send("resident", month, "990100", sheets, forms.of("resident", month, -1))
        members = tables.members(month)
        for county, office in enumerate(offices):
            sheets = tables.rural(month, county, members, premiums, rural_subsidies, cases[RURAL], rural[county])
            desk.send("rural", month, office, sheets, forms.of("rural", month, county))
        say(f"{month}: {desk.rows:,} rows so far")
    return books


def _refuse_nonsense(inbox: Path, truth: Path, persons: int, first: Period, last: Period) -> None:
    if persons < 100:
        message = f"persons is {persons}: a city of fewer than 100 has no three counties; give at least 100"
        raise UsageError(message)
    if last < first:
        message = f"the last month {last} is before the first, {first}"
        raise UsageError(message)
    if truth == inbox or truth.is_relative_to(inbox):
        message = f"the truth folder {truth} lies inside the inbox; whoever receives the inbox must not find the answers there"
        raise UsageError(message)
    for folder in (inbox, truth):
        if folder.exists() and any(folder.iterdir()):
            message = f"{folder} is not empty: simulate writes into an empty folder only, so that two cities never mix"
            raise UsageError(message)


def _senders(offices: list[str]) -> list[tuple[str, str, int]]:
    return [
        ("employee", "990100", -1),
        ("resident", "990100", -1),
        *(("rural", office, place) for place, office in enumerate(offices)),
        ("city", "990100", -1),
    ]


class _Forms:
    """Which office sends which kind of file: residents change to Parquet every second month, one small county has workbooks."""

    def __init__(self, months: list[Period], rural: np.ndarray) -> None:
        self.months = months
        self.by_workbook = int(np.argmin(rural))

    def of(self, system: str, month: Period, county: int) -> str:
        """The form of one delivery."""
        if system == "rural":
            return XLSX if county == self.by_workbook else GB18030
        if system == "resident":
            return PARQUET if self.months.index(month) % 2 else CSV
        return CSV_MARKED if system == "city" else CSV


class _Desk:
    """Sends deliveries, faulty first attempts among them, and keeps what a correct reader should say of each."""

    def __init__(self, con: duckdb.DuckDBPyConnection, inbox: Path, seed: int, rates: FaultRates, answers: Truth) -> None:
        self.con, self.inbox, self.seed, self.rates, self.answers = con, inbox, seed, rates, answers
        self.faulty: dict[tuple[str, str, str], str] = {}
        self.blank: set[tuple[str, str, str]] = set()
        self.unlisted: set[tuple[str, str, str]] = set()
        self.expected: list[dict[str, object]] = []
        self.rows = 0

    def plan(self, listed: list[tuple[str, Period, str, str]]) -> None:
        """Settle beforehand which of all deliveries (system, period, office, form) have a faulty first attempt."""
        self.faulty, self.blank, self.unlisted = file_faults.plan(stream(self.seed, "file faults"), listed, self.rates)

    def send(self, system: str, month: Period, office: str, sheets: list[Sheet], form: str) -> None:
        """One delivery, and the faulty attempt before it where one is due."""
        key = (system, str(month), office)
        fault = self.faulty.get(key)
        number = 2 if fault else 1
        folder = self.inbox / system / str(month) / (office if number == 1 else f"{office}-{number}")
        chance = stream(self.seed, "rows", *key)
        landed = partial(self.answers.note_landed, system, month, office)
        written = write_delivery(self.con, folder, system, month, office, number, sheets, form, chance, self.rates, landed)
        if fault:
            attempt = file_faults.spoil(written, fault, chance)
            if attempt:
                self.expected.append(attempt)
        if key in self.blank and form in (CSV, CSV_MARKED, GB18030):
            file_faults.add_blank_line(written)
        note = "file_unlisted" if key in self.unlisted else "file_blank_last_line" if key in self.blank else ""
        if key in self.unlisted:
            file_faults.add_unlisted(written)
        rejected = sum(1 for _ in written.rejected)
        self.rows += written.rows
        self.expected.append(
            {
                "system": system,
                "period": str(month),
                "office": office,
                "delivery_no": number,
                "status": "accepted",
                "rows_delivered": written.rows,
                "rows_landed": written.rows - rejected,
                "rows_rejected": rejected,
                "reason": None,
                "fault": note,
                "folder": f"{system}/{month}/{folder.name}",
            }
        )
        self.answers.note_rejected(written)
