"""Rows of releases and review files as the pages need them.

What belongs here: every question that a page asks, answered with small frozen objects. All rows come through `warehouse/scope.py`; sums
are made in SQL, decimals stay decimals. What does not: words and rounding (`texts.py`, `formats.py`), figures (`charts.py`), Streamlit.

A release never changes, so an answer is kept under the reader it came from, which names the release and the scope. What can change, the
list of releases and the files of a package, is asked anew each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports.formats import Change, Measured, MoneyUnit, change
from reports.headlines import DISPLAYED, EXPENDITURE, INCOME, SURPLUS, TREND_CHOICES, Headline, headlines
from reports.texts import text
from warehouse.errors import ReleaseError
from warehouse.identity.decisions import in_order
from warehouse.periods import Period
from warehouse.register import Register, ReleaseRow
from warehouse.scope import ReleaseReader, ReviewReader, Scope
from warehouse.settings import Settings

CITY = "990100"
# City and counties; townships have nine digits.
_COUNTY_CODE_LENGTH = 6
SCHEMES = ("all", "employee", "resident", "rural", "maternity")
BASIC_SCHEMES = ("employee", "resident", "rural")
PERIOD_TYPES = ("month", "quarter", "year", "ytd", "r12", "point")
STATUSES = ("to_verify", "sent", "answered_duplicate", "answered_legitimate", "answered_wrong_match", "settled", "closed")
# What the catalogue writes for a scheme in `levels`, and which systems a scheme's records come from.
_LETTERS = {"employee": "E", "resident": "R", "rural": "N", "maternity": "M", "all": "all"}
_SYSTEMS = {
    "employee": ("employee",),
    "maternity": ("employee",),
    "resident": ("resident",),
    "rural": ("rural",),
    "all": BASIC_SCHEMES,
}
_KEPT = 512


# Releases and months


def releases_in_force(settings: Settings, limits: Scope) -> dict[str, ReleaseRow]:
    """The release in force of every closed month, the newest month first."""
    rows = [row for row in limits.releases(settings) if row.is_in_force]
    return {row.period: row for row in sorted(rows, key=lambda row: row.period, reverse=True)}


def open_month(settings: Settings, limits: Scope, row: ReleaseRow) -> ReleaseReader:
    """The release that a month stands on."""
    return limits.release(settings, row.release)


def open_review(settings: Settings, limits: Scope, row: ReleaseRow) -> ReviewReader | None:
    """The review file beside a release; None where it was not kept."""
    try:
        return limits.review(settings, row.release)
    except ReleaseError:
        return None


@lru_cache(maxsize=_KEPT)
def release_info(reader: ReleaseReader) -> dict[str, Any]:
    """The release's own page."""
    return reader.rows("release_info")[0]


def excused_offices(reader: ReleaseReader) -> tuple[tuple[str, str], ...]:
    """Offices that the month was closed without: system and code."""
    listed = release_info(reader).get("excused_offices") or ""
    return tuple(tuple(office.split("/", 1)) for office in listed.split())


# Dictionaries


@dataclass(frozen=True)
class Division:
    """A division that numbers stand under."""

    code: str
    name: str
    level: str
    is_line: bool


@lru_cache(maxsize=_KEPT)
def divisions(reader: ReleaseReader) -> dict[str, Division]:
    """City, counties and townships by code."""
    rows = reader.rows("divisions", order_by="division_code")
    return {
        row["division_code"]: Division(row["division_code"], row["division_name"], row["division_level"], row["is_unassigned_line"])
        for row in rows
    }


@lru_cache(maxsize=_KEPT)
def counties_in_use(reader: ReleaseReader) -> tuple[Division, ...]:
    """The city, then the counties that have numbers in the release's month; the line of what has no county last, where it is in use."""
    known = divisions(reader)
    used = [row["division_code"] for row in reader.rows("headcount_bridge", columns=("division_code",), period=reader.period)]
    found = [known.get(code) or Division(code, code, "county", is_line=False) for code in used if len(code) == _COUNTY_CODE_LENGTH]
    return tuple(sorted(found, key=lambda one: (one.level != "city", one.is_line, one.code)))


def division_name(reader: ReleaseReader, code: str | None) -> str:
    """A division's name; its code where this release has no name for it."""
    found = divisions(reader).get(code or "")
    return found.name if found else (code or text("value.empty"))


@dataclass(frozen=True)
class Definition:
    """An indicator of the catalogue."""

    code: str
    name: str
    numerator: str
    denominator: str
    measured: Measured
    direction: str
    measure_numerator: str | None
    measure_denominator: str | None
    formula: str | None
    factor: Decimal | None
    period_types: tuple[str, ...]
    levels: dict[str, tuple[str, ...]]
    status: str
    missing_inputs: str | None
    version: str
    is_published: bool

    def stands_at(self, scheme: str, level: str) -> bool:
        """Whether the catalogue publishes it for the scheme at the level."""
        return level in self.levels.get(_LETTERS[scheme], ())


@lru_cache(maxsize=_KEPT)
def definitions(reader: ReleaseReader) -> dict[str, Definition]:
    """The catalogue of indicators that the release was made with."""
    return {row["indicator_code"]: _definition(row) for row in reader.rows("indicator_definitions", order_by="indicator_code")}


