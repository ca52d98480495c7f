"""Publishes the month that a home has ready, and kills the process that does it at many instants; run by test_releases.py.

Each instant has its own copy of the home and its own process, forked from this one before it has opened anything, and ended by SIGKILL.

    python publish_killed.py HOME FOLDER MONTH

Prints one line of JSON per instant: the copy, and where the process was killed.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
from working_warehouse import publish_built

from warehouse import register as register_module
from warehouse import releases as releases_module
from warehouse.register import Register
from warehouse.settings import Settings

WATCHED = {releases_module.__file__: "releases", register_module.__file__: "register", pathlib.__file__: "pathlib"}
# What changes something outside the process: statements of the two engines, and what touches files.
CHANGING = {"execute", "fsync", "replace", "chmod", "unlink", "mkdir"}
# A loop over tables or entries is cut short at its first and second round.
ROUNDS = 2
TIMED = 5


def publish(home: Path, month: str, before_change: Callable[[str], None] | None = None) -> None:
    settings = Settings(home=home)
    with Register(settings.register) as register, duckdb.connect(str(settings.warehouse)) as con:
        if before_change is not None:
            sys.setprofile(before_each_change(before_change))
        publish_built(settings, register, con, month)
        sys.setprofile(None)


def in_a_process(work: Callable[[], None]) -> int:
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a forked child must never return into this program
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def before_each_change(seen: Callable[[str], None]) -> Callable[[FrameType, str, Any], None]:
    rounds: Counter[str] = Counter()

    def profile(frame: FrameType, event: str, called: Any) -> None:
        if (
            event == "c_call"
            and frame.f_code.co_filename in WATCHED
            and called.__name__ in CHANGING
            and not isinstance(called.__self__, str)
        ):
            at = f"{WATCHED[frame.f_code.co_filename]}:{frame.f_lineno} {called.__name__}"
            rounds[at] += 1
            # What is read before the first folder is made changes nothing yet.
            if rounds[at] <= ROUNDS and any(" mkdir" in one for one in rounds):
                seen(f"{at} {rounds[at]}")

    return profile


def changes_of_a_publish(home: Path, month: str) -> list[str]:
    """Every instant just before a publish changes something, in order."""
    told = home.with_name("changes.txt")

    def work() -> None:
        changes: list[str] = []
        publish(home, month, changes.append)
        told.write_text("\n".join(changes), encoding="utf-8")

    if ended(in_a_process(work)) != 0:
        raise SystemExit("the publish that nobody killed failed")
    return told.read_text(encoding="utf-8").splitlines()


def killed_before(home: Path, month: str, change: str) -> int:
    def seen(at: str) -> None:
        if at == change:
            os.kill(os.getpid(), signal.SIGKILL)

    return ended(in_a_process(lambda: publish(home, month, seen)))


def killed_after(home: Path, month: str, seconds: float) -> int:
    child = in_a_process(lambda: publish(home, month))
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return ended(child)


def main() -> None:
    template, folder, month = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    copies = (folder / f"home-{number}" for number in range(10_000))

    def copied() -> Path:
        home = next(copies)
        # What is published is never written to again, so the copies may share it.
        shutil.copytree(template, home, copy_function=lambda a, b: os.link(a, b) if Path(a).parent != template else shutil.copy2(a, b))
        return home

    began = time.perf_counter()
    changes = changes_of_a_publish(copied(), month)
    whole = time.perf_counter() - began
    for change in changes:
        home = copied()
        print(json.dumps({"home": str(home), "at": change, "exit": killed_before(home, month, change)}), flush=True)
    for step in range(TIMED):
        home, seconds = copied(), whole * (step + 0.5) / TIMED
        print(json.dumps({"home": str(home), "at": f"{seconds:.3f} s", "exit": killed_after(home, month, seconds)}), flush=True)


if __name__ == "__main__":
    main()
