"""What several folders of tests share: the two sample cities closed, once for a session.

What belongs here: homes that are slow to make and that no test changes; a test that changes one copies it first (`copy_of`).
"""

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


@pytest.fixture(scope="session")
def closed_mini_home(tmp_path_factory) -> Settings:
    """The sample city of two months, both closed."""
    return close_sample("mini_city", tmp_path_factory.mktemp("mini") / "home", MINI_MONTHS)


@pytest.fixture(scope="session")
def closed_edge_home(tmp_path_factory) -> Settings:
    """The sample city of four months, all closed, January without one county."""
    return close_sample("edge_city", tmp_path_factory.mktemp("edge") / "home", EDGE_MONTHS, EDGE_WITHOUT)