def _definition(row: dict[str, Any]) -> Definition:
    levels = {}
    for part in (row["levels"] or "").split():
        letter, _, named = part.partition(":")
        levels[letter] = tuple(named.split(","))
    return Definition(
        code=row["indicator_code"],
        name=row["name_zh"],
        numerator=row["numerator_zh"],
        denominator=row["denominator_zh"],
        measured=Measured(row["value_unit"], row["unit_zh"], row["decimals"]),
        direction=row["direction"],
        measure_numerator=row["measure_numerator"],
        measure_denominator=row["measure_denominator"],
        formula=row["formula"],
        factor=row["factor"],
        period_types=tuple((row["period_types"] or "").split(";")),
        levels=levels,
        status=row["status"],
        missing_inputs=row["missing_inputs"],
        version=row["definition_version"],
        is_published=row["is_published"],
    )


@lru_cache(maxsize=_KEPT)
def rule_names(reader: ReleaseReader) -> dict[str, str]:
    """Names of the duplicate rules by code, as they were in force in the release's month."""
    return {code: rule["name_zh"] for code, rule in rules_in_force(reader).items()}


@lru_cache(maxsize=_KEPT)
def rules_in_force(reader: ReleaseReader) -> dict[str, dict[str, Any]]:
    """The duplicate rules by code, each in the version of the release's month; one that never held in it is not there."""
    day = reader.period.last_day
    return {
        row["rule_code"]: row
        for row in reader.rows("duplicate_rule_definitions", order_by="rule_code, valid_from")
        if row["valid_from"] <= day and (row["valid_to"] is None or row["valid_to"] >= day)
    }


@lru_cache(maxsize=_KEPT)
def measure_names(reader: ReleaseReader) -> dict[str, str]:
    """Names of measures and indicators by code."""
    names = {row["measure_code"]: row["name_zh"] for row in reader.rows("measure_definitions")}
    return {**names, **{code: one.name for code, one in definitions(reader).items()}}


# Values


@dataclass(frozen=True)
class Value:
    """One published value of an indicator."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    level: str | None
    origin: str | None
    months_used: int | None


Values = dict[tuple[str, str, str], Value]


def values(reader: ReleaseReader, division: str, scheme: str, codes: tuple[str, ...]) -> Values:
    """Every published value of some indicators of a division and scheme, by (code, period type, month)."""
    wanted = set(codes)
    # The overview asks for a dozen of these one after the other: one reading answers them all.
    found = _values(reader, division, DISPLAYED if wanted <= set(DISPLAYED) else codes)
    return {key: value for key, value in found.get(scheme, {}).items() if key[0] in wanted}


@lru_cache(maxsize=_KEPT)
def _values(reader: ReleaseReader, division: str, codes: tuple[str, ...]) -> dict[str, Values]:
    columns = ("scheme", "indicator_code", "period_type", "period", "value", "numerator", "denominator", "level", "origin", "months_used")
    found: dict[str, Values] = {}
    for row in reader.rows("indicator_values", columns=columns, division_code=division, indicator_code=list(codes)):
        key = (row["indicator_code"], row["period_type"], row["period"])
        found.setdefault(row["scheme"], {})[key] = Value(
            row["value"], row["numerator"], row["denominator"], row["level"], row["origin"], row["months_used"]
        )
    return found


@lru_cache(maxsize=_KEPT)
def _last_years(reader: ReleaseReader, division: str, codes: tuple[str, ...]) -> dict[tuple[str, str, str], Decimal | None]:
    """Indicators of the same period of last year by (scheme, code, period type), where they are plain ratios of measures.

    They follow from last year's measures that the release publishes, which reach back to the bureau's own history.
    """
    sql = """
        with terms as (
            select terms.*, definitions.factor
            from indicator_measures as terms
            inner join indicator_definitions as definitions on terms.indicator_code = definitions.indicator_code
            where list_contains($codes, terms.indicator_code) and coalesce(definitions.formula, '') = ''
        )

        select
            last_year.scheme,
            terms.indicator_code,
            last_year.period_type,
            terms.part,
            cast(max(terms.factor) as decimal(28, 6)) as factor,
            cast(sum(terms.sign * last_year.value) as decimal(28, 6)) as total,
            count(last_year.value) as known,
            (
                select count(*) from indicator_measures as parts
                where parts.indicator_code = terms.indicator_code and parts.part = terms.part
            ) as needed
        from terms
        inner join measure_values as last_year
            on terms.measure_code || '_LY' = last_year.measure_code
        where last_year.division_code = $division and last_year.period = $period
        group by last_year.scheme, terms.indicator_code, last_year.period_type, terms.part
    """
    rows = reader.query(sql, {"codes": list(codes), "division": division, "period": str(reader.period)}).to_pylist()
    parts = {
        (row["scheme"], row["indicator_code"], row["period_type"], row["part"]): row["total"] if row["known"] == row["needed"] else None
        for row in rows
    }
    factors = {row["indicator_code"]: row["factor"] or Decimal(1) for row in rows}
    found: dict[tuple[str, str, str], Decimal | None] = {}
    for (scheme, code, period_type, part), total in parts.items():
        if part != "numerator" or total is None:
            continue
        divided = definitions(reader)[code].measure_denominator != "1"
        below = parts.get((scheme, code, period_type, "denominator")) if divided else Decimal(1)
        found[scheme, code, period_type] = factors[code] * total / below if below else None
    return found


def why_empty(reader: ReleaseReader, definition: Definition, scheme: str, division: str, found: Value | None) -> str:
    """Why an indicator has no value in the release's month, in words."""
    known = divisions(reader).get(division)
    level = known.level if known else "county"
    if not definition.is_published:
        return text("reason.no_source", what=definition.missing_inputs or definition.name)
    if not definition.stands_at(scheme, level):
        return text("reason.city_only") if definition.stands_at(scheme, "city") else text("reason.not_for_scheme")
    if found is not None and found.numerator is not None and found.denominator == 0:
        return text("reason.nothing_to_divide_by")
    concerned = [
        f"{text(f'system.{system}')} {division_name(reader, office)}"
        for system, office in excused_offices(reader)
        if system in _SYSTEMS[scheme] and division in (CITY, office)
    ]
    if concerned:
        return text("reason.not_reported", offices="、".join(concerned))
    if definition.code == "ENR-04" or (definition.measure_numerator or "").endswith("_PREV"):
        return text("reason.no_previous_month")
    if definition.status == "needs history":
        return text("reason.no_last_year")
    if definition.code in ("SUR-05", "SUR-06"):
        return text("reason.fewer_than_three_months")
    return text("reason.no_value")


