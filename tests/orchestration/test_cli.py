"""The command line as a statistician meets it: help for every command, one clear message for every error, the promised exit codes."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from orchestration import cli
from tests.conftest import SAMPLES, copy_of

COMMANDS = [command.name or command.callback.__name__ for command in cli.app.registered_commands]


def run(*arguments):
    """The command in a process of its own, as it is typed."""
    code = "from orchestration.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)


def test_the_published_commands_are_there():
    published = {"simulate", "receive", "rejects", "status", "deliveries", "close", "approve", "diff", "reports", "app"}
    assert published <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command):
    result = CliRunner().invoke(cli.app, [command, "--help"])
    assert result.exit_code == 0
    assert any("\u4e00" <= sign <= "\u9fff" for sign in result.output)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["close", "2025-13"], 2, "'2025-13' is no month: expected YYYY-MM"),
        (["close", "2025-01", "--without", "990104"], 2, "'990104' is no office: expected system/office"),
        (["close", "2025-01"], 1, "employee/990100 has not delivered 2025-01"),
        (["approve", "2025-01", "--as", "王主任"], 1, "2025-01 is not closed"),
        (["approve", "2025-01", "--as", " "], 2, "needs the name of whoever approves"),
        (["reports", "2025-01"], 1, "2025-01 is not closed"),
        (["diff", "2025-01-r01", "2025-01-r02"], 1, "2025-01-r01"),
        (["receive", "--inbox", "nowhere"], 2, "nowhere is no folder"),
        (["simulate", "--inbox", "x", "--persons", "500", "--from", "2025-03", "--to", "2025-01"], 2, "is before the first"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_errors_are_one_clear_message_and_the_promised_code(tmp_path, arguments, code, said):
    (tmp_path / "home").mkdir()
    result = run("--home", tmp_path / "home", *arguments)
    assert result.returncode == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("home", "arguments", "code", "said"),
    [
        ("nowhere", ["approve", "2025-01", "--as", "王主任"], 1, "nowhere does not exist"),
        ("nowhere", ["match", "queue"], 1, "nowhere does not exist"),
        ("a_file", ["status"], 2, "a_file is a file; expected the folder of a home"),
    ],
)
def test_a_mistyped_home_is_named_and_none_is_begun(tmp_path, home, arguments, code, said):
    (tmp_path / "a_file").write_text("no home")
    result = run("--home", tmp_path / home, *arguments)
    assert (result.returncode, said in result.stderr) == (code, True), result.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_place_that_cannot_be_written_is_named_without_a_traceback(closed_mini_home, tmp_path):
    (tmp_path / "a_file").write_text("no folder")
    result = run("--home", copy_of(closed_mini_home, tmp_path / "home").home, "rejects", "2025-01", "--out", tmp_path / "a_file")
    assert result.returncode == 1
    assert f"{tmp_path / 'a_file'}: " in result.stderr
    assert "Traceback" not in result.stderr


def test_square_brackets_in_names_and_paths_stay_as_they_are(closed_mini_home, tmp_path):
    settings = copy_of(closed_mini_home, tmp_path / "home")
    approved = run("--home", settings.home, "approve", "2025-01", "--as", "王[/red]主任")
    assert (approved.returncode, approved.stdout) == (0, "2025-01: 2025-01-r01 is approved by 王[/red]主任\n")
    rejects = run("--home", settings.home, "rejects", "2025-02", "--out", tmp_path / "退回[旧]")
    paths = sorted((tmp_path / "退回[旧]").iterdir())
    assert paths
    assert all(str(path) in rejects.stdout for path in paths)
    # Whole ID numbers stand in them: they are for who wrote them alone.
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}


def test_differences_are_counted_by_table_and_written_whole_to_a_file(closed_mini_home, tmp_path):
    shown = run("--home", closed_mini_home.home, "diff", "2025-01", "2025-02")
    assert "the first 100 are shown; all of them as CSV: --out FILE" in shown.stdout
    assert len(shown.stdout.splitlines()) < 400
    run("--home", closed_mini_home.home, "diff", "2025-01", "2025-02", "--out", tmp_path / "all.csv")
    lines = (tmp_path / "all.csv").read_text(encoding="utf-8-sig").splitlines()
    assert f"{len(lines) - 1:,} cells differ: " in shown.stdout


def test_a_month_of_which_everything_was_refused_stands_in_the_status(tmp_path):
    folder = tmp_path / "inbox" / "rural" / "2025-07" / "990102"
    folder.mkdir(parents=True)
    (folder / "某人990102199001010013.xlsx").write_bytes(b"no delivery")
    received = run("--home", tmp_path / "home", "receive", "--inbox", tmp_path / "inbox")
    assert (received.returncode, "manifest missing" in received.stdout) == (1, True)
    # Offices put ID numbers into names of files; no message repeats them.
    assert "199001010013" not in received.stdout
    status = run("--home", tmp_path / "home", "status")
    assert "2025-07" in status.stdout
    assert "rural/990102 (manifest missing)" in status.stdout


def test_receiving_lands_what_is_right_and_exits_with_one_when_something_was_refused(tmp_path):
    inbox = SAMPLES / "edge_city" / "inbox"
    dry = run("--home", tmp_path / "home", "receive", "--inbox", inbox, "--dry-run")
    assert dry.returncode == 1
    assert not (tmp_path / "home" / "landing").exists()
    result = run("--home", tmp_path / "home", "receive", "--inbox", inbox)
    assert result.returncode == 1
    assert "23 deliveries accepted" in result.stdout
    assert "refused: rural 2024-11 990102 number 1: checksum" in result.stdout
    again = run("--home", tmp_path / "home", "receive", "--inbox", inbox)
    assert again.returncode == 0
    ledger = json.loads(run("--home", tmp_path / "home", "deliveries", "--json").stdout)
    assert len(ledger) == 25
    columns = "system period office delivery_no status received_at rows_delivered rows_landed rows_rejected reason note"
    assert " ".join(ledger[0]) == columns
    status = run("--home", tmp_path / "home", "status")
    assert status.returncode == 0
    assert "tongchou close 2024-11" in status.stdout
