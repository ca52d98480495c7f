"""Duplicate cases sent to counties, answered, closed again: what is recorded, what is not taken, what acts."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import date

import openpyxl
import pytest
from typer.testing import CliRunner

from orchestration import cli
from orchestration.close import close_month
from orchestration.duplicates import resolve, send_worklists, take_answers
from orchestration.expected import Office
from orchestration.stages import standing_cases
from reports.package import WORKLISTS
from reports.worklists import write_worklist
from tests.conftest import copy_of
from tests.county_clerk import (
    DUPLICATE,
    KEEP_A,
    KEEP_B,
    KEEP_NEITHER,
    LEGITIMATE,
    WRONG,
    answer,
    answered,
    cell,
    edited,
    line_of,
    write_lists,
)
from warehouse.errors import ReleaseError, UsageError
from warehouse.identity.decisions import decide
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.releases import find_release
from warehouse.scope import Scope
from warehouse.settings import Settings

JANUARY, FEBRUARY = Period(2025, 1), Period(2025, 2)
TODAY = date(2025, 3, 10)
EAST, WEST, RIVER = "990102", "990103", "990104"


def cases_of(settings, release):
    """The cases of a release, with what the review file says of them."""
    city = Scope(is_reviewer=True)
    persons = {one["case_id"]: one for one in city.review(settings, release).rows("case_persons")}
    found = city.release(settings, release).rows("duplicate_cases", order_by="case_id")
    return {one["case_id"]: {**one, **persons[one["case_id"]]} for one in found}


def rows_of(settings, table):
    with Register(settings.register, read_only=True) as register:
        return register.rows(table)


def states_of(settings):
    with Register(settings.register, read_only=True) as register:
        return {state.case_id: state for state in register.case_states().values()}


@pytest.fixture
def home(closed_edge_home, tmp_path) -> Settings:
    return copy_of(closed_edge_home, tmp_path / "home")


@pytest.fixture(scope="module")
def february(closed_edge_home):
    return find_release(closed_edge_home, FEBRUARY)


@pytest.fixture(scope="module")
def lists(closed_edge_home, february, tmp_path_factory):
    """Every county's workbook of February."""
    return {county: path for county, (path, _) in write_lists(closed_edge_home, february, tmp_path_factory.mktemp("february")).items()}


@pytest.fixture(scope="module")
def cases(closed_edge_home, february):
    return cases_of(closed_edge_home, february.release)


def chosen(cases, count, counties=(EAST,), **wanted):
    """Cases that are asked, last, and are of the counties named; of one person each, and of persons with that case alone."""
    alone = [one["person_id"] for one in cases.values()]
    found = [
        case_id
        for case_id, case in cases.items()
        if case["is_asked"]
        and case["overlap_to"] is None
        and {case["division_code_a"], case["division_code_b"]} == set(counties)
        and alone.count(case["person_id"]) == 1
        and not case["is_one_record"]
        and all(case[part] == value for part, value in wanted.items())
    ]
    assert len(found) >= count
    return found[:count]


# Sending


def test_sending_writes_a_workbook_per_county_and_records_each_case_as_sent_once(home, cases, february):
    result = send_worklists(home, FEBRUARY)
    asked = {case_id for case_id, case in cases.items() if case["is_asked"]}
    assert result.sent == len(asked)
    folder = home.reports / "2025-02" / february.release / WORKLISTS
    assert [one.path for one in result.lists] == sorted(folder.iterdir())
    assert {one.division_code: one.asked for one in result.lists} == {
        county: sum(county in (cases[case_id]["division_code_a"], cases[case_id]["division_code_b"]) for case_id in asked)
        for county in (EAST, WEST, RIVER)
    }
    assert all(one.new == one.asked for one in result.lists)
    events = rows_of(home, "case_events")
    assert {event["case_id"] for event in events} == asked
    assert {(event["status"], event["release"]) for event in events} == {("sent", february.release)}
    again = send_worklists(home, FEBRUARY)
    assert again.sent == 0
    assert [one.asked for one in again.lists] == [one.asked for one in result.lists]
    assert rows_of(home, "case_events") == events


