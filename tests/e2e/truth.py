"""A closed home against the truth of the city that was simulated: to the person and the fen, cell by cell.

What belongs here: the comparison, by the published contract (releases, `marts` of the working warehouse) and the truth folder alone. What
does not: simulating and closing (the tests that call this), and how well persons are recognised (`tests/accuracy`).

Two kinds of numbers are kept apart. What does not depend on who is who (relations, ledgers, settlements, stays, deliveries) must agree
whatever the faults. What does (insured persons, movement, headcount, duplicate cases) must agree where everybody was recognised; where
not, it must agree for the persons as they were recognised, and how far that is from the truth is reported, not hidden.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

CITY = "990100"
# Measures by period type, and whether persons are counted in them.
MEASURES = {
    "SETTLEMENTS": ("month", False),
    "ADMISSIONS": ("month", False),
    "TOTAL_COST": ("month", False),
    "POOLED_PAID": ("month", False),
    "FUND_PAID": ("month", False),
    "INCOME": ("month", False),
    "EXPENDITURE": ("month", False),
    "INSURED": ("point", True),
    "ENTRIES": ("month", True),
    "EXITS": ("month", True),
}
CASE_COLUMNS = (
    "type_code",
    "source_person_no_a",
    "division_code_a",
    "source_person_no_b",
    "division_code_b",
    "same_county",
    "overlap_from",
    "overlap_to",
    "overlap_months",
    "legitimate_rule",
    "retained_relation_id",
    "keep_rule",
    "duplicate_subsidy_yuan",
)


@dataclass(frozen=True)
class Difference:
    """One cell that disagrees; relation numbers are the simulator's own, no personal data."""

    subject: str
    key: tuple[str, ...]
    expected: str | None
    found: str | None


@dataclass
class Comparison:
    """What was compared, what disagrees, and what depends on recognising persons.

    Attributes:
        compared: cells or rows compared, by subject; a subject that compared nothing compared wrongly.
        differences: what disagrees.
        recognition: by month, what depends on recognising persons: true and published figures and how far they are apart.
        everybody_recognised: whether the persons of the newest month are exactly the true ones.
    """

    compared: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    recognition: list[tuple[str, str, str, str]] = field(default_factory=list)
    everybody_recognised: bool = False

    def report(self, most: int = 40) -> str:
        """The comparison in lines of text."""
        lines = [f"{subject}: {count:,} compared" for subject, count in self.compared.items()]
        lines += [
            f"DIFFERS {each.subject} {' '.join(each.key)}: expected {each.expected}, found {each.found}" for each in self.differences[:most]
        ]
        lines += [f"… and {len(self.differences) - most:,} more"] if len(self.differences) > most else []
        lines += [f"by recognition: {' '.join(line)}" for line in self.recognition]
        return "\n".join(lines)


def compare(home: Path, truth: Path) -> Comparison:
    """Compare every closed month of a home with the truth.

    Args:
        home: a home whose months are closed; its working warehouse is that of the newest month.
        truth: the truth folder of the simulated city.
    """
    with duckdb.connect() as con:
        months = _attach(con, Path(home), Path(truth))
        found = Comparison()
        _copied_months(con, found, months)
        _deliveries(con, found)
        _rejected_rows(con, found, Path(home))
        _relations(con, found)
        _numbers(con, found, counts_persons=False)
        found.everybody_recognised = _recognition(con, found)
        if found.everybody_recognised:
            _numbers(con, found, counts_persons=True)
            _headcount(con, found)
            _cases(con, found, "duplicate cases", "true")
        else:
            _persons_as_recognised(con, found, months[-1])
            _distances(con, found, months)
            _cases(con, found, "duplicate cases of persons rightly recognised", f"period = '{months[-1]}' and is_right")
        return found


