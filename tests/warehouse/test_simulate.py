"""What must hold of any simulated city: same seed same bytes, the contract's identities, ledgers that tie, faults at their rates."""

import csv
import hashlib
import json
from collections import defaultdict
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import warehouse.simulate
from warehouse.contracts import load_contracts
from warehouse.errors import UsageError
from warehouse.periods import Period
from warehouse.simulate import FaultRates, simulate
from warehouse.simulate import tables as sheets
from warehouse.simulate.id_numbers import CHECKS, WEIGHTS
from warehouse.simulate.population import give_numbers

FIRST, LAST = Period(2025, 1), Period(2025, 3)
FEN = Decimal("0.01")


@pytest.fixture(scope="session")
def clean(tmp_path_factory):
    inbox = tmp_path_factory.mktemp("clean") / "inbox"
    return simulate(inbox, 1_500, FIRST, LAST, seed=11, faults="none")


@pytest.fixture(scope="session")
def faulty(tmp_path_factory):
    inbox = tmp_path_factory.mktemp("faulty") / "inbox"
    return simulate(inbox, 2_000, FIRST, LAST, seed=12)


def deliveries(inbox):
    for path in sorted(inbox.rglob("delivery.json")):
        yield path.parent, json.loads(path.read_text(encoding="utf-8"))


def rows_of(path):
    """The rows of a delivered file as dictionaries of texts."""
    if path.suffix == ".parquet":
        return [{k: v or "" for k, v in row.items()} for row in duckdb.sql(f"select * from '{path}'").to_arrow_table().to_pylist()]
    if path.suffix == ".xlsx":
        import openpyxl

        lines = list(openpyxl.load_workbook(path, read_only=True).active.iter_rows(values_only=True))
        return [{k: "" if v is None else str(v) for k, v in zip(lines[0], line, strict=False)} for line in lines[1:]]
    encoding = "gb18030" if "/rural/" in str(path) else "utf-8-sig"
    with path.open(encoding=encoding, newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="session")
def tables(clean):
    """Every row of the clean city: (system, period, office, table) to rows."""
    found = {}
    for folder, manifest in deliveries(clean.inbox):
        for entry in manifest["tables"]:
            key = (manifest["system"], manifest["period"], manifest["office"], entry["table"])
            found[key] = rows_of(folder / entry["file"])
    return found


def of(tables, system, table):
    for (found, period, office, name), rows in tables.items():
        if (found, name) == (system, table):
            yield period, office, rows


def fingerprint(folder):
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            digest.update(str(path.relative_to(folder)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def test_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path):
    prints = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        made = simulate(tmp_path / name, 600, Period(2025, 1), Period(2025, 2), seed=seed)
        prints.append((fingerprint(made.inbox), fingerprint(made.truth)))
    assert prints[0] == prints[1]
    assert prints[0] != prints[2]


def test_a_city_written_in_small_parts_has_the_same_bytes(tmp_path, monkeypatch):
    damaged = {name: 0.002 for name in FaultRates.__dataclass_fields__ if name.startswith("row_")}
    prints = []
    for part in (sheets.PART, 97):
        monkeypatch.setattr(sheets, "PART", part)
        made = simulate(tmp_path / str(part), 1_200, Period(2025, 1), Period(2025, 2), seed=13, faults=replace(FaultRates(), **damaged))
        assert made.rejected_rows > 50
        assert made.faulty_deliveries > 0
        prints.append((fingerprint(made.inbox), fingerprint(made.truth)))
    assert prints[0] == prints[1]


def test_a_sheet_is_made_once_and_never_held_whole(monkeypatch):
    monkeypatch.setattr(sheets, "PART", 10)
    asked = []
    sheet = sheets.Sheet("t", 25, lambda part: asked.append(part) or pa.table({"a": np.arange(part.start, part.stop)}), ("a",))
    assert [(begin, rows.column("a").to_pylist()) for begin, rows in sheet.parts()] == [
        (0, list(range(10))),
        (10, list(range(10, 20))),
        (20, list(range(20, 25))),
    ]
    assert asked == [slice(0, 10), slice(10, 20), slice(20, 25)]
    assert [rows.num_rows for _, rows in sheets.Sheet.of("none", pa.table({"a": pa.array([], pa.int64())}), ("a",)).parts()] == [0]


def test_manifests_state_rows_checksums_and_totals_of_their_files(clean):
    for folder, manifest in deliveries(clean.inbox):
        for entry in manifest["tables"]:
            path = folder / entry["file"]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
            rows = rows_of(path)
            assert len(rows) == entry["rows"], path
            for column, total in entry["control_totals"].items():
                assert sum(Decimal(row[column] or 0) for row in rows) == Decimal(total), (path, column)


def test_every_system_delivers_every_contract_table_every_month(tables):
    contracts = {
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
            "history",
        },
    }
    found = defaultdict(set)
    for system, period, office, table in tables:
        found[system, period, office].add(table)
    assert {key[0] for key in found} == set(contracts)
    assert {key[1] for key in found} == {"2025-01", "2025-02", "2025-03"}
    for (system, _, _), names in found.items():
        assert names == contracts[system]


