"""The report package: who gets what, that it appears whole or not at all, and that the same release gives the same bytes."""

import csv
import hashlib
import json
from decimal import Decimal

import openpyxl
import pytest

from reports.package import MANIFEST, write_package
from tests.reports.made_release import PERIOD, checks, made_cells, publish_release
from warehouse.errors import ReleaseError, UsageError

FILES = ["bureau.xlsx", "cells.csv", "checks.csv", "finance.xlsx", "health.xlsx", "hrss.xlsx", MANIFEST]


def read_csv(path):
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def manifest_of(package):
    return json.loads((package / MANIFEST).read_text(encoding="utf-8"))


def hashes(package):
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in package.iterdir()}


def sheets(package, name):
    return openpyxl.load_workbook(package / name).sheetnames[1:-1]


def labels(package, name, sheet):
    return {str(row[0].value).strip("　") for row in openpyxl.load_workbook(package / name)[sheet].iter_rows() if row[0].value}


def test_a_package_holds_a_workbook_for_each_recipient_the_cells_the_checks_and_the_manifest(package):
    assert sorted(path.name for path in package.iterdir()) == sorted(FILES)


def test_human_resources_get_employee_resident_and_maternity_rows_and_no_rural_ones(package):
    assert {name[:3] for name in sheets(package, "hrss.xlsx")} == {"A01", "M01", "M02", "M03", "M11"}
    enrollment = labels(package, "hrss.xlsx", "M01全市")
    assert {"职工基本医疗保险", "城镇居民基本医疗保险", "生育保险(不计入合计)"} <= enrollment
    assert not {"新型农村合作医疗", "基本医疗保险合计(去重)"} & enrollment
    assert "新型农村合作医疗基金" not in labels(package, "hrss.xlsx", "M02全市")
    # The county ledger is the rural one alone, so there is no such sheet.
    assert "M02东城区" not in sheets(package, "hrss.xlsx")


def test_health_gets_the_rural_rows_alone(package):
    enrollment = labels(package, "health.xlsx", "M01全市")
    assert "新型农村合作医疗" in enrollment
    assert not {"职工基本医疗保险", "城镇居民基本医疗保险", "生育保险(不计入合计)", "基本医疗保险合计(去重)"} & enrollment
    assert "M02东城区" in sheets(package, "health.xlsx")


def test_finance_gets_income_and_expenditure_of_every_fund(package):
    assert {name[:3] for name in sheets(package, "finance.xlsx")} == {"A01", "M02", "M11"}
    fund = labels(package, "finance.xlsx", "M02全市")
    assert {"基本医疗保险基金合计", "职工基本医疗保险基金", "新型农村合作医疗基金", "生育保险基金(不计入合计)"} <= fund


def test_each_recipient_sees_the_checks_of_its_own_forms_and_schemes(package):
    seen = {}
    for name in ("bureau.xlsx", "hrss.xlsx", "health.xlsx", "finance.xlsx"):
        rows = openpyxl.load_workbook(package / name)["审核"].iter_rows(min_row=4, max_col=1, values_only=True)
        seen[name] = {code for (code,) in rows if code}
    assert seen == {
        "bureau.xlsx": {"CHK-01", "CHK-10", "CHK-20", "CHK-60"},
        "hrss.xlsx": {"CHK-01", "CHK-20"},
        "health.xlsx": {"CHK-10"},
        "finance.xlsx": {"CHK-10"},
    }


def test_cells_csv_holds_every_published_cell_of_the_month_to_the_last_digit(package):
    assert (package / "cells.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    written = {
        (row["report_code"], row["division_code"], row["row_code"], row["column_code"]): row for row in read_csv(package / "cells.csv")
    }
    published = made_cells()
    assert len(written) == len(published)
    for cell in published:
        row = written[cell["report_code"], cell["division_code"], cell["row_code"], cell["column_code"]]
        assert row["period"] == PERIOD
        assert (Decimal(row["value"]) if row["value"] else None) == cell["value"]
        assert (row["text"] or None, row["unit"], row["provenance"]) == (cell["text"], cell["unit"], cell["provenance"])
    assert written["RPT-M01", "990102", "ALL", "INSURED"]["division_name"] == "东城区"


def test_checks_csv_holds_every_result_with_both_sides(package):
    written = {row["check_code"]: row for row in read_csv(package / "checks.csv")}
    assert set(written) == {check["check_code"] for check in checks()}
    assert written["CHK-20"]["difference"] == "0.07"
    assert written["CHK-01"]["left_value"] == ""
    assert [written[code]["passed"] for code in ("CHK-10", "CHK-20", "CHK-01")] == ["true", "false", ""]


def test_the_manifest_names_every_file_with_its_hash_and_what_it_was_filtered_by(package, made):
    _, row = made
    manifest = manifest_of(package)
    assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
        name: sha for name, sha in hashes(package).items() if name != MANIFEST
    }
    assert (manifest["release"], manifest["period"], manifest["release_sha256"]) == (row.release, PERIOD, row.sha256)
    assert manifest["without"] == ["rural/990103"]
    assert manifest["definition_versions"] == {"insured_rule": "1"}
    health = next(one for one in manifest["files"] if one["name"] == "health.xlsx")
    assert health["filters"]["RPT-M01"] == {"schemes": ["rural"]}
    assert {sheet["money_unit"] for sheet in health["sheets"]} == {None, "wan"}


def test_a_package_names_no_place_of_the_machine_it_was_written_on(package, made):
    settings, _ = made
    for path in package.iterdir():
        assert str(settings.home).encode() not in path.read_bytes()


def test_the_same_release_gives_the_same_bytes_whenever_it_is_written(made, package, tmp_path):
    settings, row = made
    assert hashes(write_package(settings, row, tmp_path / "again")) == hashes(package)


def test_without_a_folder_named_it_goes_to_the_home_under_month_and_release(made):
    settings, row = made
    said = []
    folder = write_package(settings, row, on_progress=said.append)
    assert folder == settings.reports / PERIOD / row.release
    assert sorted(said) == sorted(FILES)
    assert said[-1] == MANIFEST
    # Once more, over the earlier one.
    before = hashes(folder)
    assert hashes(write_package(settings, row)) == before
    assert sorted(path.name for path in folder.parent.iterdir()) == [row.release]


def test_a_package_cut_short_leaves_the_earlier_one_whole_and_nothing_else(made, package, tmp_path):
    settings, row = made
    folder = tmp_path / "kept"
    write_package(settings, row, folder)
    before = hashes(folder)

    def break_off(name):
        if name == "health.xlsx":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_package(settings, row, folder, on_progress=break_off)
    assert hashes(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_folder_that_holds_something_else_is_not_written_over(made, tmp_path):
    settings, row = made
    (tmp_path / "mine.txt").write_text("kept", encoding="utf-8")
    with pytest.raises(UsageError, match="no report package"):
        write_package(settings, row, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_release_from_before_there_were_forms_says_so(tmp_path):
    settings, row = publish_release(tmp_path / "home", forms=False)
    with pytest.raises(ReleaseError, match="holds no forms"):
        write_package(settings, row, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_unit_of_the_whole_package_can_be_chosen(made, tmp_path):
    settings, row = made
    folder = write_package(settings, row, tmp_path / "yuan", money_unit="yuan")
    units = {sheet["money_unit"] for one in manifest_of(folder)["files"] for sheet in one.get("sheets", [])}
    assert units == {None, "yuan"}
