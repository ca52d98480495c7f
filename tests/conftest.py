"""What several folders of tests share: the two sample cities closed, once for a session.

What belongs here: homes that are slow to make and that no test changes; a test that changes one copies it first (`copy_of`).
"""

import fcntl
import shutil
from pathlib import Path

import pytest

from orchestration.close import close_month
from orchestration.expected import Office
from warehouse.landing import receive
from warehouse.periods import Period
from warehouse.settings import Settings

SAMPLES = Path(__file__).parent / "samples"
MINI_MONTHS = ("2025-01", "2025-02")
EDGE_MONTHS = ("2024-11", "2024-12", "2025-01", "2025-02")
EDGE_WITHOUT = {"2025-01": (Office("rural", "990103"),)}


def close_sample(name: str, home: Path, months: tuple[str, ...], without: dict[str, tuple[Office, ...]] | None = None) -> Settings:
    """Receive a sample city's deliveries and close its months in order."""
    settings = Settings.from_environment(home)
    receive(settings, SAMPLES / name / "inbox")
    for month in months:
        close_month(settings, Period.parse(month), without=(without or {}).get(month, ()))
    return settings


def copy_of(settings: Settings, folder: Path) -> Settings:
    """A home of its own, for a test that changes it."""
    shutil.copytree(settings.home, folder, symlinks=True)
    return Settings.from_environment(folder)


def made_once(name: str, tmp_path_factory, worker_id: str, months: tuple[str, ...], without=None) -> Settings:
    """A sample city closed once for a session, whichever of the session's processes asks first; the others wait for it."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        # The folder of all processes.
        folder = folder.parent
    home, made = folder / name / "home", folder / name / "made"
    (folder / name).mkdir(exist_ok=True)
    with (folder / name / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            close_sample(name, home, months, without)
            made.touch()
    return Settings.from_environment(home)


@pytest.fixture(scope="session")
def closed_mini_home(tmp_path_factory, worker_id) -> Settings:
    """The sample city of two months, both closed."""
    return made_once("mini_city", tmp_path_factory, worker_id, MINI_MONTHS)


@pytest.fixture(scope="session")
def closed_edge_home(tmp_path_factory, worker_id) -> Settings:
    """The sample city of four months, all closed, January without one county."""
    return made_once("edge_city", tmp_path_factory, worker_id, EDGE_MONTHS, EDGE_WITHOUT)
