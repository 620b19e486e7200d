"""Reading a reply no further than a limit, compressed or not."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackverify._process.inflate import LARGEST_REPLY, Reader, ReplyTooLargeError

TEXT = b'{"message_id": "SM1"}' * 50


def read(
    body: bytes, encoding: str = "", *, step: int = 7, largest: int = 10_000
) -> bytes:
    reader = Reader(encoding, largest=largest)
    for start in range(0, len(body), step):
        reader.feed(body[start : start + step])
    reader.end()
    return reader.body()


PACKED = {
    "": TEXT,
    "identity": TEXT,
    " Identity ": TEXT,
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT),
    "GZIP": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
}


@pytest.mark.parametrize("step", [1, 7, 10_000])
@pytest.mark.parametrize("encoding", PACKED)
def test_a_body_is_read_in_each_encoding(encoding: str, step: int) -> None:
    assert read(PACKED[encoding], encoding, step=step) == TEXT


@given(st.binary(max_size=500), st.integers(1, 100))
def test_any_body_comes_out_as_it_went_in(body: bytes, step: int) -> None:
    assert read(body, step=step) == body
    assert read(gzip.compress(body), "gzip", step=step) == body


def test_nothing_is_an_empty_body() -> None:
    assert read(b"") == read(b"", "gzip") == b""


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_body_may_be_as_large_as_the_limit_and_no_larger(encoding: str) -> None:
    pack = {"": bytes, "gzip": gzip.compress}[encoding]
    assert len(read(pack(b"x" * 1000), encoding, largest=1000)) == 1000
    with pytest.raises(ReplyTooLargeError):
        read(pack(b"x" * 1001), encoding, largest=1000)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = gzip.compress(bytes(100_000_000))
    reader = Reader("gzip", largest=1000)
    with pytest.raises(ReplyTooLargeError):
        reader.feed(bomb)
    assert len(reader.body()) <= 1001


def test_a_bomb_in_many_pieces_is_not_unpacked() -> None:
    with pytest.raises(ReplyTooLargeError):
        read(gzip.compress(bytes(1_000_000)), "gzip", step=1, largest=1000)


def test_what_follows_the_end_of_compression_is_not_gathered() -> None:
    """Else a limit on what is unpacked would be no limit on what is kept."""
    followed = gzip.compress(b"{}") + b"x" * 20_000
    with pytest.raises((ReplyTooLargeError, ValueError)):
        read(followed, "gzip", step=1000, largest=1000)


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip", "none"])
def test_an_encoding_that_was_not_asked_for_is_not_read(encoding: str) -> None:
    with pytest.raises(ValueError, match="not asked for"):
        read(TEXT, encoding)


@pytest.mark.parametrize(
    "body",
    [
        TEXT,
        b"\x1f\x8b\xff\xff" + b"\x00" * 20,
        gzip.compress(TEXT)[:-8] + b"\x00" * 8,
        bytes([*gzip.compress(TEXT)[:30], 255, 255, 255, *gzip.compress(TEXT)[33:]]),
    ],
    ids=["plain", "head", "checksum", "middle"],
)
def test_damaged_compression_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ValueError, match="damaged"):
        read(body, "gzip")


@pytest.mark.parametrize("kept", [1, 10, 20, -1, -8])
def test_compression_that_is_cut_short_is_no_whole_body(kept: int) -> None:
    with pytest.raises(ValueError, match="cut short"):
        read(gzip.compress(TEXT)[:kept], "gzip")


def test_what_was_read_before_the_end_is_at_hand() -> None:
    reader = Reader("")
    reader.feed(b'{"mess')
    assert reader.body() == b'{"mess'


def test_the_limit_is_ten_mebibytes() -> None:
    assert LARGEST_REPLY == 10_485_760
    reader = Reader("")
    reader.feed(bytes(LARGEST_REPLY))
    with pytest.raises(ReplyTooLargeError):
        reader.feed(b"x")
