"""The simulated city in the columns of the source contracts: one sheet per contract table and delivery.

A sheet makes its rows part by part as they are asked for: whoever writes it never holds the whole.

What belongs here: which array stands in which column, under which number. What does not: what the arrays hold (`enrollment.py`, `care.py`,
`ledgers.py`), files (`writing.py`), the city's own tables (`city_tables.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from warehouse.periods import Period

from .arrow_columns import constant, dates, digits, money, numbers, take, text
from .calendar_days import FAR, day_of
from .care import DIAGNOSES, INPATIENT, Care, Cases, category_at
from .enrollment import DATED, EMPLOYEE, RESIDENT, RURAL, Enrollment, Participations, shown_end, shown_status
from .geography import CITY_NAME, Geography
from .identity_faults import Particulars, is_dead
from .ledgers import LEVEL_NAMES, LEVELS, SUBJECT_NAMES, Money
from .population import CHILD, FATHER, GRANDCHILD, HEAD, MOTHER, SPOUSE, Population
from .randomness import some, stream
from .rates import FaultRates

# How many rows of a sheet are held at once.
PART = 250_000


def stretches(count: int) -> Iterator[slice]:
    """That many rows in stretches of `PART`; of none, one empty stretch."""
    for begin in range(0, max(count, 1), PART):
        yield slice(begin, min(begin + PART, count))


@dataclass(frozen=True)
class Sheet:
    """One table of a delivery.

    Attributes:
        table: the contract's name.
        count: how many rows it has.
        rows: makes the rows of a stretch, columns in order.
        keys: key columns.
        period_column: the column that says the month; None for snapshots.
        totals: columns named in the manifest's control totals.
        may_be_damaged: whether row faults befall this table.
    """

    table: str
    count: int
    rows: Callable[[slice], pa.Table]
    keys: tuple[str, ...]
    period_column: str | None = None
    totals: tuple[str, ...] = ()
    may_be_damaged: bool = False

    @classmethod
    def of(cls, table: str, rows: pa.Table, keys: tuple[str, ...], period_column: str | None = None, totals: tuple[str, ...] = ()) -> Sheet:
        """The sheet of a small table."""
        return cls(table, rows.num_rows, lambda part: rows.slice(part.start, part.stop - part.start), keys, period_column, totals)

    def parts(self) -> Iterator[tuple[int, pa.Table]]:
        """Where each part begins, and its rows."""
        for stretch in stretches(self.count):
            yield stretch.start, self.rows(stretch)


@dataclass(frozen=True)
class Members:
    """Participation years that one month's snapshot shows, of all counties, in the order of their records."""

    relation: np.ndarray
    year: np.ndarray
    joined: np.ndarray  # 参合日期, FAR where it is empty
    status: np.ndarray  # what the snapshot shows of the relation
    is_twice: np.ndarray  # whether the next county delivers it as well


