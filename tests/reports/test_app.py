"""The dashboard as AppTest drives it: every page for every month, county and scheme, and what stands on it."""

import re
import shutil
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from streamlit.testing.v1 import AppTest

import reports
from reports import data
from reports.formats import MONEY_UNITS, money, number
from tests.conftest import copy_of
from warehouse.register import Register
from warehouse.settings import Settings

APP = Path(reports.__file__).parent / "app.py"
PAGES = ("overview", "reports", "duplicates", "review", "deliveries", "about")
NOT_A_NUMBER = re.compile(r"\b(nan|NaN|None|NaT|null|inf)\b")


def opened(settings: Settings, monkeypatch, page: str = "overview", **query: str) -> AppTest:
    monkeypatch.setenv("TONGCHOU_HOME", str(settings.home))
    app = AppTest.from_file(str(APP), default_timeout=120)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    if page != "overview":
        app.switch_page(f"app_pages/{page}.py").run()
    return app


def shown_on(app: AppTest) -> str:
    """Every text of the page."""
    html = [element.proto.body for element in app.get("html")]
    said = [element.value for kind in (app.warning, app.info, app.error, app.markdown, app.code) for element in kind]
    options = [str(option) for box in app.selectbox for option in box.options]
    figures = [element.proto.spec for element in app.get("plotly_chart")]
    return "\n".join([*html, *said, *options, *figures])


def words_on(app: AppTest) -> str:
    """The page's texts without the tags around them."""
    return re.sub(r"<[^>]+>", " ", "\n".join(element.proto.body for element in app.get("html")))


def cards_on(app: AppTest) -> dict[str, str]:
    """The cards by the indicator's name: what stands in large type."""
    html = "\n".join(element.proto.body for element in app.get("html"))
    return dict(re.findall(r'tc-card-name">([^<]+)<.*?tc-figure">([^<]+)<', html))


def release_of(settings: Settings, release: str) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(settings.published / f"{release}.duckdb"), read_only=True)


def combinations(settings: Settings, schemes_each: bool) -> list[dict[str, str]]:
    """Every month and county with every scheme, or with the schemes in turn."""
    found = []
    for month, release in sorted((path.stem[:7], path.stem) for path in settings.published.glob("*.duckdb")):
        with release_of(settings, release) as con:
            counties = con.execute(
                "select division_code from reporting.headcount_bridge where period = ? and length(division_code) = 6 order by 1", [month]
            ).fetchall()
        for place, (county,) in enumerate(counties):
            schemes = data.SCHEMES if schemes_each else (data.SCHEMES[(place + int(month[-2:])) % len(data.SCHEMES)],)
            found += [{"month": month, "county": county, "scheme": scheme} for scheme in schemes]
    return found


@pytest.mark.parametrize("page", PAGES)
def test_every_page_stands_for_every_month_county_and_scheme(closed_mini_home, closed_edge_home, monkeypatch, page):
    for settings, schemes_each in ((closed_mini_home, page in ("overview", "reports")), (closed_edge_home, False)):
        app = opened(settings, monkeypatch, page)
        for query in combinations(settings, schemes_each):
            for name, value in query.items():
                app.query_params[name] = value
            app.run()
            assert not app.exception, (query, app.exception)
            assert not app.error, (query, app.error)
            assert not [said.value for said in app.warning if "网址" in said.value], query
            assert NOT_A_NUMBER.search(words_on(app)) is None, (query, NOT_A_NUMBER.search(words_on(app)))
            assert "tc-footer" in shown_on(app), query


def test_the_cards_show_what_the_release_holds(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, month="2025-02", county="990104", scheme="rural", unit="yuan")
    with release_of(closed_mini_home, "2025-02-r01") as con:
        published = dict(
            con.execute(
                "select indicator_code, value from reporting.indicator_values where period = '2025-02' and division_code = '990104' "
                "and scheme = 'rural' and period_type in ('point', 'month')"
            ).fetchall()
        )
    cards = cards_on(app)
    assert cards["期末参保(合)人数"] == number(published["ENR-01"])
    assert cards["基金总收入"] == money(published["INC-01"], MONEY_UNITS["yuan"])
    assert cards["住院人次"] == number(published["UTL-06"])


def test_a_choice_of_county_scheme_or_unit_changes_the_numbers_and_stays_in_the_url(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch)
    city = cards_on(app)
    app.selectbox(key="choice_county").select("990104").run()
    county = cards_on(app)
    assert county["期末参保(合)人数"] != city["期末参保(合)人数"]
    app.selectbox(key="choice_scheme").select("rural").run()
    rural = cards_on(app)
    assert rural["期末参保(合)人数"] != county["期末参保(合)人数"]
    app.selectbox(key="choice_unit").select("yuan").run()
    in_yuan = cards_on(app)
    assert Decimal(in_yuan["基金总收入"].replace(",", "")) > Decimal(rural["基金总收入"].replace(",", ""))
    assert {name: app.query_params[name] for name in ("county", "scheme", "unit")} == {
        "county": "990104",
        "scheme": "rural",
        "unit": "yuan",
    }