def test_a_lost_workbook_is_written_again_as_it_was_and_nothing_is_sent_anew(home, february):
    (first, *_) = send_worklists(home, FEBRUARY).lists
    content = first.path.read_bytes()
    first.path.unlink()
    assert send_worklists(home, FEBRUARY).sent == 0
    assert first.path.read_bytes() == content


def test_the_workbooks_can_go_to_a_folder_of_ones_own(home, tmp_path, lists):
    result = send_worklists(home, FEBRUARY, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(path.name for path in lists.values())
    assert all(one.path.parent == tmp_path / "out" for one in result.lists)
    for county, path in lists.items():
        assert next(one for one in result.lists if one.division_code == county).path.read_bytes() == path.read_bytes()


def test_a_case_that_has_changed_since_it_was_sent_or_answered_is_sent_anew_and_no_other(home, cases, lists, tmp_path):
    send_worklists(home, FEBRUARY)
    changed, answered_now, answered_before = chosen(cases, 3)
    filled = answered(lists[EAST], tmp_path / "filled.xlsx", {answered_now: (LEGITIMATE,), answered_before: (LEGITIMATE,)})
    take_answers(home, [filled], "周主任", TODAY)
    with Register(home.register) as register:
        for case_id, status, given in ((changed, "sent", None), (answered_before, "answered_legitimate", "legitimate")):
            keys = {name: cases[case_id][name] for name in ("scheme_a", "relation_id_a", "scheme_b", "relation_id_b")}
            register.append_case_event(
                who="x", run="r", **keys, case_id=case_id, status=status, answer=given, facts_hash="of other facts", release="2025-01-r01"
            )
    assert send_worklists(home, FEBRUARY).sent == 2
    states = states_of(home)
    assert (states[answered_before].status, states[answered_before].answer) == ("sent", "legitimate")
    assert states[changed].sent_facts_hash == cases[changed]["facts_hash"]
    assert states[answered_now].status == "answered_legitimate"


def test_only_the_newest_closed_month_is_sent(home):
    with pytest.raises(UsageError, match="2025-02 is closed since"):
        send_worklists(home, JANUARY)
    with pytest.raises(ReleaseError, match="2025-03 is not closed"):
        send_worklists(home, Period(2025, 3))
    assert rows_of(home, "case_events") == []


# Taking


def test_right_rows_are_recorded_and_act_as_events(home, cases, lists, february, tmp_path):
    keep_a, keep_b, legitimate, wrong = chosen(cases, 4)
    filled = answered(
        lists[EAST],
        tmp_path / "filled.xlsx",
        {
            keep_a: (DUPLICATE, KEEP_A, date(2025, 3, 1), "已通知"),
            keep_b: (DUPLICATE, KEEP_B),
            legitimate: (LEGITIMATE, None, None, "有文件"),
            wrong: (WRONG,),
        },
    )
    result = take_answers(home, [filled], "周主任", TODAY)
    (file,) = result.files
    assert (file.taken, file.known, file.problems, file.county) == (4, 0, [], "东城区")
    assert result.is_complete and result.contradictions == []
    assert result.applied == {"answered_duplicate": 2, "answered_legitimate": 1, "answered_wrong_match": 1}
    rows = {row["relation_id_a"]: row for row in rows_of(home, "worklist_answers")}
    row = rows[cases[keep_a]["relation_id_a"]]
    assert (row["worklist"], row["period"], row["office"], row["who"]) == (f"{february.release}/{EAST}", "2025-02", EAST, "周主任")
    assert (row["answer"], row["retained_relation_id"], row["ended_on"]) == ("duplicate", cases[keep_a]["relation_id_a"], "2025-03-01")
    assert row["note"] == "已通知"
    assert row["row_number"] == line_of(openpyxl.load_workbook(filled)["核查清单"], keep_a)
    states = states_of(home)
    kept = states[keep_a]
    assert (kept.status, kept.retained_relation_id, kept.ended_relation_id, kept.ended_on) == (
        "answered_duplicate",
        cases[keep_a]["relation_id_a"],
        cases[keep_a]["relation_id_b"],
        "2025-03-01",
    )
    assert kept.answered_facts_hash == cases[keep_a]["facts_hash"]
    assert (states[keep_b].retained_relation_id, states[keep_b].ended_relation_id) == (cases[keep_b]["relation_id_b"], None)
    assert [states[one].status for one in (legitimate, wrong)] == ["answered_legitimate", "answered_wrong_match"]


def test_the_same_file_twice_and_the_same_answers_saved_anew_take_nothing_new(home, cases, lists, tmp_path):
    first, second = chosen(cases, 2)
    filled = answered(lists[EAST], tmp_path / "filled.xlsx", {first: (DUPLICATE, KEEP_A), second: (LEGITIMATE,)})
    take_answers(home, [filled], "周主任", TODAY)
    before = [rows_of(home, table) for table in ("worklist_answers", "case_events", "match_decisions", "audit_log")]
    saved_anew = edited(filled, tmp_path / "anew.xlsx", lambda _, sheet: setattr(sheet["A1"], "value", "重复参保核查清单（已填）"))
    assert saved_anew.read_bytes() != filled.read_bytes()
    result = take_answers(home, [filled, saved_anew], "周主任", TODAY)
    assert [(one.taken, one.known) for one in result.files] == [(0, 2), (0, 2)]
    assert result.is_complete
    assert [rows_of(home, table) for table in ("worklist_answers", "case_events", "match_decisions", "audit_log")] == before


def test_rows_that_are_not_taken_are_told_and_the_others_are_taken(home, cases, lists, tmp_path):
    right, wrong = chosen(cases, 2)
    filled = answered(lists[EAST], tmp_path / "filled.xlsx", {right: (LEGITIMATE,), wrong: (DUPLICATE,)})
    result = take_answers(home, [filled, tmp_path / "nothing.xlsx"], "周主任", TODAY)
    assert not result.is_complete
    taken, refused = result.files
    assert (taken.taken, [one.case_id for one in taken.problems]) == (1, [wrong])
    assert "no such file" in refused.refused
    assert [row["relation_id_a"] for row in rows_of(home, "worklist_answers")] == [cases[right]["relation_id_a"]]
    # The county fills in what lacked and returns it again.
    again = take_answers(home, [answered(filled, tmp_path / "again.xlsx", {wrong: (DUPLICATE, KEEP_B)})], "周主任", TODAY)
    assert again.is_complete
    assert [(one.taken, one.known) for one in again.files] == [(1, 1)]


def test_what_a_county_answers_later_holds(home, cases, lists, tmp_path):
    (case_id,) = chosen(cases, 1)
    for place, given in enumerate([(LEGITIMATE,), (DUPLICATE, KEEP_B)]):
        take_answers(home, [answered(lists[EAST], tmp_path / f"{place}.xlsx", {case_id: given})], "周主任", TODAY)
    state = states_of(home)[case_id]
    assert (state.status, state.retained_relation_id) == ("answered_duplicate", cases[case_id]["relation_id_b"])
    assert len(rows_of(home, "worklist_answers")) == 2


def test_a_list_of_an_earlier_month_answers_what_no_newer_list_has_answered(home, cases, lists, tmp_path):
    january = write_lists(home, find_release(home, JANUARY), tmp_path / "january")[EAST][0]
    then = cases_of(home, find_release(home, JANUARY).release)
    first, second = [one for one in chosen(cases, 12) if one in then and then[one]["is_asked"]][:2]
    take_answers(home, [answered(lists[EAST], tmp_path / "new.xlsx", {first: (DUPLICATE, KEEP_B)})], "周主任", TODAY)
    old = answered(january, tmp_path / "old.xlsx", {first: (LEGITIMATE,), second: (LEGITIMATE,)})
    (file,) = take_answers(home, [old], "周主任", TODAY).files
    assert file.taken == 1
    assert [(one.case_id, one.found) for one in file.problems] == [(first, "较早的清单 2025-01-r01")]
    states = states_of(home)
    assert (states[first].answer, states[second].answer) == ("duplicate", "legitimate")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"release": "2030-01-r01"}, "does not know 2030-01-r01"),
        ({"release_sha256": "0" * 64}, "has another release under the name"),
        ({"division_code": "990105"}, "has no case in"),
    ],
)
def test_a_list_of_another_home_or_of_a_county_without_cases_is_refused(home, closed_edge_home, february, tmp_path, changes, said):
    worklist = write_lists(closed_edge_home, february, tmp_path / "lists")[EAST][1]
    write_worklist(tmp_path / "foreign.xlsx", replace(worklist, **changes))
    (file,) = take_answers(home, [tmp_path / "foreign.xlsx"], "周主任", TODAY).files
    assert said in file.refused
    assert rows_of(home, "worklist_answers") == []


