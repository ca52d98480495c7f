"""Worklists for the counties: what they say, what they keep to themselves, and how they are read when they come back."""

import csv
import json
import re
import shutil
import subprocess
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import openpyxl
import pytest

from reports.package import MANIFEST, WORKLISTS, worklists_in_place
from reports.worklist_returns import ReturnRefusedError, read_return, without_persons
from reports.worklists import COLUMNS, FIRST_ROW, PLACES, CaseBook, canonical, write_worklist
from tests.conftest import copy_of
from tests.county_clerk import (
    DUPLICATE,
    FIRST_LINE,
    KEEP_A,
    KEEP_B,
    KEEP_NEITHER,
    LASTING,
    LEGITIMATE,
    WRONG,
    answer,
    answered,
    cell,
    edited,
    line_of,
    sorted_rows,
    write_lists,
)
from warehouse.releases import find_release
from warehouse.scope import Scope

TODAY = date(2025, 3, 10)
COUNTY = "990102"


@pytest.fixture(scope="module")
def row(closed_edge_home):
    return find_release(closed_edge_home, "2025-02")


@pytest.fixture(scope="module")
def lists(closed_edge_home, row, tmp_path_factory):
    return write_lists(closed_edge_home, row, tmp_path_factory.mktemp("worklists"))


@pytest.fixture(scope="module")
def cases(closed_edge_home, row):
    city = Scope(is_reviewer=True)
    persons = {one["case_id"]: one for one in city.review(closed_edge_home, row.release).rows("case_persons")}
    found = city.release(closed_edge_home, row.release).rows("duplicate_cases")
    return {one["case_id"]: {**one, **persons[one["case_id"]]} for one in found}


@pytest.fixture
def path(lists):
    return lists[COUNTY][0]


@pytest.fixture
def worklist(lists):
    return lists[COUNTY][1]


def lasting(worklist):
    return [one["case_id"] for one in worklist.asked if one["overlap_to"] == LASTING]


def over(worklist):
    return [one["case_id"] for one in worklist.asked if one["overlap_to"] != LASTING]


def listed_on(worklist):
    return {one["case_id"] for one in worklist.asked + worklist.others}


def every_text(path):
    """Every text of a workbook, of hidden sheets too."""
    book = openpyxl.load_workbook(path)
    return {canonical(one.value) for sheet in book for line in sheet.iter_rows() for one in line if one.value is not None}


# What a list says


def test_every_case_stands_on_the_list_of_each_of_its_counties_once(lists, cases):
    for county, (_, worklist) in lists.items():
        asked, others = [one["case_id"] for one in worklist.asked], [one["case_id"] for one in worklist.others]
        own = {case_id for case_id, case in cases.items() if county in (case["division_code_a"], case["division_code_b"])}
        assert sorted(asked + others) == sorted(own)
        assert {case_id for case_id in own if cases[case_id]["legitimate_rule"] is not None} == set(others)
    shared = [case_id for case_id, case in cases.items() if not case["same_county"]]
    assert len(shared) > 20
    for case_id in shared:
        holders = [county for county, (_, worklist) in lists.items() if case_id in listed_on(worklist)]
        assert holders == sorted({cases[case_id]["division_code_a"], cases[case_id]["division_code_b"]})


def test_of_another_countys_relation_nothing_stands_in_the_workbook_but_scheme_county_dates_and_status(lists, cases):
    hidden = 0
    for county, (path, worklist) in lists.items():
        texts = every_text(path)
        own = {
            value
            for case in cases.values()
            for side in "ab"
            if case[f"division_code_{side}"] == county
            for value in (case[f"relation_id_{side}"], case[f"source_person_no_{side}"], case[f"unit_no_{side}"])
        }
        for case in cases.values():
            for side in "ab":
                if case[f"division_code_{side}"] == county:
                    continue
                for part in ("relation_id", "source_person_no", "unit_no"):
                    value = case[f"{part}_{side}"]
                    if value is not None and value not in own:
                        assert value not in texts, part
                        hidden += 1
        for one in worklist.asked:
            case = cases[one["case_id"]]
            for side in "ab":
                if case[f"division_code_{side}"] != county:
                    assert {one[f"{part}_{side}"] for part in ("relation_id", "person_no", "unit_no")} == {"—"}
                    assert one[f"scheme_{side}"] and one[f"place_{side}"] and one[f"status_{side}"] and one[f"first_day_{side}"]
    assert hidden > 100