@dataclass(frozen=True)
class Card:
    """A headline indicator of a month, ready to show.

    Attributes:
        code: of the indicator.
        name: of the indicator.
        shown: the value; the sign for nothing where there is none.
        unit: its unit's name; empty for a percentage.
        when: the month or day that it is about.
        reason: why there is none; None where there is one.
        to_previous: against the month before.
        to_last_year: against the same month of last year.
        year_to_date: the year so far with its unit, and against the same months of last year; None where it is not shown.
        level: band of the thresholds; None where none applies.
    """

    code: str
    name: str
    shown: str
    unit: str
    when: str
    reason: str | None
    to_previous: Change
    to_last_year: Change
    year_to_date: tuple[str, Change] | None
    level: str | None


def cards(reader: ReleaseReader, division: str, scheme: str, unit: MoneyUnit) -> list[Card]:
    """The headline indicators of the release's month for a division and scheme; those that the catalogue does not know are left out."""
    wanted = [line for line in headlines(scheme) if line.code in definitions(reader)]
    found = values(reader, division, scheme, tuple(line.code for line in wanted))
    return [_card(reader, division, scheme, unit, line, found) for line in wanted]


def _card(reader: ReleaseReader, division: str, scheme: str, unit: MoneyUnit, line: Headline, found: Values) -> Card:
    definition = definitions(reader)[line.code]
    measured = definition.measured
    month = reader.period

    def value_of(period_type: str, period: Period) -> Decimal | None:
        one = found.get((line.code, period_type, str(period)))
        return one.value if one else None

    def against(period_type: str, base: Period, no_base: str) -> Change:
        before = value_of(period_type, base)
        if before is None and base == month.shift(-12):
            before = _last_years(reader, division, DISPLAYED).get((scheme, line.code, period_type))
        return change(value_of(period_type, month), before, is_rate=measured.is_rate, no_base=no_base)

    own = found.get((line.code, line.period_type, str(month)))
    value = own.value if own else None
    to_date = value_of("ytd", month)
    levels = [one.level for key, one in found.items() if key[0] == line.code and key[2] == str(month) and one.level]
    return Card(
        code=line.code,
        name=definition.name,
        shown=measured.show(value, unit),
        unit=measured.unit_name(unit),
        when=text("when.point" if line.period_type == "point" else "when.month", month=month.month),
        reason=None if value is not None else why_empty(reader, definition, scheme, division, own),
        to_previous=against(line.period_type, month.shift(-1), "reason.no_previous_month"),
        to_last_year=against(line.period_type, month.shift(-12), "reason.no_last_year"),
        year_to_date=(
            (f"{measured.show(to_date, unit)}{measured.unit_name(unit)}", against("ytd", month.shift(-12), "reason.no_last_year"))
            if line.has_year_to_date and to_date is not None
            else None
        ),
        level=_worst(levels),
    )


def _worst(levels: list[str]) -> str | None:
    return next((level for level in ("alarm", "watch", "ok") if level in levels), None)


# Courses over months


@dataclass(frozen=True)
class Course:
    """One indicator over months, in the unit it is shown in.

    Attributes:
        name: what the line is called.
        months: `YYYY-MM`, in order.
        plotted: the values as drawn; None where there is none.
        shown: the values as text with their unit.
        scheme: whose line it is.
    """

    name: str
    months: tuple[str, ...]
    plotted: tuple[float | None, ...]
    shown: tuple[str, ...]
    scheme: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return all(value is None for value in self.plotted)