def test_a_case_that_is_another_countys_is_not_taken_from_this_one(home, closed_edge_home, february, cases, tmp_path):
    worklists = write_lists(closed_edge_home, february, tmp_path / "lists")
    (own,) = chosen(cases, 1, (RIVER,))
    # As if somebody had put another county's code on the list.
    write_worklist(tmp_path / "swapped.xlsx", replace(worklists[RIVER][1], division_code=EAST))
    (file,) = take_answers(
        home, [answered(tmp_path / "swapped.xlsx", tmp_path / "filled.xlsx", {own: (LEGITIMATE,)})], "周主任", TODAY
    ).files
    assert file.taken == 0
    assert [one.found for one in file.problems] == ["不是本县（区）的案件"]


def test_a_changed_locked_cell_names_its_column_and_quotes_no_name(home, cases, lists, tmp_path):
    first, second = chosen(cases, 2)

    def change(_, sheet):
        for case_id, key, value in ((first, "name", "赵不存在"), (second, "overlap_from", date(2001, 1, 1))):
            line = line_of(sheet, case_id)
            answer(sheet, line, LEGITIMATE)
            cell(sheet, line, key).value = value

    (file,) = take_answers(home, [edited(lists[EAST], tmp_path / "changed.xlsx", change)], "周主任", TODAY).files
    told = {one.case_id: one for one in file.problems}
    assert file.taken == 0
    assert told[first].column == "姓名"
    assert told[second].column == "重叠起"
    assert cases[second]["overlap_from"].isoformat() in told[second].expected
    for one in file.problems:
        said = f"{one.found}{one.expected}"
        assert "赵不存在" not in said and cases[one.case_id]["person_name_a"] not in said


