"""What an interrupted send has left, in a file that goes on with it once."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import attrs

from stackverify.cli.exits import USAGE, Trouble
from stackverify.cli.letter import Letter, unlisted

__all__ = ["Begun", "command", "RestFile", "save"]

_BEGUN = ".begun"


@attrs.frozen
class RestFile:
    """A file with a message and the recipients it was not sent to yet."""

    path: Path

    def read(self, channel: str) -> Letter:
        """Read what is left.

        Raises:
            Trouble: The file is not there, no such file, or of another channel.
        """
        if not self.path.exists():
            raise Trouble(self._missing(), USAGE)
        try:
            saved: dict[str, Any] = json.loads(self.path.read_text("utf-8"))
            of, to = str(saved["channel"]), tuple(map(str, saved["to"]))
            fields = unlisted(saved["message"])
        except (ValueError, LookupError, TypeError, AttributeError):
            raise Trouble(
                f"{self.path} is no file of the rest of a send: give the one that an "
                "interrupted send named.",
                USAGE,
            ) from None
        if of != channel:
            which = "sms --service velstack" if of == "velstack" else of
            raise Trouble(
                f"{self.path} is the rest of another channel or service: `send "
                f"{which}`.",
                USAGE,
            )
        for attachment in fields.get("attachments", ()):
            if not Path(attachment.content).is_file():
                raise Trouble(f"{attachment.content} is not there any more.", USAGE)
        return Letter.write(channel, to, fields)

    def begin(self) -> Begun:
        """Take the file away before the first send, so that nobody sends it twice.

        Raises:
            Trouble: Somebody took it before.
        """
        begun = self.path.with_name(f"{self.path.name}{_BEGUN}")
        try:
            return Begun(self.path.rename(begun), self.path)
        except FileNotFoundError:
            raise Trouble(self._missing(), USAGE) from None

    def _missing(self) -> str:
        begun = self.path.with_name(f"{self.path.name}{_BEGUN}")
        if not begun.exists():
            return f"{self.path} is not there: was it sent already?"
        return (
            f"{begun} is being sent, or was cut off by force: then look up what was "
            "sent before you send any of it again."
        )


@attrs.frozen
class Begun:
    """A file of the rest while it is sent.

    Attributes:
        path: Where it is.
        was: Where it was.
    """

    path: Path
    was: Path

    def give_back(self) -> None:
        """Have it as before: nothing of it was sent."""
        self.path.rename(self.was)

    def drop(self) -> None:
        """Remove it: what is left of it, if anything, is in another file."""
        self.path.unlink(missing_ok=True)


def save(letter: Letter, to: Sequence[str]) -> Path:
    """Keep a message and those who did not get it, for this user alone to read."""
    content = {"channel": letter.channel, "to": list(to), "message": letter.fields()}
    text = json.dumps(content, default=str)
    for number in itertools.count(1):
        path = Path(f"stackverify-rest-{letter.channel}-{number}.json")
        if path.with_name(f"{path.name}{_BEGUN}").exists():
            continue
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            return path
    raise AssertionError("numbers do not end")


def command(words: Sequence[str]) -> str:
    """Write a command that runs this very program, to be copied into a shell."""
    return shlex.join([*_program(), *words])


def _program() -> list[str]:
    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return [sys.executable, "-m", "stackverify"]
    is_on_path = shutil.which(called.name) == str(called)
    return [called.name if is_on_path else str(called)]
