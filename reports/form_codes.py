"""Every row and column code of every form with its label: `docs/forms.md`, written from the seeds.

What belongs here: reading the seeds of the forms and writing that page (`python -m reports.form_codes`). What does not: what a release
prints, which reads the copies it was published with (`forms.py`).
"""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path

from warehouse.settings import PROJECT_ROOT

SEEDS = PROJECT_ROOT / "dbt_project" / "seeds" / "forms"
PAGE = PROJECT_ROOT / "docs" / "forms.md"
_INTRODUCTION = """\
# Forms: codes of rows and columns

Written from `dbt_project/seeds/forms/` by `python -m reports.form_codes`; a test holds the two together.

Codes are ASCII and fixed for ever: programs of other offices read `cells.csv` and `reporting.report_cells` by them. Labels, line numbers
and order may change. A cell is named by form, month, division, row code and column code. Its `value` is in the base unit named below
(yuan, persons, ratios), whatever unit a sheet shows; where there is none, `text` says why:

| text | meaning |
| --- | --- |
| `×` | not to be filled: the column is not meant for the row |
| `无来源` | no system carries it, or no measure computes it yet; a supplement may |
| `未报送` | an office did not report, so a part is not known |
| `—` | a part is not known (no month before, no last year, a window with a month missing), or there is no base to divide by |

Null is never printed as zero. `provenance` names the measures or indicators a cell comes from, each with scheme and period type.

How a form is made: `forms` (head, unit, paper), `form_columns` (heads as a tree), `form_rows` (rows, 其中, levels), `form_column_terms`
(what a column takes: patterns of codes that a row's `member` or `plan_member` completes), `form_row_terms` (rows that add several up),
`form_cell_terms` (cells that follow no general rule), `form_note_texts`, `form_recipients` (who gets which rows). A new form is new rows
there, no code.
"""


def read_seed(name: str) -> list[dict[str, str]]:
    """A seed of the forms, row by row."""
    with (SEEDS / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def page() -> str:
    """The page as it should be."""
    columns, rows, recipients = read_seed("form_columns"), read_seed("form_rows"), read_seed("form_recipients")
    parts = [_INTRODUCTION]
    for form in read_seed("forms"):
        code = form["report_code"]
        own_columns = [column for column in columns if column["report_code"] == code]
        own_rows = [row for row in rows if row["report_code"] == code]
        getting = sorted((one["file_name"], one["scheme"]) for one in recipients if one["report_code"] == code)
        given = "; ".join(
            f"`{file_name}` ({', '.join(scheme for _, scheme in schemes)})"
            for file_name, schemes in groupby(getting, key=lambda one: one[0])
        )
        parts.append(f"## {code} {form['title_zh']}\n\nForm number {form['form_number']}. Rows by scheme go to {given}.\n")
        parts.append("### Columns\n\n| column code | number | label | unit |\n| --- | --- | --- | --- |\n" + _column_lines(own_columns))
        parts.append("### Rows\n\n| row code | line | label | scheme | levels |\n| --- | --- | --- | --- | --- |\n" + _row_lines(own_rows))
    return "\n".join(parts)


def _column_lines(columns: list[dict[str, str]]) -> str:
    labels = {column["column_code"]: column for column in columns}
    held = [column for column in columns if column["kind"] in ("value", "ratio", "growth")]
    return "".join(
        f"| `{one['column_code']}` | {one['number_label']} | {_path(one, labels, 'parent_code')} | {one['unit']} |\n" for one in held
    )


def _row_lines(rows: list[dict[str, str]]) -> str:
    labels = {row["row_code"]: row for row in rows}
    lines = []
    for one in rows:
        if one["kind"] == "figures":
            levels = ", ".join(one["levels"].split())
            lines.append(
                f"| `{one['row_code']}` | {one['line_number']} | {_path(one, labels, 'parent_code')} | {one['scheme']} | {levels} |\n"
            )
    return "".join(lines)


def _path(one: dict[str, str], others: dict[str, dict[str, str]], parent: str) -> str:
    """A label with what it stands under, as `row_label` and `column_label` have it."""
    label = one["label_zh"]
    while one[parent]:
        one = others[one[parent]]
        label = f"{one['label_zh']} / {label}"
    return label


def write(path: Path = PAGE) -> Path:
    """Write the page."""
    path.write_text(page(), encoding="utf-8")
    return path


if __name__ == "__main__":
    print(write())
