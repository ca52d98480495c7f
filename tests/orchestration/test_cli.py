"""The command line as a statistician meets it: help for every command, one clear message for every error, the promised exit codes."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from orchestration import cli
from tests.conftest import SAMPLES

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
        (["reports", "2025-01"], 1, "2025-01 is not closed"),
        (["diff", "2025-01-r01", "2025-01-r02"], 1, "2025-01-r01"),
        (["receive", "--inbox", "nowhere"], 2, "nowhere is no folder"),
        (["simulate", "--inbox", "x", "--persons", "500", "--from", "2025-03", "--to", "2025-01"], 2, "is before the first"),
        (["nonsense"], 2, "nonsense"),
    ],
)
def test_errors_are_one_clear_message_and_the_promised_code(tmp_path, arguments, code, said):
    result = run("--home", tmp_path / "home", *arguments)
    assert result.returncode == code
    assert said in result.stderr
    assert "Traceback" not in result.stderr


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
