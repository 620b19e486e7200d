"""A request body as it is sent: piece by piece, its last byte apart."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from stackverify._core.call import Base64, Body
from stackverify.errors import InvalidInputError

__all__ = ["Upload"]

# A multiple of 3, so that no piece but the last is padded.
_PIECE = 48 * 1024


class Upload:
    """The pieces of a body, and how long they are together.

    Attributes:
        length: In bytes.
        last: The last byte: without it the body is no JSON.
    """

    def __init__(self, body: Body) -> None:
        end = body[-1]
        if isinstance(end, Base64):
            raise TypeError("a body ends in bytes, not in a file")
        self.last: bytes = end[-1:]
        self.length: int = sum(map(_length, body))
        self._pieces = (*body[:-1], end[:-1])

    def pieces(self) -> Iterator[bytes]:
        """Give everything but the last byte.

        Raises:
            InvalidInputError: A file changed its size since it was measured.
        """
        given = 0
        for piece in self._pieces:
            parts = (piece,) if isinstance(piece, bytes) else _encoded(piece.content)
            for part in parts:
                given += len(part)
                if given >= self.length:
                    raise _changed()
                yield part
        if given + 1 != self.length:
            raise _changed()


def _changed() -> InvalidInputError:
    return InvalidInputError(
        "changed while it was sent", "attachments", "send it when it is done"
    )


def _length(piece: bytes | Base64) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    return 4 * -(-_size(piece.content) // 3)


def _size(content: bytes | Path) -> int:
    if isinstance(content, (bytes, bytearray, memoryview)):
        return memoryview(content).nbytes
    try:
        if Path(content).is_file():
            return Path(content).stat().st_size
    except OSError as error:
        raise _unreadable(error) from error
    raise InvalidInputError("is not a file", "attachments", "give the path of a file")


def _unreadable(error: OSError) -> InvalidInputError:
    problem = f"cannot be read ({type(error).__name__})"
    return InvalidInputError(problem, "attachments", "give the path of a file")


def _encoded(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, (bytes, bytearray, memoryview)):
        view = memoryview(content)
        view = (view if view.c_contiguous else memoryview(view.tobytes())).cast("B")
        for start in range(0, len(view), _PIECE):
            yield base64.b64encode(view[start : start + _PIECE])
        return
    try:
        with Path(content).open("rb") as file:
            while piece := file.read(_PIECE):
                yield base64.b64encode(piece)
    except OSError as error:
        raise _unreadable(error) from error
