from reports.exports import csv_of
from reports.tables import Column, Mark, table


def test_nothing_of_a_value_is_taken_for_html():
    shown = table([Column("<b>head</b>"), Column("state")], [["<script>alert(1)</script>", Mark("a&b", "good")]])
    assert "<script>" not in shown
    assert "<b>head" not in shown
    assert "&lt;script&gt;" in shown
    assert "a&amp;b" in shown


def test_an_empty_cell_is_a_dash():
    assert ">—</td>" in table([Column("a")], [[""]])


def test_rows_that_stand_out_are_marked():
    shown = table([Column("a")], [["first"], ["second"]], emphasised=frozenset({1}))
    assert '<tr><td class="tc-left">first</td></tr><tr class="tc-total">' in shown


def test_a_list_opens_right_in_a_spreadsheet_and_no_text_becomes_a_formula():
    written = csv_of([{"编号": "C1", "依据": "=HYPERLINK(1)"}, {"编号": "C2", "依据": "—"}])
    assert written.startswith(b"\xef\xbb\xbf")
    assert written.decode("utf-8-sig").splitlines() == ["编号,依据", "C1,'=HYPERLINK(1)", "C2,—"]
