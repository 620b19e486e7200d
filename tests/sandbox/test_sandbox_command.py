"""`python -m stackverify.sandbox` as a user runs it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import stackverify.sandbox
from stackverify.sandbox.__main__ import main

ROOT = Path(stackverify.sandbox.__file__).parents[2]
COMMAND = [sys.executable, "-m", "stackverify.sandbox"]


@contextmanager
def command(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def code_of(arguments: list[str]) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def printed_settings(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    settings: dict[str, str] = {}
    while "STACKVERIFY_TIER" not in settings:
        line = process.stdout.readline()
        assert line, "it ended before it said where it is"
        name, _, value = line.strip().rpartition(" ")[2].partition("=")
        settings[name] = value
    return settings


@pytest.mark.skipif(os.name == "nt", reason="SIGINT reaches the tests themselves")
def test_it_says_where_it_is_serves_and_ends_quietly_on_ctrl_c() -> None:
    with command("--port", "0", "--tier", "enterprise:900/70", "--seed", "3") as it:
        settings = printed_settings(it)
        reply = httpx.post(
            settings["STACKVERIFY_BASE_URL"] + "/sms/send",
            json={"to": "+254712345678", "message": "secret"},
            headers={"authorization": f"Bearer {settings['STACKVERIFY_API_KEY']}"},
            trust_env=False,
        )
        it.send_signal(signal.SIGINT)
        out, err = it.communicate(timeout=10)
    assert reply.status_code == 200
    assert settings["STACKVERIFY_TIER"] == "enterprise:900/70"
    assert (it.returncode, err) == (0, "")
    assert "secret" not in out


def test_a_taken_port_is_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert code_of(["--port", str(port)]) == 2
    told = capsys.readouterr()
    assert told.err.count("\n") == 1
    assert f"port {port} is taken" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--host", "0.0.0.0"],
        ["--port", "70000"],
        ["--keep", "0"],
        ["--latency", "0.2-0.1"],
    ],
)
def test_settings_that_cannot_be_are_one_line_and_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["--tier", "gold"],
        ["--latency", "slow"],
        ["--counting", "guess"],
        ["--webhook-url", "https://example.com/hooks"],
        ["--webhook-url", "127.0.0.1:8000"],
    ],
)
def test_settings_it_does_not_know_are_explained(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(arguments) == 2
    assert arguments[0] in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('none here')")
    ended = subprocess.run(
        [*COMMAND],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert 'pip install "stackverify[sandbox]"' in ended.stderr


def test_it_shares_no_code_with_the_client() -> None:
    folder = Path(stackverify.sandbox.__file__).parent
    imports = [
        line.split()[1]
        for file in folder.rglob("*.py")
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.startswith(("from stackverify", "import stackverify"))
    ]
    assert imports
    assert all(name.startswith("stackverify.sandbox") for name in imports)