def course(
    reader: ReleaseReader, division: str, scheme: str, code: str, period_type: str, unit: MoneyUnit, *, months: int = 12, name: str = ""
) -> Course:
    """An indicator over the last months that end with the release's own."""
    measured = definitions(reader)[code].measured
    found = values(reader, division, scheme, (code,))
    span = [str(reader.period.shift(-step)) for step in reversed(range(months))]
    taken = [found[code, period_type, month].value if (code, period_type, month) in found else None for month in span]
    first = next((place for place, value in enumerate(taken) if value is not None), 0)
    return Course(
        name=name or text(f"scheme.{scheme}"),
        months=tuple(span[first:]),
        plotted=tuple(measured.plotted(value, unit) for value in taken[first:]),
        shown=tuple(f"{measured.show(value, unit)}{measured.unit_name(unit) if value is not None else ''}" for value in taken[first:]),
        scheme=scheme,
    )


def courses_by_scheme(reader: ReleaseReader, division: str, scheme: str, code: str, period_type: str, unit: MoneyUnit) -> list[Course]:
    """An indicator's course: of the three basic schemes where all are chosen, else of the one."""
    schemes = BASIC_SCHEMES if scheme == "all" else (scheme,)
    found = [course(reader, division, one, code, period_type, unit) for one in schemes]
    return [one for one in found if not one.is_empty]


def fund_courses(reader: ReleaseReader, division: str, scheme: str, unit: MoneyUnit) -> tuple[Course, Course, Course]:
    """Income, expenditure and surplus of each month."""
    named = ((INCOME, "figure.income"), (EXPENDITURE, "figure.expenditure"), (SURPLUS, "figure.surplus"))
    income, expenditure, surplus = (course(reader, division, scheme, code, "month", unit, name=text(key)) for code, key in named)
    return income, expenditure, surplus


def trend_choices(reader: ReleaseReader, division: str, scheme: str) -> list[Definition]:
    """The indicators that the overview can draw for a division and scheme."""
    known = definitions(reader)
    found = values(reader, division, scheme, TREND_CHOICES)
    drawn = {code for (code, _, _), value in found.items() if value.value is not None}
    return [known[code] for code in TREND_CHOICES if code in drawn and code in known]


def two_years(reader: ReleaseReader, division: str, scheme: str, code: str, unit: MoneyUnit) -> tuple[Course, Course]:
    """An indicator's months of this year and of last year; the month alone, or the day where it is a stock."""
    definition = definitions(reader)[code]
    period_type = "point" if "point" in definition.period_types else "month"
    found = values(reader, division, scheme, (code,))

    def one(year: int, last: int) -> Course:
        months = [str(Period(year, month)) for month in range(1, last + 1)]
        taken = [found[code, period_type, month].value if (code, period_type, month) in found else None for month in months]
        measured = definition.measured
        return Course(
            name=text("figure.year", year=year),
            months=tuple(months),
            plotted=tuple(measured.plotted(value, unit) for value in taken),
            shown=tuple(f"{measured.show(value, unit)}{measured.unit_name(unit) if value is not None else ''}" for value in taken),
            scheme=scheme,
        )

    return one(reader.period.year, reader.period.month), one(reader.period.year - 1, 12)


# The headcount bridge


@dataclass(frozen=True)
class BridgeRow:
    """The headcount bridge of a division."""

    division: Division
    employee: int | None
    resident: int | None
    rural: int | None
    sum_of_schemes: int | None
    counted_twice: int | None
    counted_three_times: int | None
    distinct_persons: int | None
    cross_county: int | None

    @property
    def is_whole(self) -> bool:
        """Whether every part is known: an office that did not report leaves gaps."""
        return None not in (self.employee, self.resident, self.rural, self.sum_of_schemes, self.distinct_persons)


@lru_cache(maxsize=_KEPT)
def bridge(reader: ReleaseReader) -> dict[str, BridgeRow]:
    """The headcount bridge of the release's month, the city and its counties, by code."""
    known = {one.code: one for one in counties_in_use(reader)}
    rows = {row["division_code"]: row for row in reader.rows("headcount_bridge", period=reader.period)}
    return {
        code: BridgeRow(
            division,
            *(
                rows[code][column]
                for column in (
                    "employee",
                    "resident",
                    "rural",
                    "sum_of_schemes",
                    "counted_twice",
                    "counted_three_times",
                    "distinct_persons",
                    "cross_county",
                )
            ),
        )
        for code, division in known.items()
    }


# Thresholds


@dataclass(frozen=True)
class ThresholdState:
    """A judged value of the month."""

    code: str
    name: str
    scheme: str
    when: str
    shown: str
    watch: str
    alarm: str
    level: str
    source: str
    note: str


_JUDGED = """
select
    judged.indicator_code, judged.scheme, judged.period_type, judged.value, judged.level, judged.division_code,
    bands.is_upper_bound, bands.watch_edge, bands.alarm_edge, bands.source, bands.note_zh, bands.observed
from indicator_values as judged
inner join divisions as places on judged.division_code = places.division_code
inner join threshold_definitions as bands
    on judged.indicator_code = bands.indicator_code
        and judged.scheme = bands.scheme
        and judged.period_type = bands.period_type
        and coalesce(bands.division_level, places.division_level) = places.division_level
        and bands.is_switched_on
        and coalesce(bands.valid_from, judged.period) <= judged.period
        and coalesce(bands.valid_to, judged.period) >= judged.period
where judged.period = $period
    and judged.division_code = $division
    and judged.level is not null
    and list_contains($schemes, judged.scheme)
order by
    case judged.level when 'alarm' then 0 when 'watch' then 1 else 2 end,
    judged.indicator_code, judged.scheme, judged.period_type
"""