def test_two_relations_under_one_person_number_cannot_be_two_persons(home, cases, lists, tmp_path):
    case_id = next(one for one, case in cases.items() if case["is_asked"] and case["is_one_record"] and EAST in case["division_code_a"])
    (file,) = take_answers(home, [answered(lists[EAST], tmp_path / "one.xlsx", {case_id: (WRONG,)})], "周主任", TODAY).files
    assert [(one.column, one.found) for one in file.problems] == [("核查结论", WRONG)]
    assert rows_of(home, "match_decisions") == []


def test_neither_relation_is_kept_only_where_there_is_a_third(home, cases, lists, tmp_path):
    (without_third,) = chosen(cases, 1)
    third = next(one for one, case in cases.items() if case["is_asked"] and case["suggested"] == "neither" and case["overlap_to"] is None)
    county = cases[third]["division_code_a"]
    files = [
        answered(lists[EAST], tmp_path / "two.xlsx", {without_third: (DUPLICATE, KEEP_NEITHER)}),
        answered(lists[county], tmp_path / "three.xlsx", {third: (DUPLICATE, KEEP_NEITHER)}),
    ]
    two, three = take_answers(home, files, "周主任", TODAY).files
    assert (two.taken, two.problems[0].found) == (0, KEEP_NEITHER)
    assert (three.taken, three.problems) == (1, [])
    state = states_of(home)[third]
    assert (state.status, state.retained_relation_id) == ("answered_duplicate", None)


# Two counties


