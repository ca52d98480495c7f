"""The simulated city in the columns of the source contracts: one Arrow table per contract table and delivery.

What belongs here: which array stands in which column, under which number. What does not: what the arrays hold (`enrollment.py`, `care.py`,
`ledgers.py`), files (`writing.py`), the city's own tables (`city_tables.py`).
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Sheet:
    """One table of a delivery.

    Attributes:
        table: the contract's name.
        rows: the columns in order.
        keys: key columns.
        period_column: the column that says the month; None for snapshots.
        totals: columns named in the manifest's control totals.
        may_be_damaged: whether row faults befall this table.
    """

    table: str
    rows: pa.Table
    keys: tuple[str, ...]
    period_column: str | None = None
    totals: tuple[str, ...] = ()
    may_be_damaged: bool = False


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
        self.record_number = pa.array(records.number, type=pa.string())
        self.record_name = text(particulars.name)
        self.record_birth = text(particulars.birth)
        self.record_phone = text(particulars.phone)
        self.record_guardian = text(particulars.guardian_id)
        self.record_address = text(_addresses(stream(seed, "addresses"), geography, population, enrollment))
        self.record_family = text(records.family)
        self.county_code = pa.array(geography.county_codes, type=pa.string())
        self.diagnosis = pa.array(DIAGNOSES, type=pa.string())
        self.institution_code = {
            system: pa.array(geography.institutions.codes(system), type=pa.string()) for system in ("employee", "resident", "rural")
        }
        self.institution_division = pa.array(geography.institutions.division, type=pa.string())
        self.institution_level = pa.array(geography.institutions.level, type=pa.string())
        self.in_number_order = {
            system: _sorted_by(np.flatnonzero(records.system == system), records.number) for system in (EMPLOYEE, RESIDENT, RURAL)
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
        return Sheet("employers", rows, ("AAB001",))

    def _registered(self, system: int, period: Period) -> np.ndarray:
        """Records that a month's snapshot shows."""
        order = self.in_number_order[system]
        return order[self.enrollment.records.registered[order] <= day_of(period.last_day)]

    def _ids(self, records: np.ndarray, period: Period) -> pa.Array:
        """ID numbers as that month shows them."""
        month = self.enrollment.months.index(period)
        particulars = self.particulars
        return text(np.where(particulars.corrected_on[records] > month, particulars.id_before[records], particulars.id_number[records]))

    def _vital(self, records: np.ndarray, period: Period) -> pa.Array:
        dead = is_dead(self.population, self.enrollment.records, day_of(period.last_day))[records]
        return text(np.where(dead, "2", "1"))

    def _persons(self, period: Period) -> Sheet:
        where = self._registered(EMPLOYEE, period)
        person = self.enrollment.records.person[where]
        urban = self.geography.village_urban[self.population.village[person]]
        rows = pa.table(
            {
                "AAC001": take(self.record_number, where),
                "AAC058": constant("01", len(where)),
                "AAC002": self._ids(where, period),
                "AAC003": take(self.record_name, where),
                "AAC004": digits(self.population.sex[person]),
                "AAC006": take(self.record_birth, where),
                "AAC009": text(np.where(urban, "10", "20")),
                "AAE005": take(self.record_phone, where),
                "AAE006": take(self.record_address, where),
                "AAC060": self._vital(where, period),
            }
        )
        return Sheet("persons", rows, ("AAC001",), may_be_damaged=True)

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
        where = np.concatenate([chosen for _, chosen in kinds])
        insurance = np.concatenate([np.full(len(chosen), code) for code, chosen in kinds])
        ends = dates(end[where])
        open_text = (end[where] == FAR) & relations.open_as_text[where] & (status[where] == 1)
        far = pa.array(np.full(len(where), np.datetime64("9999-12-31")))
        ends = pa.compute.if_else(pa.array(open_text), far.cast(pa.date32()), ends)
        employer = pa.array(self.enrollment.employers.number, type=pa.string())
        rows = pa.table(
            {
                "AAZ159": pa.compute.binary_join_element_wise(text(insurance), digits(relations.number[where], width=9), ""),
                "AAC001": take(self.record_number, relations.record[where]),
                "AAB001": take(employer, relations.employer[where]),
                "AAE140": text(insurance),
                "AKC021": digits(category[where]),
                "AAC031": digits(status[where]),
                "AAC030": dates(relations.start[where]),
                "AAE041": ends,
                "AAB301": take(self.county_code, relations.county[where]),
            }
        )
        return Sheet("enrollments", rows, ("AAZ159",), may_be_damaged=True)

    def _contributions(self, period: Period, rows: dict[str, np.ndarray]) -> Sheet:
        relations, where = self.enrollment.relations, rows["relation"]
        employer = pa.array(self.enrollment.employers.number, type=pa.string())
        table = pa.table(
            {
                "AAZ223": digits(rows["serial"]),
                "AAC001": take(self.record_number, relations.record[where]),
                "AAB001": take(employer, relations.employer[where]),
                "AAE140": digits(rows["insurance"]),
                "AAE002": constant(f"{period.year}{period.month:02d}", len(where)),
                "AAE003": digits(rows["month"]),
                "AAE180": money(rows["base"]),
                "AAE020": money(rows["employer_due"]),
                "AAE022": money(rows["person_due"]),
                "AAE021": money(rows["employer_paid"]),
                "AAE023": money(rows["person_paid"]),
                "AAE026": money(rows["credit"]),
                "AAE111": digits(rows["received"]),
                "AAE037": dates(rows["on"]),
            }
        )
        return Sheet("contributions", table, ("AAZ223",), "AAE002", ("AAE021", "AAE023", "AAE026"), may_be_damaged=True)

    def _settlements(self, period: Period, cases: Cases) -> Sheet:
        relations, where = self.enrollment.relations, cases["relation"]
        category = category_at(self.care, EMPLOYEE, period)
        rides = cases["care"] > 3
        rows = pa.table(
            {
                "YKA103": digits(cases["serial"], "JS", 11),
                "YKA104": digits(cases["reverses"], "JS", 11),
                "AAA113": numbers(cases["direction"]),
                "AKC190": digits(cases["visit"], "V", 10),
                "AAC001": take(self.record_number, relations.record[where]),
                "AKB020": self._institution(cases, "employee"),
                "AKC021": digits(category[where]),
                "AAE140": text(np.where(rides, "510", "310")),
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
                **self._amounts(cases, 2, {"YPF": "drug", "JCF": "exam", "ZLF": "treat", "CWF": "bed", "CLF": "material", "QTF": "rest"}),
            }
        )
        return Sheet("settlements", rows, ("YKA103",), "AAE036", ("YKA055", "YKA248", "YKA065", "AKB067"), may_be_damaged=True)

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
        return Sheet("institutions", rows, ("AKB020",))

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
        return Sheet("fund_ledger", rows, ("AAE140", "KMDM"), "AAE002", ("FSE",))

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
        where = self._registered(RESIDENT, period)
        person = self.enrollment.records.person[where]
        rows = pa.table(
            {
                "psn_no": take(self.record_number, where),
                "psn_cert_type": constant("01", len(where)),
                "certno": self._ids(where, period),
                "psn_name": take(self.record_name, where),
                "gend": digits(self.population.sex[person]),
                "brdy": take(self.record_birth, where),
                "tel": take(self.record_phone, where),
                "addr": take(self.record_address, where),
                "surv_stas": self._vital(where, period),
            }
        )
        return Sheet("psn_info_b", rows, ("psn_no",), may_be_damaged=True)

    def _resident_relations(self, period: Period) -> Sheet:
        relations = self.enrollment.relations
        status = shown_status(relations, period)
        kind = category_at(self.care, RESIDENT, period)
        where = np.flatnonzero((relations.system == RESIDENT) & (status > 0))
        where = where[np.argsort(relations.number[where], kind="stable")]
        need = self.enrollment.need[self.population.household[relations.person[where]]]
        code = take(self.county_code, relations.county[where])
        community = pa.compute.binary_join_element_wise(text(np.where(kind[where] == 1404, "XX", "SQ")), code, "")
        rows = pa.table(
            {
                "psn_insu_rlts_id": digits(relations.number[where], "391", 13),
                "psn_no": take(self.record_number, relations.record[where]),
                "insutype": constant("391", len(where)),
                "psn_type": digits(kind[where]),
                "psn_insu_stas": digits(np.array([0, 1, 2, 4])[status[where]]),
                "insu_admdvs": code,
                "crt_insu_date": dates(relations.start[where]),
                "paus_insu_date": dates(shown_end(relations, period)[where]),
                "emp_no": community,
                "sp_psn_type": digits(np.where(need > 0, need, -1)),
            }
        )
        return Sheet("psn_insu_d", rows, ("psn_insu_rlts_id",), may_be_damaged=True)

    def _collections(self, rows: dict[str, np.ndarray]) -> Sheet:
        where = rows["relation"]
        begin = rows["covered"].astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        table = pa.table(
            {
                "clct_id": digits(rows["serial"]),
                "psn_no": take(self.record_number, self.enrollment.relations.record[where]),
                "insutype": constant("391", len(where)),
                "accrym_begn": digits((begin // 12 + 1970) * 100 + begin % 12 + 1),
                "accrym_end": digits(rows["year"] * 100 + 12),
                "psn_clct_amt": money(rows["paid"]),
                "subsidised_amt": money(rows["aided"]),
                "clct_time": dates(rows["day"]),
            }
        )
        return Sheet("rsdt_psn_clct_detl_d", table, ("clct_id",), "clct_time", ("psn_clct_amt", "subsidised_amt"), may_be_damaged=True)

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
        return Sheet("finsubs_d", table, ("subs_id",), "subs_ym", ("amt",))

    def _resident_settlements(self, period: Period, cases: Cases) -> Sheet:
        relations, where = self.enrollment.relations, cases["relation"]
        kind = category_at(self.care, RESIDENT, period)
        fund = {**cases, "fund": sum(cases[name] for name in ("pooled", "large", "aid", "other"))}
        fund["part"] = cases["account"] + cases["cash"]
        rows = pa.table(
            {
                "setl_id": digits(cases["serial"], "R", 14),
                "init_setl_id": digits(cases["reverses"], "R", 14),
                "refd_setl_flag": text(np.where(cases["reverses"] >= 0, "1", "0")),
                "mdtrt_id": digits(cases["visit"], "M", 12),
                "psn_no": take(self.record_number, relations.record[where]),
                "insutype": constant("391", len(where)),
                "psn_type": digits(kind[where]),
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
                    fund,
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
                    fund,
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
        return Sheet(
            "setl_d", rows, ("setl_id",), "setl_time", ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay"), may_be_damaged=True
        )

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
        return Sheet("fixmedins_b", rows, ("fixmedins_code",))

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
        return Sheet("fund_ledger_d", rows, ("insutype", "subj_code"), "acct_ym", ("amt",))

    def rural(
        self,
        period: Period,
        county: int,
        premiums: list[tuple[int, int, str, int, int]],
        subsidies: list[tuple[int, str, int, int]],
        cases: Cases,
        ledger: dict[str, int],
    ) -> list[Sheet]:
        """One county's delivery of the rural scheme."""
        members = self._members(period)
        here = np.flatnonzero(cases["office"] == county)
        mine = {name: column[here] for name, column in cases.items()}
        clinic = np.flatnonzero(mine["care"] != INPATIENT)
        hospital = np.flatnonzero(mine["care"] == INPATIENT)
        return [
            self._families(period, county, members),
            self._member_sheet(period, county, members),
            self._financing(period, county, premiums, subsidies),
            self._clinic_claims({name: column[clinic] for name, column in mine.items()}),
            self._hospital_claims({name: column[hospital] for name, column in mine.items()}),
            self._rural_institutions(county),
            self._rural_ledger(period, ledger),
        ]

    def _members(self, period: Period) -> np.ndarray:
        """Participation years of the month's snapshot, of all counties."""
        taking, relations = self.taking_part, self.enrollment.relations
        shown = (taking.shown_from <= day_of(period.last_day)) & (taking.year >= period.year)
        shown &= (shown_status(relations, period)[taking.relation] > 0) | (
            relations.end[taking.relation] < relations.start[taking.relation]
        )
        shown &= relations.style[taking.relation] >= 0
        where = np.flatnonzero(shown)
        record = relations.record[taking.relation[where]]
        # One row per number and year: of several spells under one number the latest is shown.
        order = np.lexsort((relations.start[taking.relation[where]], taking.year[where], record))
        where, record = where[order], record[order]
        last_of_key = np.ones(len(where), dtype=bool)
        last_of_key[:-1] = (record[1:] != record[:-1]) | (taking.year[where][1:] != taking.year[where][:-1])
        return where[last_of_key]

    def _member_sheet(self, period: Period, county: int, members: np.ndarray) -> Sheet:
        taking, relations, records = self.taking_part, self.enrollment.relations, self.enrollment.records
        office = relations.county[taking.relation[members]]
        chance = stream(self.seed, "members twice", period.year)
        twice = np.isin(taking.relation[members], some(chance, np.ones(len(relations), dtype=bool), self.rates.member_in_two_counties))
        neighbour = (office + 1) % len(self.geography.county_codes)
        where = members[(office == county) | (twice & (neighbour == county))]
        relation = taking.relation[where]
        record, person = relations.record[relation], relations.person[relation]
        last = day_of(period.last_day)
        begin = (
            np.array([day_of(Period(int(year), 1).first_day) for year in taking.year[where]]) if len(where) else np.zeros(0, dtype=np.int64)
        )
        status = np.where(begin > last, 1, shown_status(relations, period)[relation])
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
        rows = pa.table(
            {
                "个人编号": take(self.record_number, record),
                "家庭编号": take(self.record_family, record),
                "参合年度": numbers(taking.year[where]),
                "姓名": take(self.record_name, record),
                "性别": text(np.where(self.population.sex[person] == 1, "男", "女")),
                "身份证号": self._ids(record, period),
                "监护人身份证号": take(self.record_guardian, record),
                "出生日期": take(self.record_birth, record),
                "与户主关系": text(words),
                "参合状态": text(np.where((status == 1) & (stop == FAR), "正常", "停保")),
                "参合日期": dates(taking.joined[where]),
                "停保日期": dates(stop),
                "存活状态": self._vital(record, period),
            }
        )
        return Sheet("members", rows, ("个人编号", "参合年度"), may_be_damaged=True)

    def _families(self, period: Period, county: int, members: np.ndarray) -> Sheet:
        relations, records = self.enrollment.relations, self.enrollment.records
        relation = self.taking_part.relation[members]
        record = np.unique(relations.record[relation[relations.county[relation] == county]])
        del period
        head_first = record[np.lexsort((self.population.role[records.person[record]], records.family[record]))]
        families, opener = np.unique(records.family[head_first], return_index=True)
        chief = head_first[opener]
        village = records.village[chief]
        need = self.enrollment.need[self.population.household[records.person[chief]]]
        rows = pa.table(
            {
                "家庭编号": text(families),
                "户主姓名": text(self.population.name[records.person[chief]]),
                "村编码": text(self.geography.village_codes[village]),
                "村名": text(self.geography.village_names[village]),
                "户属性": text(np.array(["一般", "低保", "五保", "建档立卡"])[need]),
                "医疗证号": text(np.char.add("Z", families)),
                "电话": take(self.record_phone, chief),
            }
        )
        return Sheet("families", rows, ("家庭编号",), may_be_damaged=True)

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
        return Sheet("financing", rows, ("流水号",), "到账日期", ("金额",))

    def _claim_facts(self, cases: Cases) -> dict[str, pa.Array]:
        codes = take(self.county_code, cases["number_office"])
        join = pa.compute.binary_join_element_wise
        return {
            "补偿序号": join(codes, digits(cases["serial"], width=11), ""),
            "冲红序号": join(codes, digits(cases["reverses"], width=11), ""),
            "个人编号": take(self.record_number, self.enrollment.relations.record[cases["relation"]]),
            "机构编码": self._institution(cases, "rural"),
        }

    def _clinic_claims(self, cases: Cases) -> Sheet:
        rows = pa.table(
            {
                **self._claim_facts(cases),
                "类别": text(np.where(cases["care"] == 2, "慢性病", "普通门诊")),
                "就诊日期": dates(cases["admitted"]),
                "补偿日期": dates(cases["settled"]),
                "疾病编码": take(self.diagnosis, cases["diagnosis"]),
                **self._amounts(
                    {**cases, "others": cases["total"] - cases["drug"]},
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
        return Sheet("clinic_claims", rows, ("补偿序号",), "补偿日期", ("总费用", "统筹补偿"), may_be_damaged=True)

    def _hospital_claims(self, cases: Cases) -> Sheet:
        institutions = self.geography.institutions
        place = np.maximum(cases["institution"], 0)
        level = np.select(
            [institutions.county[place] < 0, institutions.level[place] == "3", institutions.level[place] == "2"],
            ["省级", "市级", "县级"],
            "乡级",
        )
        rows = pa.table(
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
        return Sheet("hospital_claims", rows, ("补偿序号",), "补偿日期", ("总费用", "统筹补偿"), may_be_damaged=True)

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
        return Sheet("institutions", rows, ("机构编码",))

    def _rural_ledger(self, period: Period, ledger: dict[str, int]) -> Sheet:
        rows = pa.table(
            {
                "会计期": constant(f"{period.year}{period.month:02d}", len(ledger)),
                "科目编码": pa.array(list(ledger)),
                "科目名称": pa.array([SUBJECT_NAMES[subject] for subject in ledger]),
                "金额": money(np.array(list(ledger.values())), 4),
            }
        )
        return Sheet("fund_ledger", rows, ("科目编码",), "会计期", ("金额",))


def _sorted_by(where: np.ndarray, numbers_as_text: np.ndarray) -> np.ndarray:
    return where[np.argsort(numbers_as_text[where], kind="stable")]


def _addresses(chance: np.random.Generator, geography: Geography, population: Population, enrollment: Enrollment) -> np.ndarray:
    """Free text as clerks write it: mostly county, township and village, sometimes the city before it, a blank, a street, or nothing."""
    records = enrollment.records
    village = population.village[records.person]
    township = geography.village_township[village]
    luck = chance.random((3, len(records)))
    house = (population.household[records.person] % 400 + 1).astype("<U3")
    county = geography.county_names[geography.township_county[township]]
    place = np.char.add(geography.township_names[township], geography.village_names[village])
    streets = np.array(["建设路", "人民路", "解放街", "新华街", "和平路"])[(luck[2] * 5).astype(np.int64)]
    place = np.where(luck[0] < 0.10, streets, place)
    written = np.char.add(np.char.add(np.where(luck[1] < 0.12, CITY_NAME, ""), county), np.where(luck[1] > 0.98, " ", ""))
    written = np.char.add(np.char.add(written, place), np.char.add(house, np.where(luck[2] > 0.99, "号,2单元", "号")))
    return np.where((luck[0] > 0.97) | (records.system == RURAL), "", written)