def test_what_a_county_has_no_numbers_of_says_why(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, county="990104", scheme="employee")
    assert cards_on(app)["基金总收入"] == "—"
    assert "只有全市数据" in words_on(app)


def test_a_first_month_has_no_month_before(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, month="2025-01")
    assert "无上月数据" in words_on(app)
    assert cards_on(app)["期末参保(合)人数"] == "368"


def test_a_value_of_the_url_that_does_not_exist_falls_back_and_says_so(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, month="2030-01", county="110000", scheme="rural", unit="dollar")
    said = "\n".join(one.value for one in app.warning)
    assert [word in said for word in ("2030-01", "110000", "dollar")] == [True] * 3
    assert "2025年2月 · 宁川市 · 新农合" in words_on(app)


def test_a_month_closed_without_an_office_says_so_and_leaves_its_numbers_empty(closed_edge_home, monkeypatch):
    app = opened(closed_edge_home, monkeypatch, month="2025-01", county="990103", scheme="rural")
    assert any("西山区" in said.value and "未报送" in said.value for said in app.warning)
    assert cards_on(app)["期末参保(合)人数"] == "—"
    assert "未报送：新农合系统 西山区" in words_on(app)


@pytest.mark.parametrize("exists", [False, True])
def test_a_home_without_a_closed_month_says_what_to_do(tmp_path, monkeypatch, exists):
    home = tmp_path / "home"
    if exists:
        home.mkdir()
    app = opened(Settings.from_environment(home), monkeypatch)
    assert not app.exception
    assert str(home) in app.info[0].value
    assert "tongchou --home" in app.code[0].value