def test_one_countys_answer_acts_until_the_other_contradicts_it_and_again_when_both_agree(home, cases, lists, tmp_path):
    (case_id,) = chosen(cases, 1, (EAST, RIVER))

    def take(county, name, *given):
        return take_answers(home, [answered(lists[county], tmp_path / f"{name}.xlsx", {case_id: given})], "周主任", TODAY)

    assert take(EAST, "first", DUPLICATE, KEEP_A).is_complete
    assert states_of(home)[case_id].answer == "duplicate"
    contradicted = take(RIVER, "second", LEGITIMATE)
    assert not contradicted.is_complete
    assert [(one.case_id, one.why) for one in contradicted.contradictions] == [(case_id, f"{EAST} 确认重复，保留关系一；{RIVER} 合理重叠")]
    state = states_of(home)[case_id]
    assert (state.status, state.answer, state.is_contested) == ("sent", None, True)
    assert len(rows_of(home, "worklist_answers")) == 2
    # Told again while it lasts, without new entries.
    events = rows_of(home, "case_events")
    assert not take(RIVER, "second", LEGITIMATE).is_complete
    assert rows_of(home, "case_events") == events
    assert take(RIVER, "third", DUPLICATE, KEEP_A).is_complete
    state = states_of(home)[case_id]
    assert (state.status, state.retained_relation_id, state.is_contested) == ("answered_duplicate", cases[case_id]["relation_id_a"], False)


def case(case_id, a, b, divisions=(EAST, RIVER), overlap_to=None):
    return {
        "case_id": case_id,
        "key": ("employee", a, "resident", b),
        "relation_id_a": a,
        "relation_id_b": b,
        "division_code_a": divisions[0],
        "division_code_b": divisions[-1],
        "divisions": sorted(set(divisions)),
        "overlap_to": overlap_to,
    }


def said(answer, retained=None, ended_on=None, note=None, facts_hash="f"):
    return {"answer": answer, "retained_relation_id": retained, "ended_on": ended_on, "note": note, "facts_hash": facts_hash}


def resolved(cases, answers):
    return resolve(cases, {one["key"]: answers.get(one["case_id"], {}) for one in cases})


def test_counties_that_agree_give_the_day_of_the_one_whose_relation_ended_and_the_last_remark():
    one = case("C", "e", "r")
    found = resolved([one], {"C": {RIVER: said("duplicate", "e", "2025-02-10", "县"), EAST: said("duplicate", "e", "2025-02-20", "市")}})[
        "C"
    ]
    assert (found.answer, found.retained, found.ended_on, found.remark, found.why) == ("duplicate", "e", "2025-02-10", "市", None)


def test_an_answer_of_a_county_that_is_no_longer_the_cases_counts_for_nothing():
    one = case("C", "e", "r", (EAST,))
    assert resolved([one], {"C": {RIVER: said("legitimate")}}) == {}


@pytest.mark.parametrize(
    ("given", "agree"),
    [
        ((said("legitimate"), said("legitimate", note="other words")), True),
        ((said("duplicate", "e"), said("duplicate", "r")), False),
        ((said("duplicate", "e"), said("duplicate", None)), False),
        ((said("wrong_match"), said("legitimate")), False),
    ],
)
def test_two_counties_agree_on_what_they_found_and_what_is_kept(given, agree):
    found = resolved([case("C", "e", "r")], {"C": dict(zip((EAST, RIVER), given, strict=True))})["C"]
    assert (found.why is None) == agree == (found.answer is not None)


def test_answers_on_one_persons_cases_keep_one_relation_or_none_acts():
    employed, third = case("C1", "e", "r", (EAST,)), case("C2", "r", "n", (EAST,))
    kept_twice = resolved([employed, third], {"C1": {EAST: said("duplicate", "e")}, "C2": {EAST: said("duplicate", "r")}})
    assert {one.answer for one in kept_twice.values()} == {None}
    assert kept_twice["C1"].why == "同一人只能保留一条：C1 保留关系一；C2 保留关系一"
    given_up = resolved([employed, third], {"C1": {EAST: said("duplicate", "r")}, "C2": {EAST: said("duplicate", "neither")}})
    assert {one.answer for one in given_up.values()} == {None}
    agreed = resolved([employed, third], {"C1": {EAST: said("duplicate", "e")}, "C2": {EAST: said("duplicate", "neither")}})
    assert [agreed[one].retained for one in ("C1", "C2")] == ["e", "neither"]
    over = case("C2", "r", "n", (EAST,), overlap_to=date(2025, 1, 10))
    once = resolved([employed, over], {"C1": {EAST: said("duplicate", "e")}, "C2": {EAST: said("duplicate", "r")}})
    assert {one.answer for one in once.values()} == {"duplicate"}


# Who is who


