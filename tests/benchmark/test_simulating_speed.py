"""A million persons' city of a month: processor time, and memory that hardly grows with the city.

Ten million are simulated with `TONGCHOU_BENCHMARK_PERSONS=10000000`; they need 4 GB of disk and leave nothing.
"""

import json
import os
import subprocess
import sys

import pytest

PERSONS = int(os.environ.get("TONGCHOU_BENCHMARK_PERSONS", "1000000"))
MONTHS = int(os.environ.get("TONGCHOU_BENCHMARK_MONTHS", "1"))
MEASURED = """
import json, resource, sys, time
from pathlib import Path
from tests.accuracy.__main__ import FIRST, faults_of
from warehouse.simulate import simulate
began = time.monotonic()
made = simulate(Path(sys.argv[1]), int(sys.argv[2]), FIRST, FIRST.shift(int(sys.argv[3]) - 1), 20250630, faults_of("specified"))
seconds, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF)
# Of a process that another one started, ru_maxrss counts what that one once held.
(peak,) = [int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(json.dumps({"rows": made.rows, "seconds": seconds, "processor": used.ru_utime + used.ru_stime, "megabytes": peak // 1024}))
"""


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_big_city_is_simulated_within_a_few_hundred_megabytes_per_million(tmp_path):
    command = [sys.executable, "-c", MEASURED, str(tmp_path / "inbox"), str(PERSONS), str(MONTHS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    print(
        f"\n{PERSONS:,} persons, {MONTHS} months, {found['rows']:,} rows: {found['seconds']:.0f} s, {found['processor']:.0f} s of "
        f"processor time, at most {found['megabytes']:,} MB"
    )
    millions = PERSONS / 1_000_000
    assert found["rows"] > 2_000_000 * millions * MONTHS
    # Seen on 2026-11-26, on two cores that others shared: 1.4 GB for a million, 4.2 GB for ten; what the truth is worked out in has 1.5 GB.
    assert found["megabytes"] < 1_900 + 300 * millions
    assert found["processor"] < 120 * max(millions, 1) * MONTHS
