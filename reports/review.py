"""What the page of the review of pairs shows, put into words and tables, and what a reviewer's decision does.

What belongs here: tables and facts of that page, and recording a decision. What does not: rows (`data.py`), which pairs are queued and what
a decision means for persons (`warehouse/identity`), the figure (`charts_matching.py`), the page (`app_pages/review.py`). It is the one page
that names persons: to the reviewer alone, and never in a URL, a title, a file's name or a message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Any

from reports import data
from reports.data import PairDecision, QueueLine
from reports.formats import EMPTY, MONEY_UNITS, moment, money, month_name, number
from reports.match_quality import quality_facts
from reports.screen import Screen
from reports.tables import Cell, Column, Mark, Marked
from reports.texts import text, text_or
from warehouse.identity.comparisons import BY_CODE
from warehouse.identity.decisions import VERDICTS, decide
from warehouse.identity.review import STRATA
from warehouse.register import Register
from warehouse.scope import ReleaseReader, ReviewReader

ANY = "any"
REASONS = ("uncertain", "held", "two_ids", "fields_changed", "sample_accepted", "sample_near_miss")
# Every order of two systems that a pair may have; a pair's smaller record stands first.
SYSTEM_PAIRS = tuple(
    f"{one}-{other}" for place, one in enumerate(("employee", "resident", "rural")) for other in ("employee", "resident", "rural")[place:]
)
PROGRESS = ("open", "decided")
# What one list of the browser can still hold at ease.
SHOWN = 500
# In the URL and in the keys of widgets, where a blank has no place.
_VERDICT_KEYS = {verdict: verdict.replace(" ", "_") for verdict in VERDICTS}
_SEXES = ("male", "female")


@dataclass(frozen=True)
class Wanted:
    """Which pairs of the queue are meant; `any` of each for all."""

    county: str
    scheme: str
    reason: str = ANY
    systems: str = ANY
    progress: str = PROGRESS[0]


@dataclass(frozen=True)
class Queue:
    """The queue as it stands now: what the release holds, and what was decided since.

    Attributes:
        lines: all of it, the dearest first.
        decisions: all decisions on its pairs by pair id, oldest first.
    """

    lines: tuple[QueueLine, ...]
    decisions: dict[str, list[PairDecision]]

    def decision_on(self, line: QueueLine) -> PairDecision | None:
        """The decision in force on what is compared now; None where the pair waits."""
        newest = self.decisions.get(line.pair_id, [None])[-1]
        return newest if newest is not None and newest.fields_hash == line.fields_hash else None

    def chosen(self, wanted: Wanted) -> list[QueueLine]:
        """The pairs meant."""
        systems = _systems_of(wanted.scheme)
        return [
            line
            for line in self.lines
            if (wanted.county == data.CITY or wanted.county in line.counties)
            and (systems is None or systems & set(line.systems))
            and wanted.reason in (ANY, line.reason)
            and wanted.systems in (ANY, "-".join(line.systems))
            and (wanted.progress == ANY or (wanted.progress == "decided") == (self.decision_on(line) is not None))
        ]

    def after(self, line: QueueLine, wanted: Wanted) -> QueueLine | None:
        """The pair that a reviewer looks at next: the first that waits behind this one, else the first that waits at all."""
        waiting = [one for one in self.chosen(wanted) if self.decision_on(one) is None and one.pair_id != line.pair_id]
        return next((one for one in waiting if one.place > line.place), waiting[0] if waiting else None)

    @property
    def decided(self) -> int:
        """How many pairs were decided since the release."""
        return sum(1 for line in self.lines if self.decision_on(line) is not None)

    @property
    def stake(self) -> Decimal:
        """The money at stake in the pairs that wait."""
        return sum((line.stake for line in self.lines if self.decision_on(line) is None), Decimal(0))


def _systems_of(scheme: str) -> set[str] | None:
    return None if scheme == "all" else {"employee" if scheme == "maternity" else scheme}


def queue_of(screen: Screen, review: ReviewReader) -> Queue:
    """The queue of the release shown."""
    lines = data.queue_lines(review)
    decided = data.pair_decisions(screen.settings)
    return Queue(lines, {line.pair_id: decided[line.persons] for line in lines if line.persons in decided})


def record(screen: Screen, pair_id: str, verdict: str, reason: str) -> None:
    """Append a reviewer's decision on a pair of the release shown to the register; the next close obeys it.

    Raises:
        MatchDecisionError: the pair is not in the queue, or nobody is named as the reviewer.
        RegisterError: the register cannot be written.
    """
    with Register(screen.settings.register) as register:
        decide(screen.settings, register, pair_id, verdict, screen.limits.user or "", reason.strip() or None, release=screen.row.release)


# Words


def reason_name(code: str) -> str:
    """Why pairs are queued, in words."""
    return text("filter.any") if code == ANY else text_or(f"review.reason.{code}", code)


def systems_name(code: str) -> str:
    """Two systems in words."""
    return text("filter.any") if code == ANY else " — ".join(text(f"system.{system}") for system in code.split("-"))


def progress_name(code: str) -> str:
    """Whether pairs are decided, in words."""
    return text("filter.any") if code == ANY else text(f"review.progress.{code}")


def verdict_name(verdict: str) -> str:
    """A verdict in words."""
    return text(f"review.verdict.{_VERDICT_KEYS[verdict]}")


# Facts and lists


def facts(screen: Screen, queue: Queue, cut: int) -> list[tuple[str, str, str]]:
    """How far the review is, in figures."""
    waiting = len(queue.lines) - queue.decided
    sampled = sum(1 for line in queue.lines if line.reason.startswith("sample") and queue.decision_on(line) is None)
    return [
        (text("review.waiting"), number(waiting), text("review.waiting_note", all=number(len(queue.lines)))),
        (text("review.decided"), number(queue.decided), text("review.decided_note")),
        (text("review.stake"), f"{money(queue.stake, screen.unit)} {screen.unit.name}", text("review.stake_note")),
        (text("review.sampled"), number(sampled), text("review.sampled_note")),
        (text("review.cut"), number(cut), text("review.cut_note")),
        *quality_facts(screen.reader),
    ]


def public_facts(review: ReviewReader) -> list[tuple[str, str, str]]:
    """What waits, for everybody."""
    queued = sum(data.queue_counts(review).values())
    return [
        (text("review.queued"), number(queued), text("review.queued_note")),
        (text("review.findings"), number(data.finding_count(review)), text("review.findings_short")),
    ]


def counts_table(review: ReviewReader) -> tuple[list[Column], list[list[Cell]], frozenset[int]]:
    """The queue by reason, for everybody."""
    counted = data.queue_counts(review)
    columns = [
        Column(text("review.column.reason"), width=26, is_nowrap=True),
        Column(text("review.column.means")),
        Column(text("review.column.pairs"), "right", width=14),
    ]
    if not counted:
        return columns, [], frozenset()
    order = [*REASONS, *sorted(set(counted) - set(REASONS))]
    rows: list[list[Cell]] = [
        [reason_name(code), text_or(f"review.reason.{code}.means", ""), number(counted[code])] for code in order if code in counted
    ]
    return columns, [*rows, [text("review.all"), " ", number(sum(counted.values()))]], frozenset({len(rows)})


def queue_list(screen: Screen, queue: Queue, lines: Sequence[QueueLine]) -> list[dict[str, Any]]:
    """Pairs of the queue in one line each, without names."""
    shown = []
    for line in lines[:SHOWN]:
        decision = queue.decision_on(line)
        shown.append(
            {
                text("review.column.place"): line.place,
                text("review.column.reason"): reason_name(line.reason),
                text("review.column.systems"): systems_name("-".join(line.systems)),
                text("review.column.counties"): _counties(screen, line),
                text("review.column.stake"): line.stake,
                text("review.column.decision"): EMPTY if decision is None else verdict_name(decision.verdict),
                text("review.column.evidence"): line.evidence,
            }
        )
    return shown


def _counties(screen: Screen, line: QueueLine) -> str:
    named = [data.division_name(screen.reader, code) for code in line.counties if code]
    return "、".join(dict.fromkeys(named)) or EMPTY


def strata_table(reader: ReleaseReader) -> tuple[list[Column], list[list[Cell]]]:
    """The kinds of compared pairs, and what reviewers said of those they looked at."""
    columns = [
        Column(text("review.column.stratum")),
        Column(text("review.column.taken")),
        Column(text("review.column.pairs"), "right"),
        Column(text("review.column.same"), "right"),
        Column(text("review.column.different"), "right"),
    ]
    held = {row["stratum"]: row for row in data.match_strata(reader)}
    rows: list[list[Cell]] = [
        [
            text_or(f"review.stratum.{code}", code),
            text("review.taken.same" if STRATA.get(code) else "review.taken.apart"),
            number(held[code]["pairs"]),
            number(held[code]["decided_same"]),
            number(held[code]["decided_different"]),
        ]
        for code in [*STRATA, *sorted(set(held) - set(STRATA))]
        if code in held
    ]
    return columns, rows


def findings_list(screen: Screen, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Pairs of records that carry one number and agree in nothing else, one a line."""
    lines = []
    for row in rows[:SHOWN]:
        line = {text("review.column.number"): row["id_masked_a"] or EMPTY}
        for side in "ab":
            named = {
                "name": row[f"name_{side}"],
                "birth_date": _day(row[f"birth_date_{side}"]),
                "person_no": f"{text('system.' + row[f'source_system_{side}'])} {row[f'source_person_no_{side}']}",
                "place": _place(screen, row, side),
            }
            line |= {text(f"review.of_side.{side}", field=text(f"review.field.{key}")): value or EMPTY for key, value in named.items()}
        # What follows the first sentence says of each line what the heading says of all.
        line[text("review.column.agreement")] = row["evidence_zh"].split("。")[0]
        line[text("review.column.since")] = month_name(row["first_period"])
        lines.append(line)
    return lines