def test_a_wrong_match_is_a_decision_on_the_two_records_and_is_taken_back_with_the_answer(home, cases, lists, tmp_path):
    (case_id,) = chosen(cases, 1)
    for place, given in enumerate([(WRONG,), (DUPLICATE, KEEP_A)]):
        take_answers(home, [answered(lists[EAST], tmp_path / f"{place}.xlsx", {case_id: given})], "周主任", TODAY)
    decisions = rows_of(home, "match_decisions")
    assert [row["verdict"] for row in decisions] == ["different", "cannot tell"]
    one = cases[case_id]
    pair = {(one[f"scheme_{side}"], one[f"source_person_no_{side}"]) for side in "ab"}
    assert {(decisions[0][f"source_system_{side}"], decisions[0][f"source_person_no_{side}"]) for side in "ab"} == pair
    assert decisions[0]["fields_hash"] == one["match_fields_hash"] is not None
    assert decisions[0]["who"] == "周主任"


def test_a_wrong_match_that_a_reviewer_has_overruled_is_no_answer_any_more(home, cases, lists, tmp_path):
    one, other = chosen(cases, 2)
    take_answers(home, [answered(lists[EAST], tmp_path / "wrong.xlsx", {one: (WRONG,), other: (WRONG,)})], "周主任", TODAY)
    records = tuple(cases[one][part] for part in ("scheme_a", "source_person_no_a", "scheme_b", "source_person_no_b"))
    with Register(home.register) as register:
        decide(home, register, records, "same", "复核员", "本人到场")
        standing = {state.case_id: state for state in standing_cases(register)}
    assert (standing[one].answer, standing[one].status, standing[one].is_contested) == (None, "sent", True)
    assert "复核认定为同一人" in standing[one].note
    assert (standing[other].answer, standing[other].status) == ("wrong_match", "answered_wrong_match")


def test_the_register_holds_no_name_and_no_number_of_a_person(home, cases, lists, tmp_path):
    first, second = chosen(cases, 2)
    name = cases[first]["person_name_a"]
    filled = answered(
        lists[EAST],
        tmp_path / "filled.xlsx",
        {first: (LEGITIMATE, None, None, f"{name}有证明，电话13800001234"), second: (DUPLICATE, KEEP_A)},
    )
    send_worklists(home, FEBRUARY)
    take_answers(home, [filled], "周主任", TODAY)
    with closing(sqlite3.connect(home.register)) as connection:
        dumped = "\n".join(connection.iterdump())
    assert "〔姓名〕有证明，电话〔号码〕" in dumped
    names = {one[f"person_name_{side}"] for one in cases.values() for side in "ab"}
    assert not [one for one in names if one in dumped.replace("周主任", "")]
    assert "13800001234" not in dumped


# At the command line


def test_commands_explain_themselves_in_both_languages():
    for command in (["duplicates", "--help"], ["duplicates", "worklists", "--help"], ["duplicates", "answers", "--help"]):
        result = CliRunner().invoke(cli.app, command)
        assert result.exit_code == 0
        assert any("\u4e00" <= sign <= "\u9fff" for sign in result.output) and "worklist" in result.output


def test_the_command_line_tells_what_was_not_taken_and_exits_with_one(home, cases, lists, tmp_path):
    right, wrong = chosen(cases, 2)
    filled = answered(lists[EAST], tmp_path / "filled.xlsx", {right: (LEGITIMATE,), wrong: (DUPLICATE,)})
    sent = CliRunner().invoke(cli.app, ["--home", str(home.home), "duplicates", "worklists", "2025-02", "--out", str(tmp_path / "out")])
    assert sent.exit_code == 0
    assert "个人信息" in sent.output and "东城区" in sent.output
    taken = CliRunner().invoke(cli.app, ["--home", str(home.home), "duplicates", "answers", str(filled), "--as", "周主任"])
    assert taken.exit_code == 1
    assert "收下 1" in taken.output and wrong in taken.output and "必须选择" in taken.output
    assert cases[wrong]["person_name_a"] not in taken.output
    complete = answered(filled, tmp_path / "complete.xlsx", {wrong: (DUPLICATE, KEEP_A)})
    again = CliRunner().invoke(cli.app, ["--home", str(home.home), "duplicates", "answers", str(complete), "--as", "周主任"])
    assert again.exit_code == 0
    foreign = CliRunner().invoke(cli.app, ["--home", str(home.home), "duplicates", "answers", str(tmp_path / "no.xlsx"), "--as", "周主任"])
    assert foreign.exit_code == 1


