"""What matching made of a city, held against who is really who.

What belongs here: pairs of records right and wrong, overall, on damaged records, by trap; the queue; a reviewer without fault. What does
not: making cities (`loading.py`, `damage.py`), running the bench (`__main__.py`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb

from warehouse.identity import match
from warehouse.register import Register
from warehouse.settings import Settings

# Slips that leave a record as good as it was: matching is not harder for them.
HARMLESS = ("phone_missing", "phone_changed", "phone_of_office", "moved", "address_missing")


@dataclass(frozen=True)
class Rates:
    """Pairs of records of one person: found, missed, and found wrongly."""

    pairs: int
    found: int
    wrong: int

    @property
    def precision(self) -> float:
        """Of the pairs that were found, those that are."""
        return self.found / max(self.found + self.wrong, 1)

    @property
    def recall(self) -> float:
        """Of the pairs that are, those that were found."""
        return self.found / max(self.pairs, 1)

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


@dataclass(frozen=True)
class Score:
    """One city's result.

    Attributes:
        records: person records.
        overall, damaged: of all pairs, and of those with a damaged record.
        traps: by trap, of the pairs with a record in it.
        tiers: by tier, pairs found and wrong.
        queued, queued_true, queued_new: pairs queued, those that are one person, and those of them that are not joined yet.
        reviewed: of all pairs, when every queued pair was decided rightly.
        merged_twins: twins, and holders of borrowed numbers with the owners, taken for one person.
        persons, persons_true: persons counted, and how many there are.
        seconds: matching alone.
    """

    records: int
    overall: Rates
    damaged: Rates
    traps: dict[str, Rates]
    tiers: dict[str, tuple[int, int]]
    queued: int
    queued_true: int
    queued_new: int
    reviewed: Rates
    merged_twins: int
    persons: int
    persons_true: int
    seconds: float
    estimate: dict[str, float | None] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For a JSON file, with the shares that the counts give."""
        shares = {
            name: {"precision": rates.precision, "recall": rates.recall, "f1": rates.f1}
            for name, rates in (("overall", self.overall), ("damaged", self.damaged), ("reviewed", self.reviewed))
        }
        return {**asdict(self), "shares": shares}


def score_city(con: duckdb.DuckDBPyConnection, home: Path, truth: Path, period: str) -> Score:
    """Match a city and score it; then decide every queued pair rightly, match again, and score that."""
    from time import perf_counter

    settings = Settings(home=home)
    started = perf_counter()
    match(con, settings, period)
    seconds = perf_counter() - started
    _read_truth(con, truth)
    overall, damaged, traps, tiers = _rates(con)
    queued, right, new = con.execute("""
        select
            count(*),
            count(*) filter (where one.true_person_id = other.true_person_id),
            count(*) filter (where one.true_person_id = other.true_person_id and person_id_a <> person_id_b)
        from identity.review_queue as queue
        inner join bench.records as one on queue.source_system_a = one.system and queue.source_person_no_a = one.source_person_no
        inner join bench.records as other on queue.source_system_b = other.system and queue.source_person_no_b = other.source_person_no
    """).fetchone()
    twins = con.execute("""
        select count(*)
        from bench.found
        where not is_right and (traps_a like '%twin%' and traps_b like '%twin%' or traps_a || traps_b like '%shared_number%')
    """).fetchone()[0]
    persons, persons_true, records = con.execute("""
        select
            (select count(distinct person_id) from identity.person_links),
            (select count(distinct true_person_id) from bench.records),
            (select count(*) from bench.records)
    """).fetchone()
    _decide_rightly(con, settings)
    match(con, settings, period)
    reviewed, *_ = _rates(con)
    quality = con.execute("select * from identity.match_quality")
    estimate = dict(zip((column[0] for column in quality.description), quality.fetchone(), strict=True))
    return Score(
        records=records,
        overall=overall,
        damaged=damaged,
        traps=traps,
        tiers=tiers,
        queued=queued,
        queued_true=right,
        queued_new=new,
        reviewed=reviewed,
        merged_twins=twins,
        persons=persons,
        persons_true=persons_true,
        seconds=seconds,
        estimate=estimate,
    )