# One pair


def pair_table(screen: Screen, pair: dict[str, Any]) -> tuple[list[Column], list[list[Cell]]]:
    """The two records side by side, with what differs marked and how far they agree."""
    columns = [
        Column("", width=15, is_nowrap=True),
        Column(text("review.column.record_a"), width=29),
        Column(text("review.column.record_b"), width=29),
        Column(text("review.column.agreement"), width=27),
    ]
    rows: list[list[Cell]] = [
        _row("system", *_both(pair, lambda side: text(f"system.{pair[f'source_system_{side}']}")), _level(pair, "system")),
        _row("person_no", *_both(pair, lambda side: pair[f"source_person_no_{side}"]), ""),
        _compared("name", *_both(pair, lambda side: pair[f"name_{side}"]), _level(pair, "name")),
        _compared("id_number", *_both(pair, lambda side: pair[f"id_masked_{side}"]), _level(pair, "id")),
        _row("id_status", *_both(pair, lambda side: text_or(f"review.id_status.{pair[f'id_status_{side}']}", "")), ""),
        _compared("sex", *_both(pair, lambda side: _sex(pair[f"sex_{side}"])), _level(pair, "sex")),
        _compared("birth_date", *_both(pair, lambda side: _day(pair[f"birth_date_{side}"])), _level(pair, "birth")),
        _compared("place", *_both(pair, lambda side: _place(screen, pair, side)), _level(pair, "place"), whole=True),
        _compared("household", *_both(pair, lambda side: pair[f"household_no_{side}"]), "", whole=True),
        _compared("phone", *_both(pair, lambda side: pair[f"phone_{side}"]), _level(pair, "phone")),
        _row("office", *_both(pair, lambda side: data.division_name(screen.reader, pair[f"office_{side}"])), ""),
        _row("seen", *_both(pair, lambda side: _seen(pair, side)), ""),
    ]
    if pair["is_dead_a"] or pair["is_dead_b"]:
        rows.append(_row("death", *_both(pair, lambda side: text("review.dead") if pair[f"is_dead_{side}"] else EMPTY), ""))
    rows.append(_row("now", *_both(pair, lambda side: text("review.person", number=pair[f"person_id_{side}"])), _joined(pair)))
    return columns, rows