class Tables:
    """Makes the sheets of the three insurance systems; looks up once what every month needs."""

    def __init__(
        self,
        seed: int,
        rates: FaultRates,
        geography: Geography,
        population: Population,
        enrollment: Enrollment,
        particulars: Particulars,
        taking_part: Participations,
        money_flows: Money,
        care: Care,
    ) -> None:
        self.seed, self.rates, self.geography, self.population = seed, rates, geography, population
        self.enrollment, self.particulars, self.taking_part, self.money, self.care = enrollment, particulars, taking_part, money_flows, care
        records = enrollment.records
        self.addresses = _Addresses(stream(seed, "addresses"), geography, population, enrollment)
        self.employer_number = pa.array(enrollment.employers.number, type=pa.string())
        self.county_code = pa.array(geography.county_codes, type=pa.string())
        self.village_code = pa.array(geography.village_codes, type=pa.string())
        self.diagnosis = pa.array(DIAGNOSES, type=pa.string())
        self.institution_code = {
            system: pa.array(geography.institutions.codes(system), type=pa.string()) for system in ("employee", "resident", "rural")
        }
        self.institution_division = pa.array(geography.institutions.division, type=pa.string())
        self.institution_level = pa.array(geography.institutions.level, type=pa.string())
        self.in_number_order = {
            system: _sorted_by(np.flatnonzero(records.system == system), records.number) for system in (EMPLOYEE, RESIDENT)
        }

    def employee(
        self, period: Period, contributions: dict[str, np.ndarray], cases: Cases, ledger: dict[tuple[str, str], int]
    ) -> list[Sheet]:
        """The employee system's delivery."""
        return [
            self._employers(),
            self._persons(period),
            self._enrollments(period),
            self._contributions(period, contributions),
            self._settlements(period, cases),
            self._employee_institutions(),
            self._employee_ledger(period, ledger),
        ]

    def _employers(self) -> Sheet:
        found = self.enrollment.employers
        rows = pa.table(
            {
                "AAB001": text(found.number),
                "AAB004": text(found.name),
                "AAB019": text(found.kind),
                "AAB301": take(self.county_code, found.county),
            }
        )
        return Sheet.of("employers", rows, ("AAB001",))

    def _registered(self, system: int, period: Period) -> np.ndarray:
        """Records that a month's snapshot shows."""
        order = self.in_number_order[system]
        return order[self.enrollment.records.registered[order] <= day_of(period.last_day)]

    def _ids(self, records: np.ndarray, period: Period) -> pa.Array:
        """ID numbers as that month shows them."""
        return self.particulars.ids_of(records, self.enrollment.months.index(period))

    def _vital(self, records: np.ndarray, period: Period) -> pa.Array:
        return text(np.where(is_dead(self.population, self.enrollment.records, records, day_of(period.last_day)), "2", "1"))

    def _number(self, relations: np.ndarray) -> pa.Array:
        """The person numbers that relations stand under."""
        return self.enrollment.records.numbers_of(self.enrollment.relations.record[relations])

    def _persons(self, period: Period) -> Sheet:
        every = self._registered(EMPLOYEE, period)

        def rows(part: slice) -> pa.Table:
            where = every[part]
            person = self.enrollment.records.person[where]
            urban = self.geography.village_urban[self.population.village[person]]
            return pa.table(
                {
                    "AAC001": self.enrollment.records.numbers_of(where),
                    "AAC058": constant("01", len(where)),
                    "AAC002": self._ids(where, period),
                    "AAC003": self.particulars.names_of(where),
                    "AAC004": digits(self.population.sex[person]),
                    "AAC006": self.particulars.births_of(where),
                    "AAC009": text(np.where(urban, "10", "20")),
                    "AAE005": self.particulars.phones_of(where),
                    "AAE006": self.addresses.of(where),
                    "AAC060": self._vital(where, period),
                }
            )

        return Sheet("persons", len(every), rows, ("AAC001",), may_be_damaged=True)

    def _enrollments(self, period: Period) -> Sheet:
        relations = self.enrollment.relations
        status = shown_status(relations, period)
        category = category_at(self.care, EMPLOYEE, period)
        shown = np.flatnonzero((relations.system == EMPLOYEE) & (status > 0))
        shown = shown[np.argsort(relations.number[shown], kind="stable")]
        supplements = self.money.supplements
        end = shown_end(relations, period)
        kinds = (
            ("310", shown),
            ("320", shown[supplements.civil[shown]]),
            ("330", shown[supplements.large[shown]]),
            ("510", shown[supplements.maternity[shown]]),
        )
        every = np.concatenate([chosen for _, chosen in kinds])
        insurances = np.repeat(np.array([int(code) for code, _ in kinds], dtype=np.int16), [len(chosen) for _, chosen in kinds])

        def rows(part: slice) -> pa.Table:
            where, insurance = every[part], digits(insurances[part])
            open_text = (end[where] == FAR) & relations.open_as_text[where] & (status[where] == 1)
            far = pa.array(np.full(len(where), np.datetime64("9999-12-31")))
            return pa.table(
                {
                    "AAZ159": pa.compute.binary_join_element_wise(insurance, digits(relations.number[where], width=9), ""),
                    "AAC001": self._number(where),
                    "AAB001": take(self.employer_number, relations.employer[where]),
                    "AAE140": insurance,
                    "AKC021": digits(category[where]),
                    "AAC031": digits(status[where]),
                    "AAC030": dates(relations.start[where]),
                    "AAE041": pa.compute.if_else(pa.array(open_text), far.cast(pa.date32()), dates(end[where])),
                    "AAB301": take(self.county_code, relations.county[where]),
                }
            )

        return Sheet("enrollments", len(every), rows, ("AAZ159",), may_be_damaged=True)

    def _contributions(self, period: Period, every: dict[str, np.ndarray]) -> Sheet:
        def rows(part: slice) -> pa.Table:
            mine = {name: column[part] for name, column in every.items()}
            where = mine["relation"]
            return pa.table(
                {
                    "AAZ223": digits(mine["serial"]),
                    "AAC001": self._number(where),
                    "AAB001": take(self.employer_number, self.enrollment.relations.employer[where]),
                    "AAE140": digits(mine["insurance"]),
                    "AAE002": constant(f"{period.year}{period.month:02d}", len(where)),
                    "AAE003": digits(mine["month"]),
                    "AAE180": money(mine["base"]),
                    "AAE020": money(mine["employer_due"]),
                    "AAE022": money(mine["person_due"]),
                    "AAE021": money(mine["employer_paid"]),
                    "AAE023": money(mine["person_paid"]),
                    "AAE026": money(mine["credit"]),
                    "AAE111": digits(mine["received"]),
                    "AAE037": dates(mine["on"]),
                }
            )

        totals = ("AAE021", "AAE023", "AAE026")
        return Sheet("contributions", len(every["relation"]), rows, ("AAZ223",), "AAE002", totals, may_be_damaged=True)

    def _settlements(self, period: Period, every: Cases) -> Sheet:
        category = category_at(self.care, EMPLOYEE, period)

        def rows(part: slice) -> pa.Table:
            cases = {name: column[part] for name, column in every.items()}
            return pa.table(
                {
                    "YKA103": digits(cases["serial"], "JS", 11),
                    "YKA104": digits(cases["reverses"], "JS", 11),
                    "AAA113": numbers(cases["direction"]),
                    "AKC190": digits(cases["visit"], "V", 10),
                    "AAC001": self._number(cases["relation"]),
                    "AKB020": self._institution(cases, "employee"),
                    "AKC021": digits(category[cases["relation"]]),
                    "AAE140": text(np.where(cases["care"] > 3, "510", "310")),
                    "AAB301": take(self.county_code, cases["office"]),
                    "AKA130": digits(cases["code"]),
                    "AKC193": take(self.diagnosis, cases["diagnosis"]),
                    "AAE030": dates(cases["admitted"]),
                    "AAE031": dates(cases["discharged"]),
                    "AAE036": dates(cases["settled"]),
                    **self._amounts(
                        cases,
                        2,
                        {
                            "YKA055": "total",
                            "YKA056": "self_paid",
                            "YKA057": "paid_first",
                            "YKA111": "in_scope",
                            "YKA058": "deductible",
                            "YKA248": "pooled",
                            "YKA062": "large",
                            "YKE030": "civil",
                            "YKA065": "account",
                            "AKB067": "cash",
                        },
                    ),
                    "YKC121": digits(cases["direct"]),
                    **self._amounts(
                        cases, 2, {"YPF": "drug", "JCF": "exam", "ZLF": "treat", "CWF": "bed", "CLF": "material", "QTF": "rest"}
                    ),
                }
            )

        totals = ("YKA055", "YKA248", "YKA065", "AKB067")
        return Sheet("settlements", len(every["relation"]), rows, ("YKA103",), "AAE036", totals, may_be_damaged=True)

    def _institution(self, cases: Cases, system: str) -> pa.Array:
        """Institution codes; what no snapshot shows has a number that nobody gave out."""
        known = take(self.institution_code[system], cases["institution"])
        unknown = {"employee": "9901029999", "resident": "99010209999", "rural": "990102N9999"}[system]
        return pa.compute.fill_null(known, unknown)

    @staticmethod
    def _amounts(cases: Cases, decimals: int, columns: dict[str, str]) -> dict[str, pa.Array]:
        return {column: money(cases[name], decimals) for column, name in columns.items()}

    def _employee_institutions(self) -> Sheet:
        found = self.geography.institutions
        where = np.flatnonzero(found.kind < 4)
        rows = pa.table(
            {
                "AKB020": take(self.institution_code["employee"], where),
                "AKB021": text(found.name[where]),
                "AKB022": digits(found.kind[where]),
                "AKA101": text(found.level[where]),
                "AAB301": text(found.division[where]),
            }
        )
        return Sheet.of("institutions", rows, ("AKB020",))

    def _employee_ledger(self, period: Period, ledger: dict[tuple[str, str], int]) -> Sheet:
        subjects = [subject for _, subject in ledger]
        rows = pa.table(
            {
                "AAE140": pa.array([insurance for insurance, _ in ledger]),
                "AAE002": constant(f"{period.year}{period.month:02d}", len(ledger)),
                "KMDM": pa.array(subjects),
                "KMMC": pa.array([SUBJECT_NAMES[subject[:4]] + ("(统筹)" if subject[4] == "P" else "(个账)") for subject in subjects]),
                "FSE": money(np.array(list(ledger.values()))),
            }
        )
        return Sheet.of("fund_ledger", rows, ("AAE140", "KMDM"), "AAE002", ("FSE",))

    def resident(
        self,
        period: Period,
        collected: dict[str, np.ndarray],
        subsidies: list[tuple[int, str, int, int]],
        cases: Cases,
        ledger: dict[str, int],
    ) -> list[Sheet]:
        """The resident system's delivery."""
        return [
            self._resident_persons(period),
            self._resident_relations(period),
            self._collections(collected),
            self._resident_subsidies(period, subsidies),
            self._resident_settlements(period, cases),
            self._resident_institutions(),
            self._resident_ledger(period, ledger),
        ]

    def _resident_persons(self, period: Period) -> Sheet:
        every = self._registered(RESIDENT, period)

        def rows(part: slice) -> pa.Table:
            where = every[part]
            return pa.table(
                {
                    "psn_no": self.enrollment.records.numbers_of(where),
                    "psn_cert_type": constant("01", len(where)),
                    "certno": self._ids(where, period),
                    "psn_name": self.particulars.names_of(where),
                    "gend": digits(self.population.sex[self.enrollment.records.person[where]]),
                    "brdy": self.particulars.births_of(where),
                    "tel": self.particulars.phones_of(where),
                    "addr": self.addresses.of(where),
                    "surv_stas": self._vital(where, period),
                }
            )

        return Sheet("psn_info_b", len(every), rows, ("psn_no",), may_be_damaged=True)

    def _resident_relations(self, period: Period) -> Sheet:
        relations = self.enrollment.relations
        status = shown_status(relations, period)
        kind = category_at(self.care, RESIDENT, period)
        end = shown_end(relations, period)
        every = _sorted_by(np.flatnonzero((relations.system == RESIDENT) & (status > 0)), relations.number)

        def rows(part: slice) -> pa.Table:
            where = every[part]
            need = self.enrollment.need[self.population.household[relations.person[where]]]
            code = take(self.county_code, relations.county[where])
            community = pa.compute.binary_join_element_wise(text(np.where(kind[where] == 1404, "XX", "SQ")), code, "")
            return pa.table(
                {
                    "psn_insu_rlts_id": digits(relations.number[where], "391", 13),
                    "psn_no": self._number(where),
                    "insutype": constant("391", len(where)),
                    "psn_type": digits(kind[where]),
                    "psn_insu_stas": digits(np.array([0, 1, 2, 4])[status[where]]),
                    "insu_admdvs": code,
                    "crt_insu_date": dates(relations.start[where]),
                    "paus_insu_date": dates(end[where]),
                    "emp_no": community,
                    "sp_psn_type": digits(np.where(need > 0, need, -1)),
                }
            )

        return Sheet("psn_insu_d", len(every), rows, ("psn_insu_rlts_id",), may_be_damaged=True)

    def _collections(self, every: dict[str, np.ndarray]) -> Sheet:
        def rows(part: slice) -> pa.Table:
            mine = {name: column[part] for name, column in every.items()}
            begin = mine["covered"].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
            return pa.table(
                {
                    "clct_id": digits(mine["serial"]),
                    "psn_no": self._number(mine["relation"]),
                    "insutype": constant("391", len(begin)),
                    "accrym_begn": digits((begin // 12 + 1970) * 100 + begin % 12 + 1),
                    "accrym_end": digits(mine["year"] * 100 + 12),
                    "psn_clct_amt": money(mine["paid"]),
                    "subsidised_amt": money(mine["aided"]),
                    "clct_time": dates(mine["day"]),
                }
            )

        totals = ("psn_clct_amt", "subsidised_amt")
        return Sheet("rsdt_psn_clct_detl_d", len(every["relation"]), rows, ("clct_id",), "clct_time", totals, may_be_damaged=True)

    def _resident_subsidies(self, period: Period, rows: list[tuple[int, str, int, int]]) -> Sheet:
        codes = self.geography.county_codes
        month = f"{period.year}{period.month:02d}"
        table = pa.table(
            {
                "subs_id": pa.array([f"{month}{codes[county]}{LEVELS.index(level) + 1}" for county, level, _, _ in rows], type=pa.string()),
                "insu_admdvs": pa.array([str(codes[county]) for county, *_ in rows], type=pa.string()),
                "insutype": constant("391", len(rows)),
                "fiscal_level": pa.array([str(LEVELS.index(level) + 1) for _, level, _, _ in rows], type=pa.string()),
                "subs_year": numbers(np.full(len(rows), period.year)),
                "psn_cnt": numbers(np.array([row[2] for row in rows], dtype=np.int64)),
                "amt": money(np.array([row[3] for row in rows], dtype=np.int64)),
                "subs_ym": constant(month, len(rows)),
            }
        )
        return Sheet.of("finsubs_d", table, ("subs_id",), "subs_ym", ("amt",))

    def _resident_settlements(self, period: Period, every: Cases) -> Sheet:
        kind = category_at(self.care, RESIDENT, period)

        def rows(part: slice) -> pa.Table:
            cases = {name: column[part] for name, column in every.items()}
            cases["fund"] = sum(cases[name] for name in ("pooled", "large", "aid", "other"))
            cases["part"] = cases["account"] + cases["cash"]
            return pa.table(
                {
                    "setl_id": digits(cases["serial"], "R", 14),
                    "init_setl_id": digits(cases["reverses"], "R", 14),
                    "refd_setl_flag": text(np.where(cases["reverses"] >= 0, "1", "0")),
                    "mdtrt_id": digits(cases["visit"], "M", 12),
                    "psn_no": self._number(cases["relation"]),
                    "insutype": constant("391", len(cases["relation"])),
                    "psn_type": digits(kind[cases["relation"]]),
                    "insu_admdvs": take(self.county_code, cases["office"]),
                    "fixmedins_code": self._institution(cases, "resident"),
                    "hosp_lv": pa.compute.fill_null(take(self.institution_level, cases["institution"]), "2"),
                    "fix_blng_admdvs": take(self.institution_division, cases["institution"]),
                    "med_type": digits(cases["code"]),
                    "dise_code": take(self.diagnosis, cases["diagnosis"]),
                    "begndate": dates(cases["admitted"]),
                    "enddate": dates(cases["discharged"]),
                    "setl_time": dates(cases["settled"]),
                    **self._amounts(
                        cases,
                        2,
                        {
                            "medfee_sumamt": "total",
                            "fulamt_ownpay_amt": "self_paid",
                            "overlmt_selfpay": "over_limit",
                            "preselfpay_amt": "paid_first",
                            "inscp_scp_amt": "in_scope",
                            "act_pay_dedc": "deductible",
                            "hifp_pay": "pooled",
                            "hifmi_pay": "large",
                            "maf_pay": "aid",
                            "oth_pay": "other",
                            "fund_pay_sumamt": "fund",
                            "psn_part_amt": "part",
                            "acct_pay": "account",
                            "psn_cash_pay": "cash",
                        },
                    ),
                    "pay_loc": text(np.where(cases["direct"] == 1, "2", "1")),
                    **self._amounts(
                        cases,
                        2,
                        {
                            "drug_fee": "drug",
                            "exam_fee": "exam",
                            "treat_fee": "treat",
                            "bed_fee": "bed",
                            "matl_fee": "material",
                            "oth_fee": "rest",
                        },
                    ),
                }
            )

        totals = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay")
        return Sheet("setl_d", len(every["relation"]), rows, ("setl_id",), "setl_time", totals, may_be_damaged=True)

    def _resident_institutions(self) -> Sheet:
        found = self.geography.institutions
        where = np.flatnonzero(found.kind < 4)
        rows = pa.table(
            {
                "fixmedins_code": take(self.institution_code["resident"], where),
                "fixmedins_name": text(found.name[where]),
                "fixmedins_type": digits(found.kind[where]),
                "hosp_lv": text(found.level[where]),
                "fix_blng_admdvs": text(found.division[where]),
            }
        )
        return Sheet.of("fixmedins_b", rows, ("fixmedins_code",))

    def _resident_ledger(self, period: Period, ledger: dict[str, int]) -> Sheet:
        rows = pa.table(
            {
                "insutype": constant("391", len(ledger)),
                "acct_ym": constant(f"{period.year}{period.month:02d}", len(ledger)),
                "subj_code": pa.array(list(ledger)),
                "subj_name": pa.array([SUBJECT_NAMES[subject] for subject in ledger]),
                "amt": money(np.array(list(ledger.values()))),
            }
        )
        return Sheet.of("fund_ledger_d", rows, ("insutype", "subj_code"), "acct_ym", ("amt",))

    def rural(
        self,
        period: Period,
        county: int,
        members: Members,
        premiums: list[tuple[int, int, str, int, int]],
        subsidies: list[tuple[int, str, int, int]],
        cases: Cases,
        ledger: dict[str, int],
    ) -> list[Sheet]:
        """One county's delivery of the rural scheme."""
        here = np.flatnonzero(cases["office"] == county)
        mine = {name: column[here] for name, column in cases.items()}
        clinic = np.flatnonzero(mine["care"] != INPATIENT)
        hospital = np.flatnonzero(mine["care"] == INPATIENT)
        return [
            self._families(county, members),
            self._member_sheet(period, county, members),
            self._financing(period, county, premiums, subsidies),
            self._clinic_claims({name: column[clinic] for name, column in mine.items()}),
            self._hospital_claims({name: column[hospital] for name, column in mine.items()}),
            self._rural_institutions(county),
            self._rural_ledger(period, ledger),
        ]

    def members(self, period: Period) -> Members:
        """The participation years of the month's snapshot."""
        taking, relations = self.taking_part, self.enrollment.relations
        status = shown_status(relations, period)
        shown = (taking.shown_from <= day_of(period.last_day)) & (taking.year >= period.year)
        shown &= (status[taking.relation] > 0) | (relations.end[taking.relation] < relations.start[taking.relation])
        shown &= relations.style[taking.relation] >= 0
        where = np.flatnonzero(shown)
        relation = taking.relation[where]
        # One row per number and year: of several spells under one number the latest is shown.
        order = np.lexsort((relations.start[relation], taking.year[where], relations.record[relation]))
        where, relation = where[order], relation[order]
        record, year = relations.record[relation], taking.year[where]
        last_of_key = np.ones(len(where), dtype=bool)
        last_of_key[:-1] = (record[1:] != record[:-1]) | (year[1:] != year[:-1])
        relation = relation[last_of_key]
        chance = stream(self.seed, "members twice", period.year)
        twice = np.zeros(len(relations), dtype=bool)
        twice[some(chance, np.ones(len(relations), dtype=bool), self.rates.member_in_two_counties)] = True
        return Members(relation, year[last_of_key], taking.joined[where[last_of_key]], status[relation], twice[relation])

    def _member_sheet(self, period: Period, county: int, members: Members) -> Sheet:
        relations, records = self.enrollment.relations, self.enrollment.records
        office = relations.county[members.relation]
        neighbour = (office + 1) % len(self.geography.county_codes)
        every = np.flatnonzero((office == county) | (members.is_twice & (neighbour == county)))

        def rows(part: slice) -> pa.Table:
            where = every[part]
            relation, year = members.relation[where], members.year[where]
            record, person = relations.record[relation], relations.person[relation]
            is_ahead = year > period.year
            status = np.where(is_ahead, 1, members.status[where])
            ended = (status != 1) & np.isin(relations.style[relation], (DATED, 2)) | (
                (relations.end[relation] < relations.start[relation]) & (status != 0)
            )
            stop = np.where(ended & (relations.end[relation] < FAR), relations.end[relation], FAR)
            kinship = np.array(["户主", "配偶", "子", "父", "母", "亲属"])
            role = self.population.role[person]
            place = np.select(
                [role == HEAD, role == SPOUSE, role == CHILD, role == FATHER, role == MOTHER, role == GRANDCHILD], [0, 1, 2, 3, 4, 5]
            )
            words = np.where((place == 2) & (self.population.sex[person] == 2), "女", kinship[place])
            words = np.where((records.variant[record] == 1), "亲属", words)
            return pa.table(
                {
                    "个人编号": records.numbers_of(record),
                    "家庭编号": self._family(record),
                    "参合年度": numbers(year),
                    "姓名": self.particulars.names_of(record),
                    "性别": text(np.where(self.population.sex[person] == 1, "男", "女")),
                    "身份证号": self._ids(record, period),
                    "监护人身份证号": self.particulars.guardian_ids_of(record),
                    "出生日期": self.particulars.births_of(record),
                    "与户主关系": text(words),
                    "参合状态": text(np.where((status == 1) & (stop == FAR), "正常", "停保")),
                    "参合日期": dates(members.joined[where]),
                    "停保日期": dates(stop),
                    "存活状态": self._vital(record, period),
                }
            )

        return Sheet("members", len(every), rows, ("个人编号", "参合年度"), may_be_damaged=True)

    def _family(self, records: np.ndarray) -> pa.Array:
        """Family numbers of rural records: the village and a serial number."""
        found = self.enrollment.records
        village = take(self.village_code, found.village[records])
        return pa.compute.binary_join_element_wise(village, digits(found.family[records], width=5), "")

    def _families(self, county: int, members: Members) -> Sheet:
        relations, records = self.enrollment.relations, self.enrollment.records
        record = np.unique(relations.record[members.relation[relations.county[members.relation] == county]])
        family = records.village[record].astype(np.int64) * 1_000_000 + records.family[record]
        order = np.lexsort((self.population.role[records.person[record]], family))
        chiefs = record[order][np.unique(family[order], return_index=True)[1]]

        def rows(part: slice) -> pa.Table:
            chief = chiefs[part]
            village, person = records.village[chief], records.person[chief]
            families = self._family(chief)
            return pa.table(
                {
                    "家庭编号": families,
                    "户主姓名": self.population.names_of(person),
                    "村编码": take(self.village_code, village),
                    "村名": text(self.geography.village_names[village]),
                    "户属性": text(np.array(["一般", "低保", "五保", "建档立卡"])[self.enrollment.need[self.population.household[person]]]),
                    "医疗证号": pa.compute.binary_join_element_wise("Z", families, ""),
                    "电话": self.particulars.phones_of(chief),
                }
            )

        return Sheet("families", len(chiefs), rows, ("家庭编号",), may_be_damaged=True)

    def _financing(
        self, period: Period, county: int, premiums: list[tuple[int, int, str, int, int]], subsidies: list[tuple[int, str, int, int]]
    ) -> Sheet:
        found = [(year, source, persons, amount) for place, year, source, persons, amount in premiums if place == county]
        found += [(period.year, LEVEL_NAMES[level], persons, amount) for place, level, persons, amount in subsidies if place == county]
        month = f"{period.year}{period.month:02d}{self.geography.county_codes[county]}"
        day = day_of(period.first_day)
        rows = pa.table(
            {
                "流水号": pa.array([f"{month}{place + 1:02d}" for place in range(len(found))], type=pa.string()),
                "参合年度": numbers(np.array([row[0] for row in found], dtype=np.int64)),
                "来源": pa.array([row[1] for row in found], type=pa.string()),
                "人数": numbers(np.array([row[2] for row in found], dtype=np.int64)),
                "金额": money(np.array([row[3] for row in found], dtype=np.int64), 4),
                "到账日期": dates(day + 9 + np.arange(len(found)) % 17),
            }
        )
        return Sheet.of("financing", rows, ("流水号",), "到账日期", ("金额",))

    def _claim_facts(self, cases: Cases) -> dict[str, pa.Array]:
        codes = take(self.county_code, cases["number_office"])
        join = pa.compute.binary_join_element_wise
        return {
            "补偿序号": join(codes, digits(cases["serial"], width=11), ""),
            "冲红序号": join(codes, digits(cases["reverses"], width=11), ""),
            "个人编号": self._number(cases["relation"]),
            "机构编码": self._institution(cases, "rural"),
        }

    def _clinic_claims(self, every: Cases) -> Sheet:
        def rows(part: slice) -> pa.Table:
            cases = {name: column[part] for name, column in every.items()}
            cases["others"] = cases["total"] - cases["drug"]
            return pa.table(
                {
                    **self._claim_facts(cases),
                    "类别": text(np.where(cases["care"] == 2, "慢性病", "普通门诊")),
                    "就诊日期": dates(cases["admitted"]),
                    "补偿日期": dates(cases["settled"]),
                    "疾病编码": take(self.diagnosis, cases["diagnosis"]),
                    **self._amounts(
                        cases,
                        4,
                        {
                            "总费用": "total",
                            "保内费用": "in_scope",
                            "统筹补偿": "pooled",
                            "家庭账户补偿": "account",
                            "个人自付": "cash",
                            "药品费": "drug",
                            "其他费": "others",
                        },
                    ),
                }
            )

        totals = ("总费用", "统筹补偿")
        return Sheet("clinic_claims", len(every["relation"]), rows, ("补偿序号",), "补偿日期", totals, may_be_damaged=True)

    def _hospital_claims(self, every: Cases) -> Sheet:
        institutions = self.geography.institutions

        def rows(part: slice) -> pa.Table:
            cases = {name: column[part] for name, column in every.items()}
            place = np.maximum(cases["institution"], 0)
            level = np.select(
                [institutions.county[place] < 0, institutions.level[place] == "3", institutions.level[place] == "2"],
                ["省级", "市级", "县级"],
                "乡级",
            )
            return pa.table(
                {
                    **self._claim_facts(cases),
                    "机构级别": text(np.where(cases["institution"] < 0, "县级", level)),
                    "入院日期": dates(cases["admitted"]),
                    "出院日期": dates(cases["discharged"]),
                    "补偿日期": dates(cases["settled"]),
                    "转诊": text(np.where(cases["referred"] == 1, "是", "否")),
                    "疾病编码": take(self.diagnosis, cases["diagnosis"]),
                    **self._amounts(
                        cases,
                        4,
                        {
                            "总费用": "total",
                            "保内费用": "in_scope",
                            "起付线": "deductible",
                            "统筹补偿": "pooled",
                            "大病补偿": "large",
                            "民政救助": "aid",
                            "其他补偿": "other",
                            "个人自付": "cash",
                        },
                    ),
                    "直补": text(np.where(cases["direct"] == 1, "是", "否")),
                    **self._amounts(
                        cases,
                        4,
                        {"药品费": "drug", "检查费": "exam", "治疗费": "treat", "床位费": "bed", "材料费": "material", "其他费": "rest"},
                    ),
                }
            )

        totals = ("总费用", "统筹补偿")
        return Sheet("hospital_claims", len(every["relation"]), rows, ("补偿序号",), "补偿日期", totals, may_be_damaged=True)

    def _rural_institutions(self, county: int) -> Sheet:
        found = self.geography.institutions
        where = np.flatnonzero((found.kind != 2) & ((found.kind != 4) | (found.county == county)))
        kind = np.array(["", "医院", "", "卫生院", "村卫生室"])[found.kind[where]]
        level = np.select([found.level[where] == "3", found.level[where] == "2", found.level[where] == "1"], ["三级", "二级", "一级"], "无")
        rows = pa.table(
            {
                "机构编码": take(self.institution_code["rural"], where),
                "机构名称": text(found.name[where]),
                "机构类型": text(kind),
                "级别": text(level),
                "区划": text(found.division[where]),
            }
        )
        return Sheet.of("institutions", rows, ("机构编码",))

    def _rural_ledger(self, period: Period, ledger: dict[str, int]) -> Sheet:
        rows = pa.table(
            {
                "会计期": constant(f"{period.year}{period.month:02d}", len(ledger)),
                "科目编码": pa.array(list(ledger)),
                "科目名称": pa.array([SUBJECT_NAMES[subject] for subject in ledger]),
                "金额": money(np.array(list(ledger.values())), 4),
            }
        )
        return Sheet.of("fund_ledger", rows, ("科目编码",), "会计期", ("金额",))


def _sorted_by(where: np.ndarray, numbers_of_all: np.ndarray) -> np.ndarray:
    return where[np.argsort(numbers_of_all[where], kind="stable")].astype(np.int32)


class _Addresses:
    """Free text as clerks write it: mostly county, township and village, sometimes the city before it, a blank, a street, or nothing."""

    STREETS = ("建设路", "人民路", "解放街", "新华街", "和平路")

    def __init__(self, chance: np.random.Generator, geography: Geography, population: Population, enrollment: Enrollment) -> None:
        """Draw how each record is written."""
        self.geography, self.population, self.records = geography, population, enrollment.records
        luck = chance.random((3, len(self.records)))
        self.street = np.where(luck[0] < 0.10, (luck[2] * 5).astype(np.int16), np.int16(-1))
        self.has_city = luck[1] < 0.12
        self.has_blank = luck[1] > 0.98
        self.has_unit = luck[2] > 0.99
        self.is_missing = (luck[0] > 0.97) | (self.records.system == RURAL)

    def of(self, records: np.ndarray) -> pa.Array:
        """The addresses of these records."""
        places, person, street = self.geography, self.records.person[records], self.street[records]
        village = self.population.village[person]
        township = places.village_township
        heads = [city + county + blank for city in ("", CITY_NAME) for blank in ("", " ") for county in places.county_names]
        head = (self.has_city[records] * 2 + self.has_blank[records]) * len(places.county_names) + places.village_county[village]
        tails = [*np.char.add(places.township_names[township], places.village_names).tolist(), *self.STREETS]
        tail = np.where(street >= 0, len(places.village_names) + street, village)
        written = pa.compute.binary_join_element_wise(
            pa.array(heads).take(pa.array(head)),
            pa.array(tails).take(pa.array(tail)),
            digits(self.population.household[person] % 400 + 1),
            pa.array(["号", "号,2单元"]).take(pa.array(self.has_unit[records].astype(np.int8))),
            "",
        )
        return pa.compute.if_else(pa.array(self.is_missing[records]), pa.scalar(None, pa.string()), written)
