"""The matching step of the close: person records in, persons with lasting ids out.

What belongs here: the order of the step, and what of it can be kept from the run before. What does not: which records and pairs there are
(`records.py`, `blocking.py`), what a pair says (`comparisons.py`, `tiers.py`, `scoring.py`, `verdicts.py`), what pairs say together
(`holds.py`, `components.py`), persons (`persons.py`), evidence and queue (`evidence.py`, `review.py`), cleaning (dbt).

Precedence: reviewer, then veto, then rule, then score.

A run compares new and changed records with all others and keeps the other pairs as they were found; a full run compares all. Both give the
same, because which pairs are found depends on their records alone (`blocking.py`), and everything after that is computed anew from all
pairs. A run without new or changed records, decisions, model or rules has nothing to do but the months.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, fields
from pathlib import Path

import duckdb

from warehouse.identity.blocking import find_candidates
from warehouse.identity.comparisons import compare_pairs
from warehouse.identity.decisions import load_decisions
from warehouse.identity.evidence import RECORDS_WITH_EVIDENCE, write_evidence
from warehouse.identity.holds import hold_conflicts
from warehouse.identity.model import MatchModel, model_in_force
from warehouse.identity.persons import STRENGTHS, keep_bridge_before, write_events, write_links
from warehouse.identity.records import collect_records, digest_records, hash_records, pair_records
from warehouse.identity.review import write_queue
from warehouse.identity.scoring import import_splink_meanwhile, score_pairs
from warehouse.identity.tiers import judge_pairs
from warehouse.identity.verdicts import settle_scores
from warehouse.register import Register
from warehouse.settings import Settings


@dataclass(frozen=True)
class MatchResult:
    """What the matching of one close found.

    Attributes:
        period: month that was closed, `YYYY-MM`.
        numbers: person numbers seen in any table.
        numbers_without_record: of them those that no person record describes; each is a person of its own.
        persons: persons that they are.
        edges: agreements found, by tier.
        held: agreements held because they would join what must stay apart.
        findings: pairs of records that share a number and nothing else.
        queued: pairs that wait for a reviewer.
        queue_cut: pairs that would wait too, if the queue had room.
        blocks_cut: blocks that the guard did not join, because they were too large.
        changed: records that are new or changed since the run before; None where there was none.
        merged, split: events since the bridge before.
        model_version: the model that scored.
        rounds: rounds of contraction.
    """

    period: str
    numbers: int
    numbers_without_record: int
    persons: int
    edges: dict[str, int] = field(default_factory=dict)
    held: int = 0
    findings: int = 0
    queued: int = 0
    queue_cut: int = 0
    blocks_cut: int = 0
    changed: int | None = None
    merged: int = 0
    split: int = 0
    model_version: str = ""
    rounds: int = 0


def match(con: duckdb.DuckDBPyConnection, settings: Settings, period: str, *, full: bool = False) -> MatchResult:
    """Say who is who up to a month, and write the schema `identity`.

    Reads what the first half of the dbt project built of all months up to this one: `intermediate.int_person_records` and
    `intermediate.int_numbers_without_record`, and the register's decisions and model.

    Args:
        con: connection to the working warehouse, open for writing.
        settings: the home that is closed.
        period: month that is closed, `YYYY-MM`.
        full: compare all records with all, whatever the run before has found.

    Returns:
        What was found, in numbers.
    """
    period = str(period)
    with Register(settings.register, read_only=True) as register:
        model = model_in_force(register)
        decided = load_decisions(con, register)
    con.execute("create schema if not exists identity")
    before = _State.read(con)
    salt = hash_records(con, int(before.salt) if before else 0)
    state = _State.of(con, model, decided, salt)
    everything = full or before is None or (before.code, before.salt) != (state.code, state.salt)
    is_idle = not everything and before == state
    if not is_idle:
        import_splink_meanwhile()
    collect_records(con, salt, only=RECORDS_WITH_EVIDENCE if is_idle else None)
    con.execute("begin transaction")
    try:
        has_before = keep_bridge_before(con)
        changed, rounds = 0, 0
        if not is_idle:
            changed = _note_changes(con)
            rounds = _compare(con, period, model, salt, everything=everything)
        write_events(con, period, _cause(before, state, changed), has_before=has_before)
        write_queue(con, period, model)
        state.write(con)
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
    return _summed(con, period, model, None if everything else changed, rounds)


def _compare(con: duckdb.DuckDBPyConnection, period: str, model: MatchModel, salt: int, *, everything: bool) -> int:
    """From records to persons and evidence; how many rounds of contraction it took."""
    find_candidates(con, everything=everything)
    con.execute("create or replace temp table match_candidates as select distinct a, b from identity.candidates")
    pair_records(con, salt)
    con.execute(f"create or replace temp table match_compared as {compare_pairs('match_candidates')}")
    judge_pairs(con, "match_compared", "match_judged")
    rounds = _settle(con, model)
    write_links(con)
    write_evidence(con, model, period)
    return rounds


@dataclass(frozen=True)
class _State:
    """What a run rests on.

    Attributes:
        code: the program, and the database, whose hashes the digests are made of.
        model, decisions: what was trained and decided.
        records: digest of what all records show.
        salt: what the records' keys are made with.
    """

    code: str
    model: str
    decisions: str
    records: str
    salt: str

    @classmethod
    def of(cls, con: duckdb.DuckDBPyConnection, model: MatchModel, decided: list[dict[str, object]], salt: int) -> _State:
        code = hashlib.sha256(duckdb.__version__.encode())
        for path in sorted(Path(__file__).parent.glob("*.py")):
            code.update(path.read_bytes())
        entries = json.dumps([[str(row[name]) for name in ("entry", "verdict", "fields_hash")] for row in decided])
        decisions = hashlib.sha256(entries.encode()).hexdigest()
        return cls(code.hexdigest(), model.sha256, decisions, digest_records(con), str(salt))

    @classmethod
    def read(cls, con: duckdb.DuckDBPyConnection) -> _State | None:
        names = [name for (name,) in con.execute("select column_name from duckdb_columns() where table_name = 'match_state'").fetchall()]
        # A warehouse that an earlier program has left keeps other things.
        if sorted(names) != sorted(each.name for each in fields(cls)):
            return None
        row = con.execute(f"select {', '.join(each.name for each in fields(cls))} from identity.match_state").fetchone()
        return cls(*row) if row else None

    def write(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute(f"create or replace table identity.match_state ({', '.join(f'{each.name} varchar' for each in fields(self))})")
        con.execute("insert into identity.match_state values (?, ?, ?, ?, ?)", [getattr(self, each.name) for each in fields(self)])


def _note_changes(con: duckdb.DuckDBPyConnection) -> int:
    """Write `match_changed` (record_key): records that are new, changed or gone since the run before; and keep what they now are."""
    # What a record shows is the same, and its number or telephone may have worn out since.
    con.execute("""
        update match_hashes
        set record_hash = hash(record_hash, worn.is_id_worn, worn.is_phone_worn)
        from (select record_key, is_id_worn, is_phone_worn from match_records where is_id_worn or is_phone_worn) as worn
        where match_hashes.record_key = worn.record_key
    """)
    con.execute("create table if not exists identity.record_hashes (record_key bigint, record_hash ubigint)")
    con.execute("""
        create or replace temp table match_changed as
        select coalesce(now.record_key, before.record_key) as record_key
        from match_hashes as now
        full join identity.record_hashes as before on now.record_key = before.record_key
        where now.record_hash is distinct from before.record_hash
    """)
    changed = con.execute("select count(*) from match_changed").fetchone()[0]
    if changed:
        con.execute("create or replace table identity.record_hashes as select * from match_hashes")
    return changed


def _settle(con: duckdb.DuckDBPyConnection, model: MatchModel) -> int:
    """From judged pairs to edges that are kept: reviewers and rules first, then scores."""
    con.execute("""
        create or replace temp table match_reviewed as
        select
            least(one.place, other.place) as a,
            greatest(one.place, other.place) as b,
            decided.decision,
            decided.entry
        from match_decided as decided
        inner join match_paired as one
            on decided.source_system_a = one.source_system and decided.source_person_no_a = one.source_person_no
        inner join match_paired as other
            on decided.source_system_b = other.source_system and decided.source_person_no_b = other.source_person_no
        where decided.decision in ('same', 'different')
            -- Told by their names: asked for two places that differ, the optimizer may join all records with all.
            and (decided.source_system_a, decided.source_person_no_a) <> (decided.source_system_b, decided.source_person_no_b)
    """)
    con.execute("""
        create or replace temp table match_apart as
        select a, b from match_reviewed where decision = 'different'
        union
        select least(one.place, other.place), greatest(one.place, other.place)
        from match_judged as judged
        inner join match_paired as one on judged.a = one.record_key
        inner join match_paired as other on judged.b = other.record_key
        where judged.verdict = 'finding'
            and not exists (
                select 1 from match_reviewed as reviewed
                where reviewed.a = least(one.place, other.place) and reviewed.b = greatest(one.place, other.place)
                    and reviewed.decision = 'same'
            )
    """)
    rank = "case tier " + " ".join(f"when '{tier}' then {strength}" for tier, strength in STRENGTHS.items()) + " end"
    con.execute(f"""
        create or replace temp table match_edges as
        select a, b, -entry as strength, 'reviewer' as tier, cast(1 as double) as probability from match_reviewed where decision = 'same'
        union all
        -- Of agreements by R2 those of names that only sound alike are the weaker.
        select a, b, {rank} + case when tier = 'R2' and name_level = 'sound' then 1 else 0 end as strength, tier, 1.0
        from (
            select
                least(one.place, other.place) as a,
                greatest(one.place, other.place) as b,
                judged.rule as tier,
                judged.name_level
            from match_judged as judged
            inner join match_paired as one on judged.a = one.record_key
            inner join match_paired as other on judged.b = other.record_key
            where judged.verdict = 'same'
        ) as ruled
        anti join match_reviewed on ruled.a = match_reviewed.a and ruled.b = match_reviewed.b
    """)
    rounds = hold_conflicts(con)
    # The number of pairs of one person is what it is whatever the scores; the model takes it from the rules.
    pairs = con.execute("select count(*) from match_edges").fetchone()[0]
    con.execute("""
        create or replace temp table match_to_score as
        select a, b from match_judged where verdict in ('score', 'review') or rule = 'V1'
    """)
    score_pairs(con, "match_to_score", "match_scores", model, pairs)
    settle_scores(con, model)
    # Equal in strength is what differs by less than three bits.
    con.execute(f"""
        insert into match_edges
        select scored.a, scored.b, {STRENGTHS["score"]} + cast(floor((60 - least(scored.match_weight, 60)) / 3) as integer), 'score',
            scored.match_probability
        from (
            select
                least(one.place, other.place) as a,
                greatest(one.place, other.place) as b,
                settled.match_probability,
                scores.match_weight
            from match_settled as settled
            inner join match_scores as scores on settled.a = scores.a and settled.b = scores.b
            inner join match_paired as one on settled.a = one.record_key
            inner join match_paired as other on settled.b = other.record_key
            where settled.verdict = 'same'
        ) as scored
        anti join match_reviewed on scored.a = match_reviewed.a and scored.b = match_reviewed.b
    """)
    return rounds + hold_conflicts(con)


def _cause(before: _State | None, state: _State, changed: int) -> str:
    """What was new in this run."""
    if before is None:
        return "first run"
    causes = [
        text
        for text, is_new in (
            # With other keys every record would count twice, as gone and as new.
            (f"{changed} records new or changed", changed > 0 and before.salt == state.salt),
            ("other keys", before.salt != state.salt),
            ("decisions", before.decisions != state.decisions),
            ("model", before.model != state.model),
            ("program", before.code != state.code),
        )
        if is_new
    ]
    return ", ".join(causes) or "nothing new"


def _summed(con: duckdb.DuckDBPyConnection, period: str, model: MatchModel, changed: int | None, rounds: int) -> MatchResult:
    (numbers,) = con.execute("select count(*) from match_hashes").fetchone()
    (without,) = con.execute("select count(*) from intermediate.int_numbers_without_record").fetchone()
    (persons,) = con.execute("select count(distinct person_id) from identity.person_links").fetchone()
    edges = dict(
        con.execute("select tier, count(*) from identity.match_evidence where is_current and verdict = 'same' group by tier").fetchall()
    )
    held, findings = con.execute("""
        select count(*) filter (where verdict = 'held'), count(*) filter (where verdict = 'finding')
        from identity.match_evidence
        where is_current
    """).fetchone()
    events = dict(con.execute("select event, count(*) from identity.person_events group by event").fetchall())
    return MatchResult(
        period=period,
        numbers=numbers,
        numbers_without_record=without,
        persons=persons,
        edges={tier: edges.get(tier, 0) for tier in ("R1", "R2", "R3", "score", "reviewer")},
        held=held,
        findings=findings,
        queued=con.execute("select count(*) from identity.review_queue").fetchone()[0],
        queue_cut=con.execute("select pairs_cut from identity.queue_cut").fetchone()[0],
        blocks_cut=con.execute("select count(*) from identity.blocks_cut").fetchone()[0],
        changed=changed,
        merged=events.get("merged", 0),
        split=events.get("split", 0),
        model_version=model.version,
        rounds=rounds,
    )