def _both(pair: dict[str, Any], of: Any) -> tuple[str, str]:  # noqa: ANN401 - a function of a side
    return tuple((of(side) or "") for side in "ab")


def _row(key: str, one: str, other: str, agreement: Cell) -> list[Cell]:
    return [text(f"review.field.{key}"), one, other, agreement or " "]


def _compared(key: str, one: str, other: str, agreement: Cell, *, whole: bool = False) -> list[Cell]:
    return [text(f"review.field.{key}"), *marked(one, other, whole=whole), agreement or " "]


def marked(one: str, other: str, *, whole: bool = False) -> tuple[Cell, Cell]:
    """Two texts, each with what the other does not have marked; nothing where one is missing."""
    if not one or not other or one == other:
        return one, other
    if whole:
        return Marked(((one, True),)), Marked(((other, True),))
    if len(one) == len(other):
        differs = [a != b for a, b in zip(one, other, strict=True)]
        return _stretches(one, differs), _stretches(other, differs)
    alike = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    ours, theirs = [True] * len(one), [True] * len(other)
    for block in alike:
        ours[block.a : block.a + block.size] = [False] * block.size
        theirs[block.b : block.b + block.size] = [False] * block.size
    return _stretches(one, ours), _stretches(other, theirs)


def _stretches(words: str, differs: list[bool]) -> Marked:
    parts: list[tuple[str, bool]] = []
    for character, is_other in zip(words, differs, strict=True):
        if parts and parts[-1][1] == is_other:
            parts[-1] = (parts[-1][0] + character, is_other)
        else:
            parts.append((character, is_other))
    return Marked(tuple(parts))


