"""A month's numbers once more, in plain Python over the landed rows, by the sentences of the source contracts alone.

What belongs here: the second reckoning that a closed home is held to, whatever was delivered: insured persons, income and expenditure,
settlements, stays, the headcount bridge, entries and exits, overlaps. What does not: who is who (the closed home's own bridge says it),
and windows, rates and forms, which follow from these.
"""

import calendar
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

import duckdb

from warehouse.landing import deliveries, files_in_force
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import Settings

CITY, UNASSIGNED = "990100", "990199"
OPEN = date(9999, 12, 31)
BASIC = ("employee", "resident", "rural")
Row = dict[str, object]
Cell = tuple[str, str, str]

_EMPLOYEE_CARE = {
    "11": "outpatient", "14": "chronic", "21": "inpatient", "23": "inpatient", "25": "inpatient", "41": "pharmacy",
    "51": "maternity_outpatient", "52": "maternity_inpatient",
}  # fmt: skip
_RESIDENT_CARE = {
    **dict.fromkeys(("11", "12", "13", "15", "91"), "outpatient"), "14": "chronic", "41": "pharmacy", "93": "pharmacy",
    **dict.fromkeys(("21", "22", "23", "24", "25", "26", "27", "28", "92"), "inpatient"),
    "51": "maternity_outpatient", "53": "maternity_outpatient", "52": "maternity_inpatient",
}  # fmt: skip
_RURAL_CARE = {"普通门诊": "outpatient", "慢性病": "chronic"}
_STATUS = {
    "employee": {"1": "normal", "2": "suspended", "3": "ended"},
    "resident": {"1": "normal", "2": "suspended", "4": "ended"},
    "rural": {"正常": "normal", "停保": "ended"},
}
_TYPES = {
    ("employee", "employee"): "DT-01", ("resident", "resident"): "DT-02", ("rural", "rural"): "DT-03",
    ("employee", "resident"): "DT-04", ("employee", "rural"): "DT-05", ("resident", "rural"): "DT-06",
}  # fmt: skip


@dataclass
class Relation:
    """An insurance relation in a month's snapshot."""

    scheme: str
    system: str
    relation_id: str
    period: str
    office: str
    county: str
    person_id: str | None
    category: str | None
    status: str | None
    first_day: date | None
    last_day: date | None
    end_date: date | None

    @property
    def is_insured(self) -> bool:
        day = last_day_of(self.period)
        return (
            self.status == "normal"
            and self.first_day is not None
            and self.first_day <= day
            and (self.last_day is None or self.last_day >= day)
        )


@dataclass
class Settlement:
    """A settlement that enters the city's tables."""

    scheme: str
    system: str
    settlement_id: str
    reverses: str | None
    period: str
    office: str
    county: str
    care: str
    visit: object
    admitted_on: date | None
    discharged_on: date | None
    settled_on: date
    money: dict[str, Decimal]


def differences(settings: Settings, month: str, excused: Iterable[tuple[str, str, str]] = ()) -> tuple[int, list[str]]:
    """How many numbers of a closed month were compared, and those that are not what the rows say, in words."""
    answers = PlainAnswers(settings, month, excused)
    with Register(settings.register, read_only=True) as register:
        release = settings.published / register.in_force(month).file
    with duckdb.connect(str(release), read_only=True) as con:
        measured = {
            (code, scheme, division): value
            for code, scheme, division, value in con.execute(
                "select measure_code, scheme, division_code, value from reporting.measure_values "
                "where period = ? and period_type in ('month', 'point')",
                [month],
            ).fetchall()
        }
        bridge = {
            row[0]: row[1:]
            for row in con.execute(
                "select division_code, employee, resident, rural, sum_of_schemes, counted_twice, counted_three_times, distinct_persons "
                "from reporting.headcount_bridge where period = ?",
                [month],
            ).fetchall()
        }
        cases = {
            row[:4]: row[4:]
            for row in con.execute(
                "select scheme_a, relation_id_a, scheme_b, relation_id_b, overlap_from, overlap_to, type_code "
                "from reporting.duplicate_cases"
            ).fetchall()
        }
    expected = answers.measures()
    wrong = [
        f"{' '.join(cell)}: {measured.get(cell)}, expected {value}" for cell, value in expected.items() if _differs(measured, cell, value)
    ]
    if not answers.excused:
        nobody = (0,) * 7
        for division, counted in answers.bridge().items():
            if bridge.get(division, nobody) != counted:
                wrong.append(f"bridge {division}: {bridge.get(division)}, expected {counted}")
    overlaps = answers.overlaps()
    wrong += [
        f"case {key}: {cases.get(key)}, expected {overlaps.get(key)}"
        for key in overlaps.keys() | cases
        if cases.get(key) != overlaps.get(key)
    ]
    return len(expected) + len(overlaps) + len(bridge), wrong


