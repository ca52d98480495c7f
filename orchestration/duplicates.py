"""Duplicate cases on their way to the counties and back: worklists sent, answers taken.

What belongs here: what counts as sent, what of a returned workbook is taken, what two counties' answers come to together, and the
entries of the register that follow. What does not: the workbooks themselves (`reports/worklists.py`, `reports/worklist_returns.py`), and
the steps that follow from deliveries (`case_steps.py`).

What one county answers acts at once; the silence of another must not hold it up. Where two counties' answers do not agree, or the answers
on one person's cases would keep two relations, all of them stay on record and none acts until they do: who answers last must not decide.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestration import stages
from warehouse.errors import ReleaseError, TongchouError, UsageError
from warehouse.identity.decisions import BY_ANSWER, decisions_in_force, in_order
from warehouse.periods import Period
from warehouse.register import ANSWERS, CaseKey, CaseState, Register, ReleaseRow, current_user, new_run_id
from warehouse.scope import Scope
from warehouse.settings import Settings

if TYPE_CHECKING:
    from reports.worklist_returns import GivenAnswer, ReturnedList, RowProblem

Entries = list[tuple[str, dict[str, object]]]
_KEY_NAMES = ("scheme_a", "relation_id_a", "scheme_b", "relation_id_b")
_STATUSES = {answer: status for status, answer in ANSWERS.items()}
# What a county answers about neither of the two relations: the person keeps a third.
NEITHER = "neither"


# Sending


@dataclass(frozen=True)
class SentList:
    """One county's worklist.

    Attributes:
        division_code: the county.
        county: its name.
        path: of the workbook.
        asked: cases that it is to answer.
        new: of them, those that were not sent to it before, or have changed since.
    """

    division_code: str
    county: str
    path: Path
    asked: int
    new: int


@dataclass(frozen=True)
class SendResult:
    """What was sent.

    Attributes:
        release: the release that the worklists are of.
        lists: one per county.
        sent: cases recorded as sent by this run.
    """

    release: ReleaseRow
    lists: tuple[SentList, ...]
    sent: int


def send_worklists(settings: Settings, period: Period, out: Path | None = None) -> SendResult:
    """Write every county's worklist of a month and record the cases on them as sent.

    A case that was sent or answered is not sent anew unless it has changed since; the worklist lists it all the same while it is open.

    Args:
        settings: the home.
        period: the newest closed month.
        out: the folder to write to; the report package's `worklists/` where none is named.

    Raises:
        ReleaseError: the month is not closed, or its review file is missing.
        UsageError: the month is not the newest.
    """
    from reports.worklists import write_worklist

    with stages.locked(settings), Register(settings.register) as register:
        row = _newest(register, period)
        lists = _lists(settings, row)
        if out is None:
            folder = _of_the_package(settings, row) if lists else settings.reports / row.period / row.release
        else:
            folder = out
            folder.mkdir(parents=True, exist_ok=True)
            for worklist in lists:
                partial = folder / f".{worklist.file_name}.tmp"
                try:
                    write_worklist(partial, worklist)
                    partial.replace(folder / worklist.file_name)
                finally:
                    partial.unlink(missing_ok=True)
        states = register.case_states()
        cases = _cases(settings, row)
        new = {case_id for case_id, case in cases.items() if case["is_asked"] and _must_be_sent(states.get(case["key"]), case)}
        entries: Entries = [
            (
                "case_events",
                {
                    **dict(zip(_KEY_NAMES, cases[case_id]["key"], strict=True)),
                    "case_id": case_id,
                    "status": "sent",
                    "release": row.release,
                    "facts_hash": cases[case_id]["facts_hash"],
                    "note": " ".join(cases[case_id]["divisions"]),
                },
            )
            for case_id in sorted(new)
        ]
        if entries:
            audited = {"action": "send worklists", "subject": row.release, "detail": f"{len(new)} cases", "outcome": "done"}
            entries.append(("audit_log", audited))
            register.append_all(who=current_user(), run=new_run_id(), entries=entries)
    return SendResult(
        row,
        tuple(
            SentList(
                worklist.division_code,
                worklist.county,
                folder / worklist.file_name,
                len(worklist.asked),
                sum(one["case_id"] in new for one in worklist.asked),
            )
            for worklist in lists
        ),
        len(new),
    )


def _newest(register: Register, period: Period) -> ReleaseRow:
    in_force = register.all_in_force()
    row = in_force.get(str(period))
    if row is None:
        message = f"{period} is not closed, so it has no duplicate cases to send: `tongchou close {period}` first"
        raise ReleaseError(message)
    newest = next(reversed(in_force))
    if newest != str(period):
        message = f"{newest} is closed since, and shows the cases as they are now: send `tongchou duplicates worklists {newest}` instead"
        raise UsageError(message)
    return row


def _lists(settings: Settings, row: ReleaseRow) -> list[Any]:
    from reports.worklists import worklists

    return list(worklists(settings, row))


def _of_the_package(settings: Settings, row: ReleaseRow) -> Path:
    """The folder of the worklists in the report package, which is written again where it is not whole."""
    from reports.package import worklists_in_place

    folder = worklists_in_place(settings, row)
    if folder is None:
        stages.write_reports(settings, Period.parse(row.period))
        folder = worklists_in_place(settings, row)
    if folder is None:
        message = f"the report package of {row.release} holds no worklists: close {row.period} again"
        raise ReleaseError(message)
    return folder


def _must_be_sent(state: CaseState | None, case: dict[str, Any]) -> bool:
    if state is None or state.last_step == "closed":
        return True
    if state.status == "sent":
        return state.sent_facts_hash != case["facts_hash"]
    # Answered since the release was built, or on other facts before.
    return state.answered_facts_hash is not None and state.answered_facts_hash != case["facts_hash"]


def _cases(settings: Settings, row: ReleaseRow, *, with_review: bool = True) -> dict[str, dict[str, Any]]:
    """The release's cases, by id, with what the review file says of them where that is wanted."""
    city = Scope(is_reviewer=True)
    asked: dict[str, dict[str, Any]] = {}
    if with_review:
        columns = ("case_id", "is_asked", "facts_hash", "match_fields_hash")
        asked = {one["case_id"]: one for one in city.review(settings, row.release).rows("case_persons", columns=columns)}
    columns = ("case_id", "person_id", "overlap_to", "legitimate_rule", *_KEY_NAMES)
    columns += ("source_person_no_a", "source_person_no_b", "division_code_a", "division_code_b")
    found = {}
    for case in city.release(settings, row.release).rows("duplicate_cases", columns=columns):
        key = tuple(case[name] for name in _KEY_NAMES)
        divisions = sorted({case["division_code_a"], case["division_code_b"]})
        found[case["case_id"]] = {**case, **asked.get(case["case_id"], {}), "key": key, "divisions": divisions}
    return found


