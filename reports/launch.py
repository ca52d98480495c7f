"""Starting the dashboard in a process of its own.

What belongs here: the command line that Streamlit is started with, what it is told of the home, and what is made ready while it starts.
What does not: how the pages look (`.streamlit/config.toml` beside `app.py`, which Streamlit reads from the script's own folder) and what
they show.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from warehouse.errors import TongchouError, UsageError
from warehouse.settings import Settings

APP = Path(__file__).with_name("app.py")
# Seconds that an ending server is given before it is stopped.
_PATIENCE = 3
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class PortError(TongchouError):
    """The dashboard cannot listen where it is told to."""


def command(port: int, address: str) -> list[str]:
    """The command line of the server; what an office's own Streamlit settings could undo is said here once more."""
    options = {
        "server.port": port,
        "server.address": address,
        "server.headless": "true",
        "server.enableStaticServing": "true",
        "browser.gatherUsageStats": "false",
    }
    return [sys.executable, "-m", "reports.launch", "run", str(APP), *(f"--{name}={value}" for name, value in options.items())]


def serve(settings: Settings, port: int = 8501, address: str = "localhost") -> int:
    """Serve the dashboard of a home until it is stopped.

    Args:
        settings: the home.
        port: port to listen on.
        address: address to listen on; `localhost` is this machine alone.

    Where the settings name a reviewer, every reader of this server sees what that reviewer sees.

    Returns:
        The server's exit code; 0 when it was stopped from the keyboard.

    Raises:
        UsageError: the port is none, or a reviewer's server would answer other machines.
        PortError: something else listens there, or the address is not this machine's.
    """
    if not 1 <= port <= 65535:
        message = f"port {port}: expected a number from 1 to 65535"
        raise UsageError(message)
    if settings.reviewer and address not in _THIS_MACHINE:
        message = (
            f"--address {address}: with a reviewer the dashboard shows names, so it answers this machine alone "
            f"({', '.join(_THIS_MACHINE)}); start a second one without --reviewer for the others"
        )
        raise UsageError(message)
    _refuse_taken(port, address)
    environment = {**os.environ, "TONGCHOU_HOME": str(settings.home), "TONGCHOU_REVIEWER": settings.reviewer or ""}
    server = subprocess.Popen(command(port, address), env=environment)
    with _ending_when_told():
        try:
            return server.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            _end(server)


@contextmanager
def _ending_when_told() -> Iterator[None]:
    """Let a request to end (a service manager's) run what is still to be done, as an interrupt from the keyboard does."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(server: subprocess.Popen[bytes]) -> None:
    """Leave no server behind: Streamlit waits for its open pages when it is told to end, and some never close."""
    if server.poll() is None:
        server.terminate()
        try:
            server.wait(timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _refuse_taken(port: int, address: str) -> None:
    try:
        family, kind, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as wanted:
            wanted.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            wanted.bind(place)
    except OSError as error:
        message = (
            f"{address}, port {port}: cannot listen there ({error.strerror}); give --address an address of this machine "
            "and --port a port that nothing else listens on"
        )
        raise PortError(message) from error


def _make_ready() -> None:
    """Load what the first page needs, so that its first reader does not wait for it."""
    from reports import about, charts, data, deliveries, duplicates, forms_shown, overview, review  # noqa: F401 - loaded for the pages
    from reports.screen import open_screen

    try:
        screen = open_screen(Settings.from_environment(), {})
    except TongchouError:
        return  # The page says what is wrong.
    if screen is None:
        return
    where = (screen.reader, screen.county, screen.scheme)
    data.cards(*where, screen.unit)
    charts.courses(data.courses_by_scheme(*where, "ENR-01", "point", screen.unit), "")
    overview.bridge_table(screen)
    overview.threshold_table(screen)


def main() -> None:
    """What the server's process runs: Streamlit's own command line, with the pages loaded beside it."""
    # Before the thread, because two threads that load the same package may wait for each other.
    import streamlit  # noqa: F401
    from streamlit.web.cli import main as run_streamlit

    threading.Thread(target=_make_ready, name="make_ready", daemon=True).start()
    run_streamlit()


if __name__ == "__main__":
    main()