def threshold_states(reader: ReleaseReader, division: str, scheme: str, unit: MoneyUnit) -> list[ThresholdState]:
    """Every value of the month that a threshold judges, the worst first; all schemes where all are chosen."""
    known = definitions(reader)
    rows = _judged(reader, division, SCHEMES if scheme == "all" else (scheme,))
    states = []
    for row in rows:
        definition = known[row["indicator_code"]]
        measured = definition.measured
        states.append(
            ThresholdState(
                code=definition.code,
                name=definition.name,
                scheme=text(f"scheme.{row['scheme']}"),
                when=text(f"period_type.{row['period_type']}"),
                shown=f"{measured.show(row['value'], unit)}{measured.unit_name(unit)}",
                watch=_edge(row, "watch_edge", measured, unit),
                alarm=_edge(row, "alarm_edge", measured, unit),
                level=row["level"],
                source=row["source"] or "",
                note=row["observed"] or row["note_zh"] or "",
            )
        )
    return states


@lru_cache(maxsize=_KEPT)
def _judged(reader: ReleaseReader, division: str, schemes: tuple[str, ...]) -> list[dict[str, Any]]:
    given = {"period": str(reader.period), "division": division, "schemes": list(schemes)}
    return reader.query(_JUDGED, given).to_pylist()


def _edge(row: dict[str, Any], column: str, measured: Measured, unit: MoneyUnit) -> str:
    sign = text("edge.above" if row["is_upper_bound"] else "edge.below")
    return f"{sign}{measured.show(row[column], unit)}{measured.unit_name(unit)}"


# Duplicate enrollment


@dataclass(frozen=True)
class CaseFilter:
    """Which cases are meant.

    Attributes:
        county: a county, or the city for all.
        scheme: a basic scheme that one of the two relations is of, or `all`.
        type_code: DT-xx, or None for all.
        standing: `improper` (not legitimate), `legitimate`, or None for all.
        status: one of `STATUSES`, or None for all.
        lasting: `yes` (the overlap lasts at the month's end), `no`, or None for all.
    """

    county: str = CITY
    scheme: str = "all"
    type_code: str | None = None
    standing: str | None = None
    status: str | None = None
    lasting: str | None = None


def _case_conditions(wanted: CaseFilter) -> tuple[str, dict[str, object]]:
    conditions = ["true"]
    given: dict[str, object] = {}
    if wanted.county != CITY:
        conditions.append("$county in (division_code_a, division_code_b)")
        given["county"] = wanted.county
    if wanted.scheme in BASIC_SCHEMES:
        conditions.append("$scheme in (scheme_a, scheme_b)")
        given["scheme"] = wanted.scheme
    for name, column in (("type_code", "type_code"), ("status", "status")):
        if getattr(wanted, name):
            conditions.append(f"{column} = ${name}")
            given[name] = getattr(wanted, name)
    if wanted.standing:
        conditions.append("legitimate_rule is null" if wanted.standing == "improper" else "legitimate_rule is not null")
    if wanted.lasting:
        conditions.append("overlap_to is null" if wanted.lasting == "yes" else "overlap_to is not null")
    return " and ".join(conditions), given


@dataclass(frozen=True)
class CaseTotals:
    """How many cases there are and what they cost."""

    cases: int
    persons: int
    improper: int
    legitimate: int
    lasting: int
    to_verify: int
    subsidy: Decimal
    central: Decimal
    province: Decimal
    city: Decimal
    county: Decimal
    benefit: Decimal
    premium: Decimal


_TOTALS = """
    count(*) as cases,
    count(distinct person_id) as persons,
    count(*) filter (legitimate_rule is null) as improper,
    count(*) filter (legitimate_rule is not null) as legitimate,
    count(*) filter (overlap_to is null) as lasting,
    count(*) filter (legitimate_rule is null and status = 'to_verify') as to_verify,
    cast(coalesce(sum(duplicate_subsidy_yuan), 0) as decimal(18, 2)) as subsidy,
    cast(coalesce(sum(duplicate_subsidy_central_yuan), 0) as decimal(18, 2)) as central,
    cast(coalesce(sum(duplicate_subsidy_province_yuan), 0) as decimal(18, 2)) as province,
    cast(coalesce(sum(duplicate_subsidy_city_yuan), 0) as decimal(18, 2)) as city,
    cast(coalesce(sum(duplicate_subsidy_county_yuan), 0) as decimal(18, 2)) as county,
    cast(coalesce(sum(duplicate_benefit_yuan), 0) as decimal(18, 2)) as benefit,
    cast(coalesce(sum(duplicate_premium_yuan), 0) as decimal(18, 2)) as premium
"""


@lru_cache(maxsize=_KEPT)
def case_totals(reader: ReleaseReader, wanted: CaseFilter) -> CaseTotals:
    """The cases meant, added up."""
    conditions, given = _case_conditions(wanted)
    return CaseTotals(**reader.query(f"select {_TOTALS} from duplicate_cases where {conditions}", given).to_pylist()[0])


