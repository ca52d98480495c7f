from decimal import Decimal

from reports import charts
from reports.data import BridgeRow, CaseTotals, Course, Division

MONTHS = ("2024-12", "2025-01", "2025-02")
CITY = Division("990100", "宁川市", "city", is_line=False)


def course(plotted, scheme="employee", months=MONTHS, name="职工医保"):
    return Course(name, months, tuple(plotted), tuple("—" if value is None else str(value) for value in plotted), scheme)


def totals(improper, legitimate):
    nothing = Decimal(0)
    return CaseTotals(improper + legitimate, 1, improper, legitimate, 0, 0, *[nothing] * 7)


def test_a_course_draws_one_line_each_and_leaves_gaps_where_there_is_nothing():
    figure = charts.courses([course([1.0, None, 3.0]), course([2.0, 2.0, 2.0], "rural", name="新农合")], "人")
    assert [trace.name for trace in figure.data] == ["职工医保", "新农合"]
    assert figure.data[0].y == (1.0, None, 3.0)
    assert len({trace.line.color for trace in figure.data}) == len({trace.marker.symbol for trace in figure.data}) == 2


def test_nothing_to_draw_is_no_figure():
    empty = course([None, None, None])
    assert charts.courses([empty], "人") is None
    assert charts.courses([], "人") is None
    assert charts.fund_flows(empty, empty, empty, "万元") is None
    assert charts.year_against_year(empty, empty, "人") is None
    assert charts.cases_by_type({}, {}) is None
    assert charts.headcount_bridge(BridgeRow(CITY, 1, 1, None, None, None, None, None, None)) is None


def test_months_stand_in_order_and_january_names_its_year():
    figure = charts.courses([course([1.0, 2.0, 3.0])], "人")
    assert figure.layout.xaxis.categoryarray == ("2024年12月", "2025年1月", "2025年2月")
    assert figure.layout.xaxis.ticktext == ("12月<br>2024年", "1月<br>2025年", "2月")


def test_income_and_expenditure_stand_side_by_side_on_an_axis_that_shows_zero():
    figure = charts.fund_flows(course([5.0, 6.0, 7.0]), course([4.0, 7.0, 6.0]), course([1.0, -1.0, 1.0]), "万元")
    assert [trace.type for trace in figure.data] == ["bar", "bar", "scatter"]
    assert figure.layout.barmode == "group"
    assert figure.layout.yaxis.rangemode == "tozero"


def test_the_bridge_goes_from_the_schemes_added_up_to_persons_counted_once():
    figure = charts.headcount_bridge(BridgeRow(CITY, 73, 91, 251, 415, 32, 8, 367, 29))
    (bars,) = figure.data
    ends = [base + height for base, height in zip(bars.base, bars.y, strict=True)]
    assert ends[:4] == [73, 164, 415, 415]
    assert bars.base[4] == 415 - 32
    assert bars.base[5] == ends[6] == 415 - 32 - 2 * 8 == 367
    assert bars.text == ("73", "91", "251", "415", "−32", "−16", "367")


def test_cases_by_type_tell_legitimate_ones_apart():
    figure = charts.cases_by_type({"DT-04": totals(10, 16), "DT-06": totals(8, 3)}, {"DT-04": "跨制度", "DT-06": "居民+新农合"})
    improper, legitimate, labels = figure.data
    assert (improper.x, legitimate.x) == ((8, 10), (3, 16))
    assert [shown.strip() for shown in labels.text] == ["11", "26"]


def test_few_persons_are_counted_one_by_one_on_the_axis():
    assert charts.courses([course([0.0, 1.0, 3.0])], "人").layout.yaxis.dtick == 1
    assert charts.courses([course([0.0, 1.0, 30.0])], "人").layout.yaxis.dtick is None


def test_no_figure_asks_another_machine_for_anything():
    drawn = [
        charts.courses([course([1.0, 2.0, 3.0])], "人"),
        charts.headcount_bridge(BridgeRow(CITY, 73, 91, 251, 415, 32, 8, 367, 29)),
    ]
    assert not any("http" in figure.to_json() for figure in drawn)
