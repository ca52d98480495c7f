"""A million persons' records, from cleaning to ids: processor time and memory, then a second run without anything new, then 1% new.

The clock measures the other work of a machine too, so processor time is held to, and that too grows where others share the cores. dbt's
own start (a few seconds, whatever the city) is left out; its cleaning models are run as dbt wrote them.
"""

import json
import os
import subprocess
import sys

import duckdb
import pytest

from tests.accuracy.__main__ import FIRST, faults_of
from tests.accuracy.loading import clean, load_inbox
from warehouse.simulate import simulate

PERSONS = int(os.environ.get("TONGCHOU_BENCHMARK_PERSONS", "1000000"))
# What DuckDB is held to; Python, and what DuckDB does not count, come on top.
MEGABYTES = int(os.environ.get("TONGCHOU_BENCHMARK_MEGABYTES", "1600"))
CLEANING = (
    "int_guardian_numbers_cleaned",
    "int_names_cleaned",
    "int_birth_dates_cleaned",
    "int_addresses_placed",
    "int_person_records",
    "int_numbers_without_record",
)
MEASURED = """
import json, resource, sys, time
from pathlib import Path
import duckdb
from warehouse.identity import match
from warehouse.settings import Settings
warehouse, home, megabytes, work = sys.argv[1], Path(sys.argv[2]), sys.argv[3], json.load(sys.stdin)
with duckdb.connect(warehouse) as con:
    # The cleaning as dbt runs it, the matching as the close does, both on two cores and within a limit.
    con.execute(f"set threads = 2; set memory_limit = '{megabytes}MB'")
    began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF)
    changed = None
    if work:
        con.execute("set preserve_insertion_order = false")
        for table, sql in work:
            # As dbt puts a new table in the place of the old one.
            con.execute(sql)
            con.execute(f"drop table intermediate.{table}")
            con.execute(f"alter table intermediate.{table}__dbt_tmp rename to {table}")
    else:
        changed = match(con, Settings(home=home), "2025-01").changed
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
# Of a process that another one started, ru_maxrss counts what that one once held.
(peak,) = [int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(json.dumps({"seconds": seconds, "processor": processor, "megabytes": peak // 1024, "changed": changed}))
"""


def measured(what, warehouse, home, work=()):
    """Run a part in a process of its own: seconds by the clock and of the processor, and megabytes."""
    command = [sys.executable, "-c", MEASURED, str(warehouse), str(home), str(MEGABYTES)]
    done = subprocess.run(command, input=json.dumps(work), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{what}: {found['seconds']:.1f} s, {found['processor']:.1f} s of processor time, at most {found['megabytes']:,} MB", end="")
    return found


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """A city's records as delivered and cleaned once, and the cleaning as dbt ran it."""
    folder = tmp_path_factory.mktemp("million")
    made = simulate(folder / "inbox", PERSONS, FIRST, FIRST, seed=20250630, faults=faults_of("specified"))
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        load_inbox(con, made.inbox)
    clean(warehouse, folder / "scratch")
    ran = folder / "scratch/target/run/tongchou/models/intermediate/identity"
    return warehouse, folder / "home", [(model, (ran / f"{model}.sql").read_bytes().decode()) for model in CLEANING]


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_million_records_are_cleaned_and_matched_in_seconds_and_two_gigabytes(city):
    warehouse, home, cleaning = city
    cleaned = measured(f"cleaning {PERSONS:,} persons", warehouse, home, cleaning)
    matched = measured("matching them", warehouse, home)
    assert matched["changed"] is None
    idle = measured("matching again, nothing new", warehouse, home)
    assert idle["changed"] == 0
    with duckdb.connect(str(warehouse)) as con:
        con.execute("""
            update intermediate.int_person_records
            set phone_number = '199' || lpad(cast(hash(source_person_no) % 100000000 as varchar), 8, '0')
            where hash(source_person_no) % 100 = 0
        """)
        (records,) = con.execute("select count(*) from intermediate.int_person_records").fetchone()
    some = measured("matching again, 1% changed", warehouse, home)
    print()
    assert 0 < some["changed"] < 0.02 * records
    # Seen on 2026-11-26, on two idle cores, fast and slow: 30 s and 37 s of processor time, 18 s and 21 s by the clock.
    assert cleaned["processor"] + matched["processor"] < 55 * PERSONS / 1_000_000
    assert max(cleaned["megabytes"], matched["megabytes"], idle["megabytes"]) < MEGABYTES + 448
    assert idle["processor"] < 0.4 * matched["processor"]