@lru_cache(maxsize=_KEPT)
def case_totals_by(reader: ReleaseReader, wanted: CaseFilter, column: str) -> dict[str, CaseTotals]:
    """The cases meant, added up by `type_code` or `status`."""
    conditions, given = _case_conditions(wanted)
    rows = reader.query(
        f"select {column} as grouped, {_TOTALS} from duplicate_cases where {conditions} group by {column} order by {column}", given
    ).to_pylist()
    return {row.pop("grouped"): CaseTotals(**row) for row in rows}


@lru_cache(maxsize=_KEPT)
def case_totals_by_county(reader: ReleaseReader, wanted: CaseFilter) -> dict[str, CaseTotals]:
    """The cases meant, added up by county; a case of two counties stands in each."""
    conditions, given = _case_conditions(wanted)
    sql = f"""
        with sides as (
            select division_code_a as county_code, duplicate_cases.* from duplicate_cases where {conditions}
            union all
            select division_code_b as county_code, duplicate_cases.* from duplicate_cases
            where {conditions} and division_code_b is distinct from division_code_a
        )
        select county_code as grouped, {_TOTALS} from sides
        where county_code is not null
        group by county_code
        order by county_code
    """
    rows = reader.query(sql, given).to_pylist()
    return {row.pop("grouped"): CaseTotals(**row) for row in rows}


@lru_cache(maxsize=_KEPT)
def case_counts_by_type_and_county(reader: ReleaseReader, wanted: CaseFilter) -> dict[tuple[str, str], int]:
    """How many of the cases meant there are by type and county; a case of two counties stands in each."""
    conditions, given = _case_conditions(wanted)
    sql = f"""
        with sides as (
            select type_code, division_code_a as county_code from duplicate_cases where {conditions}
            union all
            select type_code, division_code_b as county_code from duplicate_cases
            where {conditions} and division_code_b is distinct from division_code_a
        )
        select type_code, county_code, count(*) as cases from sides where county_code is not null group by type_code, county_code
    """
    return {(row["type_code"], row["county_code"]): row["cases"] for row in reader.query(sql, given).to_pylist()}


_CASE_COLUMNS = (
    "case_id",
    "type_code",
    "scheme_a",
    "relation_id_a",
    "division_code_a",
    "scheme_b",
    "relation_id_b",
    "division_code_b",
    "overlap_from",
    "overlap_to",
    "overlap_months",
    "confidence",
    "evidence",
    "legitimate_rule",
    "retained_relation_id",
    "keep_rule",
    "status",
    "duplicate_subsidy_yuan",
    "duplicate_benefit_yuan",
    "duplicate_premium_yuan",
)


def cases(reader: ReleaseReader, wanted: CaseFilter, most: int | None = None) -> list[dict[str, Any]]:
    """The cases meant, those that cost most first; no more than `most` where it is given."""
    conditions, given = _case_conditions(wanted)
    order = "duplicate_subsidy_yuan + duplicate_benefit_yuan desc, overlap_months desc, case_id"
    return reader.rows(
        "duplicate_cases",
        columns=_CASE_COLUMNS,
        where=conditions,
        parameters=given,
        order_by=order if most is None else f"{order} limit {most:d}",
    )


# How sure it is who is who


@dataclass(frozen=True)
class MatchQuality:
    """Precision and recall of the persons as matched, with 95% intervals; None where no decision on a sample speaks to them."""

    precision: Decimal | None
    precision_low: Decimal | None
    precision_high: Decimal | None
    recall: Decimal | None
    recall_low: Decimal | None
    recall_high: Decimal | None
    decided: int


@lru_cache(maxsize=_KEPT)
def match_quality(reader: ReleaseReader) -> MatchQuality | None:
    """What the release says of the matching; None for a release of before that was published."""
    if "match_quality" not in reader.tables:
        return None
    row = next(iter(reader.rows("match_quality", period=reader.period)), None)
    if row is None:
        return None
    return MatchQuality(
        precision=row["precision_value"],
        precision_low=row["precision_low"],
        precision_high=row["precision_high"],
        recall=row["recall_value"],
        recall_low=row["recall_low"],
        recall_high=row["recall_high"],
        decided=row["pairs_decided"],
    )


@lru_cache(maxsize=_KEPT)
def match_strata(reader: ReleaseReader) -> list[dict[str, Any]]:
    """The kinds of compared pairs, with what reviewers said of those they looked at; none of a release of before they were published."""
    return reader.rows("match_strata", period=reader.period) if "match_strata" in reader.tables else []


# The review of pairs of person records


@dataclass(frozen=True)
class QueueLine:
    """A pair of person records that waits for a reviewer, in one line.

    Attributes:
        place: in the queue, the dearest first.
        pair_id: of the pair; it names nobody.
        reason: why it is queued.
        stake: a year's subsidy that one of the two would have too many, in yuan.
        systems: of the two records.
        persons: the two records by system and number, as decisions are recorded.
        counties: where the two live, by code; None where that is not known.
        fields_hash: of what was compared; a decision on other fields is none on these.
        evidence: in a sentence.
    """

    place: int
    pair_id: str
    reason: str
    stake: Decimal
    systems: tuple[str, str]
    persons: tuple[str, str, str, str]
    counties: tuple[str | None, str | None]
    fields_hash: str
    evidence: str


