"""What reviewers decided on pairs of records, and what their decisions say of the matching.

What belongs here: reading the queue, deciding, the decisions in force, and precision and recall estimated from decisions on samples. What
does not: which pairs are queued (`review.py`), and what a decision does to persons (`matching.py`).

A decision belongs to two records by system and number, whatever becomes of them. The newest on a pair is in force; none is ever deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from warehouse.errors import TongchouError
from warehouse.register import Register, new_run_id
from warehouse.settings import Settings

VERDICTS = ("same", "different", "cannot tell")
# Why a decision was made that follows from a county's answer; the case's id comes after it.
BY_ANSWER = "worklist answer on "
OVERRULED_ZH = "县（区）答复不是同一人，市级复核认定为同一人"
_PAIR_COLUMNS = ("source_system_a", "source_person_no_a", "source_system_b", "source_person_no_b")
# Draws of the interval, with a seed of their own: the same decisions give the same interval.
DRAWS, SEED = 20_000, 20250630


class MatchDecisionError(TongchouError):
    """A pair cannot be decided as asked."""


Pair = tuple[str, str, str, str]


def in_order(pair: Pair) -> Pair:
    """The two records in the order in which every table shows them: by system, then number."""
    one, other = (pair[0], pair[1]), (pair[2], pair[3])
    return (*min(one, other), *max(one, other))


def decisions_in_force(register: Register) -> list[dict[str, Any]]:
    """The newest decision on every pair, oldest first."""
    newest: dict[Pair, dict[str, Any]] = {}
    for row in register.rows("match_decisions"):
        pair = _pair_of(row)
        newest.pop(pair, None)
        newest[pair] = {**row, **dict(zip(_PAIR_COLUMNS, pair, strict=True))}
    return list(newest.values())


def overruled_answers(register: Register) -> set[str]:
    """Cases of which a county has answered that they are two persons, and a reviewer has said since that they are one."""
    in_force = {_pair_of(row): row for row in decisions_in_force(register)}
    found = set()
    for row in register.rows("match_decisions"):
        said = in_force[_pair_of(row)]
        if (row["reason"] or "").startswith(BY_ANSWER) and said["verdict"] == "same" and said["entry"] > row["entry"]:
            found.add(row["reason"].removeprefix(BY_ANSWER))
    return found


def _pair_of(row: dict[str, Any]) -> Pair:
    """The two records of a decision, in order."""
    return in_order(tuple(row[name] for name in _PAIR_COLUMNS))


def load_decisions(con: duckdb.DuckDBPyConnection, register: Register) -> list[dict[str, Any]]:
    """Write the decisions in force as `match_decided` into a connection."""
    con.execute("""
        create or replace temp table match_decided (
            source_system_a varchar, source_person_no_a varchar, source_system_b varchar, source_person_no_b varchar,
            decision varchar, fields_hash varchar, entry bigint, decided_by varchar, decided_at varchar, reason varchar
        )
    """)
    found = decisions_in_force(register)
    if found:
        columns = (
            "source_system_a",
            "source_person_no_a",
            "source_system_b",
            "source_person_no_b",
            "verdict",
            "fields_hash",
            "entry",
            "who",
            "at",
        )
        con.executemany(
            "insert into match_decided values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [[*(row[name] for name in columns), row["reason"]] for row in found],
        )
    return found


def review_file(settings: Settings, register: Register, release: str | None = None) -> Path:
    """The review file of a release, of the newest month's in force if None.

    Raises:
        MatchDecisionError: no month is closed yet, or the file is gone.
    """
    in_force = register.all_in_force()
    if release is None and not in_force:
        message = f"{settings.home}: no month is closed yet, so nothing is queued; close one with `tongchou close`"
        raise MatchDecisionError(message)
    row = register.release(release) if release else in_force[max(in_force)]
    path = settings.review / row.file
    if not path.exists():
        message = f"{path}: the review file of {row.release} is missing; close {row.period} again, which writes it anew"
        raise MatchDecisionError(message)
    return path


def queue(
    settings: Settings, register: Register, *, release: str | None = None, limit: int | None = None, decided: bool = False
) -> list[dict[str, Any]]:
    """The pairs that wait for a reviewer, dearest first.

    Args:
        settings: the home.
        register: its register; pairs that were decided since the close are left out.
        release: whose review file is read; the newest month's if None.
        limit: at most so many.
        decided: show pairs that have been decided since the close too.
    """
    with duckdb.connect(str(review_file(settings, register, release)), read_only=True) as con:
        rows = con.execute("select * from review.match_queue order by queue_place")
        names = [column[0] for column in rows.description]
        found = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    answered = {
        (row["source_system_a"], row["source_person_no_a"], row["source_system_b"], row["source_person_no_b"]): row["fields_hash"]
        for row in decisions_in_force(register)
    }
    waiting = [
        row
        for row in found
        if decided
        or answered.get((row["source_system_a"], row["source_person_no_a"], row["source_system_b"], row["source_person_no_b"]))
        != row["fields_hash"]
    ]
    return waiting[:limit]


def decide(
    settings: Settings,
    register: Register,
    pair: str | Pair,
    verdict: str,
    who: str,
    reason: str | None = None,
    *,
    release: str | None = None,
    run: str | None = None,
) -> Pair:
    """Record what a reviewer decided; it takes effect with the next close.

    Args:
        settings: the home.
        register: where it is recorded.
        pair: `pair_id`, or the two records by system and number; of any pair that there is evidence of, queued or not.
        verdict: `same`, `different` or `cannot tell`.
        who: the reviewer.
        reason: why, in words.
        release: whose review file knows the pair; the newest month's if None.
        run: the run that records it.

    Returns:
        The two records, in the order in which they are recorded.

    Raises:
        MatchDecisionError: the verdict or the pair is unknown, or nobody decides.
    """
    if verdict not in VERDICTS:
        message = f"{verdict!r} is no verdict: expected {', '.join(VERDICTS)}"
        raise MatchDecisionError(message)
    if not who.strip():
        message = "a decision needs the name of whoever decides"
        raise MatchDecisionError(message)
    keys, fields_hash = _looked_up(review_file(settings, register, release), pair)
    register.append_match_decision(
        who=who,
        run=run or new_run_id(),
        source_system_a=keys[0],
        source_person_no_a=keys[1],
        source_system_b=keys[2],
        source_person_no_b=keys[3],
        verdict=verdict,
        fields_hash=fields_hash,
        reason=reason,
    )
    return keys


def _looked_up(path: Path, pair: str | Pair) -> tuple[Pair, str]:
    columns = "source_system_a, source_person_no_a, source_system_b, source_person_no_b, fields_hash"
    with duckdb.connect(str(path), read_only=True) as con:
        tables = {name for (name,) in con.execute("select table_name from duckdb_tables() where schema_name = 'review'").fetchall()}
        # A review file that an earlier program wrote knows the queue alone.
        source = "review.match_known" if "match_known" in tables else "review.match_queue"
        if isinstance(pair, str):
            row = con.execute(f"select {columns} from {source} where pair_id = ?", [pair]).fetchone()
        else:
            keys = in_order(pair)
            marks = "source_system_a = ? and source_person_no_a = ? and source_system_b = ? and source_person_no_b = ?"
            row = con.execute(f"select {columns} from {source} where {marks}", list(keys)).fetchone()
    if row is None:
        named = pair if isinstance(pair, str) else f"{pair[0]} {pair[1]} and {pair[2]} {pair[3]}"
        message = f"{named}: no such pair among those that {path.stem} has compared; `tongchou match queue` lists what waits"
        raise MatchDecisionError(message)
    return (row[0], row[1], row[2], row[3]), row[4]


@dataclass(frozen=True)
class Stratum:
    """One kind of compared pairs, and what reviewers said of a sample of it.

    Attributes:
        code: `R1`, `R2`, `R3`, `score` (accepted), `review` (queued), `near_miss` (told apart by the score).
        is_accepted: whether its pairs count as one person.
        pairs: how many there are.
        same, different: sampled pairs that reviewers found to be one person, and two.
        mean_probability: what the model expects of them, where no reviewer has looked.
    """

    code: str
    is_accepted: bool
    pairs: int
    same: int
    different: int
    mean_probability: float = 0.0


@dataclass(frozen=True)
class Quality:
    """Precision and recall of what is accepted without a reviewer, with 95% intervals; None where no decision speaks to them."""

    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    decided: int


def estimate(strata: list[Stratum]) -> Quality:
    """Precision and recall from decisions on samples, each stratum weighed by its pairs.

    Each stratum's share of true pairs is a beta distribution, half a pair of each kind added (Jeffreys), so that a sample without a fault
    still leaves room for one; the interval is the middle 95% of what they give together, widened to what was found where that lies outside
    (a sample without a fault). Pairs that no pass compared are in no stratum:
    recall is of what was compared.
    """
    accepted = [stratum for stratum in strata if stratum.is_accepted and stratum.pairs]
    missed = [stratum for stratum in strata if not stratum.is_accepted and stratum.pairs]
    decided = sum(stratum.same + stratum.different for stratum in strata)
    sampled = sum(stratum.same + stratum.different for stratum in accepted)
    if not accepted or not sampled:
        return Quality(None, None, None, None, None, None, decided)
    chance = np.random.default_rng(SEED)

    def drawn(stratum: Stratum) -> np.ndarray:
        if not stratum.is_accepted and not stratum.same + stratum.different:
            return np.full(DRAWS, expected(stratum))
        return stratum.pairs * chance.beta(stratum.same + 0.5, stratum.different + 0.5, DRAWS)

    def expected(stratum: Stratum) -> float:
        seen = stratum.same + stratum.different
        return stratum.pairs * (stratum.same / seen if seen else stratum.mean_probability)

    # A kind of accepted pairs of which none was sampled takes the share of those that were: unknown is not half.
    share_same = sum(stratum.same for stratum in accepted) / sampled
    true_drawn = np.zeros(DRAWS)
    true_expected = 0.0
    pooled = Stratum("pooled", True, 1, sum(s.same for s in accepted), sum(s.different for s in accepted))
    for stratum in accepted:
        if stratum.same + stratum.different:
            true_drawn += drawn(stratum)
            true_expected += expected(stratum)
        else:
            true_drawn += drawn(pooled) * stratum.pairs
            true_expected += share_same * stratum.pairs
    total = sum(stratum.pairs for stratum in accepted)
    precision = true_expected / total
    low, high = _interval(true_drawn / total, precision)
    if missed and not any(stratum.same + stratum.different for stratum in missed):
        return Quality(precision, low, high, None, None, None, decided)
    missed_drawn = sum((drawn(stratum) for stratum in missed), np.zeros(DRAWS))
    missed_expected = sum(expected(stratum) for stratum in missed)
    recall = true_expected / max(true_expected + missed_expected, 1e-9)
    recall_low, recall_high = _interval(true_drawn / np.maximum(true_drawn + missed_drawn, 1e-9), recall)
    return Quality(precision, low, high, recall, recall_low, recall_high, decided)


def _interval(drawn: np.ndarray, found: float) -> tuple[float, float]:
    low, high = (float(value) for value in np.quantile(drawn, [0.025, 0.975]))
    return min(low, found), max(high, found)
