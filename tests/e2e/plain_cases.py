"""A month's duplicate cases once more, in plain Python over the landed rows, by the sentences of their definition alone.

What belongs here: of every case of a closed month its overlap, type, legitimate rule, answer, state, the relation kept, the rule for it,
and the money of relations that a person has too many. What does not: who is who (the closed home's own bridge says it), normal intervals
(`plain_answers.py`), how counties' answers become events, and what a month later is closed.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import duckdb

from tests.e2e.plain_answers import BASIC, PlainAnswers, last_day_of
from warehouse.register import Register
from warehouse.settings import Settings

BUDGETS = ("central", "province", "city", "county")
COLUMNS = (
    "status", "answer", "type_code", "overlap_from", "overlap_to", "overlap_months", "legitimate_rule", "retained_relation_id", "keep_rule",
    *(f"duplicate_subsidy_{budget}_yuan" for budget in BUDGETS), "duplicate_subsidy_yuan", "duplicate_premium_yuan",
)  # fmt: skip
Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Insured:
    """A relation with its normal interval and what the rules ask of it."""

    scheme: str
    relation_id: str
    person_id: str
    number: str
    employer: str | None
    category: str | None
    first: date
    last: date

    @property
    def place(self) -> tuple[int, bytes]:
        """Its place among others: by scheme, then relation id as text."""
        return BASIC.index(self.scheme), self.relation_id.encode()

    @property
    def is_student(self) -> bool:
        return self.scheme == "resident" and self.category == "1404"


@dataclass(frozen=True)
class Answer:
    """What holds of a case: its state, the answer, the relation that the answer keeps, and how late it was given."""

    status: str
    verdict: str | None = None
    retained: str | None = None
    entry: int = 0


@dataclass(frozen=True)
class Pair:
    """Two relations of one person that share a day; a stands before b."""

    a: Insured
    b: Insured

    @property
    def first(self) -> date:
        return max(self.a.first, self.b.first)

    @property
    def last(self) -> date:
        return min(self.a.last, self.b.last)

    @property
    def key(self) -> Key:
        return self.a.scheme, self.a.relation_id, self.b.scheme, self.b.relation_id

    @property
    def schemes(self) -> set[str]:
        return {self.a.scheme, self.b.scheme}

    @property
    def has_student(self) -> bool:
        return self.a.is_student or self.b.is_student


def case_differences(settings: Settings, month: str, excused: set[tuple[str, str, str]] = frozenset()) -> tuple[int, list[str]]:
    """How many cases of a closed month were compared, and what of them is not as the rows say, in words."""
    with Register(settings.register, read_only=True) as register:
        release = settings.published / register.in_force(month).file
        events = register.rows("case_events")
    with duckdb.connect(str(release), read_only=True) as con:
        rows = con.execute(
            f"select scheme_a, relation_id_a, scheme_b, relation_id_b, {', '.join(COLUMNS)} from reporting.duplicate_cases"
        ).fetchall()
    published = {row[:4]: dict(zip(COLUMNS, row[4:], strict=True)) for row in rows}
    expected = PlainCases(settings, month, excused, events).cases()
    wrong = [f"{key}: published {key in published}, expected {key in expected}" for key in published.keys() ^ expected.keys()]
    for key in published.keys() & expected.keys():
        wrong += [
            f"{key} {name}: {published[key][name]}, expected {value}"
            for name, value in expected[key].items()
            if published[key][name] != value
        ]
    return len(expected), wrong


class PlainCases:
    """The cases of a closed month, of which none was done the month before.

    Args:
        settings: the home, closed.
        month: the month.
        excused: as `PlainAnswers` takes them.
        events: rows of the register's `case_events`.
    """

    def __init__(
        self, settings: Settings, month: str, excused: set[tuple[str, str, str]] = frozenset(), events: Iterable[dict] = ()
    ) -> None:
        self.given = _answers(events)
        answers = PlainAnswers(settings, month, excused)
        self.landed, self.day, self.month = answers.landed, last_day_of(month), month
        self.months = answers.months
        facts = self._facts()
        self.persons: dict[str, list[Insured]] = defaultdict(list)
        for person_id, intervals in answers._normal_intervals().items():
            for one, first, last in intervals:
                number, employer = facts[one.scheme, one.relation_id]
                insured = Insured(one.scheme, one.relation_id, person_id, number, employer, one.category, first, last)
                self.persons[person_id].append(insured)
        with duckdb.connect(str(settings.warehouse), read_only=True) as con:
            # Of a child's records the best one says when it was born; which that is belongs to cleaning.
            self.births = dict(con.execute("select person_id, birth_date from intermediate.int_person_birth_dates").fetchall())

        self.first_paid: dict[str, str] = {}
        self.who_paid: set[str] = set()
        for row in self.landed["resident", "rsdt_psn_clct_detl_d"]:
            begins, number = row["accrym_begn"], row["psn_no"]
            if begins and number:
                self.first_paid[number] = min(begins, self.first_paid.get(number, begins))
            if (row["psn_clct_amt"] or 0) + (row["subsidised_amt"] or 0) > 0:
                self.who_paid.add(number)
        self.last_received: dict[tuple[str, str | None], str] = {}
        for row in self.landed["employee", "contributions"]:
            if row["AAE140"] == "310" and row["AAE111"] == "1":
                key = (row["AAC001"], row["AAB001"])
                self.last_received[key] = max(row["AAE002"], self.last_received.get(key, ""))
        stated = [row for row in self.landed["city", "financing_standards"] if row["year"] == self.day.year]
        newest = {row["scheme"]: row["_period"] for row in sorted(stated, key=lambda one: one["_period"])}
        self.standards = {
            (row["scheme"], row["source"]): row["yuan_per_person"] or Decimal(0)
            for row in stated
            if row["_period"] == newest[row["scheme"]]
        }

    def _facts(self) -> dict[tuple[str, str], tuple[str, str | None]]:
        """Person number and employer of every relation, by its newest row."""
        found: dict[tuple[str, str], tuple[str, tuple[str, str | None]]] = {}

        def see(key: tuple[str, str], period: str, facts: tuple[str, str | None]) -> None:
            if key not in found or period >= found[key][0]:
                found[key] = (period, facts)

        for row in self.landed["employee", "enrollments"]:
            if row["AAE140"] == "310":
                see(("employee", row["AAZ159"]), row["_period"], (row["AAC001"], row["AAB001"]))
        for row in self.landed["resident", "psn_insu_d"]:
            if row["insutype"] == "391":
                see(("resident", row["psn_insu_rlts_id"]), row["_period"], (row["psn_no"], None))
        for row in self.landed["rural", "members"]:
            see(("rural", f"{row['个人编号']}-{row['参合年度']}"), row["_period"], (row["个人编号"], None))
        return {key: facts for key, (_, facts) in found.items()}

    def cases(self) -> dict[Key, dict[str, object]]:
        """What each case must say."""
        found: dict[Key, dict[str, object]] = {}
        for relations in self.persons.values():
            relations.sort(key=lambda one: one.place)
            pairs = [
                Pair(a, b)
                for index, a in enumerate(relations)
                for b in relations[index + 1 :]
                if max(a.first, b.first) <= min(a.last, b.last, self.day) and min(a.last, b.last) >= _months_later(self.day, -24)
            ]
            current = [
                pair
                for pair in pairs
                if pair.last >= self.day
                and self._legitimate(pair) is None
                and self._answer(pair).verdict not in ("legitimate", "wrong_match")
            ]
            kept = self._kept(current)
            money = self._money(current, kept)
            for pair in pairs:
                found[pair.key] = self._case(pair, relations, current, kept, money.get(pair.key, {}))
        return found

    def _case(
        self, pair: Pair, relations: list[Insured], current: list[Pair], kept: Insured | None, money: dict[str, Decimal]
    ) -> dict[str, object]:
        until = min(pair.last, self.day)
        thirds = [one for one in relations if one.scheme not in pair.schemes] if len(pair.schemes) == 2 else []
        meeting = [one for one in thirds if one.first <= until and one.last >= pair.first]
        is_current = pair in current
        subsidy = {f"duplicate_subsidy_{budget}_yuan": money.get(budget, Decimal(0)) for budget in BUDGETS}
        answer = self._answer(pair)
        return {
            "status": "settled" if self._is_settled(pair, answer) else answer.status,
            "answer": answer.verdict,
            "type_code": "DT-07" if meeting else _type_of(pair),
            "overlap_from": pair.first,
            "overlap_to": None if pair.last >= self.day else pair.last,
            "overlap_months": (until.year - pair.first.year) * 12 + until.month - pair.first.month + 1,
            "legitimate_rule": self._legitimate(pair),
            "retained_relation_id": kept.relation_id if is_current and kept else None,
            "keep_rule": self._keep_rule(pair, any(one.first <= self.day <= one.last for one in thirds)) if is_current else None,
            **subsidy,
            "duplicate_subsidy_yuan": sum(subsidy.values(), Decimal(0)),
            "duplicate_premium_yuan": money.get("person", Decimal(0)),
        }

    # Answers

    def _answer(self, pair: Pair) -> Answer:
        """A pair's own answer, else that of its last rural year before."""
        own = self.given.get(pair.key, Answer("to_verify"))
        if own.verdict or own.retained == "contested" or pair.b.scheme != "rural":
            return own
        year = int(pair.b.relation_id[-4:])
        for before in range(year - 1, year - 5, -1):
            earlier = [
                f"{one.number}-{before}" if one.scheme == "rural" else one.relation_id
                for one in (pair.a, pair.b)
            ]  # fmt: skip
            found = self.given.get((pair.a.scheme, earlier[0], pair.b.scheme, earlier[1]))
            if found and found.verdict:
                kept = dict(zip(earlier, (pair.a.relation_id, pair.b.relation_id), strict=True)).get(found.retained, found.retained)
                status = f"answered_{found.verdict}" if own.status == "to_verify" else own.status
                return Answer(status, found.verdict, kept, found.entry)
        return own

    def _is_settled(self, pair: Pair, answer: Answer) -> bool:
        """Whether what was to end has ended before the month's last day."""
        if answer.verdict != "duplicate" or pair.last >= self.day:
            return False
        to_end = [one for one in (pair.a, pair.b) if one.relation_id != answer.retained]
        return any(one.last < self.day for one in to_end)

    # Legitimate

    def _legitimate(self, pair: Pair) -> str | None:
        both = ((pair.a, pair.b), (pair.b, pair.a))
        if len(pair.schemes) == 2 and any(_month(new.first) == _month(old.last) and new.first >= old.first for new, old in both):
            return "DL-01"
        until = min(pair.last, self.day)
        for one, other in both:
            freshman = one.is_student and one.first.month >= 9 and other.scheme != "employee"
            if freshman and all(day.year == one.first.year and day.month >= 9 for day in (pair.first, until)):
                return "DL-02"
        born = self.births.get(pair.a.person_id)
        if pair.schemes == {"resident", "rural"} and born and born <= pair.first <= born + timedelta(days=90):
            return "DL-03"
        if pair.last < self.day:
            for one, _ in both:
                paid_from = self.first_paid.get(one.number) if one.scheme == "resident" else None
                if paid_from and _month(one.first) >= self.months[0] and paid_from > _month(pair.last):
                    return "DL-05"
        return None

    # What is kept

    def _kept(self, current: list[Pair]) -> Insured | None:
        """The one relation that is kept of those in current overlaps."""
        relations = sorted({side for pair in current for side in (pair.a, pair.b)}, key=lambda one: one.relation_id.encode())
        if not relations:
            return None
        answered = {one.relation_id: one for one in relations}
        given = [answer for answer in map(self._answer, current) if answer.retained in answered]
        if given:
            return answered[max(given, key=lambda one: one.entry).retained]
        employees = [one for one in relations if one.scheme == "employee"]
        students = [one for one in relations if one.is_student]
        if employees:
            return max(employees, key=lambda one: (self.last_received.get((one.number, one.employer), ""), one.first))
        if students:
            return max(students, key=lambda one: one.first)
        if len({one.scheme for one in relations}) == 1:
            return max(relations, key=lambda one: one.first)
        return min(relations, key=lambda one: (one.first, one.scheme != "rural"))

    def _keep_rule(self, pair: Pair, is_triple: bool) -> str:
        if is_triple:
            return "DK-07"
        if pair.schemes == {"employee"}:
            return "DK-01"
        if "employee" in pair.schemes:
            is_whole_year = _months_later(pair.a.first, 12) <= self.day
            return "DK-04" if is_whole_year and pair.a.category != "12" else "DK-05"
        if pair.has_student:
            return "DK-03"
        return "DK-02" if len(pair.schemes) == 1 else "DK-06"

    def _money(self, current: list[Pair], kept: Insured | None) -> dict[Key, dict[str, Decimal]]:
        """What each case books, by budget; what nobody states is nothing."""
        booked: dict[Key, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        extras = {side for pair in current for side in (pair.a, pair.b) if side != kept and side.scheme != "employee"}
        ordered = sorted(current, key=lambda pair: (pair.a.place, pair.b.place))
        for one in extras:
            holding = [pair for pair in ordered if one in (pair.a, pair.b)]
            row = next((pair for pair in holding if kept in (pair.a, pair.b)), holding[0])
            for budget in (*BUDGETS, "person"):
                if budget != "person" or one.scheme == "rural" or one.number in self.who_paid:
                    booked[row.key][budget] += self.standards.get((one.scheme, budget), Decimal(0))
        return booked


def _answers(events: Iterable[dict]) -> dict[Key, Answer]:
    """Where each case's events have brought it."""
    found: dict[Key, Answer] = {}
    for event in events:
        key = (event["scheme_a"], event["relation_id_a"], event["scheme_b"], event["relation_id_b"])
        status, before = event["status"], found.get(key, Answer("to_verify"))
        if status.startswith("answered_"):
            found[key] = Answer(status, status.removeprefix("answered_"), event["retained_relation_id"], event["entry"])
        elif status == "contested":
            found[key] = Answer("sent", None, "contested", event["entry"])
        elif status == "sent":
            found[key] = replace(before, status="sent")
    return found


def _type_of(pair: Pair) -> str:
    if pair.has_student:
        return "DT-08"
    if pair.a.scheme == "employee" and pair.a.category == "12" and pair.b.scheme == "resident":
        return "DT-09"
    kinds = {
        "employee employee": "DT-01", "resident resident": "DT-02", "rural rural": "DT-03",
        "employee resident": "DT-04", "employee rural": "DT-05", "resident rural": "DT-06",
    }  # fmt: skip
    return kinds[f"{pair.a.scheme} {pair.b.scheme}"]


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _months_later(day: date, months: int) -> date:
    """The same day so many months later, the month's last where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
