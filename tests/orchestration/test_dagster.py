"""Dagster runs the same stages: what it loads, and that its job publishes what the command line publishes."""

import os
import subprocess
import sys

import pytest

from orchestration.sensors import months_with_news
from orchestration.serve_dagster import instance_folder
from tests.conftest import SAMPLES
from warehouse.contracts import load_contracts
from warehouse.periods import Period
from warehouse.register import Register
from warehouse.releases import diff
from warehouse.settings import Settings

INBOX = SAMPLES / "mini_city" / "inbox"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    """What Dagster loads, in a process whose home is a scratch folder."""
    before = os.environ.get("TONGCHOU_HOME")
    os.environ["TONGCHOU_HOME"] = str(tmp_path_factory.mktemp("definitions") / "home")
    from orchestration.definitions import definitions

    yield definitions
    os.environ.pop("TONGCHOU_HOME")
    if before is not None:
        os.environ["TONGCHOU_HOME"] = before


def test_nothing_that_dagster_loads_can_vanish_unseen(definitions):
    graph = definitions.resolve_asset_graph()
    keys = {key.to_user_string() for key in graph.get_all_asset_keys()}
    ours = {
        "landing/employee",
        "landing/resident",
        "landing/rural",
        "landing/city",
        "working/prepared",
        "identity/person_links",
        "published/release",
        "published/report_package",
    }
    assert ours <= keys
    layers = {key.split("/")[0] for key in keys}
    assert layers == {"landing", "working", "identity", "published", "seeds", "staging", "intermediate", "marts", "reporting", "review"}
    delivered = {f"staging/stg_{system}__{table}" for system, contract in load_contracts().items() for table in contract.tables}
    assert len(delivered) > 25
    assert delivered | {"staging/stg_landing__rejected_rows"} <= keys
    assert "reporting/check_results" in keys
    assert {job.name for job in definitions.resolve_all_job_defs()} >= {"monthly_close", "receive_deliveries"}
    assert [schedule.name for schedule in definitions.schedules] == ["close_of_last_month"]
    assert [sensor.name for sensor in definitions.sensors] == ["inbox"]


def test_every_grain_test_is_an_asset_check(definitions):
    graph = definitions.resolve_asset_graph()
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert ("landing/rural", "nothing_is_refused") in checks
    for table in ("indicator_values", "measure_values", "report_cells", "check_results", "duplicate_cases"):
        assert any(asset == f"reporting/{table}" and "unique_grain" in name for asset, name in checks)


def test_both_halves_wait_for_the_matching_between_them(definitions):
    graph = definitions.resolve_asset_graph()
    by_name = {key.to_user_string(): key for key in graph.get_all_asset_keys()}
    above = {key.to_user_string() for key in graph.get(by_name["identity/person_links"]).parent_keys}
    below = {key.to_user_string() for key in graph.get(by_name["identity/person_links"]).child_keys}
    assert {"intermediate/int_person_records", "intermediate/int_numbers_without_record"} <= above
    assert {"marts/bridge_person_source_ids", "intermediate/int_relation_months"} <= below


def test_the_sensor_sees_months_with_news_and_waits_for_folders_in_motion(tmp_path):
    settings = Settings(home=tmp_path / "home", watched_inbox=INBOX)
    assert months_with_news(settings, settling_seconds=0) == [Period(2025, 1), Period(2025, 2)]
    assert months_with_news(settings, settling_seconds=10**9) == []
    assert months_with_news(Settings(home=tmp_path / "home", watched_inbox=tmp_path / "nowhere")) == []


def test_the_job_publishes_the_same_releases_as_the_command_line(closed_mini_home, tmp_path):
    """Month after month: the second finds seeds and staging standing as the first left them."""
    settings = Settings.from_environment(tmp_path / "home")
    for month in ("2025-01", "2025-02"):
        result = execute_job("monthly_close", settings, month)
        assert result.returncode == 0, result.stderr[-4000:]
        mine, theirs = in_force(settings, month), in_force(closed_mini_home, month)
        assert mine.release == f"{month}-r01"
        if month == "2025-01":
            # Later ones rest on the file of the month before, which says when it was built.
            assert mine.warehouse_fingerprint == theirs.warehouse_fingerprint
        assert (settings.reports / month / f"{month}-r01" / "bureau.xlsx").exists()
        assert differences(tmp_path / f"both-{month}", month, (settings, mine), (closed_mini_home, theirs)) == []


def in_force(settings, month):
    """A month's release."""
    with Register(settings.register, read_only=True) as register:
        return register.in_force(month)


def differences(folder, month, *sides):
    """What differs between releases of two homes, side by side under names of their own, cell by cell."""
    side_by_side = Settings.from_environment(folder)
    side_by_side.published.mkdir(parents=True)
    with Register(side_by_side.register) as register:
        for number, (source, row) in enumerate(sides, start=1):
            name = f"{month}-r{number:02d}"
            (side_by_side.published / f"{name}.duckdb").symlink_to(source.published / row.file)
            register.publish(
                period=month, release=name, number=number, file=f"{name}.duckdb", sha256=row.sha256, built_at=row.built_at,
                warehouse_fingerprint=row.warehouse_fingerprint, code_version=row.code_version, rule_set_version=row.rule_set_version,
                without=(), in_force=(), earlier_releases=(), who="test", run="test",
            )  # fmt: skip
    return [row for row in diff(side_by_side, f"{month}-r01", f"{month}-r02") if row.column != "received_at"]


def execute_job(job, settings, month):
    """One run of a job in a process of its own, as the daemon would start it."""
    environment = {
        **os.environ,
        "TONGCHOU_HOME": str(settings.home),
        "TONGCHOU_INBOX": str(INBOX),
        "DAGSTER_HOME": str(instance_folder(settings)),
    }
    command = [sys.executable, "-m", "dagster", "job", "execute", "-m", "orchestration.definitions", "-j", job]
    tags = f'{{"dagster/partition": "{month}"}}'
    return subprocess.run([*command, "--tags", tags], env=environment, capture_output=True, text=True, timeout=580, check=False)