def _level(pair: dict[str, Any], comparison: str) -> Cell:
    """How far the two agree in something, in the words of the evidence."""
    code = pair.get(f"{comparison}_level")
    if code is None:
        return ""
    levels = BY_CODE[comparison].levels
    level = BY_CODE[comparison].level(code)
    known = [one for one in levels if not one.is_missing]
    if level.is_missing or comparison == "system":
        return Mark(level.zh, "quiet")
    return Mark(level.zh, "good" if level is known[0] else "bad" if level is known[-1] else "watch")


def _joined(pair: dict[str, Any]) -> Cell:
    is_one = pair["person_id_a"] is not None and pair["person_id_a"] == pair["person_id_b"]
    return Mark(text("review.joined" if is_one else "review.apart"), "plain")


def _sex(sex: str | None) -> str:
    return text(f"review.sex.{sex}") if sex in _SEXES else ""


def _day(day: Any) -> str:  # noqa: ANN401 - a date, or none
    return "" if day is None else f"{day:%Y-%m-%d}"


def _place(screen: Screen, row: dict[str, Any], side: str) -> str:
    """County, township and village in words."""
    known = data.divisions(screen.reader)
    codes = (row[f"county_code_{side}"], row[f"township_code_{side}"])
    named = [known[code].name if code in known else code for code in codes if code]
    return " ".join([*named, *([row[f"village_name_{side}"]] if row[f"village_name_{side}"] else [])])


def _seen(pair: dict[str, Any], side: str) -> str:
    first, last = pair[f"first_seen_{side}"], pair[f"last_seen_{side}"]
    if first is None or last is None:
        return ""
    return month_name(first) if first == last else text("review.seen", first=month_name(first), last=month_name(last))


def history_table(queue: Queue, line: QueueLine) -> tuple[list[Column], list[list[Cell]]]:
    """What reviewers decided on a pair so far, the newest first."""
    columns = [
        Column(text("review.column.when"), is_nowrap=True),
        Column(text("review.column.who"), is_nowrap=True),
        Column(text("review.column.decision"), is_nowrap=True),
        Column(text("review.column.why")),
    ]
    rows: list[list[Cell]] = []
    for decision in reversed(queue.decisions.get(line.pair_id, [])):
        reason = decision.reason or EMPTY
        if decision.fields_hash != line.fields_hash:
            reason = text("review.on_other_fields", reason=reason)
        rows.append([moment(decision.at), decision.who, verdict_name(decision.verdict), reason])
    return columns, rows


def heading(line: QueueLine, lines: Sequence[QueueLine]) -> str:
    """Which pair it is: its place in the queue and among those chosen."""
    place = next((number for number, one in enumerate(lines, start=1) if one.pair_id == line.pair_id), None)
    if place is None:
        return text("review.pair_elsewhere", place=line.place)
    return text("review.pair", place=line.place, number=place, all=len(lines))


def pair_marks(queue: Queue, line: QueueLine) -> list[Mark]:
    """Why the pair is queued, what is at stake, and what was decided."""
    found = [Mark(reason_name(line.reason), "watch")]
    if line.stake:
        found.append(Mark(text("review.at_stake", amount=f"{money(line.stake, MONEY_UNITS['yuan'])} {text('unit.yuan')}"), "quiet"))
    decision = queue.decision_on(line)
    if decision is not None:
        found.append(Mark(text("review.decided_as", verdict=verdict_name(decision.verdict)), "good"))
    return found


def neighbour(line: QueueLine, lines: Sequence[QueueLine], step: int) -> QueueLine | None:
    """The pair before or after this one among those chosen."""
    if step < 0:
        return next((one for one in reversed(lines) if one.place < line.place), None)
    return next((one for one in lines if one.place > line.place), None)
