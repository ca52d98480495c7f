"""What a month's numbers follow from, as one hash, and the versions of code and rules in a form that people can read out.

What belongs here: gathering everything that a close computes from, in an order and a form that is the same on every machine. What does not:
what is done with the hash (`orchestration/close.py` publishes nothing where it is that of the release in force).

Texts are hashed with their line endings made one kind, so that a checkout on another system gives the same versions. Nothing here needs a
version-control system.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

from warehouse.landing import deliveries
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.settings import PROJECT_ROOT, Settings

_CODE = ("warehouse", "orchestration", "reports")
# What the numbers of a month pass through: neither the simulator, which makes deliveries, nor pages and workbooks, which show releases.
_COMPUTING_CODE = ("warehouse", "orchestration")
_NOT_COMPUTING = "warehouse/simulate/"
_CODE_KINDS = {".py", ".yaml", ".yml", ".json", ".toml", ".csv"}
_RULE_KINDS = {".sql"}


def warehouse_fingerprint(
    settings: Settings, register: Register, period: Period, *, without: Iterable[str] = (), in_force: Iterable[str] = ()
) -> str:
    """The hash of everything that the numbers of a month follow from; the same inputs give the same hash on any machine.

    Args:
        settings: the home.
        register: what people decided.
        period: the month.
        without: offices that the month is closed without, `rural/990104`.
        in_force: offices whose accepted delivery is used although a newer one was refused.
    """
    return digest_of(fingerprint_parts(settings, register, period, without=without, in_force=in_force))


def fingerprint_parts(
    settings: Settings, register: Register, period: Period, *, without: Iterable[str] = (), in_force: Iterable[str] = ()
) -> dict[str, object]:
    """What goes into the fingerprint, part by part: two closes that differ say in which."""
    month = str(period)
    return {
        "period": month,
        "deliveries": sorted(
            [row.system, row.period, row.office, row.delivery_no, sorted(row.content_sha256.items())]
            for row in deliveries(settings, through=period)
            if row.is_in_force
        ),
        "decisions": register.decisions_digest(month),
        "without": sorted(set(without)),
        "in_force": sorted(set(in_force)),
        "earlier_releases": [[row.period, row.release, row.sha256] for key, row in register.all_in_force().items() if key < month],
        "seeds": _digest_of_files(settings.dbt_project / "seeds"),
        "rules": _digest_of_rules(settings.dbt_project),
        "code": _digest_of_computing_code(),
    }


def digest_of(parts: object) -> str:
    """The sha256 of nested lists, mappings and plain values, written in one canonical way."""
    written = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode("utf-8")).hexdigest()


@cache
def code_version() -> str:
    """The version of the code: that of the project and twelve digits of the hash over its source tree, `0.1.0+3f9a…`.

    It is read once in a process, as the code is.
    """
    with (PROJECT_ROOT / "pyproject.toml").open("rb") as handle:
        version = tomllib.load(handle)["project"]["version"]
    return f"{version}+{_digest_of_trees(PROJECT_ROOT, _CODE)[:12]}"


def rule_set_version(dbt_project: Path = PROJECT_ROOT / "dbt_project") -> str:
    """The version of the rules: that of the dbt project and twelve digits of the hash over its models, macros and seeds."""
    with (dbt_project / "dbt_project.yml").open(encoding="utf-8") as handle:
        version = yaml.safe_load(handle)["version"]
    digest = digest_of([_digest_of_rules(dbt_project), _digest_of_files(dbt_project / "seeds")])
    return f"{version}+{digest[:12]}"


@cache
def _digest_of_computing_code() -> str:
    return _digest_of_trees(PROJECT_ROOT, _COMPUTING_CODE, without=_NOT_COMPUTING)


def _digest_of_trees(root: Path, folders: tuple[str, ...], without: str | None = None) -> str:
    paths = [path for folder in folders for path in (root / folder).rglob("*") if path.suffix in _CODE_KINDS]
    if without is not None:
        paths = [path for path in paths if not path.relative_to(root).as_posix().startswith(without)]
    return _digest_of_paths(root, paths)


def _digest_of_rules(dbt_project: Path) -> str:
    """Models and macros, and the variables in the project's file; what YAML says about models are words and tests."""
    paths = [path for folder in ("models", "macros") for path in (dbt_project / folder).rglob("*") if path.suffix in _RULE_KINDS]
    return _digest_of_paths(dbt_project, [*paths, dbt_project / "dbt_project.yml"])


def _digest_of_files(folder: Path) -> str:
    return _digest_of_paths(folder, [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")])


def _digest_of_paths(root: Path, paths: list[Path]) -> str:
    named = sorted((path.relative_to(root).as_posix(), path) for path in paths)
    return digest_of([[name, hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()] for name, path in named])