def test_answers_without_a_name_and_without_a_closed_month_are_refused(home, lists, tmp_path):
    with pytest.raises(UsageError, match="--as NAME"):
        take_answers(home, [lists[EAST]], "  ", TODAY)
    with pytest.raises(ReleaseError, match="no month is closed"):
        take_answers(Settings.from_environment(tmp_path / "empty"), [lists[EAST]], "周主任", TODAY)


# Closed again


@pytest.fixture(scope="module")
def answered_city(closed_edge_home, tmp_path_factory):
    """A city whose January worklists came back, and whose two months were closed again: home, cases before, who was answered how."""
    folder = tmp_path_factory.mktemp("answered")
    home = copy_of(closed_edge_home, folder / "home")
    january = find_release(home, JANUARY).release
    then, later = cases_of(home, january), cases_of(home, find_release(home, FEBRUARY).release)
    persons = [one["person_id"] for one in then.values()]
    alone = {one: case for one, case in then.items() if case["is_asked"] and persons.count(case["person_id"]) == 1 and one in later}
    # Which relation ended in February: its last day lies before the month's.
    ended = {
        one: next(side for side in "ab" if later[one][f"last_day_{side}"] == later[one]["overlap_to"])
        for one, case in alone.items()
        if case["overlap_to"] is None and later[one]["overlap_to"] is not None and later[one]["legitimate_rule"] is None
    }
    lasting = [
        one
        for one, case in alone.items()
        if case["overlap_to"] is None and later[one]["overlap_to"] is None and case["same_county"] and not case["is_one_record"]
    ]
    shared = next(
        one
        for one, case in alone.items()
        if case["overlap_to"] is None
        and later[one]["overlap_to"] is None
        and {case["division_code_a"], case["division_code_b"]} == {EAST, RIVER}
    )
    settled, kept_one_ended = list(ended)[:2]
    before = next(one for one, case in alone.items() if case["overlap_to"] is not None)
    kept = {"a": KEEP_A, "b": KEEP_B}
    other = {"a": "b", "b": "a"}
    suggested = next(one for one in lasting if then[one]["suggested"] == "a")
    legitimate, wrong = [one for one in lasting if one != suggested][:2]
    given = {
        "settled": (settled, (DUPLICATE, kept[other[ended[settled]]])),
        "kept one ended": (kept_one_ended, (DUPLICATE, kept[ended[kept_one_ended]])),
        "over before": (before, (DUPLICATE,)),
        "other kept": (suggested, (DUPLICATE, KEEP_B)),
        "legitimate": (legitimate, (LEGITIMATE,)),
        "wrong": (wrong, (WRONG,)),
    }
    lists = {county: path for county, (path, _) in write_lists(home, find_release(home, JANUARY), folder / "lists").items()}
    files = []
    for county, path in lists.items():
        own = {one: how for one, how in given.values() if county == then[one]["division_code_a"]}
        if county in (EAST, RIVER):
            own[shared] = (DUPLICATE, KEEP_A) if county == EAST else (LEGITIMATE,)
        files.append(answered(path, folder / f"{county}.xlsx", own))
    result = take_answers(home, files, "周主任", TODAY)
    assert [one.problems for one in result.files] == [[]] * len(files)
    close_month(home, JANUARY, without=(Office("rural", "990103"),))
    close_month(home, FEBRUARY)
    return home, then, {**{name: one for name, (one, _) in given.items()}, "contested": shared}


def test_the_next_close_shows_what_was_answered_settles_what_has_ended_and_closes_it_a_month_later(answered_city):
    home, _, named = answered_city
    january, february = (cases_of(home, find_release(home, month).release) for month in (JANUARY, FEBRUARY))

    def status(cases, name):
        return cases[named[name]]["status"]

    assert [status(january, name) for name in ("settled", "kept one ended", "other kept")] == ["answered_duplicate"] * 3
    assert (status(january, "over before"), status(february, "over before")) == ("settled", "closed")
    assert status(february, "settled") == "settled"
    assert status(february, "kept one ended") == "answered_duplicate"
    assert status(february, "legitimate") == "answered_legitimate"
    assert status(february, "contested") == "sent"
    settled = february[named["settled"]]
    side = next(side for side in "ab" if settled[f"relation_id_{side}"] == settled["ended_relation_id"])
    assert settled["ended_on"] == settled[f"last_day_{side}"] == settled["overlap_to"]
    assert settled["ended_on"] < FEBRUARY.last_day