def test_no_workbook_and_no_review_row_holds_a_full_id_number(closed_edge_home, lists, cases):
    with duckdb.connect(str(closed_edge_home.warehouse), read_only=True) as con:
        rows = con.execute("select distinct id_number_raw from intermediate.int_person_records_unioned").fetchall()
    numbers = {number for (number,) in rows}
    assert len(numbers) > 100
    for path, worklist in lists.values():
        texts = " ".join(every_text(path))
        assert not [number for number in numbers if number in texts]
        assert all(re.fullmatch(r"\d{6}\*{8}\d{3}[\dX]", one["id_number"]) for one in worklist.asked)
    assert all(re.fullmatch(r"\d{6}\*{8}\d{3}[\dX]", case["masked_id_number_a"]) for case in cases.values())


def test_a_row_says_of_its_case_what_the_release_says(worklist, cases):
    for one in worklist.asked:
        case = cases[one["case_id"]]
        assert (one["overlap_from"], one["overlap_to"]) == (case["overlap_from"], case["overlap_to"] or LASTING)
        assert (one["subsidy"], one["benefit"], one["premium"]) == (
            case["duplicate_subsidy_yuan"],
            case["duplicate_benefit_yuan"],
            case["duplicate_premium_yuan"],
        )
        assert one["evidence"] == case["evidence"]
        assert one["name"] == (case["person_name_a"] if case["division_code_a"] == COUNTY else case["person_name_b"])
        if case["retained_relation_id"] == case["relation_id_a"]:
            assert one["suggested"] == KEEP_A
        elif case["retained_relation_id"] == case["relation_id_b"]:
            assert one["suggested"] == KEEP_B
        elif case["retained_relation_id"] is None:
            assert (one["suggested"], one["reason"]) == ("重叠已结束", "")
        else:
            assert one["suggested"].startswith(KEEP_NEITHER)
        assert one["reason"].startswith(case["keep_rule"] or "")
        assert "persons_and_duplicates" not in one["reason"]


# The workbook


def test_only_the_answer_cells_can_be_filled_in_and_the_keys_stay_out_of_sight(path, worklist):
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["填写说明", "核查清单", "备查", "_keys"]
    assert book.security.lockStructure
    assert book["_keys"].sheet_state == "veryHidden"
    assert all(sheet.protection.sheet for sheet in book)
    sheet = book["核查清单"]
    assert not sheet.protection.autoFilter
    last = FIRST_LINE + len(worklist.asked) - 1
    assert sheet.auto_filter.ref == f"A4:{sheet.cell(last, len(COLUMNS)).coordinate}"
    for line in (FIRST_LINE, last):
        unlocked = {column.key for column in COLUMNS if not cell(sheet, line, column.key).protection.locked}
        assert unlocked == {"verdict", "kept", "ended_on", "remark"}