_PAIR_KEYS = ("source_system_a", "source_person_no_a", "source_system_b", "source_person_no_b")


def has_queue(review: ReviewReader | None) -> bool:
    """Whether a review file is there and holds a queue of pairs."""
    return review is not None and {"match_queue", "match_queue_cut", "match_findings"} <= set(review.tables)


@lru_cache(maxsize=4)
def queue_lines(review: ReviewReader) -> tuple[QueueLine, ...]:
    """The queue, the dearest first; for reviewers alone."""
    columns = (
        *("queue_place", "pair_id", "queue_reason", "stake_yuan", "county_code_a", "county_code_b", "fields_hash", "evidence_zh"),
        *_PAIR_KEYS,
    )
    return tuple(
        QueueLine(
            place=row["queue_place"],
            pair_id=row["pair_id"],
            reason=row["queue_reason"],
            stake=row["stake_yuan"],
            systems=(row["source_system_a"], row["source_system_b"]),
            persons=tuple(row[name] for name in _PAIR_KEYS),
            counties=(row["county_code_a"], row["county_code_b"]),
            fields_hash=row["fields_hash"],
            evidence=row["evidence_zh"],
        )
        for row in review.rows("match_queue", columns=columns, order_by="queue_place")
    )


def queue_pair(review: ReviewReader, pair_id: str) -> dict[str, Any]:
    """A pair of the queue with all that a reviewer sees of it; for reviewers alone."""
    return review.rows("match_queue", pair_id=pair_id)[0]


@lru_cache(maxsize=4)
def findings(review: ReviewReader, county: str) -> list[dict[str, Any]]:
    """Pairs of records that carry one ID number and agree in nothing else, of a county or all; for reviewers alone."""
    rows = review.rows("match_findings", order_by="first_period, pair_id")
    return [row for row in rows if county in (CITY, row["county_code_a"], row["county_code_b"])]


@lru_cache(maxsize=_KEPT)
def queue_counts(review: ReviewReader) -> dict[str, int]:
    """How many pairs are queued, by reason: for everybody."""
    return {row["queue_reason"]: row["row_count"] for row in review.counts("match_queue", "queue_reason").to_pylist()}


def queue_cut(review: ReviewReader) -> int:
    """How many pairs would wait too, if the queue had room; for reviewers alone."""
    return review.rows("match_queue_cut")[0]["pairs_cut"]


@lru_cache(maxsize=_KEPT)
def finding_count(review: ReviewReader) -> int:
    """How many pairs share a number and nothing else: for everybody."""
    return review.counts("match_findings").to_pylist()[0]["row_count"]


@dataclass(frozen=True)
class PairDecision:
    """What a reviewer decided on a pair, and when."""

    verdict: str
    who: str
    at: str
    reason: str
    fields_hash: str


def pair_decisions(settings: Settings) -> dict[tuple[str, ...], list[PairDecision]]:
    """Every decision on a pair by its two records, oldest first; asked anew each time, because it is what changes."""
    found: dict[tuple[str, ...], list[PairDecision]] = {}
    with Register(settings.register, read_only=True) as register:
        for row in register.rows("match_decisions"):
            pair = in_order(tuple(row[name] for name in _PAIR_KEYS))
            found.setdefault(pair, []).append(PairDecision(row["verdict"], row["who"], row["at"], row["reason"] or "", row["fields_hash"]))
    return found


# Deliveries and checks


@lru_cache(maxsize=_KEPT)
def deliveries_of(reader: ReleaseReader, period: Period) -> list[dict[str, Any]]:
    """The ledger of a month's deliveries as the release saw it."""
    return reader.rows("deliveries", period=period, order_by="system, office, delivery_no, received_at")


def rejected_by_reason(review: ReviewReader | None, period: Period) -> list[dict[str, Any]] | None:
    """How many rows of the month were rejected, by system and reason, the most first; None where the review file does not say."""
    if review is None:
        return None
    try:
        counted = _counts(review, "rejected_rows", ("period", "system", "reason"))
    except ReleaseError:
        return None
    of_month = [row for row in counted if row["period"] == str(period)]
    return sorted(of_month, key=lambda row: (-row["row_count"], row["system"], row["reason"] or ""))


def failing_rows_by_check(review: ReviewReader | None) -> dict[str, int] | None:
    """How many rows break each check, by code; None where the review file does not say."""
    if review is None:
        return None
    try:
        return {row["check_code"]: row["row_count"] for row in _counts(review, "failing_rows", ("check_code",))}
    except ReleaseError:
        return None


@lru_cache(maxsize=64)
def _counts(review: ReviewReader, table: str, by: tuple[str, ...]) -> list[dict[str, Any]]:
    return review.counts(table, *by).to_pylist()


@dataclass(frozen=True)
class CheckLine:
    """A check of the month with all its places.

    Attributes:
        code: of the check.
        rule: in words.
        kind: `ours` or `theirs`.
        severity: `error` or `warn`.
        passed: places where it holds.
        failed: places where it does not.
        not_run: places where an input is missing.
    """

    code: str
    rule: str
    kind: str
    severity: str
    passed: int
    failed: int
    not_run: int