def _read_truth(con: duckdb.DuckDBPyConnection, truth: Path) -> None:
    con.execute("create schema if not exists bench")
    con.execute("create table if not exists bench.slips (system varchar, source_person_no varchar, faults varchar)")
    con.execute(
        """
        create or replace table bench.records as
        select truth.system, truth.source_person_no, truth.true_person_id, truth.traps,
            concat_ws(';', nullif(truth.faults, ''), slips.faults) as faults
        from read_parquet($truth) as truth
        inner join identity.person_links as links
            on truth.system = links.source_system and truth.source_person_no = links.source_person_no
        left join bench.slips as slips on truth.system = slips.system and truth.source_person_no = slips.source_person_no
    """,
        {"truth": str(truth / "persons.parquet")},
    )
    con.execute("""
        create or replace table bench.pairs as
        select one.system as system_a, one.source_person_no as number_a, other.system as system_b, other.source_person_no as number_b,
            one.faults as faults_a, other.faults as faults_b, one.traps as traps_a, other.traps as traps_b
        from bench.records as one
        inner join bench.records as other
            on one.true_person_id = other.true_person_id
            and (one.system, one.source_person_no) < (other.system, other.source_person_no)
    """)


def _rates(con: duckdb.DuckDBPyConnection) -> tuple[Rates, Rates, dict[str, Rates], dict[str, tuple[int, int]]]:
    con.execute("""
        create or replace table bench.found as
        select pairs.match_tier, one.true_person_id = other.true_person_id as is_right,
            one.faults as faults_a, other.faults as faults_b, one.traps as traps_a, other.traps as traps_b
        from identity.person_pairs as pairs
        inner join bench.records as one on pairs.source_system_a = one.system and pairs.source_person_no_a = one.source_person_no
        inner join bench.records as other on pairs.source_system_b = other.system and pairs.source_person_no_b = other.source_person_no
    """)
    harmless = "|".join(HARMLESS)
    is_damaged = f"regexp_replace(faults_a || ';' || faults_b, '({harmless}|;)', '', 'g') <> ''"

    def rates(condition: str) -> Rates:
        pairs = con.execute(f"select count(*) from bench.pairs where {condition}").fetchone()[0]
        found, wrong = con.execute(f"""
            select count(*) filter (where is_right), count(*) filter (where not is_right) from bench.found where {condition}
        """).fetchone()
        return Rates(pairs, found, wrong)

    traps = [
        name
        for (name,) in con.execute("""
            select distinct trap from (select unnest(string_split(traps, ';')) as trap from bench.records) as traps
            where trap <> '' order by trap
        """).fetchall()
    ]
    by_trap = {trap: rates(f"list_contains(string_split(traps_a || ';' || traps_b, ';'), '{trap}')") for trap in traps}
    tiers = {
        tier: (found, wrong)
        for tier, found, wrong in con.execute("""
            select match_tier, count(*), count(*) filter (where not is_right) from bench.found group by match_tier order by match_tier
        """).fetchall()
    }
    return rates("true"), rates(is_damaged), by_trap, tiers


def _decide_rightly(con: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """A reviewer who knows the truth answers the whole queue."""
    rows = con.execute("""
        select queue.source_system_a, queue.source_person_no_a, queue.source_system_b, queue.source_person_no_b, queue.fields_hash,
            one.true_person_id = other.true_person_id
        from identity.review_queue as queue
        inner join bench.records as one on queue.source_system_a = one.system and queue.source_person_no_a = one.source_person_no
        inner join bench.records as other on queue.source_system_b = other.system and queue.source_person_no_b = other.source_person_no
        order by queue.queue_place
    """).fetchall()
    with Register(settings.register) as register:
        for system_a, number_a, system_b, number_b, fields, is_same in rows:
            register.append_match_decision(
                who="bench",
                run="bench",
                source_system_a=system_a,
                source_person_no_a=number_a,
                source_system_b=system_b,
                source_person_no_b=number_b,
                verdict="same" if is_same else "different",
                fields_hash=fields,
                reason=None,
            )