def test_the_answered_relation_is_kept_and_what_is_found_legitimate_costs_nothing(answered_city):
    home, then, named = answered_city
    february = cases_of(home, find_release(home, FEBRUARY).release)
    kept = february[named["other kept"]]
    assert then[named["other kept"]]["retained_relation_id"] == kept["relation_id_a"]
    assert kept["retained_relation_id"] == kept["relation_id_b"]
    legitimate = february[named["legitimate"]]
    assert then[named["legitimate"]]["retained_relation_id"] is not None
    assert (legitimate["retained_relation_id"], legitimate["keep_rule"], legitimate["duplicate_subsidy_yuan"]) == (None, None, 0)


def test_a_wrong_match_is_two_persons_from_the_next_close_on(answered_city):
    home, then, named = answered_city
    one = then[named["wrong"]]
    assert named["wrong"] not in cases_of(home, find_release(home, FEBRUARY).release)
    with closing(sqlite3.connect(home.register)) as connection:
        splits = connection.execute("select count(*) from person_events where event = 'split' and person_id_from = ?", [one["person_id"]])
        assert splits.fetchone()[0] > 0


def test_steps_that_follow_from_deliveries_are_events_with_when_and_which(answered_city):
    home, _, named = answered_city
    february = cases_of(home, find_release(home, FEBRUARY).release)
    events = rows_of(home, "case_events")

    def steps(name):
        return [event["status"] for event in events if event["case_id"] == named[name]]

    # January was closed again while February stood, so its steps were February's to record.
    assert steps("settled") == ["answered_duplicate", "settled"]
    assert steps("over before") == ["answered_duplicate", "closed"]
    assert steps("kept one ended") == ["answered_duplicate"]
    assert steps("wrong") == ["answered_wrong_match", "closed"]
    assert steps("contested") == ["contested"]
    event = next(one for one in events if one["status"] == "settled" and one["case_id"] == named["settled"])
    case = february[named["settled"]]
    assert (event["ended_relation_id"], event["ended_on"]) == (case["ended_relation_id"], case["ended_on"].isoformat())
    assert event["release"] == find_release(home, FEBRUARY).release and event["who"] and event["run"]


def test_recorded_steps_make_no_new_release(answered_city):
    home, _, _ = answered_city
    before = rows_of(home, "case_events")
    assert not close_month(home, FEBRUARY).published
    assert rows_of(home, "case_events") == before


def test_the_next_worklists_ask_again_what_changed_and_what_counties_contradict_and_nothing_that_stands(answered_city, tmp_path):
    home, _, named = answered_city
    own = copy_of(home, tmp_path / "home")
    row = find_release(own, FEBRUARY)
    lists = {county: worklist for county, (_, worklist) in write_lists(own, row, tmp_path / "lists").items()}
    asked = {one["case_id"]: one for worklist in lists.values() for one in worklist.asked}
    others = {one["case_id"]: one for worklist in lists.values() for one in worklist.others}
    assert named["contested"] in asked and "东城区 确认重复" in asked[named["contested"]]["situation"]
    assert named["kept one ended"] in asked and "情况有变" in asked[named["kept one ended"]]["situation"]
    for name in ("settled", "over before", "other kept", "legitimate"):
        assert named[name] not in asked
    assert others[named["settled"]]["state"].startswith("已处理：关系")
    assert others[named["over before"]]["state"] == "已归档"
    assert others[named["legitimate"]]["state"].endswith("已答复：合理重叠")
    sent = send_worklists(own, FEBRUARY)
    assert sent.sent == len(asked)
    states = states_of(own)
    assert (states[named["kept one ended"]].status, states[named["kept one ended"]].answer) == ("sent", "duplicate")
    assert states[named["settled"]].status == "answered_duplicate"