def _attach(con: duckdb.DuckDBPyConnection, home: Path, truth: Path) -> list[str]:
    """Views over the truth and over each month's release in force; the months, in order."""
    with (home / "published" / "releases.csv").open(encoding="utf-8", newline="") as handle:
        in_force = {row["period"]: row["release"] for row in csv.DictReader(handle) if row["state"] != "superseded"}
    months = sorted(in_force)
    for month in months:
        con.execute(f"attach '{home}/published/{in_force[month]}.duckdb' as \"{month}\" (read_only)")
    con.execute(f"attach '{home}/warehouse.duckdb' as warehouse (read_only)")
    con.execute("create schema truth; create schema found")
    for path in sorted(truth.iterdir()):
        if path.suffix == ".parquet":
            con.execute(f"create view truth.\"{path.stem}\" as select * from '{path}'")
        elif path.suffix == ".csv":
            con.execute(f"create view truth.\"{path.stem}\" as select * from read_csv('{path}', all_varchar = true)")

    def of_each_month(select: str) -> str:
        return " union all ".join(select.format(month=month) for month in months)

    types = ", ".join(f"('{name}', '{kind}', {is_of_persons})" for name, (kind, is_of_persons) in MEASURES.items())
    con.execute(f"create table found.measures as select * from (values {types}) as listed (measure, period_type, counts_persons)")
    cells = of_each_month(
        "select '{month}' as period, measure_code as measure, division_code, scheme, period_type, value "
        "from \"{month}\".reporting.measure_values where period = '{month}' and length(division_code) = 6"
    )
    con.execute(f"create table found.numbers as select * from ({cells}) inner join found.measures using (measure, period_type)")
    cases = of_each_month("select '{month}' as period, * from \"{month}\".reporting.duplicate_cases")
    con.execute(f"create table found.cases as {cases}")
    bridge = of_each_month("select * from \"{month}\".reporting.headcount_bridge where period = '{month}'")
    con.execute(f"create table found.headcount as {bridge}")
    con.execute(f'create view found.deliveries as select * from "{months[-1]}".reporting.deliveries')
    return months


def _differ(con: duckdb.DuckDBPyConnection, found: Comparison, subject: str, expected: str, published: str, keys: tuple[str, ...]) -> None:
    """Full outer comparison of two queries with a column `value` each, by their keys.

    A cell that only the release holds agrees when it is 0 or null: the truth lists what happened.
    """
    named = ", ".join(keys)
    rows = con.execute(f"""
        with expected as ({expected}), published as ({published})
        select {", ".join(f"cast({key} as varchar)" for key in keys)}, expected.value, published.value
        from expected full join published using ({named})
        where not (expected.value is not distinct from published.value)
            and not (expected.value is null and coalesce(published.value, '0') in ('0', '0.00', '0.000000'))
        order by all
    """).fetchall()
    found.compared[subject] = con.execute(f"select count(*) from ({expected})").fetchone()[0]
    found.differences += [Difference(subject, tuple(str(part) for part in row[: len(keys)]), row[-2], row[-1]) for row in rows]


def _copied_months(con: duckdb.DuckDBPyConnection, found: Comparison, months: list[str]) -> None:
    """The newest release holds the earlier months' cells as their own releases do."""
    cells = "period, measure_code, division_code, scheme, period_type"
    for month in months[:-1]:
        _differ(
            con,
            found,
            f"cells of {month} copied",
            f"select {cells}, cast(value as varchar) as value from \"{month}\".reporting.measure_values where period = '{month}'",
            f"select {cells}, cast(value as varchar) as value from \"{months[-1]}\".reporting.measure_values where period = '{month}'",
            ("period", "measure_code", "division_code", "scheme", "period_type"),
        )


def _deliveries(con: duckdb.DuckDBPyConnection, found: Comparison) -> None:
    counts = "coalesce(cast(rows_delivered as varchar), '-') || ' ' || rows_landed || ' ' || rows_rejected"
    keys = ("system", "period", "office", "delivery_no", "status", "reason")
    _differ(
        con,
        found,
        "deliveries",
        f"""
        select system, period, office, coalesce(delivery_no, '') as delivery_no, status, coalesce(reason, '') as reason, {counts} as value
        from truth.expected_deliveries
        """,
        f"""
        select system, period, office, coalesce(cast(delivery_no as varchar), '') as delivery_no, status,
            coalesce(
                (select any_value(known.reason) from truth.expected_deliveries as known where starts_with(listed.reason, known.reason)),
                listed.reason, ''
            ) as reason,
            {counts} as value
        from found.deliveries as listed
        """,
        keys,
    )


