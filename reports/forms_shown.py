"""What the reports page shows: forms as they print, and the files to download.

What belongs here: which forms and files that page has. What does not: how a form is laid out (`forms.py`), the page
(`app_pages/reports.py`) and its look (`static/app.css`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reports import data, forms
from reports.formats import file_size
from reports.screen import Screen
from reports.texts import text, text_or

_KINDS = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".csv": "text/csv",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Download:
    """A file to download.

    Attributes:
        label: on the button: what is in it, its name and size.
        name: of the file as the reader gets it: it says which release it is of.
        path: where it lies.
        kind: its media type.
    """

    label: str
    name: str
    path: Path
    kind: str


def form_names(screen: Screen) -> dict[str, str]:
    """The release's forms by code."""
    return {code: f"{form.number} {form.title}" for code, form in forms.forms_of(screen.reader).items()}


# What the name of a table is followed by where it lists the townships of the county.
_BY_TOWNSHIP = "-townships"


def panel_names(screen: Screen, code: str) -> dict[str, str]:
    """The tables that a form is printed in, of a county those by township too; one without a name where there is no choice."""
    form = forms.form_of(screen.reader, code)
    names = {str(panel): form.panel_title(panel) for panel in form.panels}
    if forms.lay_out_townships(screen.reader, code, screen.county) is None:
        return names
    return names | {f"{panel}{_BY_TOWNSHIP}": f"{name}({text('forms.townships')})" for panel, name in names.items()}


def form_table(screen: Screen, code: str, panel: str) -> str | None:
    """A table of a form for the division shown as HTML; None where it has no row for the division and scheme."""
    schemes = None if screen.scheme == "all" else {screen.scheme}
    laid_out = forms.lay_out_townships if panel.endswith(_BY_TOWNSHIP) else forms.lay_out
    number = int(panel.removesuffix(_BY_TOWNSHIP))
    grid = laid_out(screen.reader, code, screen.county, panel=number, money_unit=screen.filters.unit, schemes=schemes)
    return None if grid is None else forms.html_of(grid)


def why_no_form(screen: Screen) -> str:
    """What it means that a form has no table."""
    return text("reports.no_rows", county=data.division_name(screen.reader, screen.county), scheme=text(f"scheme.{screen.scheme}"))


def downloads(screen: Screen, files: list[data.PackageFile]) -> list[Download]:
    """The files of the report package as downloads."""
    return [
        Download(
            label=text("reports.download", about=text_or(f"reports.file.{one.name}", ""), name=one.name, size=file_size(one.size)),
            name=f"{screen.row.release}-{one.name}",
            path=one.path,
            kind=_KINDS.get(one.path.suffix, "application/octet-stream"),
        )
        for one in files
    ]
