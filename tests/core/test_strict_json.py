"""JSON that can be read in one way only, by either reader."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stackverify._core import strict_json
from stackverify._core.strict_json import DEEPEST, loads_object, loads_plain

TEXTS = st.dictionaries(st.text(), st.none() | st.text(), max_size=8)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=6)


def whole(value: Any) -> Any:
    """Give a value as it is once half characters are replaced."""
    written = json.dumps(value, ensure_ascii=False).encode("utf-16", "surrogatepass")
    return json.loads(written.decode("utf-16", "replace"))


@pytest.fixture(params=["orjson", "json"])
def quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with the quick reader there is, and with that of the standard library."""
    reader = strict_json._read_quickly
    readers = {"orjson": reader, "json": strict_json._scan_text}
    monkeypatch.setattr(strict_json, "_read_quickly", readers[request.param])


@given(TEXTS)
@example({"text": "a, b, c"})
def test_what_is_read_quickly_is_read_thoroughly_and_the_same(value: Any) -> None:
    body = json.dumps(value).encode()
    quickly = loads_plain(body)
    assert quickly is None or quickly == loads_object(body)


@given(OBJECTS)
def test_what_json_writes_is_read_back(value: Any) -> None:
    assert loads_object(json.dumps(value).encode()) == whole(value)


@given(
    st.binary() | st.text().map(str.encode) | OBJECTS.map(json.dumps).map(str.encode)
)
def test_whatever_comes_is_an_object_or_a_value_error(body: bytes) -> None:
    try:
        assert type(loads_object(body)) is dict
    except ValueError:
        assert loads_plain(body) is None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "body",
    [
        *(b"{}", b"[]", b'"x"', b"1", b"null", b"", b" ", b"{", b'{"a":"1"}x'),
        *(b'{"a":"1","a":"2"}', b'{"a" :"1","a":"2"}', b'{"a":"1","\\u0061":"2"}'),
        *(b'{"a":{"b":"1","b":"2"}}', b'{"a":1}', b'{"a":true}', b'{"a":[]}'),
        *(
            b'{"a":{}}',
            b'{"a":"1,2"}',
            b'{"a":NaN}',
            b"\xef\xbb\xbf{}",
            b'{"a":"\xff"}',
        ),
        *(b'{"a":' * 100_000, b'{"a":' + b"[" * 100_000),
        *(b'{"a":"\\ud83d"}', b'{"a":"\x01"}', b'{"a":18446744073709551616}'),
    ],
)
def test_only_plain_objects_are_read_quickly(body: bytes) -> None:
    assert loads_plain(body) is None


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "value",
    [{"a": "1"}, {"a": None}, {"a": "é", "b": "😀"}, {"a": '"}"', "b": "\\"}],
)
def test_plain_objects_are_read_quickly(value: dict[str, str | None]) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    assert loads_plain(body) == loads_object(body) == value


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"\xff{}", "is not UTF-8, from its byte 0 on"),
        (b'{"a":"\xed\xa0\x80"}', "is not UTF-8, from its byte 6 on"),
        (b"\xef\xbb\xbf{}", "is not JSON, from its character 0 on"),
        (b"", "is not JSON, from its character 0 on"),
        (b'{"a":1 "b":1}', "is not JSON, from its character 7 on"),
        (b"{'a':1}", "is not JSON, from its character 1 on"),
        (b'{"a":"\x01"}', "is not JSON, from its character 6 on"),
        (b'{"a":1}{"a":1}', "goes on after its end, at its character 7"),
        (b"[]", "is not an object"),
        (b'"a"', "is not an object"),
        (b'{"a":1,"a":1}', "has a name twice in one object"),
        (b'{"a":[{"b":1,"\\u0062":1}]}', "has a name twice in one object"),
        (b'{"\\ud800":1,"\\udfff":1}', "has a name twice in one object"),
        (b'{"a":NaN}', "has NaN, which is no number"),
        (b'{"a":-Infinity}', "has -Infinity, which is no number"),
        (b'{"a":1e999}', "has a number that is too large"),
        (b'{"a":' + b"1" * 401 + b"}", "has a number that is too large"),
        (b'{"a":' + b"1" * 9_999 + b"}", "has a number that is too large"),
        (b'{"a":' + b"[" * 100_000, f"is nested deeper than {DEEPEST} levels"),
        (b'{"a":' * 33 + b"1" + b"}" * 33, f"is nested deeper than {DEEPEST} levels"),
    ],
)
def test_a_refusal_says_what_is_wrong(body: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=r"^") as caught:
        loads_object(body)
    assert str(caught.value) == why
    assert type(caught.value) is ValueError


def test_a_refusal_keeps_nothing_of_the_text() -> None:
    with pytest.raises(ValueError, match="not JSON") as caught:
        loads_object(b'{"to":"+254712345678",}')
    assert caught.value.__suppress_context__
    assert "254" not in repr(caught.value)


def test_so_many_levels_are_read_and_one_more_is_not() -> None:
    assert loads_object(b'{"a":' * 32 + b"1" + b"}" * 32)
    mixed = b'{"a":[' * 16 + b"1" + b"]}" * 16
    assert loads_object(mixed)
    with pytest.raises(ValueError, match="nested"):
        loads_object(b'{"b":' + mixed + b"}")


@pytest.mark.parametrize(
    "text", ["[" * 1000, "{" * 1000, '"[' * 100, "\\[" * 100, "]}"]
)
def test_brackets_in_texts_nest_nothing(text: str) -> None:
    body = json.dumps({"a": text, "b": [text]}).encode()
    assert loads_object(body) == {"a": text, "b": [text]}


def test_a_text_that_never_ends_is_refused_without_looking_at_it_again_and_again() -> (
    None
):
    body = b'{"a":"' + b'\\"' * 100_000
    with pytest.raises(ValueError, match="not JSON"):
        loads_object(body)


def test_half_a_character_becomes_the_replacement_character() -> None:
    body = b'{"a":["\\ud83d","x\\ude00y",{"\\ud83d":"\\ud83d\\ude00"}]}'
    assert loads_object(body) == {"a": ["�", "x�y", {"�": "😀"}]}


def test_numbers_keep_all_their_digits() -> None:
    assert loads_object(b'{"a":123456789012345678901234567890}') == {
        "a": 123456789012345678901234567890
    }


@pytest.mark.parametrize("blank", ["\x0b", "\x0c", "\xa0", "\u2028", "\x00"])
def test_other_blanks_around_an_object_are_no_json(blank: str) -> None:
    for body in (blank + '{"a":"1"}', '{"a":"1"}' + blank):
        assert loads_plain(body.encode()) is None
        with pytest.raises(ValueError, match=r"is not JSON|goes on"):
            loads_object(body.encode())


def test_siblings_do_not_hide_how_deep_the_last_of_them_goes() -> None:
    siblings = b"[]," * 50
    body = b'{"a":[' + siblings + b"[" * 30 + b"]" * 30 + b"]}"
    assert loads_object(body)
    with pytest.raises(ValueError, match="nested"):
        loads_object(b'{"a":[' + siblings + b"[" * 31 + b"]" * 31 + b"]}")


def test_a_number_has_400_digits_at_most() -> None:
    assert loads_object(b'{"a":' + b"1" * 400 + b"}")["a"] == int("1" * 400)


def test_white_space_around_an_object_is_no_matter() -> None:
    assert loads_object(b'\r\n\t {"a" : 1 } \n') == {"a": 1}
