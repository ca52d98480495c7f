"""The report package of a release: one workbook per recipient, all cells and checks as CSV, worklists per county, and a manifest.

What belongs here: which files there are, who gets which rows of which form (data: `form_recipients`), and that a package appears whole or
not at all. What does not: what is in a sheet (`forms.py`, `workbook.py`, `worklists.py`).

Worklists hold personal data, which the manifest says of each; the other files hold none.

The same release gives the same bytes, whenever and wherever it is written.
"""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from reports.check_words import compared
from reports.data import measure_names
from reports.formats import month_name
from reports.forms import Grid, divisions_of, excused_line, forms_of, lay_out, lay_out_townships, release_line
from reports.texts import text_or
from reports.workbook import Check, WorkbookHead, write_workbook
from reports.worklist_texts import TITLE as WORKLIST_TITLE
from reports.worklists import has_persons, worklists, write_worklist
from warehouse.errors import ReleaseError, UsageError
from warehouse.register import ReleaseRow
from warehouse.releases import sha256_of
from warehouse.scope import ReleaseReader, scope
from warehouse.settings import Settings

MANIFEST = "manifest.json"
WORKLISTS = "worklists"
TITLE = "医疗保险统计报表"
_MARKS = "单元格中以文字代替数字的，含义见各表说明；零为确实没有发生，不代表缺数。数字未舍入，只按格式显示。"
_CELL_COLUMNS = (
    "report_code",
    "period",
    "division_code",
    "row_code",
    "column_code",
    "row_label",
    "column_label",
    "value",
    "text",
    "unit",
    "provenance",
)
_CHECK_COLUMNS = (
    "check_code",
    "report_code",
    "period",
    "division_code",
    "scheme",
    "row_code",
    "left_value",
    "right_value",
    "difference",
    "tolerance",
    "severity",
    "outcome",
    "passed",
    "note",
    "kind",
)
_OUTCOME_ORDER = {"failed": 0, "passed": 1, "not run": 2}


@dataclass(frozen=True)
class Recipient:
    """Who gets a workbook, and of which forms the rows of which schemes."""

    code: str
    title: str
    file_name: str
    schemes_by_report: dict[str, tuple[str, ...]]


