"""Faulty deliveries and rows: a small reader of its own judges the simulated inbox, and must agree with the truth.

The reader here is written from the contract page alone, so that simulator and landing are not only right with each other.
"""

import csv
import hashlib
import json
import re
from collections import Counter
from decimal import Decimal

import duckdb
import pytest

from warehouse.periods import Period
from warehouse.simulate import FaultRates, simulate

DATES = {
    "AAC030",
    "AAE041",
    "AAE030",
    "AAE031",
    "AAE036",
    "AAE037",
    "crt_insu_date",
    "paus_insu_date",
    "begndate",
    "enddate",
    "setl_time",
    "clct_time",
    "参合日期",
    "停保日期",
    "到账日期",
    "就诊日期",
    "补偿日期",
    "入院日期",
    "出院日期",
    "entry_date",
    "submitted_on",
    "paid_on",
    "valid_from",
    "valid_to",
}
MONTHS = {"AAE002", "AAE003", "accrym_begn", "accrym_end", "subs_ym", "acct_ym", "会计期"}
WHOLE = {"psn_cnt", "人数", "persons", "year", "subs_year", "参合年度", "AAA113"}
MONEY2 = {
    "AAE180",
    "AAE020",
    "AAE022",
    "AAE021",
    "AAE023",
    "AAE026",
    "YKA055",
    "YKA056",
    "YKA057",
    "YKA111",
    "YKA058",
    "YKA248",
    "YKA062",
    "YKE030",
    "YKA065",
    "AKB067",
    "YPF",
    "JCF",
    "ZLF",
    "CWF",
    "CLF",
    "QTF",
    "FSE",
    "psn_clct_amt",
    "subsidised_amt",
    "amt",
    "medfee_sumamt",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "inscp_scp_amt",
    "act_pay_dedc",
    "hifp_pay",
    "hifmi_pay",
    "maf_pay",
    "oth_pay",
    "fund_pay_sumamt",
    "psn_part_amt",
    "acct_pay",
    "psn_cash_pay",
    "drug_fee",
    "exam_fee",
    "treat_fee",
    "bed_fee",
    "matl_fee",
    "oth_fee",
    "yuan_per_person",
    "amount",
    "adjustment",
    "prior_month_paid",
    "planned",
    "working_capital_balance",
    "requested",
    "approved_by_bureau",
    "approved_by_finance",
}
MONEY4 = {
    "金额",
    "总费用",
    "保内费用",
    "统筹补偿",
    "家庭账户补偿",
    "个人自付",
    "药品费",
    "其他费",
    "起付线",
    "大病补偿",
    "民政救助",
    "其他补偿",
    "检查费",
    "治疗费",
    "床位费",
    "材料费",
}
KEYS = {
    "employers": ["AAB001"],
    "persons": ["AAC001"],
    "enrollments": ["AAZ159"],
    "contributions": ["AAZ223"],
    "settlements": ["YKA103"],
    "psn_info_b": ["psn_no"],
    "psn_insu_d": ["psn_insu_rlts_id"],
    "rsdt_psn_clct_detl_d": ["clct_id"],
    "finsubs_d": ["subs_id"],
    "setl_d": ["setl_id"],
    "fixmedins_b": ["fixmedins_code"],
    "fund_ledger_d": ["insutype", "subj_code"],
    "families": ["家庭编号"],
    "members": ["个人编号", "参合年度"],
    "financing": ["流水号"],
    "clinic_claims": ["补偿序号"],
    "hospital_claims": ["补偿序号"],
    "divisions": ["code"],
    "insurable_population": ["year", "division_code", "scheme"],
    "enrollment_targets": ["year", "division_code", "scheme"],
    "financing_standards": ["year", "scheme", "source"],
    "opening_balances": ["year", "fund"],
    "fund_budgets": ["year", "fund", "subject_code"],
    "institution_budgets": ["year", "scheme", "institution_code"],
    "treasury_ledger": ["entry_no"],
    "payout_plans": ["plan_no"],
    "history": ["period", "period_type", "division_code", "scheme", "measure_code"],
}
PERIOD_COLUMNS = {
    "contributions": "AAE002",
    "settlements": "AAE036",
    "rsdt_psn_clct_detl_d": "clct_time",
    "finsubs_d": "subs_ym",
    "setl_d": "setl_time",
    "fund_ledger_d": "acct_ym",
    "financing": "到账日期",
    "clinic_claims": "补偿日期",
    "hospital_claims": "补偿日期",
    "treasury_ledger": "entry_date",
    "payout_plans": "period",
}
EXPECTED_TABLES = {
    "employee": {"employers", "persons", "enrollments", "contributions", "settlements", "institutions", "fund_ledger"},
    "resident": {"psn_info_b", "psn_insu_d", "rsdt_psn_clct_detl_d", "finsubs_d", "setl_d", "fixmedins_b", "fund_ledger_d"},
    "rural": {"families", "members", "financing", "clinic_claims", "hospital_claims", "institutions", "fund_ledger"},
    "city": {
        "divisions",
        "insurable_population",
        "enrollment_targets",
        "financing_standards",
        "opening_balances",
        "fund_budgets",
        "institution_budgets",
        "treasury_ledger",
        "payout_plans",
    },
}


