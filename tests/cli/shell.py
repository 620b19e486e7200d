"""The command line as a user runs it, piped or on a terminal."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-W", "error", "-m", "stackverify"]
# An interrupt within an import leaves a file of the interpreter's to the collector.
INTERRUPTIBLE = [*COMMAND[:3], "-W", "ignore:unclosed file", *COMMAND[3:]]
PATIENCE = 30.0


@attrs.frozen
class Ended:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[list[str]]:
        return [line.split("\t") for line in self.out.splitlines()]

    @property
    def documents(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@attrs.frozen
class Shell:
    """Runs commands in a folder of their own, with the settings a user would export."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *words: str, stdin: str | bytes = b"", **more: str) -> Ended:
        return self._run([*COMMAND, *words], stdin, more)

    def python(self, source: str, **more: str) -> Ended:
        """Run a program instead, where the environment is the same."""
        return self._run([sys.executable, "-c", source], b"", more)

    def _run(
        self, command: list[str], stdin: str | bytes, more: dict[str, str]
    ) -> Ended:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | more,
            input=given,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert b"Traceback" not in done.stderr, done.stderr.decode()
        return Ended(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *words: str, **settings: Any) -> subprocess.Popen[str]:
        pipes = {
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
        }
        return subprocess.Popen(
            [*INTERRUPTIBLE, *words],
            cwd=self.folder,
            env=self.environment,
            text=True,
            **(pipes | settings),
        )

    def on_terminal(self, *words: str, **more: str) -> Ended:
        """Run a command on a terminal, and give what is seen there."""
        reader, writer = pty.openpty()
        terminal = {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "25"}
        with subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environment | terminal | more,
            stdin=writer,
            stdout=writer,
            stderr=writer,
        ) as process:
            os.close(writer)
            seen = b"".join(_chunks(reader))
        os.close(reader)
        return Ended(process.returncode, seen.decode().replace("\r\n", "\n"), "")

    def write(self, name: str, content: str | bytes) -> str:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name


def _chunks(reader: int) -> Iterator[bytes]:
    try:
        while chunk := os.read(reader, 65536):
            yield chunk
    except OSError:  # the other end is closed
        return


def finish(process: subprocess.Popen[str]) -> Ended:
    """Wait for the end of a command that was started."""
    out, err = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in err, err
    return Ended(process.returncode, out, err)


def interrupt(process: subprocess.Popen[str]) -> None:
    """Press Ctrl-C."""
    process.send_signal(signal.SIGINT)


def until(condition: Callable[[], Any]) -> None:
    """Wait for something to come true."""
    ends_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends_at, "it never came true"
        time.sleep(0.02)
