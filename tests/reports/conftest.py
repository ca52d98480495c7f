import pytest

from tests.reports.made_release import publish_release
from warehouse.scope import scope


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """A home with one release made by hand: settings and the release's row."""
    return publish_release(tmp_path_factory.mktemp("made") / "home", excused="rural/990103")


@pytest.fixture(scope="session")
def reader(made):
    settings, row = made
    return scope().release(settings, row.release)


@pytest.fixture(scope="session")
def package(made, tmp_path_factory):
    """Its report package, money in ten thousand yuan."""
    from reports.package import write_package

    settings, row = made
    return write_package(settings, row, tmp_path_factory.mktemp("package") / "2025-02")