def write_package(
    settings: Settings,
    release_row: ReleaseRow,
    out: Path | None = None,
    on_progress: Callable[[str], None] | None = None,
    *,
    money_unit: str | None = None,
) -> Path:
    """Write the report package of a release.

    Args:
        settings: the home.
        release_row: the release.
        out: the folder to write; `<home>/reports/<period>/<release>` where none is named. An earlier package there is replaced.
        on_progress: called with the name of each file when it is written.
        money_unit: `yuan`, `wan` or `yi` for every form; each form's own where none is named.

    Returns:
        The folder.

    Raises:
        ReleaseError: the release is missing, or was made before there were forms.
        UsageError: the folder named holds something else.
    """
    reader = scope().release(settings, release_row.release)
    if not forms_of(reader):
        message = f"{release_row.release} holds no forms: it was published by a version that had none, and cannot be printed"
        raise ReleaseError(message)
    target = out if out is not None else settings.reports / release_row.period / release_row.release
    _refuse_foreign(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.tmp")
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        _Package(settings, reader, temporary, money_unit, on_progress or (lambda _: None)).write()
        _put_in_place(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    return target


def worklists_in_place(settings: Settings, release_row: ReleaseRow) -> Path | None:
    """The folder of the worklists in a release's report package; None where the package or one of them is not there as it was written."""
    package = settings.reports / release_row.period / release_row.release
    if not (package / MANIFEST).is_file():
        return None
    manifest = json.loads((package / MANIFEST).read_text(encoding="utf-8"))
    described = [one for one in manifest["files"] if one.get("personal_data")]
    if manifest["release_sha256"] != release_row.sha256 or not described:
        return None
    whole = all((package / one["name"]).is_file() and sha256_of(package / one["name"]) == one["sha256"] for one in described)
    return package / WORKLISTS if whole else None


def _refuse_foreign(target: Path) -> None:
    """A folder that holds anything but an earlier package is not written over."""
    if target.exists() and (not target.is_dir() or (any(target.iterdir()) and not (target / MANIFEST).is_file())):
        message = f"{target} exists and is no report package (no {MANIFEST} in it): name a new folder"
        raise UsageError(message)


def _put_in_place(temporary: Path, target: Path) -> None:
    """The whole folder under its name; an earlier package is moved aside first, so that no reader finds two mixed."""
    if target.exists():
        aside = target.with_name(f".{target.name}.old")
        shutil.rmtree(aside, ignore_errors=True)
        target.rename(aside)
        temporary.rename(target)
        shutil.rmtree(aside)
    else:
        temporary.rename(target)


class _Package:
    """Files of one package, written into one folder."""

    def __init__(
        self, settings: Settings, reader: ReleaseReader, folder: Path, money_unit: str | None, said: Callable[[str], None]
    ) -> None:
        self.settings = settings
        self.reader = reader
        self.folder = folder
        self.money_unit = money_unit
        self.said = said
        self.info = reader.rows("release_info")[0]
        self.names = {row["division_code"]: row["division_name"] for row in reader.rows("divisions")}
        self.measures = measure_names(reader)
        self.rules = {row["check_code"]: row["rule_zh"] for row in reader.rows("check_definitions")}
        self.results = sorted(
            reader.rows("check_results", columns=_CHECK_COLUMNS, period=reader.period),
            key=lambda row: (
                _OUTCOME_ORDER[row["outcome"]],
                row["check_code"],
                row["report_code"],
                row["scheme"],
                row["row_code"],
                row["division_code"],
            ),
        )
        self.described: list[dict[str, Any]] = []

    def write(self) -> None:
        """Every file, the manifest last."""
        for recipient in recipients_of(self.reader):
            self._write_workbook(recipient)
        cells = self.reader.rows("report_cells", columns=_CELL_COLUMNS, period=self.reader.period, order_by=", ".join(_CELL_COLUMNS[:5]))
        self._write_csv("cells.csv", (*_CELL_COLUMNS, "division_name"), (self._named(cell) for cell in cells), title="全部报表单元格")
        results = sorted(self.results, key=lambda row: tuple(str(row[column]) for column in _CHECK_COLUMNS[:6]))
        self._write_csv(
            "checks.csv",
            (*_CHECK_COLUMNS, "division_name", "rule_zh"),
            ({**self._named(row), "rule_zh": self.rules.get(row["check_code"])} for row in results),
            title="全部审核结果",
        )
        self._write_worklists()
        manifest = json.dumps(self._manifest(), ensure_ascii=False, indent=2, sort_keys=False) + "\n"
        (self.folder / MANIFEST).write_text(manifest, encoding="utf-8")
        self.said(MANIFEST)

    def _named(self, row: dict[str, Any]) -> dict[str, Any]:
        return {**row, "division_name": self.names.get(row["division_code"])}

    def _write_workbook(self, recipient: Recipient) -> None:
        grids = self._grids(recipient)
        every_form = set(forms_of(self.reader))
        checks = [_check(row, self.names, self.measures, self.rules) for row in self.results if _concerns(row, recipient, every_form)]
        head = WorkbookHead(
            title=TITLE,
            recipient=recipient.title,
            month=month_name(self.reader.period),
            lines=tuple(line for line in (release_line(self.reader), excused_line(self.reader), _MARKS) if line),
            built_at=_built_at(self.info["built_at"]),
        )
        sheets = write_workbook(self.folder / recipient.file_name, head, grids, checks)
        self._describe(
            recipient.file_name,
            title=recipient.title,
            recipient=recipient.code,
            filters={code: {"schemes": list(schemes)} for code, schemes in recipient.schemes_by_report.items()},
            sheets=[
                {
                    "sheet": name,
                    "report_code": grid.form.code,
                    "division_code": grid.division_code,
                    "panel": grid.panel,
                    "by_township": grid.is_by_township,
                    "money_unit": grid.unit.code if grid.form.has_money else None,
                }
                for name, grid in sheets.items()
            ],
        )

    def _write_worklists(self) -> None:
        """One workbook per county with cases; none where the release was published before there were any."""
        if not has_persons(self.settings, self.reader.row):
            return
        folder = self.folder / WORKLISTS
        # Nobody but who writes it and their group may look into it, as with review files.
        folder.mkdir(mode=0o750)
        for worklist in worklists(self.settings, self.reader.row):
            write_worklist(folder / worklist.file_name, worklist)
            self._describe(
                f"{WORKLISTS}/{worklist.file_name}",
                title=f"{WORKLIST_TITLE} {worklist.county}",
                recipient=worklist.division_code,
                personal_data=True,
                filters={"duplicate_cases": {"division_code": worklist.division_code}},
                rows={"asked": len(worklist.asked), "others": len(worklist.others)},
            )

    def _grids(self, recipient: Recipient) -> list[Grid]:
        """The forms of the city, then those of each county and, where a form has townships, its totals township by township."""
        forms = {code: form for code, form in forms_of(self.reader).items() if code in recipient.schemes_by_report}
        places = {division.code: division for code in forms for division in divisions_of(self.reader, code)}
        ordered = sorted((one for one in places.values() if one.level != "township"), key=lambda one: one.level != "city")
        grids = (
            laid_out(
                self.reader,
                code,
                division.code,
                panel=panel,
                money_unit=self.money_unit,
                schemes=frozenset(recipient.schemes_by_report[code]),
            )
            for division in ordered
            for code, form in forms.items()
            for laid_out in (lay_out, lay_out_townships)
            for panel in form.panels
        )
        return [grid for grid in grids if grid is not None]

    def _write_csv(self, name: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]], *, title: str) -> None:
        """CSV with a mark, which Excel and WPS need to read it as UTF-8."""
        with (self.folder / name).open("w", encoding="utf-8-sig", newline="") as handle:
            writer = csv.writer(handle, lineterminator="\r\n")
            writer.writerow(columns)
            writer.writerows([_plain(row[column]) for column in columns] for row in rows)
        self._describe(name, title=title)

    def _describe(self, name: str, **about: Any) -> None:  # noqa: ANN401 - what the manifest says of a file
        content = (self.folder / name).read_bytes()
        self.described.append({"name": name, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content), **about})
        self.said(name)

    def _manifest(self) -> dict[str, Any]:
        row = self.reader.row
        return {
            "release": row.release,
            "period": row.period,
            "state": row.state,
            "built_at": _built_at(self.info["built_at"]).isoformat(),
            "release_sha256": row.sha256,
            "warehouse_fingerprint": row.warehouse_fingerprint,
            "code_version": row.code_version,
            "rule_set_version": row.rule_set_version,
            "without": list(row.without),
            "in_force": list(row.in_force),
            "files": self.described,
            "definition_versions": {
                one["parameter"]: one["definition_version"]
                for one in self.reader.rows("definition_versions", order_by="parameter")
                if one["is_in_force"]
            },
            "indicator_versions": {
                one["indicator_code"]: one["definition_version"]
                for one in self.reader.rows("indicator_definitions", order_by="indicator_code")
                if one["is_published"]
            },
        }


