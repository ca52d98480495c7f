"""The review of pairs in a real browser: decided by hand and by keyboard, with nobody's data in an address."""

from collections.abc import Iterator
from urllib.parse import unquote

import duckdb
import pytest

from tests.browser.conftest import Server, Visit, start, visiting
from tests.browser.test_app_browser import BOXES, CLIPPED, OVERLAPPING
from tests.conftest import copy_of
from warehouse.identity.decisions import decisions_in_force
from warehouse.register import Register

pytestmark = pytest.mark.browser

REVIEWER = "李复核"
SIZES = ((1280, 800), (1920, 1080))


@pytest.fixture(scope="module")
def review_server(closed_mini_home, tmp_path_factory) -> Iterator[Server]:
    settings = copy_of(closed_mini_home, tmp_path_factory.mktemp("reviewed") / "home")
    yield from start(settings, "--reviewer", REVIEWER)


@pytest.fixture
def reviewing(review_server, browser) -> Iterator[Visit]:
    yield from visiting(review_server, browser)


def queue_of(server: Server) -> list[dict]:
    with duckdb.connect(str(server.settings.review / "2025-02-r01.duckdb"), read_only=True) as con:
        return con.execute("select * from review.match_queue order by queue_place").to_arrow_table().to_pylist()


def decided(server: Server) -> list[tuple[str, ...]]:
    with Register(server.settings.register, read_only=True) as register:
        return [
            (row["source_person_no_a"], row["source_person_no_b"], row["verdict"], row["who"], row["reason"])
            for row in decisions_in_force(register)
        ]


def heading(visit: Visit) -> str:
    return visit.page.locator(".st-key-review_pair .tc-section h2").first.inner_text()


def test_a_pair_is_decided_by_hand_and_the_next_by_keyboard_and_no_address_names_anybody(review_server, reviewing):
    waiting = queue_of(review_server)
    asked: list[str] = []
    reviewing.page.on("request", lambda request: asked.append(request.url))
    reviewing.page.on("framenavigated", lambda frame: asked.append(frame.url))
    reviewing.open("review?month=2025-02")
    assert heading(reviewing).startswith(f"第 1 对，共 {len(waiting)} 对")
    field = reviewing.page.get_by_role("textbox", name="理由")
    field.fill("电话核实")
    field.press("Enter")
    reviewing.page.wait_for_timeout(500)
    assert decided(review_server) == [], "Enter in the field of the reason must decide nothing"
    reviewing.page.get_by_role("button", name="不是同一人").click()
    reviewing.page.get_by_text("已记录为“不是同一人”").wait_for()
    reviewing.settle()
    assert heading(reviewing).startswith(f"第 1 对，共 {len(waiting) - 1} 对（队列第 2 位）")

    reviewing.page.keyboard.press("F2")
    reviewing.page.get_by_text("已记录为“同一人”").wait_for()
    reviewing.settle()
    expected = [(one["source_person_no_a"], one["source_person_no_b"]) for one in waiting[:2]]
    assert decided(review_server) == [(*expected[0], "different", REVIEWER, "电话核实"), (*expected[1], "same", REVIEWER, None)]
    facts = dict(zip(*(reviewing.page.locator(f".tc-fact {part}").all_inner_texts() for part in ("span", "b")), strict=True))
    assert (facts["待复核"], facts["已复核"]) == (str(len(waiting) - 2), "2")

    reviewing.choose("复核进度", "已复核")
    reviewing.page.get_by_text("电话核实").wait_for()
    addresses = [unquote(address) for address in [*asked, reviewing.page.url, reviewing.page.title()]]
    personal = {
        row[f"{column}_{side}"] for row in waiting for side in "ab" for column in ("name", "source_person_no", "household_no", "birth_date")
    }
    assert len(addresses) > 20
    assert [(value, address) for value in personal if value for address in addresses if str(value)[:10] in address] == []
    assert (reviewing.faults, reviewing.elsewhere) == ([], [])


def test_back_shows_the_pair_before_and_a_line_of_the_list_opens_its_pair(review_server, reviewing):
    reviewing.open("review?month=2025-02&progress=any")
    first = heading(reviewing)
    reviewing.page.get_by_role("button", name="下一对").click()
    reviewing.page.wait_for_function("first => document.querySelector('.st-key-review_pair h2').innerText !== first", arg=first)
    reviewing.settle()
    second = heading(reviewing)
    reviewing.page.get_by_role("button", name="上一对").click()
    reviewing.page.wait_for_function("second => document.querySelector('.st-key-review_pair h2').innerText !== second", arg=second)
    reviewing.settle()
    assert heading(reviewing) == first
    reviewing.page.go_back()
    reviewing.page.wait_for_function("first => document.querySelector('.st-key-review_pair h2').innerText !== first", arg=first)
    reviewing.settle()
    assert heading(reviewing) == second
    # The grid is drawn on a canvas: its boxes are reached by their place. The third line is below the head and two others.
    grid = reviewing.page.locator('[data-testid="stDataFrame"]').first
    grid.scroll_into_view_if_needed()
    box = grid.bounding_box()
    row = box["height"] / (len(queue_of(review_server)) + 1)
    reviewing.page.mouse.click(box["x"] + 15, box["y"] + 3.5 * row)
    reviewing.page.wait_for_function("() => document.querySelector('.st-key-review_pair h2').innerText.includes('第 3 位')")
    reviewing.settle()
    assert reviewing.faults == []


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_nothing_of_the_reviewers_page_is_cut_off_or_laid_over(review_server, browser, size):
    for one in visiting(review_server, browser, *size):
        one.open("review?month=2025-02&reason=two_ids&progress=any")
        one.page.locator(".js-plotly-plot .main-svg").first.wait_for()
        one.page.wait_for_timeout(800)
        assert one.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
        assert [one.page.evaluate(script) for script in (CLIPPED, BOXES, OVERLAPPING)] == [[], [], []]
        decide = one.page.get_by_role("button", name="无法判断").bounding_box()
        assert decide["y"] + decide["height"] < size[1], "the answers are not in sight when the page opens"
