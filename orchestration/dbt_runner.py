"""dbt in this process: the project is parsed once, every run of a close reuses the manifest.

What belongs here: how dbt is called, and how what it says becomes one clear message. What does not: which nodes a stage builds
(`stages.py`). dbt's own log goes to `<home>/.work/dbt/logs`; nothing of it is printed, so that no value of a row ever is.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from warehouse.errors import CloseRefusedError
from warehouse.settings import Settings

if TYPE_CHECKING:
    from dbt.contracts.graph.manifest import Manifest

WAREHOUSE_VARIABLE = "TONGCHOU_WAREHOUSE_PATH"

OnEvent = Callable[[dict[str, Any]], None]

# What a node's failure is called where a number did not fit its type: the one failure that a delivery's values can cause.
TOO_LARGE = "a number too large"

# One manifest serves every home: the warehouse's file has the same name everywhere, and nothing else of a home is in it.
_parsed: dict[str, Manifest] = {}
_one_at_a_time = threading.Lock()


class DbtFailedError(CloseRefusedError):
    """A model or a test of the dbt project failed; what was in force stays in force."""


@dataclass(frozen=True)
class DbtOutcome:
    """What one call of dbt did.

    Attributes:
        models: models and seeds built.
        tests: tests run.
        failed: unique names of nodes that failed, each with what dbt says of it.
        seconds: seconds that each node took, by unique name.
    """

    models: int = 0
    tests: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def run_dbt(settings: Settings, arguments: list[str], on_event: OnEvent | None = None) -> DbtOutcome:
    """Call dbt on the home's working warehouse.

    Args:
        settings: the home.
        arguments: dbt's own, for example `["build", "--select", "tag:grain"]`.
        on_event: called with dbt's own event of each node that is done, as its JSON log would have it.

    Raises:
        DbtFailedError: dbt could not run at all (the project does not parse, say).
    """
    # dbt costs two seconds to import, and most commands never build anything.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt_common.events.base_types import EventMsg
    from dbt_common.events.functions import msg_to_dict

    def heard(event: EventMsg) -> None:
        if on_event is not None and event.info.name in {"LogModelResult", "LogSeedResult", "LogTestResult"}:
            on_event(msg_to_dict(event))

    work = settings.work / "dbt"
    common = _common(settings)
    with _one_at_a_time, _warehouse_of(settings):
        manifest = _manifest(settings, common)
        try:
            result = dbtRunner(manifest=manifest, callbacks=[heard]).invoke([*arguments, *common, "--no-write-json"])
        finally:
            # Kept open, dbt's connection would shut every other process, and a read-only reader of this one, out of the file.
            DuckDBConnectionManager.close_all_connections()
    if result.exception is not None:
        message = f"dbt {arguments[0]} could not run: {type(result.exception).__name__}; its log is {work / 'logs' / 'dbt.log'}"
        raise DbtFailedError(message) from result.exception
    models = tests = 0
    failed: dict[str, str] = {}
    seconds: dict[str, float] = {}
    for node in getattr(result.result, "results", []) or []:
        is_test = node.node.resource_type in {"test", "unit_test"}
        tests += is_test
        models += not is_test
        seconds[node.node.unique_id] = node.execution_time
        if node.status in {"error", "fail", "runtime error"}:
            # Of a failing test dbt says how many rows failed; an engine's message may quote a value, so it stays in the log.
            failed[node.node.unique_id] = f"{node.failures} rows" if node.status == "fail" else _said(str(node.status), node.message or "")
    if not result.success and not failed:
        message = f"dbt {arguments[0]} did not succeed and named no node; its log is {work / 'logs' / 'dbt.log'}"
        raise DbtFailedError(message)
    return DbtOutcome(models, tests, failed, seconds)


def _said(status: str, message: str) -> str:
    """What may be said of a failed node: an engine's message may quote any value, so of it only its kind."""
    return TOO_LARGE if re.search("out of range|overflow", message, re.IGNORECASE) else status


def manifest_of(settings: Settings) -> dict[str, Any]:
    """The project's manifest as dbt writes it (`manifest.json`), parsed afresh where a file of the project has changed."""
    with _one_at_a_time, _warehouse_of(settings):
        _parse(settings, _common(settings))
    return json.loads((settings.work / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))


def _common(settings: Settings) -> list[str]:
    work = settings.work / "dbt"
    work.mkdir(parents=True, exist_ok=True)
    return [
        "--project-dir", str(settings.dbt_project), "--profiles-dir", str(settings.dbt_project),
        "--target-path", str(work / "target"), "--log-path", str(work / "logs"),
        "--log-level", "none", "--log-level-file", "info", "--no-use-colors", "--no-send-anonymous-usage-stats",
    ]  # fmt: skip


def _manifest(settings: Settings, common: list[str]) -> Manifest:
    key = str(settings.dbt_project)
    if key not in _parsed:
        _parsed[key] = _parse(settings, common)
    return _parsed[key]


def _parse(settings: Settings, common: list[str]) -> Manifest:
    from dbt.cli.main import dbtRunner

    parsed = dbtRunner().invoke(["parse", *common])
    if parsed.exception is not None or not parsed.success:
        message = f"the dbt project does not parse: {type(parsed.exception).__name__}; see {settings.work / 'dbt' / 'logs' / 'dbt.log'}"
        raise DbtFailedError(message) from parsed.exception
    return parsed.result


@contextmanager
def _warehouse_of(settings: Settings) -> Iterator[None]:
    """Dbt's profile learns from the environment which file is meant; what stood there before is put back."""
    before = os.environ.get(WAREHOUSE_VARIABLE)
    os.environ[WAREHOUSE_VARIABLE] = str(settings.warehouse)
    try:
        yield
    finally:
        if before is None:
            del os.environ[WAREHOUSE_VARIABLE]
        else:
            os.environ[WAREHOUSE_VARIABLE] = before
