"""What `make dagster` starts: Dagster's page and daemon over one home, with nothing leaving the machine.

What belongs here: the instance's configuration and the start. What does not: assets, jobs, sensors.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from warehouse.settings import Settings

# A pool of one holds on a persistent instance only; the lock of the home holds everywhere.
INSTANCE = """\
telemetry:
  enabled: false
concurrency:
  pools:
    default_limit: 1
  runs:
    max_concurrent_runs: 1
"""


def instance_folder(settings: Settings) -> Path:
    """The folder of Dagster's instance, with its configuration in place."""
    folder = settings.home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dagster.yaml").write_text(INSTANCE, encoding="utf-8")
    return folder


def serve(
    home: Annotated[Path | None, typer.Option("--home", help="数据目录")] = None,
    inbox: Annotated[Path | None, typer.Option("--inbox", help="监视的收件目录")] = None,
    port: Annotated[int, typer.Option("--port", help="端口")] = 3000,
) -> None:
    """Dagster's page on http://localhost:3000."""
    settings = Settings.from_environment(home)
    environment = {
        **os.environ,
        "TONGCHOU_HOME": str(settings.home),
        "TONGCHOU_INBOX": str((inbox or settings.inbox).resolve()),
        "DAGSTER_HOME": str(instance_folder(settings)),
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions", "-p", str(port)]
    raise typer.Exit(subprocess.call(command, env=environment))


if __name__ == "__main__":
    typer.run(serve)
