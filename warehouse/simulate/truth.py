"""The right answers: who is really who, which overlaps are real, and the numbers that a correct reader lands.

What belongs here: a second, independent reading of the contracts over the rows as they were written, less those that must be rejected; in
SQL of its own, sharing nothing with the warehouse. What does not: making the rows (`tables.py`), damaging them (`writing.py`).
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from warehouse.periods import Period

from .arrow_columns import dates, digits
from .enrollment import SYSTEMS, Enrollment
from .geography import Geography
from .id_numbers import written as written_id
from .identity_faults import FAULTS, TRAPS, Particulars, labels
from .population import CHILD, Population
from .tables import stretches
from .truth_overlaps import overlaps_query
from .truth_queries import QUERIES, README, TABLES, TRAP_PAIRS
from .writing import Written

# Contract table: the truth's table, and how its rows are read; `{delivery}` is period, office and number of the delivery.
_READ = {
    ("employee", "enrollments"): (
        "relations",
        """
        select
            {delivery}, case AAE140 when '510' then 'maternity' else 'employee' end as scheme, AAZ159 as relation_id,
            'employee' as system, AAC001 as source_person_no, AAB301 as county, AAC031 = '1' as is_normal,
            AAC030 as first_day, case when AAE041 < date '9999-12-31' then AAE041 end as last_day, AKC021 as category,
            AAB001 as employer
        from sheet
        where AAE140 in ('310', '510')
        """,
    ),
    ("resident", "psn_insu_d"): (
        "relations",
        """
        select
            {delivery}, 'resident', psn_insu_rlts_id, 'resident', psn_no, insu_admdvs, psn_insu_stas = '1', crt_insu_date,
            paus_insu_date, psn_type, null
        from sheet
        where insutype = '391'
        """,
    ),
    ("rural", "members"): (
        "relations",
        """
        select
            {delivery}, 'rural', 个人编号 || '-' || 参合年度, 'rural', 个人编号, '{office}', 参合状态 = '正常',
            greatest(coalesce(参合日期, make_date(参合年度, 1, 1)), make_date(参合年度, 1, 1)),
            -- What was stopped without a day has no end of its own: the year's is not it.
            case
                when 参合状态 <> '正常' and 停保日期 is null then null
                else least(coalesce(停保日期, make_date(参合年度, 12, 31)), make_date(参合年度, 12, 31))
            end,
            null, null
        from sheet
        """,
    ),
    ("employee", "settlements"): (
        "settlements",
        """
        select
            {delivery}, 'employee', 1, YKA103, YKA104, case AAE140 when '510' then 'maternity' else 'employee' end, AAC001,
            AAB301, case when AKA130 in ('21', '23', '25') then 'inpatient' else 'other' end, AKC190, AKB020, AAE030, AAE031,
            AAE036, YKA055, YKA248, YKA062 + YKE030, YKA065, AKB067
        from sheet
        """,
    ),
    ("resident", "setl_d"): (
        "settlements",
        """
        select
            {delivery}, 'resident', 1, setl_id, init_setl_id, 'resident', psn_no, insu_admdvs,
            case
                when med_type in ('2106', '2107') then 'other'
                when left(med_type, 2) in ('21', '22', '23', '24', '25', '26', '27', '28', '92') then 'inpatient'
                else 'other'
            end,
            mdtrt_id, fixmedins_code, begndate, enddate, setl_time, medfee_sumamt, hifp_pay, hifmi_pay + maf_pay + oth_pay,
            acct_pay, psn_cash_pay
        from sheet
        """,
    ),
    ("rural", "clinic_claims"): (
        "settlements",
        """
        select
            {delivery}, 'rural', 1, 补偿序号, 冲红序号, 'rural', 个人编号, '{office}', 'other', null, 机构编码, 就诊日期,
            就诊日期, 补偿日期, round(总费用, 2), round(统筹补偿, 2), 0, round(家庭账户补偿, 2), round(个人自付, 2)
        from sheet
        """,
    ),
    ("rural", "hospital_claims"): (
        "settlements",
        """
        select
            {delivery}, 'rural', 2, 补偿序号, 冲红序号, 'rural', 个人编号, '{office}', 'inpatient',
            个人编号 || '|' || 机构编码 || '|' || 入院日期, 机构编码, 入院日期, 出院日期, 补偿日期, round(总费用, 2),
            round(统筹补偿, 2), round(大病补偿, 2) + round(民政救助, 2) + round(其他补偿, 2), 0, round(个人自付, 2)
        from sheet
        """,
    ),
    ("employee", "fund_ledger"): (
        "ledgers",
        """
        select
            {delivery}, case AAE140 when '510' then 'maternity' else 'employee' end, null, KMDM, FSE
        from sheet
        where AAE140 in ('310', '510')
        """,
    ),
    ("resident", "fund_ledger_d"): (
        "ledgers",
        """
        select
            {delivery}, 'resident', null, subj_code, amt
        from sheet
        where insutype = '391'
        """,
    ),
    ("rural", "fund_ledger"): (
        "ledgers",
        """
        select
            {delivery}, 'rural', '{office}', 科目编码, round(金额, 2)
        from sheet
        """,
    ),
    ("resident", "rsdt_psn_clct_detl_d"): (
        "payments",
        """
        select
            {delivery}, psn_no, accrym_begn, psn_clct_amt + subsidised_amt
        from sheet
        where insutype = '391'
        """,
    ),
    ("employee", "contributions"): (
        "contributions",
        """
        select
            {delivery}, AAC001, AAB001, AAE002, AAE021 + AAE023
        from sheet
        where AAE140 = '310' and AAE111 = '1'
        """,
    ),
    ("city", "financing_standards"): (
        "standards",
        """
        select
            {delivery}, year, scheme, source, yuan_per_person
        from sheet
        """,
    ),
}


class Truth:
    """Takes what lands of every delivery in force, and answers at the end."""

    def __init__(self, con: duckdb.DuckDBPyConnection, months: list[Period]) -> None:
        self.con, self.months = con, months
        con.execute("create schema truth")
        for definition in TABLES:
            con.execute(definition)
        self.rejected: list[tuple[str, str, str, int, str, int, str]] = []

    def note_persons(self, population: Population, enrollment: Enrollment, particulars: Particulars, geography: Geography) -> None:
        """Keep who is who: every person record, and the pairs of records that are traps."""
        records = enrollment.records
        corrected_from = pa.array([None, *(str(month) for month in self.months[1:])], type=pa.string())
        for stretch in stretches(len(records)):
            where = np.arange(stretch.start, stretch.stop)
            person = records.person[where]
            rows = pa.table(
                {
                    "true_person_id": digits(person + 1, "T"),
                    "system": pa.array(np.array(["", *SYSTEMS.values()])[records.system[where]]),
                    "source_person_no": records.numbers_of(where),
                    "true_name": population.names_of(person),
                    "true_id_number": written_id(population.id_number[person]),
                    "true_sex": pa.array(np.where(population.sex[person] == 1, "male", "female")),
                    "true_birth_date": dates(population.birth[person]),
                    "home_village": pa.array(geography.village_codes[population.village[person]]),
                    "faults": pa.array(labels(particulars.faults[where], FAULTS)),
                    "traps": pa.array(labels(particulars.traps[where], TRAPS)),
                    "corrected_from": corrected_from.take(pa.array(particulars.corrected_on[where])),
                }
            )
            self.con.register("made", rows)
            self.con.execute("insert into truth.persons select * from made")
            self.con.unregister("made")
        self._trap_pairs(population, enrollment, particulars)

    def _trap_pairs(self, population: Population, enrollment: Enrollment, particulars: Particulars) -> None:
        """Pairs of records that look like one person and are two, or look like two and are one."""
        records = enrollment.records
        self.con.register(
            "people",
            pa.table(
                {
                    "person": np.arange(len(population), dtype=np.int32),
                    "household": population.household,
                    "is_child": population.role == CHILD,
                    "twin": population.twin,
                    "namesake": population.namesake,
                }
            ),
        )
        trap = np.array(["", "guardian_number", "exchanged_number", "shared_number"])
        bits = [TRAPS.index(word) for word in trap[1:]]
        carried = np.select([particulars.traps >> bit & 1 == 1 for bit in bits], [1, 2, 3], 0)
        self.con.register(
            "listed",
            pa.table(
                {
                    "person": records.person,
                    "system": records.system,
                    "source_person_no": records.number,
                    "variant": records.variant,
                    "lender": particulars.lender,
                    "trap": np.where(particulars.lender >= 0, carried, 0).astype(np.int8),
                }
            ),
        )
        self.con.register("systems", pa.table({"code": list(SYSTEMS), "name": list(SYSTEMS.values())}))
        self.con.register("traps", pa.table({"code": np.arange(len(trap)), "name": trap}))
        self.con.execute(f"create table truth.trap_pairs as {TRAP_PAIRS}")
        for name in ("systems", "traps"):
            self.con.unregister(name)
        self.con.unregister("people")
        self.con.unregister("listed")

    def note_landed(self, system: str, period: Period, office: str, table: str, rows: pa.Table) -> None:
        """Keep rows that a correct reader lands of a delivery in force."""
        reading = _READ.get((system, table))
        if reading is None:
            return
        delivery = f"'{period}' as period, '{office}' as office"
        self.con.register("sheet", rows)
        self.con.execute(f"insert into truth.{reading[0]} {reading[1].format(delivery=delivery, office=office)}")
        self.con.unregister("sheet")

    def note_rejected(self, written: Written) -> None:
        """Keep which rows of a delivery in force must be rejected."""
        for table, line, fault in written.rejected:
            self.rejected.append((written.system, str(written.period), written.office, written.number, table, line, fault))

    def write(self, folder: Path, expected: list[dict[str, object]]) -> None:
        """Write the truth folder."""
        folder.mkdir(parents=True, exist_ok=True)
        names = list(expected[0])
        self.con.register("made", pa.table({name: pa.array([row[name] for row in expected]) for name in names}))
        order = "period, case system when 'employee' then 1 when 'resident' then 2 when 'rural' then 3 else 4 end, office, folder"
        self._copy(f"select * from made order by {order}", folder / "expected_deliveries.csv")
        self.con.unregister("made")
        columns = ("system", "period", "office", "delivery_no", "table_name", "line", "fault")
        kinds = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.string(), pa.int64(), pa.string())
        found = {
            name: pa.array([row[place] for row in self.rejected], type=kind)
            for place, (name, kind) in enumerate(zip(columns, kinds, strict=True))
        }
        self.con.register("made", pa.table(found))
        self._copy("select * from made order by all", folder / "rejected_rows.csv")
        self.con.unregister("made")
        self._copy("select * from truth.persons order by true_person_id, system, source_person_no", folder / "persons.parquet")
        first = str(self.months[0])
        for name, query in QUERIES.items():
            if name == "expected_overlaps.csv":
                self._overlaps(first, folder / name)
            elif name.startswith("truth."):
                self.con.execute(f"create table {name} as {query}")
            else:
                self._copy(query, folder / name)
        (folder / "README.md").write_text(README, encoding="utf-8")

    def _overlaps(self, first: str, path: Path) -> None:
        """The true duplicate cases of every month."""
        for place, month in enumerate(self.months):
            start = "create table truth.overlaps as" if place == 0 else "insert into truth.overlaps"
            self.con.execute(f"{start} {overlaps_query(str(month), first)}")
        self._copy("select * from truth.overlaps order by period, scheme_a, relation_id_a, scheme_b, relation_id_b", path)

    def _copy(self, query: str, path: Path) -> None:
        target = str(path).replace("'", "''")
        form = "format parquet, compression zstd" if path.suffix == ".parquet" else "format csv, header true"
        self.con.execute(f"copy ({query}) to '{target}' ({form})")