class RefusedError(Exception):
    """A delivery that a reader refuses; the text is the reason."""


def keys_of(system, table):
    if table == "institutions":
        return ["AKB020"] if system == "employee" else ["机构编码"]
    if table == "fund_ledger":
        return ["AAE140", "KMDM"] if system == "employee" else ["科目编码"]
    return KEYS[table]


def period_column_of(system, table):
    if table == "fund_ledger":
        return "AAE002" if system == "employee" else "会计期"
    return PERIOD_COLUMNS.get(table)


def readable(column, text):
    if column in DATES:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return False
        try:
            return duckdb.sql(f"select try_cast('{text}' as date)").fetchone()[0] is not None
        except duckdb.Error:
            return False
    if column in MONTHS:
        return re.fullmatch(r"\d{4}(0[1-9]|1[0-2])", text) is not None
    if column in WHOLE:
        return re.fullmatch(r"-?\d+", text) is not None
    if column in MONEY2:
        return re.fullmatch(r"-?\d+(\.\d{1,2})?", text) is not None
    if column in MONEY4:
        return re.fullmatch(r"-?\d+(\.\d{1,4})?", text) is not None
    return True


def split(line):
    """The fields of one line, or None where its quotes do not balance."""
    try:
        rows = list(csv.reader([line], strict=True))
    except csv.Error:
        return None
    return rows[0]


