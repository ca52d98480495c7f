"""One delivery judged against its contract, and its tables written to a staging folder.

What belongs here: the reasons for which a delivery is refused whole, and the writing of what lands and what is rejected, checked by
reading it again. What does not: which folders are looked at, and how a staged folder becomes part of landing (`receiving.py`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from warehouse.contracts import SystemContract, load_contracts

from .manifest import MANIFEST, Manifest, RefusedError
from .receipts import REJECTS, TableReceipt, shown_name
from .row_rules import text_sql
from .table_judging import PARQUET, InexactLandingError, TableJudge

# Enough for any table's columns in flight; what needs more (the keys of a very large table) goes to disk.
MEMORY = "2GB"

_REJECT_COLUMNS = """
    _system varchar, _period varchar, _office varchar, _delivery_id varchar, _line bigint, table_name varchar, file_name varchar,
    reason varchar, column_name varchar, detail varchar, raw_text varchar, fields map(varchar, varchar)
"""


@dataclass
class Judgement:
    """What a delivery was found to hold, once it stands in the staging folder."""

    tables: list[TableReceipt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def engine(scratch: Path) -> duckdb.DuckDBPyConnection:
    """A connection to judge with; what does not fit into its memory goes to a scratch folder."""
    con = duckdb.connect(":memory:")
    con.execute("set memory_limit = $1", [MEMORY])
    con.execute("set temp_directory = $1", [str(scratch)])
    # What was written is read again to be checked: from the file, not from what the engine remembers of it.
    con.execute("set enable_external_file_cache = false")
    # Nothing is ever fetched from outside.
    con.execute("set autoinstall_known_extensions = false")
    con.execute("set enable_progress_bar = false")
    return con


def judge(con: duckdb.DuckDBPyConnection, folder: Path, manifest: Manifest, files: Sequence[str], stage: Path, scratch: Path) -> Judgement:
    """Judge a delivery, and write its tables and rejected rows.

    Args:
        con: an engine.
        folder: the delivery's folder.
        manifest: its manifest.
        files: names of all files in the folder.
        stage: an empty folder; holds one Parquet file per table and `rejects.parquet` afterwards.
        scratch: an empty folder for files on the way.

    Raises:
        RefusedError: the delivery is refused whole; what the stage holds is of no use.
    """
    contract = load_contracts()[manifest.identity.system]
    _check_tables(manifest, contract)
    _check_files(folder, manifest)
    judgement = Judgement(notes=_notes(manifest, contract, files))
    details: list[RefusedError] = []
    parts: list[Path] = []
    for entry in manifest.entries:
        table = contract.tables.get(entry.table)
        if table is None:
            continue
        rejects = scratch / f"{table.name}.rejects.parquet"
        try:
            receipt, notes = TableJudge(con, folder, manifest.identity, contract, table, entry).write(stage, rejects)
        except RefusedError as refusal:
            details.append(refusal)
            continue
        judgement.tables.append(receipt)
        judgement.notes += notes
        if receipt.rows_rejected:
            parts.append(rejects)
    if details:
        raise _first_of(details)
    _write_rejects(con, parts, stage / REJECTS)
    _check_rejects(con, stage / REJECTS, judgement)
    return judgement


def _check_tables(manifest: Manifest, contract: SystemContract) -> None:
    listed = [entry.table for entry in manifest.entries]
    for name in dict.fromkeys(listed):
        if listed.count(name) > 1:
            files = ", ".join(entry.file for entry in manifest.entries if entry.table == name)
            raise RefusedError("table twice", f"{MANIFEST} lists {name} {listed.count(name)} times ({files}), expected once")
    missing = [table.name for table in contract.tables.values() if not table.optional and table.name not in listed]
    if missing:
        raise RefusedError("table missing", f"{MANIFEST} does not list {', '.join(missing)}, expected every table of {contract.system}")


def _check_files(folder: Path, manifest: Manifest) -> None:
    """Every listed file is there, and is the one that was sent."""
    missing, wrong = [], []
    for entry in manifest.entries:
        path = folder / entry.file
        try:
            # A link may lead out of the inbox, to files that nobody delivered.
            if path.is_symlink() or not path.is_file():
                missing.append(f"{entry.file} ({entry.table}), listed in {MANIFEST}, is not in the folder")
                continue
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            missing.append(f"{entry.file} ({entry.table}) cannot be opened: {error.strerror}")
            continue
        if found != entry.sha256:
            wrong.append(
                f"{entry.file} is not the file that {MANIFEST} was written for: it was changed or cut short since (its checksum is"
                f" {found}, expected {entry.sha256[:80]})"
            )
    if missing:
        raise RefusedError("file missing", *missing)
    if wrong:
        raise RefusedError("checksum", *wrong)


def _notes(manifest: Manifest, contract: SystemContract, files: Sequence[str]) -> list[str]:
    notes = []
    unknown = [f"{shown_name(entry.table)} ({entry.file})" for entry in manifest.entries if entry.table not in contract.tables]
    if unknown:
        notes.append(f"unknown tables, not landed: {', '.join(unknown)}")
    listed = {entry.file for entry in manifest.entries} | {MANIFEST}
    unlisted = [shown_name(name) for name in files if name not in listed]
    if unlisted:
        notes.append(f"unlisted files, not landed: {', '.join(unlisted)}")
    return notes


def _first_of(refusals: list[RefusedError]) -> RefusedError:
    """One refusal that begins with the first one's word and tells of all."""
    first, *others = refusals
    return RefusedError(first.word, str(first).removeprefix(f"{first.word}: "), *(str(other) for other in others))


def _write_rejects(con: duckdb.DuckDBPyConnection, parts: list[Path], path: Path) -> None:
    """One file of rejected rows for the delivery, there even when it is empty."""
    con.execute(f"create temp table if not exists no_rejects ({_REJECT_COLUMNS})")
    union = " union all by name ".join(
        ["select * from no_rejects", *(f"select * from read_parquet({text_sql(str(part))})" for part in parts)]
    )
    con.execute(f"copy ({union}) to {text_sql(str(path))} {PARQUET}")


def _check_rejects(con: duckdb.DuckDBPyConnection, path: Path, judgement: Judgement) -> None:
    """Every rejected row is there, and has a reason."""
    rows, reasons = con.execute(f"select count(*), count(reason) from read_parquet({text_sql(str(path))})").fetchone() or (0, 0)
    expected = sum(table.rows_rejected for table in judgement.tables)
    if rows != expected or reasons != expected:
        message = f"{path.name} holds {rows} rows, {reasons} with a reason, expected {expected}"
        raise InexactLandingError(message)