def test_a_release_whose_file_is_missing_is_one_message(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    (settings.published / "2025-02-r01.duckdb").unlink()
    app = opened(settings, monkeypatch)
    assert not app.exception
    assert "2025-02-r01" in app.error[0].value


def test_the_state_of_the_month_stands_beside_its_release(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    assert "暂定" in words_on(opened(settings, monkeypatch, month="2025-01"))
    with Register(settings.register) as register:
        register.approve("2025-01", "王局长", "test")
    shown = words_on(opened(settings, monkeypatch, month="2025-01"))
    assert "已批准" in shown
    assert "版本 2025-01-r01" in shown


def test_a_release_that_is_replaced_while_the_page_is_open_is_announced(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    app = opened(settings, monkeypatch)
    assert not app.info
    with Register(settings.register) as register:
        before = register.in_force("2025-02")
        shutil.copy(settings.published / before.file, settings.published / "2025-02-r02.duckdb")
        register.publish(
            period="2025-02",
            release="2025-02-r02",
            number=2,
            file="2025-02-r02.duckdb",
            sha256="0" * 64,
            built_at=before.built_at,
            warehouse_fingerprint="another",
            code_version=before.code_version,
            rule_set_version=before.rule_set_version,
            without=(),
            in_force=(),
            earlier_releases=before.earlier_releases,
            who="test",
            run="test",
        )
    app.run()
    assert any("2025-02-r01" in said.value and "2025-02-r02" in said.value for said in app.info)
    assert "版本 2025-02-r02" in words_on(app)


def test_the_bridge_stands_as_a_table_with_every_county(closed_mini_home, monkeypatch):
    words = words_on(opened(closed_mini_home, monkeypatch))
    assert all(name in words for name in ("东城区", "西山区", "临江县", "去重人数"))
    assert "比全市多 29 人" in words


def test_the_reports_page_shows_each_form_with_the_numbers_of_its_cells(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, "reports", month="2025-02")
    for code in app.selectbox(key="choice_form").options:
        assert code.startswith("统筹") and "表 " in code
    with release_of(closed_mini_home, "2025-02-r01") as con:
        (insured,) = con.execute(
            "select value from reporting.report_cells where report_code = 'RPT-M01' and period = '2025-02' and division_code = '990100' "
            "and row_code = 'ALL' and column_code = 'INSURED'"
        ).fetchone()
    form = next(element.proto.body for element in app.get("html") if "tc-paper" in element.proto.body)
    assert f">{number(insured)}</td>" in form
    assert "计量单位" in form


def test_the_unit_of_a_form_is_the_readers_choice(closed_mini_home, monkeypatch):
    def form_in(unit: str) -> str:
        app = opened(closed_mini_home, monkeypatch, "reports", form="RPT-M02", unit=unit)
        return next(element.proto.body for element in app.get("html") if "tc-paper" in element.proto.body)

    assert "计量单位：元" in form_in("yuan")
    assert "计量单位：万元" in form_in("wan")


def test_the_workbooks_of_the_release_can_be_downloaded(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, "reports", month="2025-02")
    labels = [element.proto.label for element in app.get("download_button")]
    assert [any(name in label for label in labels) for name in ("bureau.xlsx", "hrss.xlsx", "health.xlsx", "finance.xlsx")] == [True] * 4


def test_a_release_without_a_package_says_how_to_write_it(closed_mini_home, tmp_path, monkeypatch):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    shutil.rmtree(settings.reports)
    assert "tongchou reports 2025-02" in words_on(opened(settings, monkeypatch, "reports", month="2025-02"))


def facts_on(app: AppTest) -> dict[str, str]:
    html = "\n".join(element.proto.body for element in app.get("html"))
    return dict(re.findall(r'tc-fact"><span>([^<]+)</span><b>([^<]+)</b>', html))


@pytest.mark.parametrize(
    ("query", "condition"),
    [
        ({}, "true"),
        ({"county": "990104"}, "'990104' in (division_code_a, division_code_b)"),
        ({"scheme": "rural"}, "'rural' in (scheme_a, scheme_b)"),
        ({"type": "DT-06"}, "type_code = 'DT-06'"),
        ({"standing": "legitimate"}, "legitimate_rule is not null"),
        ({"standing": "improper", "lasting": "yes"}, "legitimate_rule is null and overlap_to is null"),
        ({"status": "closed"}, "status = 'closed'"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_cases_are_counted_as_the_filters_say(closed_mini_home, monkeypatch, query, condition):
    app = opened(closed_mini_home, monkeypatch, "duplicates", **query, unit="yuan")
    with release_of(closed_mini_home, "2025-02-r01") as con:
        cases, legitimate, subsidy = con.execute(
            "select count(*), count(legitimate_rule), coalesce(sum(duplicate_subsidy_yuan), 0) "
            f"from reporting.duplicate_cases where {condition}"
        ).fetchone()
    facts = facts_on(app)
    assert facts["重叠关系对"] == number(cases)
    assert facts["合法重叠"] == number(legitimate)
    assert facts["重复财政补助"] == f"{money(subsidy, MONEY_UNITS['yuan'])} 元"
    if not cases:
        assert "所选条件下没有重叠关系" in words_on(app)


def test_no_page_names_a_person(closed_mini_home, monkeypatch):
    named = set()
    for table, columns in (
        ("employee/persons", ("AAC002", "AAC003")),
        ("resident/psn_info_b", ("certno", "psn_name")),
        ("rural/members", ("身份证号", "姓名")),
    ):
        system, name = table.split("/")
        for path in (closed_mini_home.landing / system).rglob(f"{name}.parquet"):
            for column in columns:
                named |= {value for (value,) in duckdb.sql(f"select \"{column}\" from '{path}'").fetchall() if value and len(value) > 1}
    assert len(named) > 400
    for page in PAGES:
        shown = shown_on(opened(closed_mini_home, monkeypatch, page))
        assert not {found for found in named if found in shown}, page


def test_deliveries_and_checks_are_counted_as_the_release_has_them(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, "deliveries", month="2025-02")
    with release_of(closed_mini_home, "2025-02-r01") as con:
        accepted, rejected = con.execute(
            "select count(*), sum(rows_rejected) from reporting.deliveries where period = '2025-02' and status = 'accepted'"
        ).fetchone()
        (passed,) = con.execute("select count(*) from reporting.check_results where period = '2025-02' and outcome = 'passed'").fetchone()
    facts = facts_on(app)
    assert (facts["已接收的交付"], facts["拒绝行数"], facts["审核通过"]) == (number(accepted), number(rejected), number(passed))
    assert rejected > 0
    words = words_on(app)
    assert any(reason in words for reason in ("主键重复", "主键为空", "数值或日期无法识别", "列数不符", "不属于本月"))


def test_a_check_is_shown_place_by_place_with_both_sides(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, "deliveries", month="2025-02", check="CHK-52")
    words = words_on(app)
    assert "去重人数" in words
    assert "临江县" in words


def test_an_indicator_is_traced_to_its_measures_and_deliveries(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, "about", indicator="BEN-01", period_type="ytd", scheme="rural", county="990104")
    words = words_on(app)
    assert "INPATIENT_FUND_PAID" in words
    assert "INPATIENT_IN_SCOPE" in words
    assert "新农合系统" in words
    assert "2025-01" in words


def test_every_release_is_listed_with_its_state(closed_mini_home, monkeypatch):
    words = words_on(opened(closed_mini_home, monkeypatch, "about"))
    assert all(release in words for release in ("2025-01-r01", "2025-02-r01"))


def test_a_choice_that_other_filters_do_not_offer_falls_back_without_a_word(closed_mini_home, monkeypatch):
    app = opened(closed_mini_home, monkeypatch, trend="SUR-05", scheme="rural")
    assert app.selectbox(key="choice_trend").value == "SUR-05" or not app.warning
    app.selectbox(key="choice_scheme").select("employee").run()
    assert not app.exception
    assert not app.warning