def recipients_of(reader: ReleaseReader) -> list[Recipient]:
    """Who gets workbooks, as the release's own table says, in the order of the files' names."""
    rows = reader.rows("form_recipients", order_by="file_name, recipient, report_code, scheme")
    found = []
    for (code, title, file_name), members in groupby(rows, key=lambda row: (row["recipient"], row["title_zh"], row["file_name"])):
        schemes = {report: tuple(row["scheme"] for row in parts) for report, parts in groupby(members, key=lambda row: row["report_code"])}
        found.append(Recipient(code, title, file_name, schemes))
    return found


def _concerns(row: dict[str, Any], recipient: Recipient, every_form: set[str]) -> bool:
    """Whether a check is about a form and scheme that the recipient gets; whoever gets every form whole gets the landing's too."""
    schemes = recipient.schemes_by_report.get(row["report_code"])
    if schemes is None:
        return every_form == {code for code, listed in recipient.schemes_by_report.items() if "all" in listed}
    return row["scheme"] in schemes


def _check(row: dict[str, Any], names: dict[str, str], names_of_measures: dict[str, str], rules: dict[str, str]) -> Check:
    return Check(
        code=row["check_code"],
        rule=rules.get(row["check_code"]) or "",
        kind=row["kind"],
        report=text_or(f"checked.{row['report_code']}", row["report_code"]),
        division=names.get(row["division_code"], row["division_code"]),
        scheme=text_or(f"scheme.{row['scheme']}", row["scheme"]),
        row=compared(names_of_measures, row["row_code"] or ""),
        left=row["left_value"],
        right=row["right_value"],
        difference=row["difference"],
        tolerance=row["tolerance"],
        severity=row["severity"],
        outcome=row["outcome"],
        note=row["note"] or "",
    )


def _built_at(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _plain(value: object) -> object:
    """A decimal without trailing zeros and exponent, a truth value in small letters, null as nothing."""
    if isinstance(value, Decimal):
        shown = f"{value:f}"
        return shown.rstrip("0").rstrip(".") if "." in shown else shown
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value
