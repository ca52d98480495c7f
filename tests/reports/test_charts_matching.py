import pytest

from reports import charts_matching
from warehouse.identity.comparisons import COMPARISONS

LEVELS = {"name": "exact", "birth": "exact", "sex": "same", "id": "unknown", "phone": "different", "place": "village", "system": "two"}
WEIGHTS = {"name": 15.2, "birth": 14.4, "sex": 1.0, "id": 0.0, "phone": -0.9, "place": 9.3, "system": 0.5}


def pair(**more):
    row = {f"{code}_level": level for code, level in LEVELS.items()} | {f"mw_{code}": weight for code, weight in WEIGHTS.items()}
    return {**row, "mw_prior": -23.6, "match_weight": sum(WEIGHTS.values()) - 23.6, "match_probability": 0.98765, **more}


def test_the_weights_lead_from_the_start_to_the_sum_without_a_gap():
    (bars,) = charts_matching.waterfall(pair()).data
    assert len(bars.x) == len(COMPARISONS) + 2
    ends = [base + weight for base, weight in zip(bars.base, bars.y, strict=True)]
    assert list(bars.base[1:-1]) == pytest.approx(ends[:-2])
    assert bars.base[-1] == 0
    assert ends[-1] == pytest.approx(ends[-2]) == pytest.approx(pair()["match_weight"])


def test_what_speaks_against_has_another_colour_and_a_sign():
    (bars,) = charts_matching.waterfall(pair()).data
    against, in_favour = bars.x.index("电话"), bars.x.index("姓名")
    assert (bars.text[against], bars.text[in_favour], bars.text[bars.x.index("证件号码")]) == ("−0.9", "+15.2", "0")
    assert bars.marker.color[against] != bars.marker.color[in_favour]


def test_every_bar_says_in_words_what_was_compared():
    (bars,) = charts_matching.waterfall(pair()).data
    assert bars.customdata[bars.x.index("姓名")] == "姓名相同"
    assert bars.customdata[bars.x.index("住址")] == "同村（社区）"
    assert bars.customdata[-1] == "概率 0.9877"


def test_all_of_the_figure_lies_within_its_axis():
    figure = charts_matching.waterfall(pair())
    low, high = figure.layout.yaxis.range
    assert low < -23.6
    assert high > 15.9


def test_a_pair_that_a_rule_decided_has_no_figure():
    assert charts_matching.waterfall(pair(match_weight=None)) is None
