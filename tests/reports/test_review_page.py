"""The review page as AppTest drives it: who sees what of it, what it shows of a pair, and what a decision does."""

import re
from dataclasses import replace
from decimal import Decimal

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

from reports import data, forms, launch, review
from reports.data import MatchQuality, PairDecision, QueueLine
from reports.match_quality import quality_words
from reports.review import Queue, Wanted, marked
from reports.tables import Marked
from tests.conftest import copy_of
from tests.reports.test_app import NOT_A_NUMBER, combinations, opened, shown_on, words_on
from warehouse.errors import ScopeError, UsageError
from warehouse.identity.decisions import VERDICTS, decisions_in_force
from warehouse.register import Register
from warehouse.scope import ReviewReader, scope
from warehouse.settings import Settings

RELEASE = "2025-02-r01"
REVIEWER = "李复核"


def queue_in(settings: Settings, release: str = RELEASE) -> list[dict]:
    with duckdb.connect(str(settings.review / f"{release}.duckdb"), read_only=True) as con:
        found = con.execute("select * from review.match_queue order by queue_place").to_arrow_table()
    return found.to_pylist()


def reviewing(settings: Settings, monkeypatch, **query: str) -> AppTest:
    monkeypatch.setenv("TONGCHOU_REVIEWER", REVIEWER)
    return opened(settings, monkeypatch, "review", **query)


def answer(app: AppTest, verdict: str, reason: str = "") -> AppTest:
    """Decide on the pair at hand as a reviewer does."""
    if reason:
        app.text_input[0].input(reason)
    next(button for button in app.button if button.label == verdict).click()
    return app.run()


def everything_on(app: AppTest) -> str:
    lists = "\n".join(frame.value.to_csv() for frame in app.dataframe)
    return f"{shown_on(app)}\n{lists}"


def test_without_a_reviewer_the_page_counts_the_queue_and_names_nobody(closed_mini_home, monkeypatch):
    monkeypatch.delenv("TONGCHOU_REVIEWER", raising=False)
    app = opened(closed_mini_home, monkeypatch, "review", month="2025-02")
    shown = everything_on(app)
    waiting = queue_in(closed_mini_home)
    assert "--reviewer" in shown
    assert re.search(rf"合计</td>.*?>{len(waiting)}</td>", shown)
    assert not [row["name_a"] for row in waiting if row["name_a"] and row["name_a"] in shown]
    assert not [row["source_person_no_a"] for row in waiting if row["source_person_no_a"] in shown]
    assert not app.get("form_submit_button")


def test_a_reviewer_sees_the_dearest_pair_side_by_side_with_its_evidence(closed_mini_home, monkeypatch):
    app = reviewing(closed_mini_home, monkeypatch, month="2025-02")
    first = queue_in(closed_mini_home)[0]
    assert not app.exception
    words = words_on(app)
    compact = re.sub(r"\s", "", words)
    for column in ("name_a", "name_b", "source_person_no_a", "source_person_no_b", "evidence_zh", "id_masked_a", "id_masked_b"):
        assert re.sub(r"\s", "", first[column] or "") in compact, column
    assert f"复核人：{REVIEWER}" in words
    assert "下次月结" in words
    if first["match_weight"] is not None:
        assert app.get("plotly_chart")


def test_the_review_page_stands_for_every_month_county_and_scheme(closed_edge_home, monkeypatch):
    app = reviewing(closed_edge_home, monkeypatch)
    for query in combinations(closed_edge_home, schemes_each=False):
        for name, value in query.items():
            app.query_params[name] = value
        app.run()
        assert not app.exception, (query, app.exception)
        assert not app.error, (query, app.error)
        assert NOT_A_NUMBER.search(words_on(app)) is None, query


