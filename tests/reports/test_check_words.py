"""Words for what a check compares: whoever reads the workbook knows no name of the program."""

import re

import pytest

from reports import data
from reports.check_words import compared
from warehouse.scope import scope


@pytest.mark.parametrize("home", ["closed_mini_home", "closed_edge_home"])
def test_no_check_shows_a_name_of_the_program(request, home):
    settings = request.getfixturevalue(home)
    seen = set()
    for row in scope().releases(settings):
        reader = scope().release(settings, row.release)
        names = data.measure_names(reader)
        results = reader.rows("check_results", columns=("check_code", "row_code"))
        codes, checks = {one["row_code"] for one in results}, {one["check_code"] for one in results}
        seen |= codes
        assert {code: said for code in codes if re.search("[a-z]{2}|_", said := compared(names, code))} == {}
        rules = {one["check_code"]: one["rule_zh"] for one in reader.rows("check_definitions")}
        assert {code for code in checks if re.search(r"[a-z]+_[a-z]+|\.csv", rules[code])} == set()
    assert len(seen) > 50


def test_a_code_that_nobody_named_is_shown_as_it_is():
    assert compared({}, "unheard.of") == "unheard.of"
