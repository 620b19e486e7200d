"""The campaign example, as a user runs it."""

import csv
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "campaign.py"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
FAST = ("--sandbox", "--tier", "enterprise:60000")


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(SCRIPT), *words],
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_it_accounts_for_every_row_and_the_sandbox_agrees(tmp_path: Path) -> None:
    done = run(tmp_path, *FAST)
    assert done.returncode == 0, done.stderr
    accepted = re.findall(r"accepted ([\d,]+) +refused 0 +not sent 0", done.stdout)
    assert accepted == ["866", "866"]
    assert "The service lists 866 SMS." in done.stdout
    assert "The sandbox holds 866 sms and 866 email." in done.stdout
    assert re.findall(r"(\d+) answered 429", done.stdout) == ["0", "0"]


def test_a_bad_row_is_shown_and_costs_only_itself(tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("phone,name\n+254712345678,Joan\n0712345678,Ann\n", "utf-8")
    done = run(tmp_path, "people.csv", *FAST, "--only", "sms", "--sms", "Hi {name}")
    assert done.returncode == 1
    assert "accepted 1   refused 1" in done.stdout
    assert "row 3, refused: to:" in done.stdout
    assert "0712345678" not in done.stdout


def test_a_placeholder_without_a_value_stops_it_before_the_first_send(
    tmp_path: Path,
) -> None:
    done = run(tmp_path, *FAST, "--sms", "Hi {surname}")
    assert done.returncode == 2
    assert "line 2: no value for {surname}" in done.stderr


def test_without_a_key_it_says_where_to_put_one(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert "STACKVERIFY_API_KEY" in done.stderr


@pytest.fixture
def interrupted(tmp_path: Path) -> tuple[int, str]:
    """What a campaign says that gets a Ctrl-C when a few hundred were sent."""
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), "--sandbox", "--only", "email"],
        cwd=tmp_path,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        text=True,
    ) as campaign:
        assert campaign.stdout is not None
        said = ""
        while not re.search(r"EMAIL: \d{2,} of", said):
            said += campaign.stdout.readline()
        campaign.send_signal(signal.SIGINT)
        said += campaign.stdout.read()
    return campaign.returncode, said


def test_after_ctrl_c_every_row_is_either_sent_or_in_the_file_of_the_rest(
    tmp_path: Path, interrupted: tuple[int, str]
) -> None:
    code, said = interrupted
    assert code == 130
    (held,) = re.findall(r"The sandbox holds (\d+) email", said)
    (accepted,) = re.findall(r"accepted (\d+)", said)
    with (tmp_path / "recipients.rest-email.csv").open(encoding="utf-8") as rest:
        left = sum(1 for _ in csv.DictReader(rest))
    assert (int(accepted), int(accepted) + left) == (int(held), 866)


def test_after_ctrl_c_the_command_it_names_sends_the_rest(
    tmp_path: Path, interrupted: tuple[int, str]
) -> None:
    command = interrupted[1].partition("To go on with them:\n")[2].splitlines()[0]
    done = run(tmp_path, *shlex.split(command)[2:])
    assert done.returncode == 0, done.stderr


def test_on_a_terminal_it_shows_a_bar(tmp_path: Path) -> None:
    reader, writer = pty.openpty()
    with subprocess.Popen(
        [sys.executable, str(SCRIPT), *FAST, "--only", "email"],
        cwd=tmp_path,
        env={**ENVIRONMENT, "TERM": "xterm-256color", "COLUMNS": "80"},
        stdout=writer,
        stderr=writer,
    ) as campaign:
        os.close(writer)
        shown = b"".join(_chunks(reader))
    os.close(reader)
    assert campaign.returncode == 0
    assert b"866/866" in shown
    assert b"/min" in shown


def _chunks(reader: int) -> list[bytes]:
    chunks = []
    try:
        while chunk := os.read(reader, 65536):
            chunks.append(chunk)
    except OSError:  # the other end is closed
        pass
    return chunks