def test_every_file_has_the_columns_of_the_contract(clean):
    contracts = load_contracts()
    for folder, manifest in deliveries(clean.inbox):
        for entry in manifest["tables"]:
            contract = contracts[manifest["system"]].tables[entry["table"]]
            path = folder / entry["file"]
            columns = list(rows_of(path)[0]) if entry["rows"] else None
            wanted = [column.name for column in contract.columns if not column.optional]
            assert columns is None or [name for name in columns if name in wanted] == wanted, path
            assert columns is None or set(columns) <= {column.name for column in contract.columns}, path


def test_settlements_obey_every_identity_of_the_contract(tables):
    def amount(row, *names):
        return sum(Decimal(row[name]) for name in names)

    seen = 0
    for _, _, rows in of(tables, "employee", "settlements"):
        for row in rows:
            total = amount(row, "YKA055")
            assert total == amount(row, "YKA056", "YKA057", "YKA111") == amount(row, "YKA248", "YKA062", "YKE030", "YKA065", "AKB067")
            assert total == amount(row, "YPF", "JCF", "ZLF", "CWF", "CLF", "QTF")
            assert min(amount(row, name) for name in ("YKA056", "YKA057", "YKA111", "YKA248", "AKB067", "QTF")) >= 0
            assert row["AAE140"] == ("510" if row["AKA130"] in ("51", "52") else "310")
            assert row["AAE140"] == "310" or amount(row, "YKA065") == 0
            seen += 1
    for _, _, rows in of(tables, "resident", "setl_d"):
        for row in rows:
            total = amount(row, "medfee_sumamt")
            assert total == amount(row, "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
            assert amount(row, "fund_pay_sumamt") == amount(row, "hifp_pay", "hifmi_pay", "maf_pay", "oth_pay")
            assert total == amount(row, "fund_pay_sumamt", "psn_part_amt")
            assert amount(row, "psn_part_amt") == amount(row, "acct_pay", "psn_cash_pay")
            assert total == amount(row, "drug_fee", "exam_fee", "treat_fee", "bed_fee", "matl_fee", "oth_fee")
            seen += 1
    for _, _, rows in of(tables, "rural", "hospital_claims"):
        for row in rows:
            assert amount(row, "总费用") == amount(row, "统筹补偿", "大病补偿", "民政救助", "其他补偿", "个人自付")
            assert amount(row, "总费用") == amount(row, "药品费", "检查费", "治疗费", "床位费", "材料费", "其他费")
            seen += 1
    for _, _, rows in of(tables, "rural", "clinic_claims"):
        for row in rows:
            assert amount(row, "总费用") == amount(row, "统筹补偿", "家庭账户补偿", "个人自付") == amount(row, "药品费", "其他费")
            seen += 1
    assert seen > 500


def test_employee_ledgers_tie_to_contributions_and_settlements(tables):
    for period, _, ledger in of(tables, "employee", "fund_ledger"):
        booked = {(row["AAE140"], row["KMDM"]): Decimal(row["FSE"]) for row in ledger}
        paid = tables["employee", period, "990100", "contributions"]
        received = [row for row in paid if row["AAE111"] == "1"]
        for insurance in ("310", "510"):
            mine = [row for row in received if row["AAE140"] == insurance]
            for subject, column in (("1001", "AAE021"), ("1002", "AAE023")):
                assert sum(v for (i, s), v in booked.items() if i == insurance and s[:4] == subject) == sum(
                    Decimal(row[column]) for row in mine
                )
        credits = sum(Decimal(row["AAE026"]) for row in received if row["AAE140"] == "310")
        assert booked["310", "1001A"] + booked["310", "1002A"] == credits
        settled = tables["employee", period, "990100", "settlements"]
        for subject, codes in (("2001", {"21", "23", "25"}), ("2002", {"11"}), ("2003", {"14"}), ("2004", {"41"})):
            mine = [row for row in settled if row["AKA130"] in codes]
            assert booked["310", f"{subject}P"] == sum(Decimal(row["YKA248"]) for row in mine)
            assert booked["310", f"{subject}A"] == sum(Decimal(row["YKA065"]) for row in mine)
        assert booked["310", "2007P"] == sum(Decimal(row["YKA062"]) for row in settled if row["AAE140"] == "310")
        assert booked["510", "2005P"] == sum(Decimal(row["YKA248"]) for row in settled if row["AAE140"] == "510")


def test_resident_and_rural_ledgers_tie_to_payments_subsidies_and_claims(tables):
    for period, _, ledger in of(tables, "resident", "fund_ledger_d"):
        booked = {row["subj_code"]: Decimal(row["amt"]) for row in ledger}
        payments = tables["resident", period, "990100", "rsdt_psn_clct_detl_d"]
        assert booked["1002"] == sum(Decimal(row["psn_clct_amt"]) + Decimal(row["subsidised_amt"]) for row in payments)
        assert booked["1003"] == sum(Decimal(row["amt"]) for row in tables["resident", period, "990100", "finsubs_d"])
        settled = tables["resident", period, "990100", "setl_d"]
        groups = {
            "2001": ("21", "22", "23", "25", "28"),
            "2002": ("11", "12", "13"),
            "2003": ("14",),
            "2004": ("41",),
            "2005": ("51", "52"),
        }
        for subject, starts in groups.items():
            mine = [row for row in settled if row["med_type"][:2] in starts and row["med_type"] not in ("2106", "2107")]
            mine += [row for row in settled if subject == "2005" and row["med_type"] in ("2106", "2107")]
            assert booked[subject] == sum(Decimal(row["hifp_pay"]) for row in mine), subject
        assert booked["2007"] == sum(Decimal(row["hifmi_pay"]) for row in settled)
    for period, office, ledger in of(tables, "rural", "fund_ledger"):
        booked = {row["科目编码"]: Decimal(row["金额"]).quantize(Decimal("0.0001")) for row in ledger}
        financing = tables["rural", period, office, "financing"]
        own = ("个人缴费", "医疗救助资助")
        assert booked["1002"] == sum(Decimal(row["金额"]) for row in financing if row["来源"] in own)
        assert booked["1003"] == sum(Decimal(row["金额"]) for row in financing if row["来源"] not in own)
        clinic, hospital = (tables["rural", period, office, name] for name in ("clinic_claims", "hospital_claims"))
        assert booked["2001"] == sum(Decimal(row["统筹补偿"]) for row in hospital)
        assert booked["2007"] == sum(Decimal(row["大病补偿"]) for row in hospital)
        for subject, kind in (("2002", "普通门诊"), ("2003", "慢性病")):
            assert booked[subject] == sum(Decimal(row["统筹补偿"]) + Decimal(row["家庭账户补偿"]) for row in clinic if row["类别"] == kind)


def ledgers_in_fen(tables):
    """(period, fund, county or '', subject) to yuan, rural rows rounded once."""
    found = defaultdict(Decimal)
    for period, _, rows in of(tables, "employee", "fund_ledger"):
        for row in rows:
            fund = "maternity" if row["AAE140"] == "510" else "employee_pool" if row["KMDM"].endswith("P") else "employee_account"
            found[period, fund, "", row["KMDM"]] += Decimal(row["FSE"])
    for period, _, rows in of(tables, "resident", "fund_ledger_d"):
        for row in rows:
            found[period, "resident", "", row["subj_code"]] += Decimal(row["amt"])
    for period, office, rows in of(tables, "rural", "fund_ledger"):
        for row in rows:
            found[period, "rural", office, row["科目编码"]] += Decimal(row["金额"]).quantize(FEN, ROUND_HALF_UP)
    return found


def test_the_treasury_agrees_with_the_ledgers_and_its_transfers_cancel_out(tables):
    booked = {key: amount for key, amount in ledgers_in_fen(tables).items() if amount}
    banked = defaultdict(Decimal)
    for period, _, rows in of(tables, "city", "treasury_ledger"):
        pairs = defaultdict(list)
        for row in rows:
            if row["subject_code"][0] in "12":
                assert (row["account"], row["direction"]) == (("income", "in") if row["subject_code"][0] == "1" else ("expenditure", "out"))
                banked[period, row["fund"], row["county_code"], row["subject_code"]] += Decimal(row["amount"])
            else:
                pairs[row["subject_code"], row["memo"], row["amount"]].append(row)
        for (subject, memo, _), pair in pairs.items():
            assert sorted(row["direction"] for row in pair) == ["in", "out"], (subject, memo)
            held = {row["direction"]: row["county_code"] != "" for row in pair}
            assert (
                held
                == {"4001": {"out": True, "in": False}, "5001": {"out": False, "in": True}, "6001": {"out": False, "in": False}}[subject]
            )
    assert dict(banked) == booked


def test_budgets_of_institutions_and_reserve_add_up_to_the_fund(tables):
    for period, _, rows in of(tables, "city", "institution_budgets"):
        funds = tables["city", period, "990100", "fund_budgets"]
        for scheme, fund in (("employee", "employee_pool"), ("resident", "resident"), ("rural", "rural")):
            second = sum(Decimal(row["amount"]) for row in rows if row["scheme"] == scheme)
            assert second == sum(Decimal(row["amount"]) for row in funds if row["fund"] == fund and row["subject_code"].startswith("2"))
            assert [row for row in rows if row["scheme"] == scheme and row["institution_code"] == "RESERVE"]


def test_history_adds_up_over_counties_schemes_and_months(tables):
    rows = tables["city", "2025-01", "990100", "history"]
    value = {
        (row["period"], row["period_type"], row["division_code"], row["scheme"], row["measure_code"]): Decimal(row["value"]) for row in rows
    }
    assert len(value) == len(rows)
    assert {key[0] for key in value if key[1] == "month"} == {f"2024-{month:02d}" for month in range(1, 13)}
    counties = {key[2] for key in value} - {"990100"}
    for (period, kind, division, scheme, measure), amount in value.items():
        parts = [value[period, kind, county, scheme, measure] for county in counties if (period, kind, county, scheme, measure) in value]
        if division == "990100" and kind == "month" and parts:
            assert sum(parts) == amount
        if scheme == "all" and measure != "INSURED":
            assert sum(value[period, kind, division, each, measure] for each in ("employee", "resident", "rural")) == amount
        if measure == "INCOME" and division == "990100":
            before = str(Period.parse(period).shift(-1))
            surplus = amount - value[period, kind, division, scheme, "EXPENDITURE"]
            assert value[period, "point", division, scheme, "BALANCE"] == value[before, "point", division, scheme, "BALANCE"] + surplus
    opening = {row["fund"]: Decimal(row["amount"]) for row in tables["city", "2025-01", "990100", "opening_balances"]}
    assert value["2024-12", "point", "990100", "employee", "BALANCE"] == opening["employee_pool"] + opening["employee_account"]
    assert value["2024-12", "point", "990100", "rural", "BALANCE"] == opening["rural"]
    assert value["2024-05", "point", "990100", "rural", "OPENING_BALANCE"] == value["2023-12", "point", "990100", "rural", "BALANCE"]


def test_history_states_measures_of_the_catalogue_at_the_levels_it_names(tables):
    catalogue = Path(warehouse.simulate.__file__).parents[2] / "dbt_project" / "seeds" / "catalogue"
    levels = {}
    for name in ("measures.csv", "own_measures.csv"):
        with (catalogue / name).open(encoding="utf-8", newline="") as handle:
            levels |= {row["measure_code"]: dict(part.split(":") for part in row["levels"].split()) for row in csv.DictReader(handle)}
    short = {"employee": "E", "resident": "R", "rural": "N", "maternity": "M", "all": "all"}
    for row in tables["city", "2025-01", "990100", "history"]:
        family = "INCOME" if row["measure_code"].startswith("SUBJ_") else row["measure_code"].split(".")[0]
        level = "city" if row["division_code"] == "990100" else "county" if len(row["division_code"]) == 6 else "township"
        assert level in levels[family].get(short[row["scheme"]], "").split(","), row


def test_history_lets_a_year_back_and_twelve_months_be_compared(tables):
    rows = tables["city", "2025-01", "990100", "history"]
    months = defaultdict(set)
    for row in rows:
        months[row["scheme"], row["measure_code"], row["division_code"]].add(row["period"])
    year = {f"2024-{month:02d}" for month in range(1, 13)}
    for scheme in ("employee", "resident", "rural", "all"):
        for measure in ("INSURED", "INCOME", "EXPENDITURE", "SETTLEMENTS", "ADMISSIONS", "BED_DAYS", "TOTAL_COST", "INPATIENT_FUND_PAID"):
            assert months[scheme, measure, "990100"] >= year, (scheme, measure)
    assert months["maternity", "EXPENDITURE", "990100"] >= year
    assert months["rural", "EXPENDITURE", "990102"] >= year


def test_every_region_code_is_of_province_99_and_every_clean_id_number_is_valid(tables):
    numbers = set()
    for system, table, column in (
        ("employee", "persons", "AAC002"),
        ("resident", "psn_info_b", "certno"),
        ("rural", "members", "身份证号"),
    ):
        for _, _, rows in of(tables, system, table):
            numbers |= {row[column] for row in rows}
    assert any(number.endswith("X") for number in numbers)
    for number in numbers:
        assert number.startswith("99"), number
        assert CHECKS[int((np.array([int(digit) for digit in number[:17]]) * WEIGHTS).sum()) % 11] == number[17]
        date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    for _, _, rows in of(tables, "city", "divisions"):
        assert all(row["code"].startswith("9901") for row in rows)
    for system, table, column in (
        ("employee", "institutions", "AAB301"),
        ("resident", "fixmedins_b", "fix_blng_admdvs"),
        ("rural", "institutions", "区划"),
    ):
        for _, _, rows in of(tables, system, table):
            assert all(row[column].startswith("99") for row in rows)


def test_everybody_has_a_number_of_their_own_on_a_day_with_more_births_than_a_county_has_numbers():
    regions = np.repeat([990102, 990113, 990201, 990202, 990221, 990301, 990322, 990401], 2_100)
    nobody = np.full(len(regions), -1)
    numbers = give_numbers(np.random.default_rng(1), regions, np.full(len(regions), 12_418), np.full(len(regions), 2), nobody)
    assert len(np.unique(numbers)) == len(numbers)
    issued = numbers // 10**11
    assert (issued // 10_000 == 99).all()
    assert [(issued == region).sum() for region in np.unique(regions)] == [499] * 8


def test_without_faults_nothing_is_refused_or_rejected_and_persons_overlap_all_the_same(clean):
    assert clean.faulty_deliveries == clean.rejected_rows == 0
    expected = duckdb.sql(f"select distinct status, reason from read_csv('{clean.truth}/expected_deliveries.csv')").fetchall()
    assert expected == [("accepted", None)]
    twice, thrice = duckdb.sql(f"select max(counted_twice), max(counted_three_times) from '{clean.truth}/headcount.csv'").fetchone()
    assert twice > 15
    assert thrice >= 1


def test_every_month_is_complete_once_the_second_deliveries_are_there(faulty):
    rows = duckdb.sql(
        "select period, system, office, count(*) filter (status = 'accepted') "
        f"from read_csv('{faulty.truth}/expected_deliveries.csv') group by all"
    ).fetchall()
    assert len(rows) == 3 * (3 + faulty.counties)
    assert {count for *_, count in rows} == {1}
    for path in faulty.inbox.rglob("*"):
        assert "truth" not in path.name


def test_the_truth_never_lies_inside_the_inbox_and_folders_are_not_mixed(tmp_path, clean):
    with pytest.raises(UsageError, match="inside the inbox"):
        simulate(tmp_path / "inbox", 500, FIRST, FIRST, 1, truth=tmp_path / "inbox" / "truth")
    with pytest.raises(UsageError, match="is not empty"):
        simulate(clean.inbox, 500, FIRST, FIRST, 1)
    with pytest.raises(UsageError, match="before the first"):
        simulate(tmp_path / "other", 500, LAST, FIRST, 1)


def test_rates_come_from_levels_and_files_with_clear_refusals(tmp_path):
    assert FaultRates.of("none").id_missing == 0
    assert FaultRates.of("light").id_missing == pytest.approx(0.004)
    assert FaultRates.of("specified") == FaultRates()
    stated = tmp_path / "rates.yaml"
    stated.write_text("base: none\nid_missing: 0.2\n", encoding="utf-8")
    assert FaultRates.of(stated).id_missing == 0.2
    assert FaultRates.of(str(stated)).name_homophone == 0
    stated.write_text("id_mising: 0.2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="unknown rate 'id_mising'"):
        FaultRates.of(stated)
    stated.write_text("id_missing: 20\n", encoding="utf-8")
    with pytest.raises(UsageError, match="from 0 to 1"):
        FaultRates.of(stated)
    with pytest.raises(UsageError, match="expected none, light, specified"):
        FaultRates.of("heavy")


def test_identity_faults_occur_at_their_rates(tmp_path):
    made = simulate(tmp_path / "inbox", 12_000, Period(2025, 1), Period(2025, 1), seed=3)
    records = f"'{made.truth}/persons.parquet'"
    total = duckdb.sql(f"select count(*) from {records}").fetchone()[0]
    rates = FaultRates()
    for fault in (
        "id_missing",
        "id_placeholder",
        "id_fifteen_digits",
        "id_wrong_check_digit",
        "id_digits_swapped",
        "id_full_width_or_blanks",
        "name_homophone",
        "name_traditional",
        "name_unknown_character",
        "name_blank_or_dot",
        "birth_lunar",
        "birth_day_month_swapped",
        "birth_first_of_january",
    ):
        found = duckdb.sql(f"select count(*) from {records} where list_contains(string_split(faults, ';'), '{fault}')").fetchone()[0]
        wanted = getattr(rates, fault) * total
        assert abs(found - wanted) < 5 * wanted**0.5 + 3, (fault, found, wanted)
    children = duckdb.sql(
        f"select avg(contains(faults, 'id_guardian_on_child')::int) from {records} where true_birth_date > date '2018-03-01'"
    ).fetchone()[0]
    assert 0.09 < children < 0.21
    traps = {
        name: duckdb.sql(f"select count(*) from {records} where contains(traps, '{name}')").fetchone()[0]
        for name in ("twin", "namesake_in_village")
    }
    assert min(traps.values()) > 4


def test_pairs_of_the_truth_are_traps_as_they_say(tmp_path):
    rates = tmp_path / "rates.yaml"
    rates.write_text("id_exchanged_in_household: 0.01\nid_shared_by_strangers: 0.005\nid_old_beside_corrected: 0.02\n", encoding="utf-8")
    made = simulate(tmp_path / "inbox", 4_000, Period(2025, 1), Period(2025, 2), seed=6, faults=rates)
    pairs = duckdb.sql(f"""
        select pairs.trap, pairs.is_same_person, a.true_person_id = b.true_person_id as is_one,
            a.true_birth_date = b.true_birth_date as twins,
            a.home_village = b.home_village as neighbours, a.true_name = b.true_name as namesakes, count(*) as pairs
        from '{made.truth}/trap_pairs.parquet' as pairs
        left join '{made.truth}/persons.parquet' as a on pairs.system_a = a.system and pairs.source_person_no_a = a.source_person_no
        left join '{made.truth}/persons.parquet' as b on pairs.system_b = b.system and pairs.source_person_no_b = b.source_person_no
        group by all
    """).fetchall()
    assert {trap for trap, *_ in pairs} == {
        "twin",
        "sibling",
        "namesake_in_village",
        "guardian_number",
        "exchanged_number",
        "shared_number",
        "old_beside_corrected",
        "second_record_in_system",
    }
    for trap, said, is_one, twins, neighbours, namesakes, _ in pairs:
        assert said == is_one == (trap in ("old_beside_corrected", "second_record_in_system")), trap
        assert trap != "twin" or twins
        assert trap != "namesake_in_village" or (namesakes and neighbours)


def test_a_file_of_rates_says_how_many_are_insured_twice(tmp_path):
    rates = tmp_path / "rates.json"
    rates.write_text(
        json.dumps({"base": "none", "in_two_schemes": 0.1, "twice_in_one_scheme": 0.0, "in_three_schemes": 0.0}), encoding="utf-8"
    )
    made = simulate(tmp_path / "inbox", 5_000, Period(2025, 1), Period(2025, 3), seed=8, faults=rates)
    twice, thrice, persons = duckdb.sql(
        "select counted_twice, counted_three_times, distinct_persons "
        f"from '{made.truth}/headcount.csv' where period = '2025-02' and division_code = '990100'"
    ).fetchone()
    assert 0.07 < twice / persons < 0.13
    assert thrice <= 2


def test_a_fifth_of_the_ids_missing_is_a_file_that_comes_along(tmp_path):
    levels = Path(warehouse.simulate.__file__).parent / "levels"
    rates = FaultRates.of(levels / "a_fifth_of_ids_missing.yaml")
    assert rates == replace(FaultRates(), id_missing=0.2)


def test_every_township_has_insured_persons_of_every_scheme(tmp_path):
    made = simulate(tmp_path / "inbox", 8_000, Period(2025, 1), Period(2025, 1), seed=9, faults="none")
    folder = made.inbox / "city" / "2025-01" / "990100"
    divisions = {row["code"]: row for row in rows_of(folder / "divisions.csv")}
    heads = {divisions[code[:6]]["name"] + row["name"]: code for code, row in divisions.items() if row["level"] == "township"}
    seen = {scheme: set() for scheme in ("employee", "resident", "rural")}
    for system, table, column in (("employee", "persons", "AAE006"), ("resident", "psn_info_b", "addr")):
        for path in (made.inbox / system / "2025-01").glob(f"*/{table}.*"):
            for row in rows_of(path):
                address = row[column].replace(" ", "").removeprefix("宁川市")
                seen[system] |= {code for head, code in heads.items() if address.startswith(head)}
    for path in (made.inbox / "rural" / "2025-01").glob("*/families.*"):
        seen["rural"] |= {row["村编码"][:9] for row in rows_of(path)}
    assert seen == {scheme: set(heads.values()) for scheme in seen}


def test_the_four_written_forms_of_a_rural_birth_date_occur(tables):
    forms = set()
    for _, _, rows in of(tables, "rural", "members"):
        forms |= {"".join(character for character in row["出生日期"] if not character.isdigit()) for row in rows}
    assert forms == {"--", "", "..", "//"}


def test_december_shows_the_prepaid_year(tmp_path):
    made = simulate(tmp_path / "inbox", 500, Period(2025, 12), Period(2026, 1), seed=4, faults="none")
    years = {}
    for folder, manifest in deliveries(made.inbox):
        if manifest["system"] == "rural":
            path = next(folder / entry["file"] for entry in manifest["tables"] if entry["table"] == "members")
            years.setdefault(manifest["period"], set()).update(row["参合年度"] for row in rows_of(path))
    assert years == {"2025-12": {"2025", "2026"}, "2026-01": {"2026"}}
    openings = {
        manifest["period"]: rows_of(folder / "opening_balances.csv")
        for folder, manifest in deliveries(made.inbox)
        if manifest["system"] == "city"
    }
    assert {row["year"] for row in openings["2026-01"]} == {"2026"}


def test_no_file_of_the_inbox_tells_which_records_are_one_person(faulty):
    for path in Path(faulty.inbox).rglob("*.csv"):
        assert b"true_person" not in path.read_bytes()
