"""A city whose deliveries are accepted and odd closes all the same, and its numbers are what the delivered rows say.

One month of a small city, whose two months before are plain, holds as many oddities as go together; `plain_answers` reckons it once more,
row by row.
"""

from datetime import date

import duckdb
import pytest

from orchestration import stages
from orchestration.close import close_month
from reports import worklist_texts
from reports.worklist_returns import read_return
from reports.worklists import CaseBook
from tests.conftest import SAMPLES, copy_of
from tests.e2e.plain_answers import differences
from tests.odd_deliveries import Deliveries, Row
from warehouse.contracts import load_contracts
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import Settings

MONTH = "2025-03"

# Counties as no list should have them: too long, too short, our own line, without a name, with a name of signs, outside the prefix, in
# letters, in full-width digits. Those of six digits can deliver; the others are nobody's.
ODD_COUNTIES = {
    "9901050": "奇县", "9901": "短县", "990199": "高新区", "990150": "  ", "990108": "[]:*?/\\😀" * 9, "100000": "外县",
    "ABCDEF": "字母县", "９９０１１１": "全角县", "990102001299": "长县",
}  # fmt: skip
NEW_COUNTY = "990105"
ODD_TEXTS = (
    "☂未知", "😀👨‍👩‍👧", "عربي \u200frtl", "a\u200bb\ufeff", "长" * 300, "\x01\x0b\x1f", "\"'`,;|", "\t", "=1+1", "%_\\", "０１２３", " ",
    "NULL", "-1", "1e5", "㐀𠮷", "{{x}}", "<b>&amp;</b>",
)  # fmt: skip
ODD_DAYS = ("0001-01-01", "9999-12-31", "1900-01-01", "0999-05-05", "9998-06-01", "2024-02-29")
ODD_CATEGORIES = ("female", "11_LY", "a.b", "张三", "110101199003070011", "99", "", "x" * 80)
ODD_SUBJECTS = ("1001P_LY", "9999", "1", "2", "ABC", "1001PA", "1张三", "１００１P", "1 ", "4001P")
LARGEST = {2: "9999999999999999.99", 4: "99999999999999.9999"}


def rows_of_every_oddity(deliveries: Deliveries, system: str, table: str, office: str) -> None:
    """Rows beside the delivered ones, each like one of them but for what is odd: nulls, texts, days, amounts, numbers."""
    contract = load_contracts()[system].tables[table]
    delivered = deliveries.table(table, system, MONTH, office)
    model = dict(delivered.rows[-1])
    columns = [one for one in contract.columns if one.name in delivered.header]
    number = [one.name for one in columns if one.name in contract.key and one.name != contract.period_column and one.type == "text"][-1]
    free = [one for one in columns if one.name not in contract.key and one.name != contract.period_column]
    changes: list[Row] = [{one.name: "" for one in free}]
    changes += [{one.name: ""} for one in free]
    changes += [{one.name: text for one in free if one.type == "text"} for text in ODD_TEXTS]
    changes += [{one.name: day for one in free if one.type == "date"} for day in ODD_DAYS]
    for one in free:
        if one.type == "money":
            changes += [{one.name: sign + LARGEST[one.scale]} for sign in ("", "-")]
        if one.type == "whole":
            changes += [{one.name: value} for value in ("0", "-5", "9223372036854775807")]
        if one.type == "month":
            changes += [{one.name: value} for value in ("000101", "999912")]
    head = {"KMDM": "1", "subj_code": "2", "科目编码": "1"}.get(number, "")
    for index, change in enumerate(change for change in changes if change):
        delivered.rows.append({**model, **change, number: f"{head}{table[:3]}{office}{index}"})