# Taking answers


@dataclass
class TakenFile:
    """What became of one returned workbook.

    Attributes:
        path: of the file.
        worklist: the worklist that it is, `2025-06-r01/990102`; None where the file as a whole is refused.
        county: name of the county.
        refused: why the file as a whole is refused; None where it is not.
        taken: answers taken.
        known: answers that are on record already.
        unanswered: rows without an answer.
        problems: rows that were not taken.
    """

    path: Path
    worklist: str | None = None
    county: str = ""
    refused: str | None = None
    taken: int = 0
    known: int = 0
    unanswered: int = 0
    problems: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True)
class Contradiction:
    """A case whose answers are on record and do not act, because they do not agree."""

    case_id: str
    why: str


@dataclass
class TakeResult:
    """What became of all files.

    Attributes:
        files: one by one.
        contradictions: cases of which no answer acts for now.
        applied: cases whose state this run changed, by status.
    """

    files: list[TakenFile] = field(default_factory=list)
    contradictions: list[Contradiction] = field(default_factory=list)
    applied: Counter[str] = field(default_factory=Counter)

    @property
    def is_complete(self) -> bool:
        """Whether every row of every file was taken and none is contradicted."""
        return not self.contradictions and not any(one.refused or one.problems for one in self.files)


def take_answers(settings: Settings, paths: Sequence[Path], name: str, today: date | None = None) -> TakeResult:
    """Take what counties answered: each workbook is checked row by row, right rows are recorded, and what the answers come to together.

    Args:
        settings: the home.
        paths: returned workbooks.
        name: who takes them.
        today: the day that no end may lie behind; the machine's where none is named.

    Raises:
        UsageError: nobody is named.
        ReleaseError: no month is closed.
    """
    if not name.strip():
        message = "answers need the name of whoever takes them: --as NAME"
        raise UsageError(message)
    result = TakeResult()
    run = new_run_id()
    with stages.locked(settings), Register(settings.register) as register:
        book = _AnswerBook(settings, register)
        for path in paths:
            result.files.append(_take_file(book, path, today or date.today()))  # noqa: DTZ011 - the office's own day
        _resolve(book, result)
        if book.entries:
            register.append_all(who=name, run=run, entries=book.entries)
    return result