def test_answers_are_chosen_from_lists_over_every_row(path, worklist):
    sheet = openpyxl.load_workbook(path)["核查清单"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    last = FIRST_LINE + len(worklist.asked) - 1

    def of(key):
        return rules[f"{cell(sheet, FIRST_LINE, key).coordinate}:{cell(sheet, last, key).coordinate}"]

    assert of("verdict").formula1 == f'"{DUPLICATE},{LEGITIMATE},{WRONG}"'
    assert of("kept").formula1 == f'"{KEEP_A},{KEEP_B},{KEEP_NEITHER}"'
    assert of("ended_on").type == "date"
    assert of("remark").type == "textLength"


def test_every_sheet_that_is_seen_says_that_it_holds_personal_data(path):
    book = openpyxl.load_workbook(path)
    for name in ("填写说明", "核查清单", "备查"):
        texts = [str(one.value) for line in book[name].iter_rows(max_row=6) for one in line if one.value]
        assert any("个人信息" in text for text in texts), name


def test_the_same_release_gives_the_same_bytes(closed_edge_home, row, path, tmp_path):
    write_worklist(tmp_path / "again.xlsx", CaseBook(closed_edge_home, row).worklist(COUNTY))
    assert (tmp_path / "again.xlsx").read_bytes() == path.read_bytes()


def test_the_report_package_holds_the_worklists_and_says_that_they_alone_hold_personal_data(closed_edge_home, row, lists):
    package = closed_edge_home.reports / row.period / row.release
    manifest = json.loads((package / MANIFEST).read_text(encoding="utf-8"))
    marked = {one["name"] for one in manifest["files"] if one.get("personal_data")}
    assert marked == {f"{WORKLISTS}/{path.name}" for path, _ in lists.values()}
    for path, worklist in lists.values():
        assert (package / WORKLISTS / path.name).read_bytes() == path.read_bytes()
        assert (package / WORKLISTS / path.name).stat().st_mode & 0o007 == 0
        described = next(one for one in manifest["files"] if one["name"].endswith(path.name))
        assert described["rows"] == {"asked": len(worklist.asked), "others": len(worklist.others)}
    names = {one["name"] for _, worklist in lists.values() for one in worklist.asked}
    with (package / "cells.csv").open(encoding="utf-8-sig", newline="") as handle:
        assert not names & {value for line in csv.reader(handle) for value in line}


def test_a_package_whose_worklists_were_touched_is_not_taken_for_whole(closed_edge_home, row, tmp_path):
    home = copy_of(closed_edge_home, tmp_path / "home")
    folder = worklists_in_place(home, row)
    assert folder == home.reports / row.period / row.release / WORKLISTS
    next(folder.iterdir()).unlink()
    assert worklists_in_place(home, row) is None


# Reading what comes back


def test_a_list_that_nobody_filled_in_has_no_answers_and_nothing_wrong(path, worklist):
    returned = read_return(path, TODAY)
    assert (returned.worklist, returned.answers, returned.problems, returned.changed) == (worklist.name, [], [], {})
    assert returned.unanswered == len(worklist.asked)


def test_filled_in_rows_are_read_and_the_others_stay_open(path, worklist, tmp_path):
    first, second, *_ = lasting(worklist)
    ended, *_ = over(worklist)
    filled = answered(
        path,
        tmp_path / "filled.xlsx",
        {
            first: (DUPLICATE, KEEP_A, date(2025, 3, 1), "已通知单位"),
            second: (LEGITIMATE, None, None, "有文件"),
            ended: (DUPLICATE,),
        },
    )
    returned = read_return(filled, TODAY)
    assert returned.problems == []
    assert {one.case_id: (one.answer, one.kept, one.ended_on, one.remark) for one in returned.answers} == {
        first: ("duplicate", "a", date(2025, 3, 1), "已通知单位"),
        second: ("legitimate", None, None, "有文件"),
        ended: ("duplicate", None, None, None),
    }
    assert returned.unanswered == len(worklist.asked) - 3


def test_sorted_filtered_and_deleted_rows_are_recognised_by_their_case(path, worklist, tmp_path):
    wanted = {case_id: (DUPLICATE, KEEP_B if place % 2 else KEEP_A) for place, case_id in enumerate(lasting(worklist))}
    filled = answered(path, tmp_path / "filled.xlsx", wanted)

    def change(_, sheet):
        sorted_rows(sheet)
        gone = [line for line in range(FIRST_LINE, sheet.max_row + 1) if cell(sheet, line, "verdict").value is None]
        for line in reversed(gone):
            sheet.delete_rows(line)
        sheet.auto_filter.add_filter_column(PLACES["verdict"], [DUPLICATE])
        sheet.row_dimensions[FIRST_LINE + 1].hidden = True

    returned = read_return(edited(filled, tmp_path / "sorted.xlsx", change), TODAY)
    assert returned.problems == [] and returned.changed == {}
    sides = {KEEP_A: "a", KEEP_B: "b"}
    assert {one.case_id: one.kept for one in returned.answers} == {case_id: sides[given[1]] for case_id, given in wanted.items()}


def test_rows_that_were_sorted_in_part_no_longer_fit_their_cases_and_are_found(path, worklist, tmp_path):
    def change(_, sheet):
        for line in range(FIRST_LINE, sheet.max_row + 1):
            answer(sheet, line, LEGITIMATE)
        ids = [cell(sheet, line, "case_id").value for line in range(FIRST_LINE, sheet.max_row + 1)]
        for line, case_id in enumerate([ids[-1], *ids[:-1]], start=FIRST_LINE):
            cell(sheet, line, "case_id").value = case_id

    returned = read_return(edited(path, tmp_path / "partly.xlsx", change), TODAY)
    assert returned.answers == []
    assert len(returned.changed) == len(worklist.asked)


def test_a_column_and_a_sheet_that_somebody_added_do_no_harm(path, worklist, tmp_path):
    first = lasting(worklist)[0]

    def change(book, sheet):
        answer(sheet, line_of(sheet, first), DUPLICATE, KEEP_A)
        book.security.lockStructure = False
        book.create_sheet("我的笔记", 0)["A1"] = "草稿"
        sheet.insert_cols(PLACES["situation"] + 1)
        sheet.cell(4, PLACES["situation"] + 1).value = "经办人"

    returned = read_return(edited(path, tmp_path / "added.xlsx", change), TODAY)
    assert [(one.case_id, one.kept) for one in returned.answers] == [(first, "a")]
    assert returned.problems == [] and returned.changed == {}


@pytest.mark.parametrize(
    "typed",
    [
        date(2025, 2, 28),
        datetime(2025, 2, 28),
        "2025-02-28",
        "2025/2/28",
        "2025.2.28",
        "2025年2月28日",
        "20250228",
        20250228,
        45716,
        "２０２５－０２－２８",
        " 2025-02-28 00:00:00 ",
    ],
)
def test_an_end_is_read_however_the_day_was_typed(path, worklist, tmp_path, typed):
    first = lasting(worklist)[0]
    returned = read_return(answered(path, tmp_path / "day.xlsx", {first: (DUPLICATE, KEEP_A, typed)}), TODAY)
    assert [one.ended_on for one in returned.answers] == [date(2025, 2, 28)]


@pytest.mark.parametrize(
    ("given", "column", "found", "expected"),
    [
        (("是",), "核查结论", "“是”", f"{DUPLICATE}、{LEGITIMATE}、{WRONG}"),
        (("王建国说不是",), "核查结论", "其他文字（6 个字）", f"{DUPLICATE}、{LEGITIMATE}、{WRONG}"),
        ((None, KEEP_A), "核查结论", "空", f"{DUPLICATE}、{LEGITIMATE}、{WRONG}"),
        ((None, None, None, "查无此人"), "核查结论", "空", f"{DUPLICATE}、{LEGITIMATE}、{WRONG}"),
        ((DUPLICATE,), "保留的关系", "空", "必须选择"),
        ((DUPLICATE, "保留甲"), "保留的关系", "“保留甲”", KEEP_A),
        ((LEGITIMATE, KEEP_A), "保留的关系", KEEP_A, "空：核查结论是合理重叠"),
        ((WRONG, KEEP_NEITHER), "保留的关系", KEEP_NEITHER, "空：核查结论是不是同一人"),
        ((LEGITIMATE, None, date(2025, 1, 1)), "另一关系终止日期", "2025-01-01", "空：核查结论是合理重叠"),
        ((DUPLICATE, KEEP_A, "上个月"), "另一关系终止日期", "其他文字（3 个字）", "日期"),
        ((DUPLICATE, KEEP_A, "2025-02-30"), "另一关系终止日期", "“2025-02-30”", "日期"),
        ((DUPLICATE, KEEP_A, 7), "另一关系终止日期", "1900-01-07", "不早于该关系的起始日"),
        ((DUPLICATE, KEEP_A, date(1990, 1, 1)), "另一关系终止日期", "1990-01-01", "不早于该关系的起始日"),
        ((DUPLICATE, KEEP_A, date(2025, 3, 11)), "另一关系终止日期", "2025-03-11", "不晚于今天 2025-03-10"),
        ((LEGITIMATE, None, None, "字" * 201), "备注", "201 字", "200 字以内"),
    ],
)
def test_a_row_that_is_wrong_is_not_taken_and_says_where_what_was_found_and_what_is_expected(
    path, worklist, tmp_path, given, column, found, expected
):
    wrong, right, *_ = lasting(worklist)
    filled = answered(path, tmp_path / "wrong.xlsx", {wrong: given, right: (DUPLICATE, KEEP_B)})
    returned = read_return(filled, TODAY)
    (problem,) = returned.problems
    line = line_of(openpyxl.load_workbook(filled)["核查清单"], wrong)
    assert (problem.line, problem.case_id, problem.column, problem.found) == (line, wrong, column, found)
    assert expected in problem.expected
    assert [one.case_id for one in returned.answers] == [right]


def test_an_answer_merged_over_several_rows_is_that_of_its_first_row_and_told_of_the_others(path, worklist, tmp_path):
    first, second, third, *_ = [one["case_id"] for one in worklist.asked]

    def merge(_, sheet):
        sheet.protection.sheet = False
        line = line_of(sheet, first)
        assert (line_of(sheet, second), line_of(sheet, third)) == (line + 1, line + 2)
        answer(sheet, line, LEGITIMATE)
        sheet.merge_cells(start_row=line, end_row=line + 1, start_column=PLACES["verdict"] + 1, end_column=PLACES["verdict"] + 1)
        sheet.merge_cells(start_row=line + 2, end_row=line + 3, start_column=PLACES["remark"] + 1, end_column=PLACES["remark"] + 1)

    returned = read_return(edited(path, tmp_path / "merged.xlsx", merge), TODAY)
    assert [(one.case_id, one.answer) for one in returned.answers] == [(first, "legitimate")]
    assert [(one.case_id, one.column, one.found) for one in returned.problems] == [(second, "核查结论", "合并的单元格")]
    assert returned.unanswered == len(worklist.asked) - 2


def test_locked_cells_may_come_back_as_texts_and_days_as_the_numbers_behind_them(path, worklist, tmp_path):
    first, second, *_ = lasting(worklist)

    def retyped(_, sheet):
        for case_id in (first, second):
            line = line_of(sheet, case_id)
            for column in COLUMNS:
                one = cell(sheet, line, column.key)
                if isinstance(one.value, datetime):
                    one.value = (one.value - datetime(1899, 12, 30)).days if case_id == first else f"{one.value:%Y/%m/%d}"
                    one.number_format = "General"
                elif column.kind == "money":
                    one.value = f"{one.value:,.2f}"
                elif isinstance(one.value, int):
                    one.value = str(one.value)
            answer(sheet, line, DUPLICATE, KEEP_A)

    returned = read_return(edited(path, tmp_path / "retyped.xlsx", retyped), TODAY)
    assert returned.problems == [] and returned.changed == {}
    assert [one.case_id for one in returned.answers] == sorted((first, second), key=[one["case_id"] for one in worklist.asked].index)


def test_a_case_that_is_no_longer_overlapping_needs_no_relation_to_keep(path, worklist, tmp_path):
    ended = over(worklist)[0]
    assert [one.kept for one in read_return(answered(path, tmp_path / "over.xlsx", {ended: (DUPLICATE,)}), TODAY).answers] == [None]


def test_a_changed_case_number_and_one_of_another_list_are_not_taken(path, lists, worklist, tmp_path):
    first, second, *_ = lasting(worklist)
    foreign = next(one["case_id"] for one in lists["990104"][1].asked if one["case_id"] not in {own["case_id"] for own in worklist.asked})

    def change(_, sheet):
        for case_id, value in ((first, "C123"), (second, foreign)):
            line = line_of(sheet, case_id)
            answer(sheet, line, LEGITIMATE)
            cell(sheet, line, "case_id").value = value
        answer(sheet, sheet.max_row, LEGITIMATE)
        cell(sheet, sheet.max_row, "case_id").value = None

    returned = read_return(edited(path, tmp_path / "numbers.xlsx", change), TODAY)
    assert returned.answers == []
    assert [one.found for one in returned.problems] == ["本清单中没有的编号", "本清单中没有的编号", "空"]


def test_a_case_on_two_rows_counts_once_and_not_at_all_where_the_two_differ(path, worklist, tmp_path):
    first, second, *_ = lasting(worklist)

    def change(_, sheet):
        for case_id, answers in ((first, [(DUPLICATE, KEEP_A)] * 2), (second, [(DUPLICATE, KEEP_A), (LEGITIMATE, None)])):
            line, copy = line_of(sheet, case_id), sheet.max_row + 1
            for column in COLUMNS:
                cell(sheet, copy, column.key).value = cell(sheet, line, column.key).value
            for place, given in zip((line, copy), answers, strict=True):
                answer(sheet, place, *given)

    returned = read_return(edited(path, tmp_path / "twice.xlsx", change), TODAY)
    assert [one.case_id for one in returned.answers] == [first]
    assert {one.case_id for one in returned.problems} == {second}
    assert len(returned.problems) == 2
    assert "答复不同" in returned.problems[0].found


def test_a_changed_locked_cell_is_found_although_the_answer_is_right(path, worklist, tmp_path):
    first = lasting(worklist)[0]

    def change(_, sheet):
        line = line_of(sheet, first)
        answer(sheet, line, DUPLICATE, KEEP_A)
        cell(sheet, line, "first_day_a").value = date(2001, 1, 1)

    returned = read_return(edited(path, tmp_path / "locked.xlsx", change), TODAY)
    assert returned.answers == []
    assert list(returned.changed) == [line_of(openpyxl.load_workbook(path)["核查清单"], first)]


def damage(kind, path, tmp_path):
    target = tmp_path / f"{kind}.xlsx"
    if kind == "text":
        target.write_text("核查结论,保留的关系\n", encoding="utf-8")
    elif kind == "cut":
        target.write_bytes(path.read_bytes()[:20000])
    elif kind == "empty":
        target.write_bytes(b"")
    elif kind == "password":
        target.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 2000)
    elif kind == "another workbook":
        book = openpyxl.Workbook()
        book.save(target)
    elif kind == "values copied":
        book = openpyxl.load_workbook(path)
        del book["_keys"]
        book.save(target)
    elif kind == "keys changed":
        edited(path, target, lambda book, _: setattr(book["_keys"].cell(12, 6), "value", "0" * 32))
    elif kind == "another version":
        edited(path, target, lambda book, _: setattr(book["_keys"]["B2"], "value", "9"))
    elif kind == "sheet renamed":
        edited(path, target, lambda _, sheet: setattr(sheet, "title", "清单"))
    elif kind == "column deleted":
        edited(path, target, lambda _, sheet: sheet.delete_cols(PLACES["kept"] + 1))
    elif kind == "heads deleted":
        edited(path, target, lambda _, sheet: sheet.delete_rows(FIRST_ROW))
    elif kind == "far cell":
        edited(path, target, lambda _, sheet: setattr(sheet["XFD1048576"], "value", "x"))
    return target


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "no such file"),
        ("text", "no workbook that can be read"),
        ("cut", "no workbook that can be read"),
        ("empty", "no workbook that can be read"),
        ("password", "without a password"),
        ("another workbook", "is no worklist of ours"),
        ("values copied", "is no worklist of ours"),
        ("keys changed", "was changed after it was sent"),
        ("another version", "version 9"),
        ("sheet renamed", "has no sheet 核查清单"),
        ("column deleted", "the column 保留的关系 is missing"),
        ("heads deleted", "no row of heads"),
        ("far cell", "cells beyond column ZZ"),
    ],
)
def test_a_file_that_is_no_worklist_any_more_is_refused_in_one_clear_message(path, tmp_path, kind, said):
    with pytest.raises(ReturnRefusedError, match=said) as refusal:
        read_return(damage(kind, path, tmp_path), TODAY)
    assert "\n" not in str(refusal.value)


