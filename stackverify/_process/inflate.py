"""Reading a reply's body no further than a limit, compressed or not."""

from __future__ import annotations

import zlib

__all__ = ["LARGEST_REPLY", "Reader", "ReplyTooLargeError"]

LARGEST_REPLY = 10 * 1024 * 1024
"""Bytes of a reply that are read, after decompression."""

# zlib finds out by itself whether it is gzip or zlib (add 32 to the window bits).
_EITHER = zlib.MAX_WBITS | 32


class ReplyTooLargeError(Exception):
    """The body goes on after the limit."""


class Reader:
    """Gathers a body chunk by chunk, decompressing gzip and deflate.

    Args:
        encoding: The content-encoding header.
        largest: Bytes kept at most.
    """

    def __init__(self, encoding: str, *, largest: int = LARGEST_REPLY) -> None:
        encoding = encoding.strip().lower()
        self._inflate = zlib.decompressobj(_EITHER) if encoding in _COMPRESSED else None
        self._is_readable = encoding in _READABLE
        self._largest = largest
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take in a chunk.

        Raises:
            ReplyTooLargeError: The limit is passed.
            ValueError: It is not what the encoding says.
        """
        if not self._is_readable:
            raise ValueError("an encoding that was not asked for")
        if self._inflate is not None:
            room = self._largest - self._size + 1
            try:
                chunk = self._inflate.decompress(chunk, room)
            except zlib.error as error:
                raise ValueError("damaged compression") from error
            # zlib would gather it, and no limit would hold.
            if self._inflate.unused_data:
                raise ValueError("bytes after the end of compression")
        self._size += len(chunk)
        if self._size > self._largest:
            raise ReplyTooLargeError
        self._chunks.append(chunk)

    def end(self) -> None:
        """Check that the body came to its own end.

        Raises:
            ValueError: The compressed body is cut short.
        """
        if self._inflate is not None and self._chunks and not self._inflate.eof:
            raise ValueError("compression cut short")

    def body(self) -> bytes:
        """Give what was read so far."""
        return self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)


_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_READABLE = _COMPRESSED | {"", "identity"}
