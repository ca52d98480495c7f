"""Starting the dashboard in a process of its own.

What belongs here: the command line that Streamlit is started with and what it is told of the home. What does not: how the pages look
(`.streamlit/config.toml` beside `app.py`, which Streamlit reads from the script's own folder) and what they show.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from warehouse.errors import UsageError
from warehouse.settings import Settings

APP = Path(__file__).with_name("app.py")


def command(port: int, address: str) -> list[str]:
    """The command line of the server; what an office's own Streamlit settings could undo is said here once more."""
    options = {
        "server.port": port,
        "server.address": address,
        "server.headless": "true",
        "server.enableStaticServing": "true",
        "browser.gatherUsageStats": "false",
    }
    return [sys.executable, "-m", "streamlit", "run", str(APP), *(f"--{name}={value}" for name, value in options.items())]


def serve(settings: Settings, port: int = 8501, address: str = "localhost") -> int:
    """Serve the dashboard of a home until it is stopped.

    Args:
        settings: the home.
        port: port to listen on.
        address: address to listen on; `localhost` is this machine alone.

    Returns:
        The server's exit code; 0 when it was stopped from the keyboard.

    Raises:
        UsageError: the port is none.
    """
    if not 1 <= port <= 65535:
        message = f"port {port}: expected a number from 1 to 65535"
        raise UsageError(message)
    environment = {**os.environ, "TONGCHOU_HOME": str(settings.home)}
    server = subprocess.Popen(command(port, address), env=environment)
    try:
        return server.wait()
    except KeyboardInterrupt:
        # The terminal has sent the same signal to the server; it ends by itself.
        server.wait()
        return 0
