import socket
import tomllib
from pathlib import Path

import pytest

import reports
from reports import launch, palette
from reports.screen import Filters, open_screen, valid
from warehouse.errors import UsageError
from warehouse.settings import Settings

CONFIG = tomllib.loads((Path(reports.__file__).parent / ".streamlit/config.toml").read_text(encoding="utf-8"))


def test_what_the_url_asks_for_is_shown_where_it_exists():
    assert valid({"scheme": "rural"}, "scheme", ["all", "rural"], "all") == ("rural", None)
    assert valid({}, "scheme", ["all", "rural"], "all") == ("all", None)


def test_what_does_not_exist_falls_back_with_a_message_that_quotes_no_more_than_needed():
    shown, said = valid({"month": "2031-13" + "x" * 500}, "month", ["2025-02"], "2025-02")
    assert shown == "2025-02"
    assert "2031-13" in said
    assert "2025年2月" in said
    assert len(said) < 80


def test_filters_go_into_the_url_and_come_back(closed_mini_home):
    asked = Filters("2025-01", "990104", "rural", "yuan")
    assert open_screen(closed_mini_home, asked.as_query()).filters == asked


def test_the_newest_month_of_the_whole_city_is_shown_first(closed_mini_home):
    screen = open_screen(closed_mini_home, {})
    assert screen.filters == Filters("2025-02", "990100", "all", "wan")
    assert screen.messages == ()


def test_there_is_no_screen_before_a_month_is_closed(tmp_path):
    assert open_screen(Settings.from_environment(tmp_path / "nowhere"), {}) is None


def test_nothing_leaves_the_intranet():
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert "--browser.gatherUsageStats=false" in launch.command(8501, "localhost")
    assert all(not face["url"].startswith(("http", "//")) for face in CONFIG["theme"]["fontFaces"])


def test_the_shipped_font_is_there_and_screens_and_figures_use_the_same_fonts():
    (face,) = CONFIG["theme"]["fontFaces"]
    shipped = Path(reports.__file__).parent / face["url"].removeprefix("app/")
    assert shipped.read_bytes()[:4] == b"wOF2"
    assert tuple(font.strip() for font in CONFIG["theme"]["font"].split(",")) == palette.FONTS
    assert face["family"] in palette.FONTS


def test_the_server_listens_where_it_is_told():
    told = launch.command(8600, "0.0.0.0")
    assert "--server.port=8600" in told
    assert "--server.address=0.0.0.0" in told


@pytest.mark.parametrize("port", [0, -1, 70000])
def test_a_port_that_is_none_is_refused(tmp_path, port):
    with pytest.raises(UsageError, match=str(port)):
        launch.serve(Settings.from_environment(tmp_path), port=port)


def test_a_port_that_is_taken_is_one_clear_message(tmp_path):
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(launch.PortError, match=str(port)):
            launch.serve(Settings.from_environment(tmp_path), port=port)


def test_an_address_of_another_machine_is_one_clear_message(tmp_path):
    with pytest.raises(launch.PortError, match="192.0.2.1"):
        launch.serve(Settings.from_environment(tmp_path), port=8599, address="192.0.2.1")