class _AnswerBook:
    """What is on record: the newest release's cases and the counties' last answers; and what this run adds."""

    def __init__(self, settings: Settings, register: Register) -> None:
        self.settings = settings
        self.register = register
        in_force = register.all_in_force()
        if not in_force:
            message = f"{settings.home}: no month is closed yet, so no worklist was sent"
            raise ReleaseError(message)
        self.newest = in_force[next(reversed(in_force))]
        self.cases = _cases(settings, self.newest)
        self.by_key = {case["key"]: case for case in self.cases.values()}
        self.by_person: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for case in self.cases.values():
            self.by_person[case["person_id"]].append(case)
        divisions = Scope().release(settings, self.newest.release).rows("divisions")
        self.names = {row["division_code"]: row["division_name"] for row in divisions}
        self.entries: Entries = []
        self.touched: set[str] = set()
        # Of each case the last answer of each county, in the order in which they were given.
        self.last: dict[CaseKey, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.seen: set[tuple[str, CaseKey, str]] = set()
        for row in register.rows("worklist_answers"):
            self.note(row)

    def note(self, row: dict[str, Any]) -> None:
        """Remember an answer as its county's last on the case."""
        key = tuple(row[name] for name in _KEY_NAMES)
        self.last[key].pop(row["office"], None)
        self.last[key][row["office"]] = row
        self.seen.add((row["file_sha256"], key, row["office"]))

    def knows(self, noted: dict[str, Any]) -> bool:
        """Whether an answer is on record: from the same file, or as its county's last on the case."""
        key = tuple(noted[name] for name in _KEY_NAMES)
        before = self.last[key].get(noted["office"])
        said = ("answer", "retained_relation_id", "ended_on", "note", "facts_hash")
        return (noted["file_sha256"], key, noted["office"]) in self.seen or (
            before is not None and all(before[part] == noted[part] for part in said)
        )


def _take_file(book: _AnswerBook, path: Path, today: date) -> TakenFile:
    from reports.worklist_returns import ReturnRefusedError, read_return

    taken = TakenFile(path)
    try:
        returned = read_return(path, today)
        row = _release_of(book, returned)
        cases = book.cases if row.release == book.newest.release else _cases(book.settings, row, with_review=False)
        _refuse_other_county(returned, cases)
    except (ReturnRefusedError, _NotSentError) as refusal:
        taken.refused = str(refusal)
        return taken
    taken.worklist, taken.unanswered = returned.worklist, returned.unanswered
    taken.county = book.names.get(returned.division_code, returned.division_code)
    taken.problems = [*returned.problems, *_changed_rows(book, row, returned)]
    for answer in returned.answers:
        case = cases.get(answer.case_id)
        problem = _not_its_own(answer, case, returned)
        if problem is None and case is not None:
            noted = _noted(answer, case, returned)
            if book.knows(noted):
                taken.known += 1
            else:
                problem = _problem(book, answer, case, returned)
                if problem is None:
                    taken.taken += 1
                    book.entries.append(("worklist_answers", noted))
                    book.note(noted)
            if problem is None and case["key"] in book.by_key:
                book.touched.add(book.by_key[case["key"]]["person_id"])
        if problem is not None:
            taken.problems.append(problem)
    taken.problems.sort(key=lambda one: one.line)
    if taken.taken:
        detail = f"{taken.taken} taken, {taken.known} known, {len(taken.problems)} not taken, sha256 {returned.sha256}"
        book.entries.append(("audit_log", {"action": "take answers", "subject": returned.worklist, "detail": detail, "outcome": "done"}))
    return taken


class _NotSentError(TongchouError):
    """A workbook is no worklist of this home."""


def _release_of(book: _AnswerBook, returned: ReturnedList) -> ReleaseRow:
    """The release that the list was written from.

    Raises:
        _NotSentError: this home has published no such release.
    """
    row = next((one for one in book.register.releases() if one.release == returned.release), None)
    if row is None or row.sha256 != returned.release_sha256:
        what = "does not know" if row is None else "has another release under the name"
        message = (
            f"{returned.file_name} is a worklist of {returned.release}; this home {what} {returned.release}: "
            "it belongs to another home, name that one with --home"
        )
        raise _NotSentError(message)
    return row


def _refuse_other_county(returned: ReturnedList, cases: dict[str, dict[str, Any]]) -> None:
    if not any(returned.division_code in case["divisions"] for case in cases.values()):
        message = f"{returned.file_name} is a worklist of {returned.division_code}, which has no case in {returned.release}"
        raise _NotSentError(message)


def _changed_rows(book: _AnswerBook, row: ReleaseRow, returned: ReturnedList) -> list[RowProblem]:
    """Rows whose locked cells were changed, with the column, against the list as it was sent."""
    if not returned.changed:
        return []
    from reports.worklist_returns import changed_column
    from reports.worklists import CaseBook

    sent = {one["case_id"]: one for one in CaseBook(book.settings, row).worklist(returned.division_code).asked}
    return [changed_column(line, cells, sent[str(cells["case_id"]).strip()]) for line, cells in returned.changed.items()]


def _wrong(answer: GivenAnswer, column: str, found: str, expected: str) -> RowProblem:
    from reports.worklist_returns import RowProblem, column_name

    return RowProblem(answer.line, answer.case_id, column_name(column), found, expected)


def _not_its_own(answer: GivenAnswer, case: dict[str, Any] | None, returned: ReturnedList) -> RowProblem | None:
    """A case that the release has not, or not in this county, or between other relations."""
    if case is None or returned.division_code not in case["divisions"]:
        return _wrong(answer, "case_id", "不是本县（区）的案件", "下发时的案件编号")
    own = {side: case[f"relation_id_{side}"] for side in "ab" if case[f"division_code_{side}"] == returned.division_code}
    if own != answer.own_relations:
        return _wrong(answer, "case_id", "隐藏工作表中的参保关系与下发时不同", "下发时的文件")
    return None


def _problem(book: _AnswerBook, answer: GivenAnswer, case: dict[str, Any], returned: ReturnedList) -> RowProblem | None:
    """What is wrong with an answer that is right by itself, against the newest release and what is on record."""
    from reports import worklist_texts as words

    if case["key"] not in book.by_key:
        return _wrong(answer, "case_id", f"{book.newest.release} 中已没有这一件", "不需再答复")
    if answer.answer == "wrong_match" and case["source_person_no_a"] == case["source_person_no_b"] and case["scheme_a"] == case["scheme_b"]:
        expected = "确认重复或合理重叠：两条关系在同一系统用同一个人编号，编号给错了的，先在该系统更正"
        return _wrong(answer, "verdict", words.VERDICT_WORDS["wrong_match"], expected)
    if answer.kept == NEITHER and not _has_third_relation(book, case):
        return _wrong(answer, "kept", words.KEPT_WORDS[NEITHER], "保留关系一或保留关系二：此人没有第三条正在重叠的关系")
    before = book.last[case["key"]].get(returned.division_code)
    if before is not None and before["worklist"].split("/")[0] > returned.release:
        newer = before["worklist"].split("/")[0]
        return _wrong(answer, "case_id", f"较早的清单 {returned.release}", f"已按较新的清单 {newer} 答复过这一件；要改的，填在较新的清单上")
    return None


def _has_third_relation(book: _AnswerBook, case: dict[str, Any]) -> bool:
    now = book.by_key[case["key"]]
    relations = {
        (other[f"scheme_{side}"], other[f"relation_id_{side}"])
        for other in book.by_person[now["person_id"]]
        if other["overlap_to"] is None and other["legitimate_rule"] is None
        for side in "ab"
    }
    return bool(relations - {(case["scheme_a"], case["relation_id_a"]), (case["scheme_b"], case["relation_id_b"])})


def _noted(answer: GivenAnswer, case: dict[str, Any], returned: ReturnedList) -> dict[str, Any]:
    """A row of the register's `worklist_answers`."""
    retained = NEITHER if answer.kept == NEITHER else case[f"relation_id_{answer.kept}"] if answer.kept else None
    return {
        "worklist": returned.worklist,
        "period": returned.period,
        "office": returned.division_code,
        "row_number": answer.line,
        **dict(zip(_KEY_NAMES, case["key"], strict=True)),
        "answer": answer.answer,
        "retained_relation_id": retained,
        "file_sha256": returned.sha256,
        "note": answer.remark,
        "ended_on": answer.ended_on.isoformat() if answer.ended_on else None,
        "facts_hash": answer.facts_hash,
    }


# What the answers come to together


@dataclass(frozen=True)
class Resolution:
    """What the answers on a case come to.

    Attributes:
        answer: the answer that acts; None where none does.
        retained: the relation to keep, `neither`, or None.
        ended_on: when the other one ended, as a county says.
        facts_hash: of what the case was when it was last answered.
        remark: of the last county to answer.
        why: why none acts; None where one does.
    """

    answer: str | None
    retained: str | None = None
    ended_on: str | None = None
    facts_hash: str | None = None
    remark: str | None = None
    why: str | None = None


def resolve(cases: Iterable[dict[str, Any]], answers: Mapping[CaseKey, Mapping[str, dict[str, Any]]]) -> dict[str, Resolution]:
    """What counties' last answers on one person's cases come to, by case.

    Args:
        cases: the person's cases, as the newest release shows them.
        answers: of each case the last answer of each county, in the order in which they were given.
    """
    listed = {case["case_id"]: case for case in cases}
    found: dict[str, Resolution] = {}
    for case_id, case in listed.items():
        given = {office: row for office, row in answers.get(case["key"], {}).items() if office in case["divisions"]}
        if given:
            found[case_id] = _agreed(case, given)
    kept = {
        case_id: one.retained
        for case_id, one in found.items()
        if one.answer == "duplicate" and one.retained is not None and listed[case_id]["overlap_to"] is None
    }
    if _keeps_two(listed, kept):
        why = "；".join(f"{case_id} {_kept_words(listed[case_id], retained)}" for case_id, retained in sorted(kept.items()))
        found |= {case_id: Resolution(None, why=f"同一人只能保留一条：{why}") for case_id in kept}
    return found


def _agreed(case: dict[str, Any], given: dict[str, dict[str, Any]]) -> Resolution:
    """What the counties of one case say; `given` in the order in which they last answered."""
    said = {(one["answer"], one["retained_relation_id"]) for one in given.values()}
    if len(said) > 1:
        parts = [
            f"{office} {_verdict_words(one['answer'])}{_kept_words(case, one['retained_relation_id'], '，')}"
            for office, one in sorted(given.items())
        ]
        return Resolution(None, why="；".join(parts))
    ((answer, retained),) = said
    # Of two days the county's whose relation ended: it knows.
    ended = {case[f"division_code_{side}"] for side in "ab" if case[f"relation_id_{side}"] != retained}
    days = [one["ended_on"] for _, one in sorted(given.items(), key=lambda item: item[0] not in ended) if one["ended_on"]]
    last = list(given.values())[-1]
    return Resolution(answer, retained, days[0] if days else None, last["facts_hash"], last["note"])


def _keeps_two(listed: dict[str, dict[str, Any]], kept: dict[str, str]) -> bool:
    """Whether answers on one person's cases keep two relations, or keep one that another answer ends."""
    retained = {one for one in kept.values() if one != NEITHER}
    given_up = {
        listed[case_id][f"relation_id_{side}"]
        for case_id, one in kept.items()
        for side in "ab"
        if one == NEITHER or listed[case_id][f"relation_id_{side}"] != one
    }
    return len(retained) > 1 or bool(retained & given_up)


def _verdict_words(answer: str) -> str:
    from reports import worklist_texts as words

    return words.VERDICT_WORDS[answer]


def _kept_words(case: dict[str, Any], retained: str | None, before: str = "") -> str:
    from reports import worklist_texts as words

    if retained is None:
        return ""
    side = NEITHER if retained == NEITHER else "a" if retained == case["relation_id_a"] else "b"
    return f"{before}{words.KEPT_WORDS[side]}"


def _resolve(book: _AnswerBook, result: TakeResult) -> None:
    """Add the events that the answers on the touched persons' cases come to, and the decisions on who is who that follow."""
    states = book.register.case_states()
    events: Entries = []
    for person_id in sorted(book.touched):
        cases = book.by_person[person_id]
        resolved = resolve(cases, book.last)
        for case in cases:
            one = resolved.get(case["case_id"])
            if one is None:
                continue
            if one.why is not None:
                result.contradictions.append(Contradiction(case["case_id"], one.why))
            event = _event(case, one, states.get(case["key"]))
            if event is not None:
                events.append(("case_events", event))
                result.applied[str(event["status"])] += 1
    book.entries += [*events, *_decisions(book, events)]


def _event(case: dict[str, Any], one: Resolution, state: CaseState | None) -> dict[str, object] | None:
    """The event that brings a case to where its answers say; None where it stands there."""
    keyed: dict[str, object] = {**dict(zip(_KEY_NAMES, case["key"], strict=True)), "case_id": case["case_id"]}
    if one.why is not None:
        if state is not None and state.is_contested and state.note == one.why:
            return None
        return {**keyed, "status": "contested", "note": one.why}
    retained = None if one.retained == NEITHER else one.retained
    ended = None
    if retained is not None and one.ended_on is not None:
        ended = case["relation_id_b"] if retained == case["relation_id_a"] else case["relation_id_a"]
    now = (one.answer, retained, ended, one.ended_on, one.facts_hash)
    if state is not None and not state.is_contested:
        # What is on record does not answer a case that was sent again.
        before = (state.answer, state.retained_relation_id, state.ended_relation_id, state.ended_on, state.answered_facts_hash)
        if before == now:
            return None
    return {
        **keyed,
        "status": _STATUSES[one.answer or ""],
        "answer": one.answer,
        "retained_relation_id": retained,
        "ended_relation_id": ended,
        "ended_on": one.ended_on,
        "note": one.remark,
        "facts_hash": one.facts_hash,
    }


def _decisions(book: _AnswerBook, entries: Entries) -> Entries:
    """What answers say of who is who: two persons where a county found a wrong match, and nothing any more where it no longer does."""
    standing = {
        tuple(row[part] for part in ("source_system_a", "source_person_no_a", "source_system_b", "source_person_no_b")): row
        for row in decisions_in_force(book.register)
    }
    made: Entries = []
    for _, event in entries:
        case = book.cases[str(event["case_id"])]
        pair = in_order((case["scheme_a"], case["source_person_no_a"], case["scheme_b"], case["source_person_no_b"]))
        before = standing.get(pair)
        reason = f"{BY_ANSWER}{case['case_id']}"
        if event["status"] == "answered_wrong_match":
            verdict = "different"
        elif before is not None and before["verdict"] == "different" and before["reason"] == reason:
            # Taken back: the rules and the model say again who is who.
            verdict = "cannot tell"
        else:
            continue
        if before is not None and before["verdict"] == verdict:
            continue
        named = dict(zip(("source_system_a", "source_person_no_a", "source_system_b", "source_person_no_b"), pair, strict=True))
        made.append(
            ("match_decisions", {**named, "verdict": verdict, "fields_hash": case.get("match_fields_hash") or "", "reason": reason})
        )
    return made