def test_a_decision_is_in_the_register_under_the_reviewers_name_and_the_next_pair_is_shown(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    first, second = queue_in(settings)[:2]
    app = answer(reviewing(settings, monkeypatch, month="2025-02"), "不是同一人", "两人均已电话核实")
    with Register(settings.register, read_only=True) as register:
        (decided,) = decisions_in_force(register)
    assert {name: decided[name] for name in ("verdict", "who", "reason", "fields_hash", "source_person_no_a", "source_person_no_b")} == {
        "verdict": "different",
        "who": REVIEWER,
        "reason": "两人均已电话核实",
        **{name: first[name] for name in ("fields_hash", "source_person_no_a", "source_person_no_b")},
    }
    assert app.query_params["pair"] == second["pair_id"]
    assert any("已记录为“不是同一人”" in said.value for said in app.success)
    assert second["evidence_zh"] in words_on(app)
    # The reason that was typed for one pair does not stand in the field of the next.
    assert app.text_input[0].value == ""


def test_a_decided_pair_is_found_again_with_its_decision_and_can_be_decided_anew(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    first = queue_in(settings)[0]
    answer(reviewing(settings, monkeypatch, month="2025-02"), "无法判断")
    app = reviewing(settings, monkeypatch, month="2025-02", progress="decided")
    assert "已决定：无法判断" in words_on(app)
    app = answer(app, "同一人", "户口簿")
    with Register(settings.register, read_only=True) as register:
        assert [row["verdict"] for row in register.rows("match_decisions")] == ["cannot tell", "same"]
        assert [row["verdict"] for row in decisions_in_force(register)] == ["same"]
    app = reviewing(settings, monkeypatch, month="2025-02", pair=first["pair_id"])
    words = words_on(app)
    assert words.index("户口簿") < words.index("无法判断", words.index("复核记录"))


def test_when_all_are_decided_the_page_says_so(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    app = reviewing(settings, monkeypatch, month="2025-02")
    waiting = len(queue_in(settings))
    for _ in range(waiting):
        app = answer(app, "无法判断")
    assert not app.exception
    assert "所选范围内的记录对已全部复核" in words_on(app)
    with Register(settings.register, read_only=True) as register:
        assert len(decisions_in_force(register)) == waiting


DAMAGES = {"without a queue": "drop table review.match_queue", "of an earlier form": "alter table review.match_queue drop county_code_a"}


@pytest.mark.parametrize("release", ["gone", *DAMAGES])
def test_a_release_without_a_queue_is_one_sentence(closed_mini_home, tmp_path, monkeypatch, release):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    path = settings.review / f"{RELEASE}.duckdb"
    path.chmod(0o644)
    if release == "gone":
        path.unlink()
    else:
        with duckdb.connect(str(path)) as con:
            con.execute(DAMAGES[release])
    pages = [reviewing(settings, monkeypatch)]
    if release != "of an earlier form":
        monkeypatch.delenv("TONGCHOU_REVIEWER")
        pages.append(opened(settings, monkeypatch, "review", month="2025-02"))
    for app in pages:
        assert not app.exception
        assert "无法复核" in words_on(app)
        assert not app.error


def test_a_link_to_a_pair_that_is_not_queued_says_so_and_shows_the_first(closed_mini_home, monkeypatch):
    app = reviewing(closed_mini_home, monkeypatch, month="2025-02", pair="0123456789ab")
    assert any("不在2025年2月的队列中" in said.value for said in app.warning)
    assert queue_in(closed_mini_home)[0]["evidence_zh"] in words_on(app)


def test_another_filter_begins_with_its_first_pair(closed_mini_home, monkeypatch):
    app = reviewing(closed_mini_home, monkeypatch, month="2025-02")
    waiting = queue_in(closed_mini_home)
    last = waiting[-1]
    app.query_params["pair"] = last["pair_id"]
    app.run()
    app.selectbox(key="choice_reason").select(waiting[0]["queue_reason"]).run()
    assert "pair" not in app.query_params
    assert waiting[0]["evidence_zh"] in words_on(app)


def test_no_title_or_parameter_of_the_page_names_a_person(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    app = reviewing(settings, monkeypatch, month="2025-02")
    app = answer(app, "同一人")
    waiting = queue_in(settings)
    named = {row[f"{column}_{side}"] for row in waiting for side in "ab" for column in ("name", "source_person_no", "household_no")}
    said = " ".join(
        [
            *(value for values in app.query_params.values() for value in ([values] if isinstance(values, str) else values)),
            *re.findall(r'tc-title">.*?</div>', "".join(element.proto.body for element in app.get("html"))),
            *(one.value for kind in (app.success, app.info, app.warning) for one in kind),
        ]
    )
    assert not [name for name in named if name and name in said]


# What is chosen of the queue


def line(place: int, reason: str = "uncertain", systems: tuple[str, str] = ("employee", "rural"), **changed) -> QueueLine:
    one = QueueLine(
        place, f"pair{place}", reason, Decimal(670 - place), systems, (systems[0], "1", systems[1], str(place)), ("990104", None), "h", "…"
    )
    return replace(one, **changed)


def test_the_queue_is_chosen_by_county_scheme_reason_systems_and_progress():
    queue = Queue(
        (line(1), line(2, "held"), line(3, systems=("resident", "rural")), line(4, counties=(None, "990103"))),
        {"pair1": [PairDecision("same", "甲", "2025-03-05", "", "h")]},
    )

    def places(**wanted) -> list[int]:
        return [one.place for one in queue.chosen(Wanted(**{"county": data.CITY, "scheme": "all", "progress": review.ANY, **wanted}))]

    assert places() == [1, 2, 3, 4]
    assert places(county="990103") == [4]
    assert places(scheme="resident") == [3]
    assert places(scheme="maternity") == [1, 2, 4]
    assert places(reason="held") == [2]
    assert places(systems="employee-rural", progress="open") == [2, 4]
    assert places(progress="decided") == [1]
    assert (queue.decided, queue.stake) == (1, Decimal(668 + 667 + 666))


def test_a_pair_whose_fields_changed_after_a_decision_waits_again():
    queue = Queue((line(1),), {"pair1": [PairDecision("same", "甲", "2025-01-05", "", "other fields")]})
    assert queue.decision_on(queue.lines[0]) is None
    assert queue.decided == 0


def test_after_a_decision_the_pair_behind_it_is_next_and_after_the_last_the_first_that_waits():
    queue = Queue((line(1), line(2), line(3)), {"pair2": [PairDecision("same", "甲", "2025-03-05", "", "h")]})
    everything = Wanted(data.CITY, "all")
    assert queue.after(queue.lines[0], everything).place == 3
    assert queue.after(queue.lines[2], everything).place == 1
    assert Queue((line(1),), {}).after(line(1), everything) is None


# Words and marks


def test_what_one_record_has_and_the_other_has_not_is_marked():
    assert marked("王伟", "王韦") == (Marked((("王", False), ("伟", True))), Marked((("王", False), ("韦", True))))
    assert marked("1958-03-07", "1958-07-03")[0].parts[1] == ("3", True)
    assert marked("李小明", "李明") == (Marked((("李", False), ("小", True), ("明", False))), Marked((("李明", False),)))
    assert marked("王伟", "王伟") == ("王伟", "王伟")
    assert marked("", "王伟") == ("", "王伟")


QUALITY = MatchQuality(*map(Decimal, ("0.99954", "0.9981", "0.99998", "0.985", "0.97", "0.9921")), decided=1234)


def test_precision_and_recall_are_said_with_their_intervals():
    said = quality_words(QUALITY)
    for words in ("查准率 99.95%", "95%置信区间 99.81% 至 100.00%", "查全率 98.50%", "97.00% 至 99.21%", "1,234 对"):
        assert words in said


@pytest.mark.parametrize("quality", [None, replace(QUALITY, precision=None, recall=None)])
def test_without_a_sampled_decision_the_report_says_so(quality):
    assert "尚无抽样复核" in quality_words(quality)


def test_the_sentence_stands_under_the_duplicate_forms_and_on_the_page_of_duplicates(closed_mini_home, monkeypatch):
    reader = scope().release(closed_mini_home, RELEASE)
    for form in ("RPT-M11", "RPT-A01"):
        assert [note for note in forms.lay_out(reader, form, "990104").notes if "尚无抽样复核" in note] != []
    assert "{" not in "".join(forms.lay_out(reader, "RPT-M11", data.CITY).notes)
    assert "尚无抽样复核" in words_on(opened(closed_mini_home, monkeypatch, "duplicates", month="2025-02"))


def test_recall_stays_open_while_nobody_looked_at_what_was_left_apart():
    said = quality_words(replace(QUALITY, recall=None))
    assert "查准率 99.95%" in said
    assert "暂不能估计" in said


def test_every_code_of_the_queue_has_words():
    assert [review.reason_name(code) for code in review.REASONS if review.reason_name(code) == code] == []
    assert len({review.verdict_name(verdict) for verdict in VERDICTS}) == 3


# Who is the reviewer


def test_a_dashboard_that_shows_names_answers_this_machine_alone(tmp_path):
    settings = replace(Settings.from_environment(tmp_path), reviewer=REVIEWER)
    with pytest.raises(UsageError, match="this machine alone"):
        launch.serve(settings, port=8599, address="0.0.0.0")


def test_an_empty_name_is_no_reviewer(tmp_path, monkeypatch):
    monkeypatch.setenv("TONGCHOU_REVIEWER", "  ")
    assert Settings.from_environment(tmp_path).reviewer is None


def test_what_is_kept_of_a_review_file_is_kept_for_its_reviewer_alone(closed_mini_home):
    reviewer = scope(REVIEWER, is_reviewer=True).review(closed_mini_home, RELEASE)
    assert data.queue_lines(reviewer)
    everybody = scope().review(closed_mini_home, RELEASE)
    assert isinstance(everybody, ReviewReader)
    with pytest.raises(ScopeError, match="for reviewers"):
        data.queue_lines(everybody)