def _rejected_rows(con: duckdb.DuckDBPyConnection, found: Comparison, home: Path) -> None:
    """The rows rejected of deliveries in force, line by line."""
    keys = ("system", "period", "office", "delivery_no", "table_name", "line")
    landed = home / "landing" / "*" / "*" / "*" / "*" / "rejects.parquet"
    _differ(
        con,
        found,
        "rejected rows",
        f"select {', '.join(keys)}, 'rejected' as value from truth.rejected_rows",
        f"""
        select _system as system, _period as period, _office as office, split_part(_delivery_id, '-', -1) as delivery_no, table_name,
            cast(_line as varchar) as line, 'rejected' as value
        from read_parquet('{landed}')
        where _period in (select period from found.deliveries) and (_system, _period, _office, split_part(_delivery_id, '-', -1)) in (
            select system, period, office, delivery_no from truth.expected_deliveries where status = 'accepted'
        )
        """,
        keys,
    )


def _relations(con: duckdb.DuckDBPyConnection, found: Comparison) -> None:
    """Every relation of every month: where it stands, whether it is insured, of which category."""
    value = "{} || ' ' || is_insured || ' ' || coalesce({}, '')"
    _differ(
        con,
        found,
        "relations",
        f"""
        select period as month, scheme, relation_id, {value.format("county", "category")} as value
        from truth.relations
        where period in (select distinct month from warehouse.marts.fct_enrollment_months)
        """,
        f"""
        select month, scheme, relation_id, {value.format("division_code", "person_category")} as value
        from warehouse.marts.fct_enrollment_months
        """,
        ("month", "scheme", "relation_id"),
    )


def _numbers(con: duckdb.DuckDBPyConnection, found: Comparison, *, counts_persons: bool) -> None:
    """Measures by scheme, county and city."""
    subject = "numbers of persons" if counts_persons else "numbers"
    keys = "period, measure, division_code, scheme"
    _differ(
        con,
        found,
        subject,
        f"""
        select {keys}, cast(cast(value as decimal(18, 2)) as varchar) as value
        from truth.expected_numbers
        inner join found.measures using (measure)
        where counts_persons = {counts_persons} and period in (select period from found.numbers)
            -- Maternity stands apart: some of its numbers are published for the city alone. Of the others every cell must be there.
            and (scheme <> 'maternity' or (measure, division_code) in (
                select distinct measure, division_code from found.numbers where scheme = 'maternity'
            ))
        """,
        f"""
        select {keys}, cast(cast(value as decimal(18, 2)) as varchar) as value
        from found.numbers
        where counts_persons = {counts_persons}
        """,
        ("period", "measure", "division_code", "scheme"),
    )


def _headcount(con: duckdb.DuckDBPyConnection, found: Comparison) -> None:
    columns = ("sum_of_schemes", "counted_twice", "counted_three_times", "distinct_persons")
    value = " || ' ' || ".join(f"cast({column} as varchar)" for column in columns)
    _differ(
        con,
        found,
        "headcount bridge",
        f"select period, division_code, {value} as value from truth.headcount where period in (select period from found.headcount)",
        f"select period, division_code, {value} as value from found.headcount where length(division_code) = 6 and {columns[0]} <> 0",
        ("period", "division_code"),
    )


def _recognition(con: duckdb.DuckDBPyConnection, found: Comparison) -> bool:
    """Whose records the bridge of the newest month holds together as the truth does; True when everybody's."""
    con.execute("""
        create table found.recognised as
        with records as (
            select bridge.person_id, persons.true_person_id, persons.system, persons.source_person_no,
                contains(persons.faults, 'birth') as has_birth_fault
            from warehouse.marts.bridge_person_source_ids as bridge
            left join truth.persons as persons
                on bridge.source_system = persons.system and bridge.source_person_no = persons.source_person_no
        ),
        found_persons as (
            select person_id, count(distinct true_person_id) as true_persons, bool_or(true_person_id is null) as is_unknown
            from records group by person_id
        ),
        true_persons as (
            select true_person_id, count(distinct person_id) as found_persons, bool_or(has_birth_fault) as has_birth_fault
            from records group by true_person_id
        )
        select records.*, found_persons.true_persons = 1 and true_persons.found_persons = 1 as is_right,
            true_persons.has_birth_fault as someones_birth_is_wrong
        from records
        inner join found_persons on records.person_id = found_persons.person_id
        inner join true_persons on records.true_person_id is not distinct from true_persons.true_person_id
    """)
    records, right, persons, true_persons, unknown = con.execute("""
        select count(*), count(*) filter (is_right), count(distinct person_id), count(distinct true_person_id),
            count(*) filter (true_person_id is null)
        from found.recognised
    """).fetchone()
    found.compared["person records"] = records
    if unknown:
        found.differences.append(Difference("person records", ("in no truth",), "0", str(unknown)))
    found.recognition.append(("records of persons rightly recognised", f"{right:,}", "of", f"{records:,}"))
    found.recognition.append(("persons", f"{persons:,}", "true", f"{true_persons:,}"))
    return right == records


