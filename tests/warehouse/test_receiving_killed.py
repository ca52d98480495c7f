"""A receive killed at any instant leaves nothing of a delivery or all of it, and the next one goes on from there."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from delivery_builder import DeliveryBuilder

from warehouse.landing import deliveries, receive
from warehouse.settings import Settings

DRIVER = Path(__file__).parent / "receive_killed.py"
CLAIM = "{:05},,P1,990102N0001,普通门诊,2025-06-03,2025-06-03,J18.9,10.0000,10.0000,4.0000,0.0000,6.0000,10.0000,0.0000"


def write_inbox(inbox, claims):
    """An accepted delivery with rejected rows, then a refused one."""
    lines = [CLAIM.format(number) for number in range(claims)] + [CLAIM.format(0), "damaged"]
    totals = {"clinic_claims": {"总费用": f"{claims + 1}0"}}
    DeliveryBuilder(lines={"clinic_claims": lines}, totals=totals).write(inbox)
    DeliveryBuilder(office="990103", entries={"families": {"sha256": "0"}}).write(inbox)


def run(*arguments):
    done = subprocess.run([sys.executable, DRIVER, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=True)
    return [(Path(home), outcome) for home, outcome in (line.split(" ", 1) for line in done.stdout.splitlines())]


def check_landing(home, claims):
    """Whatever stands in landing is whole."""
    for folder in (home / "landing").glob("rural/*/*/[0-9]*"):
        receipt = json.loads((folder / "receipt.json").read_text(encoding="utf-8"))
        assert (receipt["rows_landed"], receipt["rows_rejected"]) == (claims, 2)
        for table in receipt["tables"]:
            file = str(folder / f"{table['table']}.parquet")
            assert duckdb.execute("select count(*) from read_parquet($1)", [file]).fetchone() == (table["rows_landed"],)
        assert duckdb.execute("select count(*) from read_parquet($1)", [str(folder / "rejects.parquet")]).fetchone() == (2,)
    for receipt in (home / "landing").glob("rural/*/*/receipts/*"):
        assert json.loads(receipt.read_text(encoding="utf-8"))["reason"].startswith("checksum: ")
    return [row.status for row in deliveries(Settings(home))]


def check_next_receive(home, inbox, claims):
    receive(Settings(home), inbox)
    assert check_landing(home, claims) == ["accepted", "refused"]
    assert list((home / "landing" / ".incoming").glob("*")) == []
    assert list((home / ".work").glob("*")) == []


@pytest.mark.timeout(300)
def test_a_receive_killed_before_any_change_of_landing_leaves_nothing_or_all(tmp_path):
    write_inbox(tmp_path / "inbox", 3)
    runs = run(tmp_path / "inbox", tmp_path / "homes", "steps")
    assert [outcome for _, outcome in runs[:-1]] == ["killed"] * (len(runs) - 1)
    assert runs[-1][1] == "done 0"
    seen = []
    for home, _ in runs:
        seen.append(check_landing(home, 3))
        check_next_receive(home, tmp_path / "inbox", 3)
    # Killed early there is nothing, then one delivery, then both.
    assert seen == sorted(seen, key=len)
    assert [status for place, status in enumerate(seen) if status not in seen[:place]] == [[], ["accepted"], ["accepted", "refused"]]


@pytest.mark.timeout(300)
def test_a_receive_killed_at_any_moment_leaves_nothing_or_all(tmp_path):
    claims = 60_000
    write_inbox(tmp_path / "inbox", claims)
    outcomes = []
    for home, outcome in run(tmp_path / "inbox", tmp_path / "homes", "moments", 12):
        outcomes.append(outcome)
        assert check_landing(home, claims) in ([], ["accepted"], ["accepted", "refused"])
    assert outcomes.count("killed") >= 6
    check_next_receive(tmp_path / "homes" / "killed", tmp_path / "inbox", claims)


def test_two_receives_at_once_land_a_delivery_once(tmp_path):
    write_inbox(tmp_path / "inbox", 20_000)
    code = (
        "import sys; from pathlib import Path; from warehouse.landing import receive; from warehouse.settings import Settings; "
        "print(len(receive(Settings(Path(sys.argv[1])), sys.argv[2]).accepted))"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "home"), str(tmp_path / "inbox")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(int(process.communicate(timeout=120)[0]) for process in processes) == [0, 1]
    assert check_landing(tmp_path / "home", 20_000) == ["accepted", "refused"]


def test_a_full_disk_is_told_in_one_line_and_leaves_nothing(tmp_path):
    write_inbox(tmp_path / "inbox", 20_000)
    # No file may grow beyond what one table needs: as on a full disk, writing fails half way.
    code = """
import resource, signal, sys
from pathlib import Path
from warehouse.landing import LandingError, receive
from warehouse.settings import Settings
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    receive(Settings(Path(sys.argv[1])), sys.argv[2])
except LandingError as error:
    print(error)
"""
    for size in (2000, 20_000):
        home = tmp_path / f"home{size}"
        command = [sys.executable, "-c", code, str(home), str(tmp_path / "inbox"), str(size)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        assert len(done.stdout.splitlines()) == 1, done.stderr
        assert "rural/2025-06/990102" in done.stdout
        assert check_landing(home, 20_000) == []
        check_next_receive(home, tmp_path / "inbox", 20_000)
