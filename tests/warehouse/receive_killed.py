"""Receives an inbox again and again in processes of its own, and kills each with SIGKILL: the driver of `test_receiving_killed.py`.

    receive_killed.py INBOX HOMES steps        kill at the first, second, third ... change of the file system, a home for each
    receive_killed.py INBOX HOMES moments N    kill after N different times, all in one home

Prints one line per process: its home, and what became of it. It forks before anything has a thread, so that a killed process costs
little.
"""

import os
import signal
import sys
import time
from pathlib import Path

# Imported once, before the first fork.
import duckdb  # noqa: F401
import numpy  # noqa: F401, ICN001
import pyarrow  # noqa: F401

from warehouse.landing import receive
from warehouse.settings import Settings

CHANGES = {"os.mkdir", "os.rename", "os.remove", "os.rmdir"}


def kill_at_change(wanted: int, home: Path) -> None:
    """Die just before the wanted change to anything in landing."""
    seen = 0
    landing = str(home / "landing")

    def heard(event: str, arguments: tuple) -> None:
        nonlocal seen
        is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (event in CHANGES or is_write) and any(str(argument).startswith(landing) for argument in arguments[:2]):
            seen += 1
            if seen == wanted:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(heard)


def run(inbox: Path, home: Path, before: object = None) -> int:
    """Fork a process that receives; return its id."""
    child = os.fork()
    if child == 0:
        if before is not None:
            before()
        receive(Settings(home), inbox)
        os._exit(0)
    return child


def main() -> None:
    inbox, homes, how = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    if how == "steps":
        step = 0
        while True:
            step += 1
            home = homes / f"{step:03}"
            _, status = os.waitpid(run(inbox, home, lambda step=step, home=home: kill_at_change(step, home)), 0)
            print(home, "killed" if os.WIFSIGNALED(status) else f"done {os.waitstatus_to_exitcode(status)}", flush=True)
            if not os.WIFSIGNALED(status):
                return
    started = time.monotonic()
    os.waitpid(run(inbox, homes / "whole"), 0)
    whole = time.monotonic() - started
    count = int(sys.argv[4])
    for moment in range(count):
        child = run(inbox, homes / "killed")
        time.sleep(whole * (moment + 0.5) / count)
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(homes / "killed", "killed" if os.WIFSIGNALED(status) else "done", flush=True)


if __name__ == "__main__":
    main()
