"""The forms as data hang together: codes, trees, patterns and exceptions name what there is, and docs/forms.md lists them all."""

import csv
import re

import pytest

from reports.form_codes import PAGE, page
from reports.formats import MONEY_UNITS
from tests.reports.made_release import DBT_PROJECT, FIGURES, seed

CATALOGUE = DBT_PROJECT / "seeds" / "catalogue"
# Measures that a form has a place for and that no catalogue defines: what they count stands in no delivered table.
WITHOUT_DEFINITION = {"CATASTROPHIC_PREMIUM", "BUDGET_CATASTROPHIC_PREMIUM"}
SCHEMES = {"all", "employee", "resident", "rural", "maternity"}


def catalogue(name):
    with (CATALOGUE / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def known_codes():
    codes = {row["measure_code"] for name in ("measures", "own_measures") for row in catalogue(name)}
    codes |= {row["indicator_code"] for row in catalogue("indicators")}
    subjects = {row["subject_code"] for row in catalogue("ledger_subjects")}
    return codes | {f"SUBJ_{code}" for code in subjects} | {f"BUDGET_{code}" for code in subjects}


def by_report(rows, code):
    found = {}
    for row in rows:
        found.setdefault(row["report_code"], {})[row[code]] = row
    return found


ROWS, COLUMNS = by_report(seed("form_rows"), "row_code"), by_report(seed("form_columns"), "column_code")
REPORTS = [form["report_code"] for form in seed("forms")]


def test_a_kind_of_duplicate_has_one_name_wherever_it_stands():
    with (DBT_PROJECT / "seeds" / "duplicates" / "duplicate_rules.csv").open(encoding="utf-8", newline="") as handle:
        names = {row["rule_code"]: row["name_zh"] for row in csv.DictReader(handle) if row["rule_class"] == "type"}
    assert len(names) == 9
    lines = {row["line_code"]: row["name_zh"] for row in catalogue("duplicate_lines") if row["line_code"] in names}
    assert lines == names
    rows = [row for row in seed("form_rows") if (row["member"] or "").removeprefix(".") in names]
    assert {row["report_code"] for row in rows} == {"RPT-M11", "RPT-A01"}
    assert {(row["member"], row["label_zh"]) for row in rows} == {(f".{code}", name) for code, name in names.items()}


def test_the_page_of_codes_is_what_the_seeds_say():
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m reports.form_codes` and commit docs/forms.md"


def test_every_row_and_column_that_holds_figures_is_listed_with_its_code():
    listed = PAGE.read_text(encoding="utf-8")
    for report in REPORTS:
        for code, one in {**ROWS[report], **COLUMNS[report]}.items():
            if one["kind"] in (*FIGURES, "figures"):
                assert f"`{code}`" in listed


def test_codes_are_ascii_words():
    for report in REPORTS:
        for code in (*ROWS[report], *COLUMNS[report]):
            assert re.fullmatch(r"[A-Z][A-Z0-9_]*", code), code


@pytest.mark.parametrize("report", REPORTS)
def test_rows_and_columns_are_trees_no_deeper_than_their_labels_reach(report):
    for members in (ROWS[report], COLUMNS[report]):
        order = list(members)
        for code, one in members.items():
            depth, parent = 1, one["parent_code"]
            while parent is not None:
                assert order.index(parent) < order.index(code), (code, parent)
                depth, parent = depth + 1, members[parent]["parent_code"]
            assert depth <= 3, code


@pytest.mark.parametrize("report", REPORTS)
def test_lines_and_columns_are_numbered_in_order(report):
    assert [row["line_number"] for row in ROWS[report].values() if row["kind"] == "figures"] == list(
        range(1, 1 + sum(1 for row in ROWS[report].values() if row["kind"] == "figures"))
    )
    numbered = [column["number_label"] for column in COLUMNS[report].values() if column["number_label"]]
    assert numbered == ["甲", "乙", *map(str, range(1, len(numbered) - 1))]


@pytest.mark.parametrize("report", REPORTS)
def test_what_a_row_or_column_refers_to_exists(report):
    rows, columns = ROWS[report], COLUMNS[report]
    figures = {code for code, column in columns.items() if column["kind"] in FIGURES}
    for row in rows.values():
        assert row["kind"] in ("heading", "figures")
        assert row["scheme"] in SCHEMES
        assert set((row["blank_columns"] or "").split()) <= figures
        assert set(row["levels"].split()) <= {"city", "county", "township"}
        if row["adds_up"]:
            assert row["parent_code"] is not None
    for column in columns.values():
        assert column["kind"] in (*FIGURES, "head", "stub", "line")
        assert column["part_of"] is None or column["part_of"] in figures
        assert set((column["schemes"] or "").split()) <= SCHEMES
        if column["kind"] in FIGURES:
            assert column["unit"]
            assert column["adds_over_terms"] is not None


def test_every_column_of_figures_has_terms_and_every_term_a_column_or_row():
    with_terms = {(term["report_code"], term["column_code"]) for term in seed("form_column_terms")}
    figures = {(report, code) for report in REPORTS for code, column in COLUMNS[report].items() if column["kind"] in FIGURES}
    assert with_terms == figures
    for term in seed("form_row_terms"):
        assert ROWS[term["report_code"]][term["row_code"]]["kind"] == "figures"
    for term in seed("form_cell_terms"):
        assert ROWS[term["report_code"]][term["row_code"]]["kind"] == "figures"
        assert COLUMNS[term["report_code"]][term["column_code"]]["kind"] in FIGURES


def test_rates_divide_and_sums_do_not():
    parts = {}
    for term in seed("form_column_terms"):
        parts.setdefault((term["report_code"], term["column_code"]), set()).add(term["part"])
    for (report, code), named in parts.items():
        kind = COLUMNS[report][code]["kind"]
        assert named == ({"numerator"} if kind == "value" else {"numerator", "denominator"}), (report, code)


def test_every_number_that_a_form_names_is_in_the_catalogue(known_codes):
    """A misspelt code would print as having no source, for ever."""
    members = {}
    for report in REPORTS:
        for row in ROWS[report].values():
            members.setdefault((report, "member"), set()).add(row["member"] or "")
            members.setdefault((report, "plan"), set()).add(row["plan_member"] or "")
    for term in seed("form_row_terms"):
        members[term["report_code"], term["part"]].add(term["member"] or "")
    named = {term["code"] for term in seed("form_cell_terms") if term["code"]}
    for term in seed("form_column_terms"):
        part = "plan" if "{plan}" in term["code_pattern"] else "member"
        named |= {
            term["code_pattern"].replace("{member}", member).replace("{plan}", member)
            for member in members[term["report_code"], part]
            if member or term["code_pattern"] not in ("{member}", "{plan}", "{member}_LY")
        }
    # Members of a family have its base before the first dot; last year's numbers are those of their base.
    bases = {code.removesuffix("_LY").split(".")[0] for code in named}
    assert bases - known_codes == WITHOUT_DEFINITION


def test_recipients_and_notes_name_forms_schemes_and_definitions_that_exist():
    parameters = {row["parameter"] for row in catalogue("definition_variants")}
    for one in seed("form_recipients"):
        assert one["report_code"] in REPORTS
        assert one["scheme"] in SCHEMES
        assert one["file_name"].endswith(".xlsx")
    for note in seed("form_note_texts"):
        assert note["report_code"] in REPORTS
        assert note["parameter"] is None or note["parameter"] in parameters


def test_money_is_shown_in_a_unit_that_there_is():
    for form in seed("forms"):
        assert form["money_unit"] == "none" or form["money_unit"] in MONEY_UNITS
        has_money = any(column["unit"] == "yuan" for column in COLUMNS[form["report_code"]].values())
        assert has_money == (form["money_unit"] != "none")
