"""What a process asked of the system, and what of it was on the disk when."""

import json
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

_CALLS = (
    "fdatasync,fsync,ftruncate,pwrite64,sendmsg,sendto,truncate,unlink,write,writev"
)
_TRACER = ("strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={_CALLS}")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
_UNFINISHED = " <unfinished ...>"
_CALL = re.compile(r"(\w+)\((?:\d+<([^>]*)>[, ]*)?(.*)")
_ARGUMENT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_SENDS = {"sendmsg", "sendto", "write", "writev"}
_SYNCS = {"fdatasync", "fsync"}


def why_not() -> str | None:
    """Tell why nothing can be traced here, if it cannot."""
    if shutil.which(_TRACER[0]) is None:
        return "strace is not installed"
    tried = subprocess.run([*_TRACER, "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace"


@attrs.frozen
class Call:
    """A system call at its begin, or at its end.

    Attributes:
        name: Which.
        place: What its first argument stands for: a path, or a socket.
        content: The bytes it was given, or the path.
        arguments: All of them as they were shown, and what it returned.
        has_ended: Whether this is its end.
    """

    name: str
    place: str
    content: bytes
    arguments: str
    has_ended: bool


def calls_of(
    command: Sequence[str], log: Path, environment: Mapping[str, str]
) -> Iterator[Call]:
    """Run a program to its end; give its system calls in their order."""
    traced = [*_TRACER, "-o", str(log), *command]
    subprocess.run(traced, check=True, timeout=300, env=environment)
    open_calls: dict[str, str] = {}
    for line in log.read_text("ascii").splitlines():
        task, _, text = line.partition(" ")
        text = text.lstrip()
        if text.endswith(_UNFINISHED):
            open_calls[task] = text.removesuffix(_UNFINISHED)
            yield from _call(open_calls[task], has_ended=False)
        elif found := _RESUMED.fullmatch(text):
            yield from _call(open_calls.pop(task) + found[1], has_ended=True)
        else:
            yield from _call(text, has_ended=False)
            yield from _call(text, has_ended=True)


def _call(text: str, *, has_ended: bool) -> Iterator[Call]:
    if found := _CALL.fullmatch(text):
        name, place, arguments = found.groups()
        content = b"".join(map(_bytes, _ARGUMENT.findall(arguments)))
        shown = _ARGUMENT.sub("", arguments)
        yield Call(
            name, _bytes(place or "").decode(), content, shown, has_ended=has_ended
        )


def _bytes(shown: str) -> bytes:
    if not shown.startswith("\\x"):
        return shown.encode()
    return bytes.fromhex(shown.replace("\\x", ""))


@attrs.frozen
class Post:
    """A request that sends, and what was on the disk when its first byte left."""

    content: bytearray
    disk: dict[str, bytes]

    @property
    def recipients(self) -> list[str]:
        """Whom it goes to."""
        to = json.loads(self.content.partition(b"\r\n\r\n")[2])["to"]
        return [to] if isinstance(to, str) else to


class Disk:
    """The files of a ledger, made of nothing but what a process did to them.

    Attributes:
        posts: The requests that the process sent meanwhile.
        written: The files as the process sees them.
        synced: The files as a power cut would leave them, at the worst.
    """

    def __init__(self, ledger: Path) -> None:
        self._ends = {str(ledger): "", f"{ledger}-wal": "-wal"}
        self._sockets: dict[str, Post] = {}
        self._begun: dict[str, bytes] = {}
        self.posts: list[Post] = []
        self.written: dict[str, bytearray] = {"": bytearray(), "-wal": bytearray()}
        self.synced: dict[str, bytes] = {"": b"", "-wal": b""}

    def take(self, call: Call) -> None:
        """Do what a system call did."""
        path = call.content.decode("latin-1") if not call.place else call.place
        end = self._ends.get(path)
        if end is not None:
            (self._change if call.has_ended else self._begin)(call, end)
        elif call.name in _SENDS and not call.has_ended:
            self._send(call)

    def _begin(self, call: Call, end: str) -> None:
        if call.name in _SYNCS:  # what is written while it goes on, it need not sync
            self._begun[end] = bytes(self.written[end])

    def _change(self, call: Call, end: str) -> None:
        assert " = -1" not in call.arguments, call.arguments
        match call.name:
            case "pwrite64":
                at = int(call.arguments.rpartition(")")[0].rpartition(", ")[2])
                self._write(self.written[end], call.content, at)
            case "fsync" | "fdatasync":
                self.synced[end] = self._begun[end]
            case "ftruncate":
                size = int(call.arguments.partition(")")[0])
                self._write(self.written[end], b"", size)
                del self.written[end][size:]
            case "unlink":
                self.written[end], self.synced[end] = bytearray(), b""
            case other:
                raise AssertionError(f"a ledger is not written by {other}")

    def _write(self, file: bytearray, content: bytes, at: int) -> None:
        file.extend(bytes(max(0, at - len(file))))
        file[at : at + len(content)] = content

    def _send(self, call: Call) -> None:
        if call.content.startswith(b"POST "):
            post = Post(bytearray(), dict(self.synced))
            self._sockets[call.place] = post
            self.posts.append(post)
        elif call.content.startswith(b"GET "):
            self._sockets.pop(call.place, None)
        if call.place in self._sockets:
            self._sockets[call.place].content.extend(call.content)


def rows_on(disk: dict[str, bytes], path: Path) -> dict[str, tuple[str, int]]:
    """Read from a disk how each recipient stands, and how often it was begun."""
    for end, content in disk.items():
        Path(f"{path}{end}").write_bytes(content)
    connection = sqlite3.connect(path)
    try:
        found = connection.execute(
            "SELECT recipient, state, attempts FROM rows JOIN marks USING (idx)"
        ).fetchall()
    except sqlite3.DatabaseError:  # so little was synced that it is no ledger yet
        return {}
    finally:
        connection.close()
    return {recipient: (state, attempts) for recipient, state, attempts in found}
