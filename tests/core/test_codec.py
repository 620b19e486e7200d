"""JSON in and out, alike with and without orjson."""

import datetime as dt
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import orjson
import pytest

from stackverify._core import codec
from stackverify._core.codec import first_of, record_reader, text_or_none


@pytest.fixture(params=["orjson", "json"], autouse=True)
def encoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    found = {"orjson": orjson, "json": None}[request.param]
    monkeypatch.setattr(codec, "orjson", found)
    return str(request.param)


def test_json_is_compact_and_in_utf_8() -> None:
    written = codec.dumps({"to": ["+254712345678"], "message": "Żółć 😀"})
    assert written == '{"to":["+254712345678"],"message":"Żółć 😀"}'.encode()


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**53, 0.1, 1e300, "", '"\\\n\x00\u2028', [], {}, {"": [{}]}],
    ids=ascii,
)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert codec.loads(codec.dumps(value)) == value
    assert json.loads(codec.dumps(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b" ", b"{", b"[1,]", b"{'a':1}", b"nul", b"\xff", b"\x00", b"<html>"),
        *(b"1 2", b'{"a":1}x', b'"\n"', b'"\\x"', b"01", b"+1"),
        *(b"[" * 100_000, b'{"a":' * 100_000),
    ],
    ids=lambda body: ascii(body)[:20],
)
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        codec.loads(body)


def test_a_byte_order_mark_before_json_is_no_part_of_it() -> None:
    assert codec.loads(b'\xef\xbb\xbf{"id": "SM1"}') == {"id": "SM1"}


def test_a_number_of_64_bits_keeps_its_digits() -> None:
    assert text_or_none(codec.loads(b"9223372036854775807")) == "9223372036854775807"


@pytest.fixture
def without_orjson(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "orjson", None)
    importlib.reload(codec)
    yield
    monkeypatch.undo()
    importlib.reload(codec)


@pytest.mark.usefixtures("without_orjson")
def test_orjson_may_be_missing() -> None:
    assert codec.orjson is None
    assert codec.loads(codec.dumps({"a": 1})) == {"a": 1}


def test_the_first_name_with_a_value_counts() -> None:
    record = {"a": None, "b": 0, "c": "x"}
    assert first_of(record, ("a", "b", "c")) == 0
    assert first_of(record, ("d", "a")) is None
    assert first_of(record, ()) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [("x", "x"), ("", ""), (7, "7"), (2.5, "2.5"), (True, None), (None, None)],
)
def test_text_is_text_or_a_number(value: object, text: str | None) -> None:
    assert text_or_none(value) == text


@pytest.mark.parametrize("value", [[], {}, ["x"], b"x", object()])
def test_anything_else_is_no_text(value: object) -> None:
    assert text_or_none(value) is None


@attrs.frozen
class Letter:
    """A record of three kinds of fields."""

    name: str | None = None
    at: dt.datetime | None = None
    raw: Mapping[str, Any] = attrs.field(factory=dict)


read_letter = record_reader(Letter, {"name": ("name", "title"), "at": ("at", "date")})


def test_a_record_is_read_by_any_of_its_names_and_kept_as_it_came() -> None:
    record = {"title": "a", "date": "2026-11-30T08:00:00Z", "more": [1]}
    at = dt.datetime(2026, 11, 30, 8, tzinfo=dt.UTC)
    assert read_letter(record) == Letter("a", at, record)
    assert read_letter(record).raw is record


@pytest.mark.parametrize(
    "record",
    [
        *({}, {"name": None, "at": None}, {"name": [], "at": 7}, {"at": ""}),
        *({"name": True, "at": "soon"}, {"name": {"a": 1}, "at": "2026-13-01"}),
    ],
    ids=str,
)
def test_an_odd_field_is_none_and_no_error(record: dict[str, Any]) -> None:
    assert read_letter(record) == Letter(raw=record)
