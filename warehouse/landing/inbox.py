"""An inbox: which of its folders are deliveries, and whose.

What belongs here: finding folders, their files and manifests. What does not: judging and landing them (`receiving.py`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from warehouse.contracts import load_contracts

from .manifest import MANIFEST, Identity, Manifest, ManifestUnreadableError, RefusedError, is_period, read_manifest
from .receipts import shown_name

TABLE_FILES = (".csv", ".xlsx", ".parquet")
_DEEPEST = 5


@dataclass(frozen=True)
class Found:
    """A folder that may be a delivery.

    Attributes:
        folder: where it is.
        place: what it is known by: `system/period/office` of its path, else its path in the inbox.
        files: size and time of every file, by name.
        manifest: None where there is none that can be read.
        refusal: why there is none.
        identity: as the manifest says, None where it does not.
        from_path: system, period and office as the path says, None where it does not.
    """

    folder: Path
    place: str
    files: dict[str, list[int]]
    manifest: Manifest | None
    refusal: RefusedError | None
    identity: Identity | None
    from_path: tuple[str, str, str] | None

    @property
    def whose(self) -> tuple[str, str, str]:
        """System, period and office: the manifest decides, where it says them."""
        if self.identity is not None:
            return (self.identity.system, self.identity.period, self.identity.office)
        return self.from_path or ("", "", "")

    @property
    def order(self) -> tuple[str, str, str, int, str]:
        """Months in order, numbers in order: a lower number of the same look is not superseded before it is seen."""
        system, period, office = self.whose
        return (period, system, office, self.identity.delivery_no if self.identity else 0, self.place)


def path_notes(one: Found) -> list[str]:
    """A path that says something else than the manifest is worth a word."""
    if one.from_path is None or one.from_path == one.whose:
        return []
    return [f"the folder says {'/'.join(one.from_path)}, {MANIFEST} decides"]


def look_at(folder: Path, files: dict[str, list[int]], inbox: Path) -> Found | None:
    """A folder as a delivery, None where it is none and cannot be told whose it would be."""
    from_path = _place_of(folder)
    place = "/".join((*from_path[:2], folder.name)) if from_path else shown_name(folder.relative_to(inbox).as_posix())
    manifest, refusal, identity = None, None, None
    try:
        manifest = read_manifest(folder)
        identity = manifest.identity
    except FileNotFoundError:
        names = [shown_name(name) for name in sorted(files)]
        listing = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        refusal = RefusedError("manifest missing", f"{MANIFEST} is not in the folder, found {listing}")
    except ManifestUnreadableError as error:
        refusal, identity = error, error.identity
    if identity is None and from_path is None:
        return None
    return Found(folder, place, files, manifest, refusal, identity, from_path)


def _place_of(folder: Path) -> tuple[str, str, str] | None:
    """System, period and office where the path says them: `<system>/<period>/<office>` or `<office>-<delivery_no>`."""
    if len(folder.parts) < 4:
        return None
    system, period, last = folder.parts[-3:]
    office = re.fullmatch(r"([0-9]{6})(?:-[0-9]+)?", last)
    if system not in load_contracts() or not is_period(period) or office is None:
        return None
    return (system, period, office[1])


def folders(inbox: Path, on_stray: Callable[[Path], None]) -> Iterator[tuple[Path, dict[str, list[int]]]]:
    """Folders with a manifest, and folders at a delivery's place with table files, each with its files."""
    for root, names, _ in os.walk(inbox):
        folder = Path(root)
        files = files_of(folder)
        holds_tables = any(_is_table_file(name) for name in files)
        if MANIFEST in files or (holds_tables and _place_of(folder) is not None):
            # What lies inside a delivery is part of it.
            names.clear()
            yield folder, files
            continue
        if holds_tables:
            on_stray(folder)
        names[:] = sorted(name for name in names if not name.startswith("."))
        if len(folder.relative_to(inbox).parts) >= _DEEPEST:
            names.clear()


def _is_table_file(name: str) -> bool:
    # Spreadsheet programs leave a lock file `~$name.xlsx` beside a workbook that is open.
    return Path(name).suffix.lower() in TABLE_FILES and not name.startswith(("~$", "."))


def files_of(folder: Path) -> dict[str, list[int]]:
    """Size and time of every file of a folder, by name."""
    files = {}
    try:
        for entry in os.scandir(folder):
            if not entry.is_dir(follow_symlinks=False):
                found = entry.stat(follow_symlinks=False)
                files[os.fsencode(entry.name).decode("utf-8", "backslashreplace")] = [found.st_size, found.st_mtime_ns]
    except FileNotFoundError:
        # The folder, or a file in it, has just gone: it is in motion, and differs from whatever was seen before.
        return {}
    return files