def oddly_enrolled(deliveries: Deliveries) -> None:
    """Relations of every county that is none, person categories that are none, rural years that no calendar holds."""
    codes = [*ODD_COUNTIES, "990177", "990100", "", "不是区划", NEW_COUNTY]
    for index, row in enumerate(deliveries.rows("enrollments", "employee", MONTH)):
        if index % 3 == 0:
            row["AAB301"] = codes[index // 3 % len(codes)]
        if index % 5 == 0:
            row.update(AKC021=ODD_CATEGORIES[index // 5 % len(ODD_CATEGORIES)], AAC031="1", AAC030="2020-01-01", AAE041="")
    for index, row in enumerate(deliveries.rows("psn_insu_d", "resident", MONTH)):
        if index % 3 == 0:
            row["insu_admdvs"] = codes[index // 3 % len(codes)]
    members = deliveries.table("members", "rural", MONTH, "990104")
    members.rows += [dict(members.rows[0], 参合年度=year) for year in ("0", "1", "9999", "20255", "-5")]


def oddly_divided(deliveries: Deliveries) -> None:
    """A list of divisions with codes, levels and names that cannot be."""
    divisions = deliveries.table("divisions", "city", MONTH)
    listed = [(code, name, "county", "") for code, name in ODD_COUNTIES.items()]
    listed += [
        ("990177", "六位乡", "township", "990102"), ("990102000", "直属", "township", "990102"),
        ("990199001", "高新乡", "township", "990199"),
        ("990151", "怪", "weird", ""), ("990152", "空", "", ""), ("990153001", "孤儿乡", "township", "990153"),
        ("990200", "另一市", "city", ""), (NEW_COUNTY, "新区", "county", "990100"),
    ]  # fmt: skip
    divisions.rows += [{"code": code, "name": name, "level": level, "parent_code": parent} for code, name, level, parent in listed]
    for row in divisions.rows:
        # Two townships of one name, one without a name, one whose name is a blank.
        row["name"] = {"990102101": "红井街道", "990104001": "", "990104101": "　"}.get(row["code"], row["name"])


def oddly_settled(deliveries: Deliveries, before: Deliveries) -> None:
    """Stays over the turn of the year, reversals of every kind, visit numbers that are shared, missing or read like our own."""
    employee = deliveries.table("settlements", "employee", MONTH)
    resident = deliveries.table("setl_d", "resident", MONTH)
    persons = [row["AAC001"] for row in deliveries.rows("persons", "employee")]
    hospital = deliveries.table("hospital_claims", "rural", MONTH, "990104")
    clinic = deliveries.table("clinic_claims", "rural", MONTH, "990104")
    model = employee.rows[0]

    def settle(number: str, **changes: str) -> None:
        plain = {"YKA104": "", "AKC190": "V" + number, "AKA130": "21", "AAE030": f"{MONTH}-02", "AAE031": f"{MONTH}-05", "AAE140": "310"}
        employee.rows.append({**model, **plain, "AAE036": f"{MONTH}-10", "YKA055": "100.00", "YKA103": number, **changes})

    settle("TURN OF THE YEAR", AAE030="2024-12-20")
    # Of stays that January settled: one is lengthened and shortened again, one taken back twice, one settled anew after that.
    stood = [row for row in before.rows("settlements", "employee", "2025-01") if row["AKA130"] == "21" and not row["YKA104"]]
    lengthened, taken_back = stood[0], stood[1]
    for number, day in (("LONGER", f"{MONTH}-03"), ("LONGEST", f"{MONTH}-09")):
        settle(number, AKC190=lengthened["AKC190"], AAC001=lengthened["AAC001"], AAE031=day)
    settle("SHORTER", YKA104="LONGEST", AKC190=lengthened["AKC190"], YKA055="-100.00")
    reversals = [(f"R{index}", taken_back["YKA103"]) for index in range(2)]
    for number, original in (*reversals, ("OF A REVERSAL", "R0"), ("SELF", "SELF"), ("NEVER", "?")):
        settle(number, YKA104=original, YKA055="-100.00")
    # A number of January once more.
    settle(lengthened["YKA103"], AKC190="ANOTHER", YKA055="55.00")
    settle("NO VISIT", AKC190="")
    settle("NAMED LIKE IT", AKC190="settlement NO VISIT")
    settle("NAMED LIKE THAT", AKC190="visit settlement NO VISIT")
    for index, place in enumerate(("990102", "990103", "", "XX")):
        settle(f"SHARED{index}", AKC190="SHARED", AAC001=persons[index], AAB301=place)
    for column, value in (("AKA130", "99"), ("AKA130", ""), ("AKA130", "21 "), ("AAE140", "320"), ("AAE140", ""), ("AAA113", "-1")):
        settle(f"CODE {column}{value}", **{column: value})
    for category in ODD_CATEGORIES:
        settle(f"OF {category[:20]}", AKC021=category)
    # One visit number of two persons, who are both reimbursed by the other system too, in the same institution.
    for index in range(2):
        settle(f"SAME VISIT {index}", AKC190="SAME", AAC001=persons[index], AKB020="X1", YKA248="50.00")
    for index, kind in enumerate(("2106", "2107", "26", "2", "")):
        resident.rows.append({**resident.rows[0], "setl_id": f"KIND{index}", "init_setl_id": "", "med_type": kind})
    for missing in ("个人编号", "机构编码", "入院日期"):
        hospital.rows.append({**hospital.rows[0], "补偿序号": f"NOBODY{missing}", "冲红序号": "", missing: ""})
    # One number in both claims tables, and taken back in one of them.
    clinic.rows.append({**clinic.rows[0], "补偿序号": "BOTH TABLES", "冲红序号": ""})
    hospital.rows.append({**hospital.rows[0], "补偿序号": "BOTH TABLES", "冲红序号": ""})
    clinic.rows.append({**clinic.rows[0], "补偿序号": "BACK IN THE OTHER TABLE", "冲红序号": "BOTH TABLES"})


def oddly_booked(deliveries: Deliveries) -> None:
    """Ledger subjects that no chart has, and a history of months, measures and types that do not exist."""
    for table, system, office, subject in (
        ("fund_ledger", "employee", "990100", "KMDM"), ("fund_ledger_d", "resident", "990100", "subj_code"),
        ("fund_ledger", "rural", "990104", "科目编码"),
    ):  # fmt: skip
        ledger = deliveries.table(table, system, MONTH, office)
        ledger.rows += [{**ledger.rows[0], subject: code} for code in ODD_SUBJECTS]
    header = ["period", "period_type", "division_code", "scheme", "measure_code", "value", "source"]
    cells = [
        ("2024-13", "month"), ("2024-3", "month"), ("abc", "month"), ("2024-00", "month"), ("2024-03", "foo"), ("2024-03", "point"),
        ("2024-12", "month"), ("2025-02", "month"), ("9999-01", "month"), ("0000-01", "month"),
    ]  # fmt: skip
    history = deliveries.table("divisions", "city", MONTH).__class__(header)
    history.rows = [dict(zip(header, (*cell, "990100", "rural", "INCOME", "5", "x"), strict=True)) for cell in cells]
    history.rows += [
        dict(zip(header, ("2024-03", "month", division, scheme, measure, value, "x"), strict=True))
        for division, scheme, measure, value in (
            ("990100", "rural", "NO SUCH", "5"), ("张三", "rural", "INCOME", "5"), ("990100", "张三", "INCOME", "5"),
            ("990100", "all", "TOTAL_COST", "9999999999999999999999.999999"), ("990100", "all", "SETTLEMENTS", "0.000001"),
            ("990100", "rural", "EXPENDITURE", ""),
        )
    ]  # fmt: skip
    deliveries.tables["city", MONTH, "990100"]["history"] = history


@pytest.fixture(scope="module")
def odd_home(closed_mini_home, tmp_path_factory) -> Settings:
    """The small city with its third month odd, closed."""
    folder = tmp_path_factory.mktemp("odd")
    before = Deliveries.read(SAMPLES / "mini_city" / "inbox")
    before.copy_month("2025-02", MONTH, "M3")
    deliveries = before.of_month(MONTH)
    for office in ("990150", "990108", "100000", "990177", NEW_COUNTY):
        deliveries.copy_office(MONTH, "990102", office, f"{office}-")
    oddly_enrolled(deliveries)
    oddly_divided(deliveries)
    oddly_settled(deliveries, before)
    oddly_booked(deliveries)
    for system, contract in load_contracts().items():
        for name, table in contract.tables.items():
            if not table.optional and name != "divisions":
                rows_of_every_oddity(deliveries, system, name, "990104" if system == "rural" else "990100")
    settings = copy_of(closed_mini_home, folder / "home")
    received = receive(settings, deliveries.write(folder / "inbox"))
    assert received.refused == []
    close_month(settings, Period.parse(MONTH))
    return settings


def published(settings: Settings, sql: str) -> list[tuple]:
    with Register(settings.register, read_only=True) as register:
        path = settings.published / register.in_force(MONTH).file
    with duckdb.connect(str(path), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_every_number_of_an_odd_month_is_what_its_rows_say(odd_home):
    compared, wrong = differences(odd_home, MONTH)
    assert compared > 800
    assert wrong == []


def test_our_own_checks_hold_on_odd_deliveries(odd_home):
    rows = published(
        odd_home, f"select outcome, count(*) from reporting.check_results where kind = 'ours' and period = '{MONTH}' group by 1"
    )
    outcomes = dict(rows)
    assert outcomes["passed"] > 80
    assert "failed" not in outcomes


def test_no_text_that_slipped_into_a_code_names_a_measure(odd_home):
    codes = {code for (code,) in published(odd_home, "select distinct measure_code from reporting.measure_values")}
    assert {"INSURED.other", "SETTLEMENTS.inpatient.other", "SUBJ_1other", "SUBJ_other", "SUBJ_9999"} <= codes
    assert not [code for code in codes if "张三" in code or "1101011990" in code or "_LY_LY" in code or "xxx" in code]


def test_what_the_list_of_divisions_writes_wrongly_is_nobodys_county(odd_home):
    rows = published(
        odd_home, f"select distinct division_code from reporting.headcount_bridge where period = '{MONTH}' and length(division_code) = 6"
    )
    counties = {"990102", "990103", "990104", "990150", "990108", "100000", NEW_COUNTY}
    assert {code for (code,) in rows} == {"990100", "990199"} | counties


def test_a_county_without_a_name_goes_by_its_code(odd_home):
    names = dict(published(odd_home, "select division_code, division_name from reporting.divisions"))
    assert names["990150"] == "990150"


def test_a_county_that_is_new_in_the_year_has_its_year_so_far(odd_home):
    values = published(
        odd_home,
        f"""
        select measure_code, max(value) filter (period_type = 'month'), max(value) filter (period_type = 'ytd')
        from reporting.measure_values
        where division_code = '{NEW_COUNTY}' and measure_code in ('INCOME', 'TOTAL_COST', 'SETTLEMENTS') and scheme = 'rural'
        group by all
        """,
    )
    assert len(values) == 3
    for _, month, year_to_date in values:
        assert month > 0
        assert year_to_date == month


def test_history_that_names_no_month_of_ours_is_not_published(odd_home):
    rows = published(
        odd_home,
        """
        select distinct period, period_type, scheme
        from reporting.measure_values
        where origin = 'history' and not ends_with(measure_code, '_LY')
        """,
    )
    assert {period for period, _, _ in rows} == {"2024-03", "2024-12"}
    assert {kind for _, kind, _ in rows} == {"month"}
    assert "张三" not in {scheme for _, _, scheme in rows}


def test_worklists_of_an_odd_month_come_back_as_they_went_out(odd_home):
    written = sorted(odd_home.reports.glob(f"{MONTH}/*/worklists/*.xlsx"))
    assert len(written) > 5
    for path in written:
        returned = read_return(path, date(2025, 7, 1))
        assert returned.problems == []
        assert returned.answers == []


def test_a_worklist_says_of_a_status_that_nobody_knows_that_it_is_unknown(odd_home):
    with Register(odd_home.register, read_only=True) as register:
        book = CaseBook(odd_home, register.in_force(MONTH))
    own = book.worklist("990104")
    statuses = {row[f"status_{side}"].split("\n")[0] for row in (*own.asked, *own.others) for side in "ab"}
    assert worklist_texts.UNKNOWN_STATUS in statuses
    assert statuses <= {*worklist_texts.RELATION_STATUSES.values(), worklist_texts.UNKNOWN_STATUS}


def test_every_dbt_test_holds_on_an_odd_city(odd_home):
    """The tests of single models by hand-made rows run here too: the models that they need stand in its warehouse."""
    assert stages.run_all_tests(odd_home).tests > 120