def records_of(path, system):
    """Header, then (line number, fields or None) of every record."""
    if path.suffix == ".parquet":
        table = duckdb.sql(f"select * from '{path}'")
        return table.columns, [(place + 2, ["" if value is None else value for value in row]) for place, row in enumerate(table.fetchall())]
    if path.suffix == ".xlsx":
        import openpyxl

        lines = list(openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))
        header = list(lines[0])
        kept = []
        for place, line in enumerate(lines[1:]):
            padded = [*line, *[None] * (len(header) - len(line))]
            kept.append(
                (place + 2, ["" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value) for value in padded])
            )
        return header, kept
    try:
        text = path.read_bytes().decode("gb18030" if system == "rural" else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise RefusedError("not decodable") from error
    lines = text.split("\n")
    return next(csv.reader([lines[0]])), [(place + 2, split(line)) for place, line in enumerate(lines[1:]) if line.strip("\r") != ""]


def judge(folder, system):
    """Rows delivered, and the rejected rows as (table, line), of a delivery folder; raises Refused."""
    if not (folder / "delivery.json").exists():
        raise RefusedError("manifest missing")
    try:
        manifest = json.loads((folder / "delivery.json").read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise RefusedError("manifest unreadable") from error
    entries = manifest["tables"]
    names = [entry["table"] for entry in entries]
    if len(set(names)) < len(names):
        raise RefusedError("table twice")
    if EXPECTED_TABLES[system] - set(names):
        raise RefusedError("table missing")
    for entry in entries:
        path = folder / entry["file"]
        if not path.exists():
            raise RefusedError("file missing")
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise RefusedError("checksum")
    rejected = []
    for entry in entries:
        rejected += judge_table(folder / entry["file"], system, entry, manifest["period"])
    return sum(entry["rows"] for entry in entries), rejected


def judge_table(path, system, entry, period):
    table = entry["table"]
    header, records = records_of(path, system)
    if any(name.endswith("_1") for name in header):
        raise RefusedError("column missing")
    if len(records) != entry["rows"]:
        raise RefusedError("rows")
    rejected, seen = [], set()
    totals = {column: Decimal(0) for column in entry["control_totals"]}
    keys, column_of_period = keys_of(system, table), period_column_of(system, table)
    for line, fields in records:
        if fields is None or len(fields) != len(header):
            rejected.append((table, line))
            continue
        row = dict(zip(header, fields, strict=True))
        bad = {column for column, text in row.items() if text != "" and not readable(column, text)}
        for column in totals:
            if column not in bad:
                totals[column] += Decimal(row[column] or 0)
        key = tuple(row[name] for name in keys)
        month = row[column_of_period] if column_of_period else ""
        wrong_month = bool(column_of_period) and month.replace("-", "")[:6] != period.replace("-", "")
        if bad or "" in key or key in seen or wrong_month:
            rejected.append((table, line))
        else:
            seen.add(key)
    if totals != {column: Decimal(total) for column, total in entry["control_totals"].items()}:
        raise RefusedError("control total")
    return rejected


@pytest.fixture(scope="session")
def rough(tmp_path_factory):
    """A city where every fault of rows and files is frequent, and so are persons insured twice."""
    specified = FaultRates.of("specified")
    often = {name: 0.002 for name in specified.__dataclass_fields__ if name.startswith("row_")}
    often |= {name: 0.05 for name in specified.__dataclass_fields__ if name.startswith("file_")}
    often |= {"in_two_schemes": 0.1, "in_three_schemes": 0.005, "twice_in_one_scheme": 0.03}
    rates = FaultRates(**{**specified.__dict__, **often})
    return simulate(tmp_path_factory.mktemp("rough") / "inbox", 1_200, Period(2025, 1), Period(2025, 6), seed=21, faults=rates)


def test_a_reader_by_the_contract_refuses_and_rejects_what_the_truth_says(rough):
    expected = duckdb.sql(f"select * from read_csv('{rough.truth}/expected_deliveries.csv')").to_arrow_table().to_pylist()
    rows = duckdb.sql(f"select * from read_csv('{rough.truth}/rejected_rows.csv')").fetchall()
    lines = Counter((system, str(period), int(office), number, table, line) for system, period, office, number, table, line, _ in rows)
    found_folders = {str(path.parent.relative_to(rough.inbox)) for path in rough.inbox.rglob("divisions.*")}
    found_folders |= {str(path.relative_to(rough.inbox)) for path in rough.inbox.glob("*/*/*") if path.is_dir()}
    assert found_folders == {row["folder"] for row in expected}
    judged = Counter()
    for row in expected:
        folder = rough.inbox / row["folder"]
        try:
            delivered, rejected = judge(folder, row["system"])
        except RefusedError as refusal:
            assert (row["status"], row["reason"]) == ("refused", str(refusal)), row
            judged[str(refusal)] += 1
            continue
        assert row["status"] in ("accepted", "superseded"), row
        assert (row["rows_delivered"], row["rows_rejected"]) == (delivered, len(rejected)), row
        assert row["rows_landed"] == delivered - len(rejected)
        if row["status"] == "accepted":
            mine = {(row["system"], str(row["period"]), int(row["office"]), row["delivery_no"], table, line) for table, line in rejected}
            assert mine == {key for key in lines if key[:4] == (row["system"], str(row["period"]), int(row["office"]), row["delivery_no"])}
    reasons = {
        "checksum",
        "rows",
        "control total",
        "not decodable",
        "column missing",
        "file missing",
        "table missing",
        "table twice",
        "manifest missing",
        "manifest unreadable",
    }
    assert set(judged) == reasons


def test_every_fault_of_rows_occurs_and_its_neighbours_land(rough):
    faults = {fault for (fault,) in duckdb.sql(f"select distinct fault from read_csv('{rough.truth}/rejected_rows.csv')").fetchall()}
    assert faults == {name for name in FaultRates.__dataclass_fields__ if name.startswith("row_")}


def test_every_fault_of_settlements_occurs_and_reversals_cancel_their_originals(rough):
    rows, flags = {}, Counter()
    for path in sorted(rough.inbox.glob("employee/*/990100*/settlements.csv")):
        for line in path.read_text(encoding="utf-8", errors="replace").split("\n")[1:]:
            parts = split(line)
            if parts and len(parts) == 31 and parts[0] and re.fullmatch(r"-?\d+\.\d\d", parts[14]):
                rows[parts[0]] = parts
    for row in rows.values():
        if row[1]:
            flags["reversal"] += 1
            assert row[2] == "-1"
            if row[1] in rows:
                assert Decimal(rows[row[1]][14]) == -Decimal(row[14])
                flags["later" if rows[row[1]][13][:7] != row[13][:7] else "same month"] += 1
    assert min(flags[name] for name in ("reversal", "later", "same month")) > 0


def test_numbers_of_the_truth_add_up(rough):
    rows = duckdb.sql(f"select * from read_csv('{rough.truth}/expected_numbers.csv', all_varchar=true)").fetchall()
    value = {(measure, period, division, scheme): Decimal(number) for measure, period, division, scheme, number in rows}
    for (measure, period, division, scheme), amount in value.items():
        if division == "990100" and measure in ("SETTLEMENTS", "TOTAL_COST", "POOLED_PAID", "FUND_PAID", "ADMISSIONS"):
            counties = sum(
                part
                for (name, month, place, kind), part in value.items()
                if (name, month, kind) == (measure, period, scheme) and place != division
            )
            assert counties == amount, (measure, period, scheme)
        if measure == "INSURED" and scheme != "maternity" and period != "2025-01":
            before = value["INSURED", str(Period.parse(period).shift(-1)), division, scheme]
            entries, exits = (value.get((name, period, division, scheme), 0) for name in ("ENTRIES", "EXITS"))
            assert before + entries - exits == amount, (period, division, scheme)


def test_the_bridge_of_true_persons_holds(rough):
    wrong = duckdb.sql(
        f"select * from read_csv('{rough.truth}/headcount.csv') "
        "where distinct_persons <> sum_of_schemes - counted_twice - 2 * counted_three_times"
    ).fetchall()
    assert wrong == []


def test_true_overlaps_have_types_rules_and_one_relation_kept(rough):
    overlaps = f"{rough.truth}/expected_overlaps.csv"
    rows = duckdb.sql(f"select * from read_csv('{overlaps}', all_varchar=true)").to_arrow_table().to_pylist()
    assert {"DT-01", "DT-02", "DT-03", "DT-04", "DT-05", "DT-06"} <= {row["type_code"] for row in rows}
    assert any(row["legitimate_rule"] == "DL-01" for row in rows)
    kept = {}
    for row in rows:
        if row["retained_relation_id"]:
            assert row["overlap_to"] is None
            assert row["legitimate_rule"] is None
            kept.setdefault((row["period"], row["true_person_id"]), set()).add(row["retained_relation_id"])
    assert kept
    assert {len(found) for found in kept.values()} == {1}