_CHECKS = """
select
    results.check_code as code,
    coalesce(max(rules.rule_zh), results.check_code) as rule,
    max(results.kind) as kind,
    max(results.severity) as severity,
    count(*) filter (results.outcome = 'passed') as passed,
    count(*) filter (results.outcome = 'failed') as failed,
    count(*) filter (results.outcome = 'not run') as not_run
from check_results as results
left join check_definitions as rules on results.check_code = rules.check_code
where results.period = $period
group by results.check_code
order by results.check_code
"""


@lru_cache(maxsize=_KEPT)
def checks(reader: ReleaseReader) -> list[CheckLine]:
    """The checks of the release's month."""
    return [CheckLine(**row) for row in reader.query(_CHECKS, {"period": str(reader.period)}).to_pylist()]


@lru_cache(maxsize=_KEPT)
def check_places(reader: ReleaseReader, code: str) -> list[dict[str, Any]]:
    """A check of the month place by place with both sides, what does not hold first."""
    return reader.rows(
        "check_results",
        period=reader.period,
        check_code=code,
        order_by="case outcome when 'failed' then 0 when 'not run' then 1 else 2 end, division_code, scheme, row_code",
    )


# Provenance


@dataclass(frozen=True)
class Part:
    """A measure that a value is made of."""

    part: str
    sign: int
    code: str
    name: str
    counted: str
    value: Decimal | None
    unit: str
    origin: str | None


@lru_cache(maxsize=_KEPT)
def measure_parts(reader: ReleaseReader, code: str, division: str, scheme: str, period_type: str) -> list[Part]:
    """The measures of an indicator in the release's month, numerator first; a stock in a rate stands at the period's last day."""
    sql = """
        select
            terms.part, terms.sign, terms.measure_code, names.name_zh, names.counted, names.unit,
            coalesce(windowed.value, standing.value) as value,
            coalesce(windowed.origin, standing.origin) as origin
        from indicator_measures as terms
        left join measure_definitions as names on terms.measure_code = names.measure_code
        left join measure_values as windowed
            on terms.measure_code = windowed.measure_code
                and windowed.division_code = $division and windowed.scheme = $scheme
                and windowed.period = $period and windowed.period_type = $period_type
        left join measure_values as standing
            on terms.measure_code = standing.measure_code
                and standing.division_code = $division and standing.scheme = $scheme
                and standing.period = $period and standing.period_type = 'point'
        where terms.indicator_code = $code
        order by terms.part desc, terms.sign desc, terms.measure_code
    """
    given = {"code": code, "division": division, "scheme": scheme, "period": str(reader.period), "period_type": period_type}
    return [
        Part(
            part=row["part"],
            sign=row["sign"],
            code=row["measure_code"],
            name=row["name_zh"] or row["measure_code"],
            counted=row["counted"] or "",
            value=row["value"],
            unit=row["unit"] or "",
            origin=row["origin"],
        )
        for row in reader.query(sql, given).to_pylist()
    ]


def systems_of(scheme: str) -> tuple[str, ...]:
    """The systems whose records a scheme's numbers come from; the city's own tables serve all."""
    return (*_SYSTEMS[scheme], "city")


@lru_cache(maxsize=_KEPT)
def deliveries_behind(reader: ReleaseReader, scheme: str, period_type: str) -> list[dict[str, Any]]:
    """The accepted deliveries of the months that a value of the release's month covers."""
    months = {"month": 1, "point": 1, "quarter": (reader.period.month - 1) % 3 + 1, "ytd": reader.period.month, "year": 12, "r12": 12}
    span = [str(reader.period.shift(-step)) for step in range(months[period_type])]
    rows = reader.rows("deliveries", period=span, system=list(systems_of(scheme)), status="accepted", order_by="period, system, office")
    newest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["period"], row["system"], row["office"])
        if key not in newest or (row["delivery_no"] or 0) > (newest[key]["delivery_no"] or 0):
            newest[key] = row
    return list(newest.values())


@lru_cache(maxsize=_KEPT)
def definition_versions(reader: ReleaseReader) -> list[dict[str, Any]]:
    """The definitions that vary between places, with the version in force."""
    return reader.rows("definition_versions", is_in_force=True, order_by="parameter")


# Packages


@dataclass(frozen=True)
class PackageFile:
    """A file of a report package."""

    name: str
    path: Path
    size: int


def package_files(settings: Settings, limits: Scope, row: ReleaseRow) -> list[PackageFile]:
    """The files of a release's report package; none where it was not written yet, or for whom may not see the whole city.

    Worklists, which name persons, are not among them.
    """
    folder = settings.reports / row.period / row.release
    if not limits.is_whole_city or not folder.exists():
        return []
    found = [path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    order = {"bureau.xlsx": 0, "hrss.xlsx": 1, "health.xlsx": 2, "finance.xlsx": 3}
    return [PackageFile(path.name, path, path.stat().st_size) for path in sorted(found, key=lambda one: (order.get(one.name, 9), one.name))]