def test_a_remark_is_kept_without_names_and_numbers_of_persons():
    names = "王建国\n（关系一）\n王建囯\n（关系二）"
    remark = "王建国本人称已退保，身份证990102199001011234，电话13800001234，文号〔2025〕12号，王建囯系同一人"
    assert without_persons(remark, names) == "〔姓名〕本人称已退保，身份证〔号码〕，电话〔号码〕，文号〔2025〕12号，〔姓名〕系同一人"
    assert without_persons("已办理", "（无姓名）") == "已办理"


# As office programs make them


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    """LibreOffice turning a workbook into another file."""
    program = shutil.which("soffice")
    assert program is not None, "LibreOffice is missing: `make test-browser` installs it"
    profile = tmp_path_factory.mktemp("profile")

    def convert(source: Path, folder: Path, kind: str) -> Path:
        subprocess.run(
            [program, f"-env:UserInstallation=file://{profile}", "--headless", "--convert-to", kind, "--outdir", folder, source],
            check=True,
            capture_output=True,
            timeout=240,
        )
        return folder / f"{source.stem}.{kind.split(':')[0]}"

    return convert


@pytest.mark.browser
def test_what_libreoffice_saves_keeps_drop_downs_protection_and_keys_and_is_read_as_the_original(path, worklist, tmp_path, office):
    first, second, *_ = lasting(worklist)
    answers = {first: (DUPLICATE, KEEP_A, date(2025, 2, 28)), second: (WRONG, None, None, "两人")}
    filled = answered(path, tmp_path / "filled.xlsx", answers)
    saved = office(filled, tmp_path / "office", "xlsx")
    sheet = openpyxl.load_workbook(saved)["核查清单"]
    lists = {rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
    assert lists == {f'"{DUPLICATE},{LEGITIMATE},{WRONG}"', f'"{KEEP_A},{KEEP_B},{KEEP_NEITHER}"'}
    assert sheet.protection.sheet
    assert cell(sheet, FIRST_LINE, "name").protection.locked and not cell(sheet, FIRST_LINE, "verdict").protection.locked
    assert openpyxl.load_workbook(saved)["_keys"].sheet_state != "visible"
    original, again = read_return(filled, TODAY), read_return(saved, TODAY)
    assert again.answers == original.answers
    assert again.problems == [] and again.changed == {}
    assert again.unanswered == original.unanswered


@pytest.mark.browser
def test_the_hints_tell_whoever_fills_in_a_row_what_is_missing(path, worklist, tmp_path, office):
    complete, no_kept, no_verdict, too_much, empty, *_ = lasting(worklist)
    filled = answered(
        path,
        tmp_path / "hints.xlsx",
        {complete: (DUPLICATE, KEEP_A), no_kept: (DUPLICATE,), no_verdict: (None, KEEP_A), too_much: (LEGITIMATE, KEEP_A)},
    )
    sheet = openpyxl.load_workbook(office(filled, tmp_path / "office", "xlsx"), data_only=True)["核查清单"]
    hints = {case_id: cell(sheet, line_of(sheet, case_id), "hint").value for case_id in (complete, no_kept, no_verdict, too_much, empty)}
    assert hints == {
        complete: "已填",
        no_kept: "请选择保留的关系",
        no_verdict: "请选择核查结论",
        too_much: "只有确认重复才填这两格",
        empty: None,
    }


@pytest.mark.browser
def test_a_printed_list_shows_every_case_with_its_answer_cells_and_cuts_nothing_off(path, worklist, tmp_path, office):
    printed = office(path, tmp_path, "pdf")
    text = subprocess.run(["pdftotext", "-layout", printed, "-"], check=True, capture_output=True, text=True, timeout=120).stdout
    assert "###" not in text and "\ufffd" not in text
    squeezed = re.sub(r"\s+", "", text)
    for one in worklist.asked:
        assert squeezed.count(one["case_id"]) == 2, "once beside the relations, once beside the answers"
    pages = subprocess.run(["pdfinfo", printed], check=True, capture_output=True, text=True).stdout
    assert int(re.search(r"Pages: +(\d+)", pages)[1]) < 20


def test_a_worklist_names_no_place_of_the_machine_it_was_written_on(closed_edge_home, path):
    with zipfile.ZipFile(path) as archive:
        assert not [name for name in archive.namelist() if str(closed_edge_home.home).encode() in archive.read(name)]
