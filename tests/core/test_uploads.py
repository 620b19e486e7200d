"""A request body as it is sent: streamed, measured before, its last byte apart."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from stackverify._core.call import Base64
from stackverify._process.uploads import Upload
from stackverify._services.stackverify import calls
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Attachment, Email

KIB = 1024
PIECE = 48 * KIB


def whole(upload: Upload) -> bytes:
    return b"".join(upload.pieces()) + upload.last


def content_of(size: int) -> bytes:
    return (bytes(range(256)) * (size // 256 + 1))[:size]


def test_the_last_byte_is_kept_apart() -> None:
    upload = Upload((b'{"to":"x"}',))
    assert list(upload.pieces()) == [b'{"to":"x"']
    assert (upload.last, upload.length) == (b"}", 10)


def test_a_body_of_one_byte_is_all_last() -> None:
    upload = Upload((b"}",))
    assert whole(upload) == b"}"
    assert b"".join(upload.pieces()) == b""


def test_a_body_can_be_sent_again() -> None:
    upload = Upload((b"{", Base64(b"abc"), b"}"))
    assert whole(upload) == whole(upload) == b"{YWJj}"


def test_a_body_cannot_end_in_a_file() -> None:
    with pytest.raises(TypeError, match="ends in bytes"):
        Upload((b"{", Base64(b"abc")))


SIZES = [0, 1, 2, 3, 4, 5, PIECE - 1, PIECE, PIECE + 1, PIECE + 2, 2 * PIECE - 1]
SIZES += [2 * PIECE, 2 * PIECE + 1, 3 * PIECE + 2, 1_000_003]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["bytes", "bytearray", "memoryview", "path"])
def test_the_pieces_of_a_file_are_its_base64(
    size: int, kind: str, tmp_path: Path
) -> None:
    content = content_of(size)
    path = tmp_path / "file"
    path.write_bytes(content)
    given: dict[str, Any] = {
        "bytes": content,
        "bytearray": bytearray(content),
        "memoryview": memoryview(content),
        "path": path,
    }
    upload = Upload((b'"', Base64(given[kind]), b'"}'))
    sent = whole(upload)
    assert sent == b'"' + base64.b64encode(content) + b'"}'
    assert upload.length == len(sent)
    assert max(map(len, upload.pieces())) <= PIECE // 3 * 4


def test_a_view_is_measured_in_bytes_and_not_in_items() -> None:
    view = memoryview(content_of(4096)).cast("I")
    upload = Upload((b"", Base64(view), b"}"))  # type: ignore[arg-type]
    assert whole(upload) == base64.b64encode(view.tobytes()) + b"}"


def test_a_view_with_gaps_is_sent_as_what_it_shows() -> None:
    view = memoryview(b"abcdef")[::2]
    upload = Upload((b"", Base64(view), b"}"))  # type: ignore[arg-type]
    assert whole(upload) == base64.b64encode(b"ace") + b"}"


def test_a_file_is_read_a_piece_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content_of(10 * PIECE))
    pieces = Upload((b"{", Base64(path), b"}")).pieces()
    assert next(pieces) == b"{"
    assert len(next(pieces)) == PIECE // 3 * 4


# Files that change.


@pytest.mark.parametrize(
    ("before", "after"),
    [
        *((100, 0), (100, 50), (100, 200), (100, 104), (0, 1), (3, 10 * PIECE)),
        *((PIECE, PIECE - 3), (2 * PIECE, PIECE), (2 * PIECE, 3 * PIECE)),
    ],
)
def test_a_file_that_changes_size_never_gets_its_last_byte(
    before: int, after: int, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content_of(before))
    upload = Upload((b"{", Base64(path), b"}"))
    path.write_bytes(content_of(after))
    sent: list[bytes] = []
    with pytest.raises(InvalidInputError) as caught:
        sent.extend(upload.pieces())
    assert caught.value.field == "attachments"
    assert str(path) not in str(caught.value)
    assert sum(map(len, sent)) < upload.length


def test_a_file_that_grows_while_it_is_sent_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content_of(PIECE))
    upload = Upload((b"{", Base64(path), b"}"))
    pieces = upload.pieces()
    next(pieces)
    with path.open("ab") as file:
        file.write(content_of(PIECE))
    with pytest.raises(InvalidInputError, match="changed"):
        list(pieces)


# Files that cannot be read.


def refusal(path: Path) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        Upload((b"{", Base64(path), b"}"))
    assert caught.value.field == "attachments"
    assert "c4nary" not in str(caught.value)
    return caught.value


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "not a file" in refusal(tmp_path / "c4nary").message


def test_a_directory_is_no_file(tmp_path: Path) -> None:
    assert "not a file" in refusal(tmp_path).message


def test_a_name_too_long_for_a_file_is_refused(tmp_path: Path) -> None:
    assert "attachments" in str(refusal(tmp_path / ("c4nary" * 100)))


def test_a_name_with_a_null_in_it_is_refused(tmp_path: Path) -> None:
    assert "attachments" in str(refusal(tmp_path / "c4nary\x00.txt"))


def test_a_file_that_cannot_be_looked_at_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(self: Path, **_: Any) -> None:
        raise PermissionError(13, "c4nary")

    monkeypatch.setattr(Path, "stat", deny)
    assert "PermissionError" in refusal(tmp_path / "c4nary").message


def test_a_file_that_goes_away_before_it_is_read_ends_the_send(tmp_path: Path) -> None:
    path = tmp_path / "c4nary"
    path.write_bytes(b"x")
    upload = Upload((b"{", Base64(path), b"}"))
    path.unlink()
    with pytest.raises(InvalidInputError) as caught:
        list(upload.pieces())
    assert "c4nary" not in str(caught.value)


def test_an_email_with_attachments_is_one_json_text(tmp_path: Path) -> None:
    path = tmp_path / "b.bin"
    path.write_bytes(content_of(PIECE + 1))
    files = [Attachment("a.txt", b"one"), Attachment.from_path(path)]
    call = calls.send_email(
        Email("a@example.org", subject="Hi", text="Hi", attachments=files)
    )
    sent = json.loads(whole(Upload(call.body)))["attachments"]
    assert [file["filename"] for file in sent] == ["a.txt", "b.bin"]
    contents = [base64.b64decode(file["content"]) for file in sent]
    assert contents == [b"one", content_of(PIECE + 1)]