def _persons_as_recognised(con: duckdb.DuckDBPyConnection, found: Comparison, month: str) -> None:
    """Insured persons of the newest month, counted from the true relations by the persons that the bridge makes of them."""
    _differ(
        con,
        found,
        "insured persons as recognised",
        f"""
        with insured as (
            select relations.scheme, relations.county, recognised.person_id
            from truth.relations as relations
            inner join found.recognised as recognised
                on relations.system = recognised.system and relations.source_person_no = recognised.source_person_no
            where relations.period = '{month}' and relations.is_insured
        ),
        cells as (
            select scheme, county as division_code, person_id from insured
            union all select scheme, '{CITY}', person_id from insured
            union all select 'all', county, person_id from insured where scheme <> 'maternity'
            union all select 'all', '{CITY}', person_id from insured where scheme <> 'maternity'
        )
        select scheme, division_code, cast(cast(count(distinct person_id) as decimal(18, 2)) as varchar) as value from cells group by all
        """,
        f"""
        select scheme, division_code, cast(cast(value as decimal(18, 2)) as varchar) as value
        from found.numbers where measure = 'INSURED' and period = '{month}'
        """,
        ("scheme", "division_code"),
    )


def _distances(con: duckdb.DuckDBPyConnection, found: Comparison, months: list[str]) -> None:
    """How far the published persons and cases are from the true ones."""
    pair = "scheme_a, relation_id_a, scheme_b, relation_id_b"
    for month in months:
        for scheme, expected, published in con.execute(f"""
            select scheme, truth.expected_numbers.value::decimal(18, 0), numbers.value::decimal(18, 0)
            from truth.expected_numbers
            inner join found.numbers as numbers using (period, measure, division_code, scheme)
            where measure = 'INSURED' and division_code = '{CITY}' and period = '{month}'
                and scheme in ('all', 'employee', 'resident', 'rural')
            order by scheme
        """).fetchall():
            found.recognition.append((f"{month} insured, {scheme}:", f"{published:,}", "true", f"{expected:,}"))
        expected, published, both, subsidy, true_subsidy = con.execute(f"""
            with
            expected as (select {pair} from truth.expected_overlaps where period = '{month}'),
            published as (select {pair} from found.cases where period = '{month}')
            select (select count(*) from expected), (select count(*) from published),
                (select count(*) from (select * from expected intersect select * from published)),
                (select coalesce(sum(duplicate_subsidy_yuan), 0) from found.cases where period = '{month}'),
                (select coalesce(sum(duplicate_subsidy_yuan::decimal(18, 2)), 0) from truth.expected_overlaps where period = '{month}')
        """).fetchone()
        found.recognition.append((f"{month} duplicate cases:", f"{published:,}, of them true {both:,}", "true", f"{expected:,}"))
        found.recognition.append((f"{month} subsidy paid twice, yuan:", f"{subsidy:,}", "true", f"{true_subsidy:,}"))


def _cases(con: duckdb.DuckDBPyConnection, found: Comparison, subject: str, condition: str) -> None:
    """Duplicate cases, column by column, no more and no fewer; of persons who stand in the condition."""
    keys = ("period", "scheme_a", "relation_id_a", "scheme_b", "relation_id_b")
    value = " || ' ' || ".join(f"coalesce(cast({column} as varchar), '')" for column in CASE_COLUMNS)
    people = """
        (select true_person_id, bool_and(is_right and not someones_birth_is_wrong) as is_right
        from found.recognised group by true_person_id)
    """
    _differ(
        con,
        found,
        subject,
        f"""
        select {", ".join(keys)}, {value} as value
        from truth.expected_overlaps inner join {people} as people using (true_person_id)
        where period in (select period from found.cases) and {condition}
        """,
        f"""
        select {", ".join(keys)}, {value} as value
        from found.cases as cases
        inner join (select distinct person_id, true_person_id from found.recognised) as recognised using (person_id)
        inner join {people} as people using (true_person_id)
        where {condition}
        """,
        keys,
    )