def _differs(measured: dict[Cell, Decimal | None], cell: Cell, value: Decimal | None) -> bool:
    if value is None:
        return measured.get(cell) is not None
    # Where nothing happened a cell that the month does not owe is not published.
    return cell in measured and measured[cell] != value or cell not in measured and value != 0


class PlainAnswers:
    """The numbers of a closed month.

    Args:
        settings: the home, closed.
        month: the month.
        excused: (month, system, office) of every office that a month up to this one was closed without.
    """

    def __init__(self, settings: Settings, month: str, excused: Iterable[tuple[str, str, str]] = ()) -> None:
        self.month = month
        self.excused = set(excused)
        ledger = deliveries(settings, through=Period.parse(month))
        self.delivered = {(row.system, row.office) for row in ledger if row.is_in_force and row.period == month}
        self.landed: dict[tuple[str, str], list[Row]] = {}
        for key, paths in files_in_force(settings, Period.parse(month)).items():
            found = duckdb.execute("select * from read_parquet($paths)", {"paths": [str(path) for path in paths]}) if paths else None
            columns = [column[0] for column in found.description] if found else []
            self.landed[key] = [dict(zip(columns, values, strict=True)) for values in found.fetchall()] if found else []
        self.months = sorted({row["_period"] for rows in self.landed.values() for row in rows} | {month})
        with duckdb.connect(str(settings.warehouse), read_only=True) as con:
            self.persons = {
                (system, number): person
                for system, number, person in con.execute(
                    "select source_system, source_person_no, person_id from marts.bridge_person_source_ids"
                ).fetchall()
            }

    def measures(self) -> dict[Cell, Decimal | None]:
        """INSURED, INCOME, EXPENDITURE, settlements and stays, ENTRIES and EXITS by (measure, scheme, division)."""
        lines = self.counties(self.month) | {CITY, UNASSIGNED}
        cells: dict[Cell, Decimal | None] = {}
        insured = self.insured(self.month)
        for scheme in (*BASIC, "maternity", "all"):
            for line in lines:
                cells["INSURED", scheme, line] = Decimal(len(insured[scheme, line]))
        sums = self._ledger() | self._care() | self._stays()
        for code in ("INCOME", "EXPENDITURE", "SETTLEMENTS", "TOTAL_COST", "POOLED_PAID", "FUND_PAID", "ACCOUNT_PAID", "CASH_PAID"):
            for scheme in (*BASIC, "all"):
                cells[code, scheme, CITY] = sums.get((code, scheme, CITY), Decimal(0))
        cells |= {cell: value for cell, value in sums.items() if cell[1] != "maternity"}
        before = _month_before(self.month)
        if before in self.months and not self.excused:
            earlier = self.insured(before)
            for scheme in (*BASIC, "all"):
                for line in lines:
                    cells["ENTRIES", scheme, line] = Decimal(len(insured[scheme, line] - earlier[scheme, line]))
                    cells["EXITS", scheme, line] = Decimal(len(earlier[scheme, line] - insured[scheme, line]))
        for cell in cells:
            if self._is_excused_cell(cell):
                cells[cell] = None
        return cells

    def _is_excused_cell(self, cell: Cell) -> bool:
        _, scheme, division = cell
        schemes = {"employee": {"employee", "maternity", "all"}, "resident": {"resident", "all"}, "rural": {"rural", "all"}}
        return any(
            month == self.month and scheme in schemes.get(system, ()) and office in (division, CITY)
            for month, system, office in self.excused
        )

    def counties(self, month: str) -> set[str]:
        """Counties of the month's list of divisions, or of the newest before it."""
        listed = [row for row in self.landed["city", "divisions"] if row["_period"] <= month]
        newest = max((row["_period"] for row in listed), default=None)
        codes = {row["code"] for row in listed if row["_period"] == newest and row["level"] == "county"}
        return {code for code in codes if len(code) == 6 and code.isascii() and code.isdigit()} - {CITY, UNASSIGNED}

    def _county(self, code: object, month: str) -> str:
        return code if code in self.counties(month) else UNASSIGNED

    @cached_property
    def relations(self) -> list[Relation]:
        """Every relation of a scheme in every snapshot."""
        found = []
        for row in self.landed["employee", "enrollments"]:
            scheme = {"310": "employee", "510": "maternity"}.get(row["AAE140"])
            if scheme:
                ending = row["AAE041"]
                found.append(
                    self._relation(row, scheme, "employee", "AAZ159", "AAC001", "AAB301", "AKC021", "AAC031", row["AAC030"], ending)
                )
        for row in self.landed["resident", "psn_insu_d"]:
            if row["insutype"] == "391":
                first, ending = row["crt_insu_date"], row["paus_insu_date"]
                found.append(
                    self._relation(
                        row, "resident", "resident", "psn_insu_rlts_id", "psn_no", "insu_admdvs", "psn_type", "psn_insu_stas", first, ending
                    )
                )
        seen = set()
        for row in sorted(self.landed["rural", "members"], key=lambda one: (one["_period"], one["_office"], one["_line"])):
            year, key = row["参合年度"], (row["_period"], row["个人编号"], row["参合年度"])
            if key in seen or year < 0:
                continue
            seen.add(key)
            first = last = None
            if 1 <= year <= 9999:
                first = max(row["参合日期"] or date.min, date(year, 1, 1))
                last = min(row["停保日期"] or date.max, date(year, 12, 31))
            found.append(
                Relation(
                    "rural", "rural", f"{row['个人编号']}-{year}", row["_period"], row["_office"],
                    self._county(row["_office"], row["_period"]),
                    self.persons.get(("rural", row["个人编号"])), None, _STATUS["rural"].get(row["参合状态"]), first, last, row["停保日期"],
                )
            )  # fmt: skip
        return found

    def _relation(
        self, row: Row, scheme: str, system: str, number: str, person: str, division: str, category: str, status: str,
        first: date | None, ending: date | None,
    ) -> Relation:  # fmt: skip
        ending = None if ending == OPEN else ending
        return Relation(
            scheme, system, row[number], row["_period"], row["_office"], self._county(row[division], row["_period"]),
            self.persons.get((system, row[person])), row[category], _STATUS[system].get(row[status]), first, ending, ending,
        )  # fmt: skip

    def insured(self, month: str) -> dict[tuple[str, str], set[str]]:
        """Persons insured on the month's last day by (scheme, division), without what stands on offices excused in it."""
        persons: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in self.relations:
            if one.period == month and one.is_insured and one.person_id and (month, one.system, one.office) not in self.excused:
                for scheme in _with_all(one.scheme):
                    persons[scheme, one.county].add(one.person_id)
                    persons[scheme, CITY].add(one.person_id)
        return persons

    def bridge(self) -> dict[str, tuple[int, ...]]:
        """The columns of the headcount bridge by division."""
        insured = self.insured(self.month)
        lines = {}
        for division in {division for _, division in insured} | {CITY}:
            schemes = [insured[scheme, division] for scheme in BASIC]
            counts = [sum(person in scheme for scheme in schemes) for person in set().union(*schemes)]
            lines[division] = (*map(len, schemes), sum(counts), counts.count(2), counts.count(3), len(counts))
        return lines

    def _ledger(self) -> dict[Cell, Decimal]:
        sums: dict[Cell, Decimal] = defaultdict(Decimal)
        lines = [
            (scheme, CITY, row["KMDM"], row["FSE"])
            for row in self.landed["employee", "fund_ledger"]
            if row["_period"] == self.month and (scheme := {"310": "employee", "510": "maternity"}.get(row["AAE140"]))
        ]
        lines += [
            ("resident", CITY, row["subj_code"], row["amt"])
            for row in self.landed["resident", "fund_ledger_d"]
            if row["_period"] == self.month and row["insutype"] == "391"
        ]
        lines += [
            ("rural", self._county(row["_office"], self.month), row["科目编码"], row["金额"])
            for row in self.landed["rural", "fund_ledger"]
            if row["_period"] == self.month
        ]
        for scheme, division, subject, amount in lines:
            code = {"1": "INCOME", "2": "EXPENDITURE"}.get(subject[0])
            for one in _with_all(scheme) if code else ():
                # Two schemes keep one ledger for the city, so no county has an income of all schemes.
                for line in {division if one == "rural" else CITY, CITY}:
                    sums[code, one, line] += _fen(amount)
        return sums

    @cached_property
    def settlements(self) -> list[Settlement]:
        """Of each number the row that enters: the earlier period's, then the smaller office's, then the clinic's."""
        entered: dict[tuple[str, str], Settlement] = {}
        for row in _in_order(self.landed["employee", "settlements"]):
            funds = [_fen(row[name]) for name in ("YKA248", "YKA062", "YKE030")]
            self._enter(
                entered, row, "maternity" if row["AAE140"] == "510" else "employee", "employee", row["YKA103"], row["YKA104"],
                row["AAB301"],
                _EMPLOYEE_CARE.get(row["AKA130"], "other"), row["AKC190"], row["AAE030"], row["AAE031"], row["AAE036"],
                _amounts(row["YKA055"], funds, row["YKA065"], row["AKB067"]),
            )  # fmt: skip
        for row in _in_order(self.landed["resident", "setl_d"]):
            kind = row["med_type"] or ""
            care = "maternity_inpatient" if kind[:4] in ("2106", "2107") else _RESIDENT_CARE.get(kind[:2], "other")
            funds = [_fen(row[name]) for name in ("hifp_pay", "hifmi_pay", "maf_pay", "oth_pay")]
            self._enter(
                entered, row, "resident", "resident", row["setl_id"], row["init_setl_id"], row["insu_admdvs"], care, row["mdtrt_id"],
                row["begndate"], row["enddate"], row["setl_time"],
                _amounts(row["medfee_sumamt"], funds, row["acct_pay"], row["psn_cash_pay"]),
            )  # fmt: skip
        claims = [(row, False) for row in self.landed["rural", "clinic_claims"]]
        claims += [(row, True) for row in self.landed["rural", "hospital_claims"]]
        for row, is_hospital in sorted(claims, key=lambda one: (one[0]["_period"], one[0]["_office"], one[1], one[0]["_line"])):
            names = ("统筹补偿", "大病补偿", "民政救助", "其他补偿") if is_hospital else ("统筹补偿",)
            key = (row["个人编号"], row["机构编码"], row["入院日期"]) if is_hospital else (None,)
            self._enter(
                entered, row, "rural", "rural", row["补偿序号"], row["冲红序号"], row["_office"],
                "inpatient" if is_hospital else _RURAL_CARE.get(row["类别"], "other"), None if None in key else key,
                row["入院日期"] if is_hospital else row["就诊日期"], row["出院日期"] if is_hospital else None, row["补偿日期"],
                _amounts(row["总费用"], [_fen(row[name]) for name in names], row.get("家庭账户补偿"), row["个人自付"]),
            )  # fmt: skip
        return list(entered.values())

    def _enter(
        self, entered: dict, row: Row, scheme: str, system: str, number: str, reverses: str | None, division: str | None, care: str,
        visit: object, admitted: date | None, discharged: date | None, settled: date, money: dict[str, Decimal],
    ) -> None:  # fmt: skip
        settlement = Settlement(
            scheme, system, number, reverses, row["_period"], row["_office"], self._county(division, row["_period"]), care, visit,
            admitted, discharged, settled, money,
        )  # fmt: skip
        entered.setdefault((system, number), settlement)

    def _care(self) -> dict[Cell, Decimal]:
        sums: dict[Cell, Decimal] = defaultdict(Decimal)
        for one in self.settlements:
            if one.period == self.month:
                for scheme in _with_all(one.scheme):
                    for line in {one.county, CITY}:
                        sums["SETTLEMENTS", scheme, line] += 1 if one.reverses is None else -1
                        for code, amount in one.money.items():
                            sums[code, scheme, line] += amount
        return sums

    def _stays(self) -> dict[Cell, Decimal]:
        reversed_in: dict[tuple[str, str], str] = {}
        stays: dict[tuple[object, ...], list[Settlement]] = defaultdict(list)
        for one in self.settlements:
            if one.reverses is not None:
                key = (one.system, one.reverses)
                reversed_in[key] = min(one.period, reversed_in.get(key, one.period))
            elif one.care == "inpatient":
                stays[one.system, one.visit is None, one.settlement_id if one.visit is None else one.visit].append(one)

        def state(stay: list[Settlement], month: str | None) -> tuple[int, int]:
            standing = [
                one
                for one in stay
                if month is not None and one.period <= month and not reversed_in.get((one.system, one.settlement_id), "9999-99") <= month
            ]
            began = [one.admitted_on for one in standing if one.admitted_on]
            ended = [one.discharged_on for one in standing if one.discharged_on]
            days = max((max(ended) - min(began)).days, 1) if began and ended else 1
            return (1, days) if standing else (0, 0)

        sums: dict[Cell, Decimal] = defaultdict(Decimal)
        before = max((month for month in self.months if month < self.month), default=None)
        for stay in stays.values():
            first = min(stay, key=lambda one: (one.settled_on, one.settlement_id))
            (stands, days), (stood, days_before) = state(stay, self.month), state(stay, before)
            for scheme in _with_all(first.scheme):
                # A county that the month's list no longer holds has no line to move in.
                for line in {self._county(first.county, self.month), CITY}:
                    sums["ADMISSIONS", scheme, line] += stands - stood
                    sums["BED_DAYS", scheme, line] += days - days_before
        return sums

    def overlaps(self) -> dict[tuple[str, ...], tuple[date, date | None, str]]:
        """Overlap and type of every case that the month's release must hold, by its two relations."""
        day = last_day_of(self.month)
        oldest = day.replace(year=day.year - 2, day=min(day.day, calendar.monthrange(day.year - 2, day.month)[1]))
        found = {}
        for intervals in self._normal_intervals().values():
            intervals.sort(key=lambda one: (BASIC.index(one[0].scheme), one[0].relation_id.encode()))
            for index, (a, from_a, to_a) in enumerate(intervals):
                for b, from_b, to_b in intervals[index + 1 :]:
                    first, last = max(from_a, from_b), min(to_a, to_b)
                    if first <= last and first <= day and last >= oldest:
                        others = [(one, begin, end) for one, begin, end in intervals if one.scheme not in (a.scheme, b.scheme)]
                        is_triple = a.scheme != b.scheme and any(begin <= min(last, day) and end >= first for _, begin, end in others)
                        kind = "DT-07" if is_triple else _type_of(a, b)
                        found[a.scheme, a.relation_id, b.scheme, b.relation_id] = (first, None if last >= day else last, kind)
        return found

    def _normal_intervals(self) -> dict[str, list[tuple[Relation, date, date]]]:
        delivered = self.delivered - {(system, office) for month, system, office in self.excused if month == self.month}
        histories: dict[tuple[str, str], list[Relation]] = defaultdict(list)
        for one in self.relations:
            if one.scheme in BASIC:
                histories[one.scheme, one.relation_id].append(one)
        intervals: dict[str, list[tuple[Relation, date, date]]] = defaultdict(list)
        for history in histories.values():
            newest = max(history, key=lambda one: one.period)
            shown = last_day_of(newest.period)
            last = newest.last_day or OPEN
            last_shown_normal = max((last_day_of(one.period) for one in history if one.status == "normal"), default=None)
            has_vanished = newest.period < self.month and (newest.system, newest.office) in delivered
            goes_on = newest.status == "normal" and not (has_vanished and last > shown)
            if goes_on or newest.status != "normal" and newest.end_date is not None and newest.end_date <= shown:
                normal_to = last
            else:
                normal_to = None if last_shown_normal is None else min(last_shown_normal, last)
            if newest.person_id and newest.first_day and normal_to and newest.first_day <= normal_to:
                intervals[newest.person_id].append((newest, newest.first_day, normal_to))
        return intervals


def last_day_of(month: str) -> date:
    """The last day of a month."""
    year, number = map(int, month.split("-"))
    return date(year, number, calendar.monthrange(year, number)[1])


def _month_before(month: str) -> str:
    return str(Period.parse(month).shift(-1))


def _with_all(scheme: str) -> tuple[str, ...]:
    return (scheme, "all") if scheme in BASIC else (scheme,)


def _in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row["_period"], row["_line"]))


def _fen(amount: Decimal | None) -> Decimal:
    return (amount or Decimal(0)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _amounts(total: Decimal | None, funds: list[Decimal], account: Decimal | None, cash: Decimal | None) -> dict[str, Decimal]:
    return {
        "TOTAL_COST": _fen(total),
        "POOLED_PAID": funds[0],
        "FUND_PAID": sum(funds, Decimal(0)),
        "ACCOUNT_PAID": _fen(account),
        "CASH_PAID": _fen(cash),
    }


def _type_of(a: Relation, b: Relation) -> str:
    if any(one.scheme == "resident" and one.category == "1404" for one in (a, b)):
        return "DT-08"
    if a.scheme == "employee" and a.category == "12" and b.scheme == "resident":
        return "DT-09"
    return _TYPES[a.scheme, b.scheme]
