"""What is refused before anything is sent: by field, with a remedy, never repeated."""

import csv
import datetime as dt
from collections import UserDict, UserList
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stackverify._core.checks import extra_fields
from stackverify._services.stackverify import checks
from stackverify.errors import InvalidInputError
from stackverify.models.messages import Attachment

EXAMPLES = Path(__file__).parents[2] / "examples"
CANARY = "c4nary"
INJECTED = f"{CANARY}\r\nBcc: victim@example.org"


def short(value: object) -> str:
    return ascii(value)[:40]


def refusal(check: Callable[..., Any], *args: Any, **more: Any) -> InvalidInputError:
    """Have a value refused, by an error that tells where and what to do instead."""
    with pytest.raises(InvalidInputError) as caught:
        check(*args, **more)
    error = caught.value
    assert error.field
    assert error.remedy
    assert str(error).startswith(f"{error.field}: ")
    assert CANARY not in str(error)
    assert CANARY not in repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    return error


# Message ids: they become a segment of the path.

HOSTILE_IDS = [
    "",
    ".",
    "..",
    "...",
    "." * 256,
    f"../{CANARY}",
    f"..\\{CANARY}",
    f"../../email/status/{CANARY}",
    f"/{CANARY}",
    f"{CANARY}/",
    "//evil.example/",
    "https://evil.example/",
    "%2e%2e",
    "%2E%2E%2F",
    "..%2f",
    "%252e%252e",
    "%00",
    "%0d%0a",
    f"{CANARY}?page=1",
    f"{CANARY}#top",
    f"{CANARY}&x=1",
    f"{CANARY}%",
    f"{CANARY} ",
    f" {CANARY}",
    f"{CANARY}\n",
    f"\n{CANARY}",
    f"{CANARY}\r\nX-Evil: 1",
    f"{CANARY}\t",
    f"{CANARY}\x00",
    "\x00",
    f"{CANARY}\x7f",
    f"{CANARY}\x85",
    f"{CANARY}\u2028",
    f"{CANARY}\u202e",
    f"{CANARY}\ufeff",
    "\uff0e\uff0e",  # full stops that NFKC makes into dots
    "\uff0e\uff0e\uff0f",
    "\u2025",
    "\u2024\u2024",
    "é",
    "\u0661\u0662\u0663",
    "\uff11\uff12\uff13",
    "😀",
    "\ud800",
    f'{CANARY}"',
    f"<{CANARY}>",
    f"{{{CANARY}}}",
    f"{CANARY}^`",
    "x" * 257,
    "x" * 1_000_000,
    None,
    b"abc",
    1234,
    True,
    1.5,
    ["abc"],
    {"id": "abc"},
    Path("abc"),
]


@pytest.mark.parametrize("value", HOSTILE_IDS, ids=short)
def test_a_hostile_message_id_is_refused(value: object) -> None:
    error = refusal(checks.message_id, value)
    assert error.field == "message_id"
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    ("given", "segment"),
    [
        ("SM8a7b", "SM8a7b"),
        (
            "0198c4f2-7d1e-7c3b-a7b1-0c2d3e4f5a6b",
            "0198c4f2-7d1e-7c3b-a7b1-0c2d3e4f5a6b",
        ),
        ("msg_1.2~3", "msg_1.2~3"),
        ("a..b", "a..b"),
        ("id@example.org", "id%40example.org"),
        ("wamid.HBgM=:+$!*'(),;|", "wamid.HBgM%3D%3A%2B%24%21%2A%27%28%29%2C%3B%7C"),
        ("x" * 256, "x" * 256),
    ],
    ids=short,
)
def test_an_id_becomes_exactly_one_segment(given: str, segment: str) -> None:
    assert checks.message_id(given) == segment


# Phone numbers.

BAD_PHONES = [
    "",
    "+",
    "254712345678",
    "0712345678",
    "00254712345678",
    "+0712345678",
    "+1234",
    "+2547123456789012",
    "+254 712 345 678",
    "+254-712-345-678",
    "+254(0)712345678",
    "+254712345678\n",
    "\n+254712345678",
    "+254712345678 ",
    "+254712345678\x00",
    "+254712345678\r\nTo: +254700000000",
    "++254712345678",
    "+254712345678+",
    "+\u0662\u0665\u0664\u0667\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
    "+\u0968\u096b\u096a\u096d\u0967\u0968\u0969\u096a\u096b\u096c\u096d\u096e",
    "+\uff12\uff15\uff14\uff17\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",
    "\uff0b254712345678",
    "\u202d+254712345678",
    "+254712345678\u202c",
    "+25471234567\u00b2",
    "+25471234567①",
    "+254712345678,+254700000000",
    "+1-800-FLOWERS",
    f"+254{CANARY}",
    "tel:+254712345678",
    "\ud800",
    "+" + "9" * 1_000_000,
    None,
    254712345678,
    True,
    b"+254712345678",
    1e11,
    {"+254712345678": 1},
    {"+254712345678"},
]


@pytest.mark.parametrize("value", BAD_PHONES, ids=short)
def test_what_is_no_e164_number_is_refused(value: object) -> None:
    error = refusal(checks.phone, "to", value)
    assert error.field == "to"
    assert "+254712345678" in error.remedy
    assert "4712345" not in error.message


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("0712345678", "no + at its start"),
        ("2.54712E+11", "a spreadsheet made a number of it"),
        ("2,54712E+11", "a spreadsheet made a number of it"),
        ("254712345678.0", "a spreadsheet made a number of it"),
        ("\u202a+254712345678\u202c", "something invisible in it"),
        ("+254712345678\xa0", "something invisible in it"),
        (" +254712345678", "something invisible in it"),
        ("+254 712 345678", "something other than digits"),
        ("+0712345678", "leading zero"),
        ("+1234567890123456", "too many"),
        (b"+254712345678", "of type bytes"),
        (None, "is None"),
    ],
)
def test_the_hint_says_what_is_wrong_with_a_number(value: object, hint: str) -> None:
    assert hint in refusal(checks.phone, "to", value).message


@pytest.mark.parametrize("value", ["+24740123", "+12345", "+254712345678901"])
def test_the_shortest_and_the_longest_numbers_are_taken(value: str) -> None:
    assert checks.phone("to", value) == value


def test_every_number_and_address_of_the_example_passes() -> None:
    with (EXAMPLES / "recipients.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 866
    for row in rows:
        assert checks.phone("phone", row["phone"]) == row["phone"]
        assert checks.email_address("email", row["email"]) == row["email"]


def test_a_bad_number_among_good_ones_is_named_by_its_place() -> None:
    numbers = ["+254712345678", "+254700000000", "0712345678"]
    assert refusal(checks.phones, "to", numbers).field == "to[2]"


@pytest.mark.parametrize("value", [(), [], UserList()], ids=short)
def test_nobody_is_not_a_recipient(value: object) -> None:
    assert "empty" in refusal(checks.phones, "to", value).message
    assert "empty" in refusal(checks.email_recipients, "to", value).message


@pytest.mark.parametrize("kind", [list, tuple, UserList])
def test_any_sequence_of_numbers_is_taken(kind: Callable[[Any], Any]) -> None:
    numbers = ["+254712345678", "+24740123"]
    assert checks.phones("to", kind(numbers)) == numbers


@pytest.mark.parametrize("value", [{"+254712345678"}, iter(["+24740123"]), {}, 7])
def test_what_has_no_order_is_no_list_of_numbers(value: object) -> None:
    assert refusal(checks.phones, "to", value).field == "to"


# Email addresses.

BAD_ADDRESSES = [
    "",
    "@",
    CANARY,
    f"{CANARY}@",
    f"@{CANARY}.example",
    f"a@b@{CANARY}",
    f"a {CANARY}@example.org",
    f"{CANARY}@exam ple.org",
    f"{CANARY}@example..org",
    f"{CANARY}@.example.org",
    f"{CANARY}@example.org.",
    f"{CANARY}@example.org\n",
    f"{CANARY}@example.org\r\nBcc: victim@example.org",
    f"\n{CANARY}@example.org",
    f"{CANARY}\x00@example.org",
    f"{CANARY}\x1b@example.org",
    f"{CANARY}@example.org\x7f",
    f"{CANARY}\x85@example.org",
    f"{CANARY}\u2028@example.org",
    f"{CANARY}@example.org,victim@example.org",
    f"{CANARY}@example.org;victim@example.org",
    f"Name <{CANARY}@example.org>",
    f"<{CANARY}@example.org>",
    f'"{CANARY}"@example.org',
    f"{CANARY}(x)@example.org",
    f"{CANARY}@[127.0.0.1]",
    f"{CANARY}\\@example.org",
    f"{CANARY}\ud800@example.org",
    "x" * 255 + "@example.org",
    None,
    7,
    b"a@example.org",
    {"a@example.org": 1},
]


@pytest.mark.parametrize("value", BAD_ADDRESSES, ids=short)
def test_what_is_no_address_is_refused(value: object) -> None:
    assert refusal(checks.email_address, "reply_to", value).field == "reply_to"


@pytest.mark.parametrize(
    "value",
    ["a@b", "first.last+tag@sub.example.org", "почта@пример.рф", "o'neill@example.org"],
)
def test_an_address_is_left_as_it_is(value: str) -> None:
    assert checks.email_address("to", value) == value


def test_a_bad_address_among_good_ones_is_named_by_its_place() -> None:
    error = refusal(checks.email_recipients, "to", ["a@example.org", CANARY])
    assert error.field == "to[1]"


# Texts and single lines.


@pytest.mark.parametrize("value", [None, 7, b"hi", True, ["hi"], {"a": 1}, object()])
def test_a_text_is_a_str(value: object) -> None:
    assert "str" in refusal(checks.text, "text", value).remedy


def test_an_empty_text_is_refused() -> None:
    assert refusal(checks.text, "text", "").message == "is empty"


def test_a_text_may_be_as_long_as_the_reference_says_and_no_longer() -> None:
    assert checks.text("text", "x" * 1600, longest=1600)
    error = refusal(checks.text, "text", "x" * 1601, longest=1600)
    assert "1601" in error.message
    assert "1,600" in error.remedy


@pytest.mark.parametrize("half", ["\ud800", "a\udfffb", "\ude00\ud83d"])
def test_half_a_surrogate_pair_is_refused(half: str) -> None:
    assert "surrogate" in refusal(checks.text, "text", half).message


def test_lines_emoji_and_any_script_are_text() -> None:
    text = "Habari\nJoan 😀\t\u0627\u0644\u0633\u0644\u0627\u0645\u202e"
    assert checks.text("text", text) == text


BREAKS = [
    *(chr(code) for code in range(0x20)),
    "\x7f",
    "\x85",
    "\u2028",
    "\u2029",
    "\r\n",
    "\r\n\t",
    "\n\n",
    "\n.\n",
]


@pytest.mark.parametrize("mark", BREAKS, ids=short)
@pytest.mark.parametrize("place", ["{0}x", "x{0}", "x{0}Bcc: c4nary@example.org"])
def test_nothing_that_ends_a_line_gets_into_a_header(mark: str, place: str) -> None:
    for field in ("subject", "sender_id", "from_name", "template_name", "status"):
        assert refusal(checks.single_line, field, place.format(mark)).field == field


# Custom headers.

BAD_HEADER_NAMES = [
    "",
    " ",
    "X Y",
    "X:",
    ":",
    "X: y",
    "X-A\r\nBcc",
    "X-A\n",
    "\nX-A",
    "X-A\r",
    "X-A\x00",
    "X\tA",
    "X\x7f",
    "Ünïcode",
    "\uff38",
    "X\u2028",
    "X\ud800",
    "X(A)",
    "X<A>",
    "X@A",
    "X,A",
    "X;A",
    "X/A",
    "X[A]",
    "X=A",
    "X?A",
    "X{A}",
    'X"A"',
    "X\\A",
    7,
    None,
    b"X-A",
    ("X", "A"),
]


@pytest.mark.parametrize("name", BAD_HEADER_NAMES, ids=short)
def test_what_is_no_header_name_is_refused(name: object) -> None:
    assert refusal(checks.header_fields, "headers", {name: "value"}).field == "headers"


BAD_HEADER_VALUES = [
    INJECTED,
    f"{CANARY}\r\n\r\n<html>",
    f"{CANARY}\nX-Evil: 1",
    f"{CANARY}\rX-Evil: 1",
    f"{CANARY}\r\n folded",
    f"{CANARY}\n\tfolded",
    f"{CANARY}\x00",
    f"{CANARY}\x0b",
    f"{CANARY}\x0c",
    f"{CANARY}\x85Bcc: x",
    f"{CANARY}\u2028Bcc: x",
    f"{CANARY}\u2029Bcc: x",
    "\n",
    "",
    "\ud800",
    None,
    7,
    True,
    b"bytes",
    [CANARY],
    {CANARY: 1},
]


@pytest.mark.parametrize("value", BAD_HEADER_VALUES, ids=short)
def test_what_is_no_header_value_is_refused(value: object) -> None:
    error = refusal(checks.header_fields, "headers", {"X-Campaign": value})
    assert error.field == "headers[X-Campaign]"


@pytest.mark.parametrize("value", [None, "X: y", [("X", "y")], 7, {"X"}], ids=short)
def test_headers_are_a_mapping(value: object) -> None:
    assert refusal(checks.header_fields, "headers", value).field == "headers"


def test_good_headers_are_left_as_they_are() -> None:
    headers = {"X-Campaign": "spring", "List-Unsubscribe": "<https://example.org/u>"}
    assert checks.header_fields("headers", headers) == headers
    assert checks.header_fields("headers", UserDict(headers)) == headers


# URLs that the service is to call.

BAD_URLS = [
    "",
    "example.org/hook",
    "//example.org/hook",
    "/hook",
    "ftp://example.org/",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https://",
    "https:///hook",
    "https://:443/",
    "https://[::1/hook",
    "https://[example.org]/",
    f"https://example.org/{CANARY} hook",
    f"https://example.org/{CANARY}\r\nHost: evil.example",
    f"https://example.org/{CANARY}\n",
    f"https://example.org/\t{CANARY}",
    f"https://example.org/{CANARY}\x00",
    f"https://example.org/{CANARY}\u2028",
    f"https://example.org/{CANARY}\ud800",
    f"https://exam\uff0fple.org/{CANARY}",
    None,
    7,
    b"https://example.org/",
]


@pytest.mark.parametrize("value", BAD_URLS, ids=short)
def test_what_is_no_web_address_is_refused(value: object) -> None:
    assert refusal(checks.web_address, "callback_url", value).field == "callback_url"


@pytest.mark.parametrize(
    "value", ["https://example.org", "http://example.org:8080/hook?a=1#b"]
)
def test_a_web_address_is_left_as_it_is(value: str) -> None:
    assert checks.web_address("callback_url", value) == value


# Moments.

NAIROBI = dt.timezone(dt.timedelta(hours=3))
BAD_MOMENTS = [
    "",
    "tomorrow",
    "now",
    "1764772200",
    "03/12/2026",
    "2026-13-01",
    "2026-02-30T00:00:00Z",
    "2026-12-03T25:00:00Z",
    "2026-12-03T14:30:00Z\n",
    "\n2026-12-03",
    "2026-12-03\n14:30:00",
    "2026-12-03\r14:30:00",
    "2026-12-03\x0014:30:00",
    "2026-12-03&14:30:00",
    "2026-12-03 14:30:00 ",
    "2026-12-03T14:30:00Z\r\nX-Evil: 1",
    "\uff12\uff10\uff12\uff16-12-03",
    "\u0662\u0660\u0662\u0666-\u0661\u0662-\u0660\u0663",
    "2026-12-03\u202814:30:00",
    "\ud800",
    CANARY,
    1764772200,
    1.5,
    True,
    b"2026-12-03",
    dt.time(14, 30),
    dt.timedelta(hours=1),
    None,
]


@pytest.mark.parametrize("value", BAD_MOMENTS, ids=short)
def test_what_is_no_moment_is_refused(value: object) -> None:
    assert refusal(checks.moment, "scheduled_at", value).field == "scheduled_at"


class NoOffset(dt.tzinfo):
    """A time zone that does not tell its offset: as good as none."""

    def utcoffset(self, when: dt.datetime | None) -> None:
        return None

    def dst(self, when: dt.datetime | None) -> None:
        return None


@pytest.mark.parametrize("zone", [None, NoOffset()], ids=["none", "no-offset"])
def test_a_datetime_without_a_time_zone_is_refused(zone: dt.tzinfo | None) -> None:
    error = refusal(
        checks.moment, "since", dt.datetime(2026, 12, 3, 14, 30, tzinfo=zone)
    )
    assert "time zone" in error.message
    assert "tzinfo" in error.remedy


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        (dt.datetime(2026, 12, 3, 14, 30, tzinfo=dt.UTC), "2026-12-03T14:30:00+00:00"),
        (dt.datetime(2026, 12, 3, 14, 30, tzinfo=NAIROBI), "2026-12-03T14:30:00+03:00"),
        (dt.date(2026, 12, 3), "2026-12-03"),
        ("2026-12-03T14:30:00Z", "2026-12-03T14:30:00Z"),
        ("2026-12-03", "2026-12-03"),
        ("2026-12-03 14:30+03:00", "2026-12-03 14:30+03:00"),
    ],
    ids=short,
)
def test_a_moment_is_sent_as_iso_text(value: object, sent: str) -> None:
    assert checks.moment("scheduled_at", value) == sent


# Pages, languages, variables.


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", True, None, float("nan"), b"1"])
def test_a_page_number_is_an_int_from_1(value: object) -> None:
    assert refusal(checks.page_number, value).field == "page"


@pytest.mark.parametrize("value", [0, -1, 101, 10**30, 20.0, "20", True, False, None])
def test_a_page_size_is_an_int_from_1_to_100(value: object) -> None:
    assert refusal(checks.page_size, value).field == "page_size"


def test_the_ends_of_the_ranges_are_taken() -> None:
    assert [checks.page_size(1), checks.page_size(100)] == [1, 100]
    assert [checks.page_number(1), checks.page_number(10**6)] == [1, 10**6]


@pytest.mark.parametrize(
    "value",
    [
        *("", "e", "en us", "en\n", "en-", "-en", "en--US", "日本", "en/../x"),
        *("e" * 9, f"{CANARY}\r\n", None, 7, b"en", ["en"]),
    ],
    ids=short,
)
def test_what_is_no_language_code_is_refused(value: object) -> None:
    assert refusal(checks.language, value).field == "language"


@pytest.mark.parametrize("value", ["en", "sw", "pt-BR", "pt_BR", "zh-Hant-TW", "fil"])
def test_a_language_code_is_taken(value: str) -> None:
    assert checks.language(value) == value


BAD_POSITIONS = [
    "",
    "0",
    "01",
    "1.0",
    "-1",
    "+1",
    "a",
    " 1",
    "1\n",
    "\uff11",
    "\u0661",
    "²",
]
BAD_POSITIONS += ["1" * 5, "{{1}}", CANARY, 1, True, None, 1.0, b"1"]


@pytest.mark.parametrize("key", BAD_POSITIONS, ids=short)
def test_variables_are_named_by_their_position(key: object) -> None:
    error = refusal(checks.variables, "variables", {key: "Joan"})
    assert error.field == "variables"
    assert "Joan" not in str(error)


@pytest.mark.parametrize("value", ["", None, 7, b"Joan", ["Joan"], "\ud800"], ids=short)
def test_a_variable_is_a_text(value: object) -> None:
    assert refusal(checks.variables, "variables", {"1": value}).field == "variables[1]"


@pytest.mark.parametrize("value", [None, "Joan", ["Joan"], 7], ids=short)
def test_variables_are_a_mapping(value: object) -> None:
    assert refusal(checks.variables, "variables", value).field == "variables"


def test_good_variables_are_left_as_they_are() -> None:
    variables = {"1": "Joan", "12": "5 pm\n"}
    assert checks.variables("variables", variables) == variables


# Attachments.

BAD_FILE_NAMES = [
    "",
    ".",
    "..",
    "/etc/passwd",
    "../secret.txt",
    "a/b.txt",
    "C:\\secret.txt",
    "..\\x",
    f"{CANARY}.pdf\r\nContent-Type: text/html",
    f"{CANARY}\n.pdf",
    f"{CANARY}\x00.pdf",
    f"{CANARY}\u2028.pdf",
    f"{CANARY}\ud800.pdf",
    None,
    7,
    b"a.pdf",
]


@pytest.mark.parametrize("name", BAD_FILE_NAMES, ids=short)
def test_an_attachment_has_a_bare_file_name(name: Any) -> None:
    files = [Attachment("good.txt", b"x"), Attachment(name, b"x")]
    assert refusal(checks.attachments, files).field == "attachments[1].name"


BAD_MEDIA_TYPES = [
    "",
    "pdf",
    "/",
    "text/",
    "/csv",
    "text/csv/x",
    " text/csv",
    "text /csv",
    "text/csv x",
    "text/csv\n",
    f"text/csv\r\nX-{CANARY}: 1",
    f"text/csv; name={CANARY}\r\nX-Evil: 1",
    f"text/csv; name={CANARY}\x00",
    f"text/csv; name={CANARY}\u2028",
    "téxt/csv",
    "\uff54ext/csv",
    "text/csv\x85",
    None,
    7,
    b"text/csv",
    Path("text/csv"),
]


@pytest.mark.parametrize("media_type", BAD_MEDIA_TYPES, ids=short)
def test_an_attachment_has_a_media_type(media_type: Any) -> None:
    error = refusal(checks.attachments, [Attachment("a.txt", b"x", media_type)])
    assert error.field == "attachments[0].media_type"


@pytest.mark.parametrize("content", ["text", None, 7, [b"x"], ...], ids=short)
def test_an_attachment_is_bytes_or_a_path(content: Any) -> None:
    error = refusal(checks.attachments, [Attachment("a.txt", content)])
    assert error.field == "attachments[0].content"


@pytest.mark.parametrize("value", [None, "a.txt", b"x", {"a": b"x"}, iter(()), 7])
def test_attachments_are_a_list(value: object) -> None:
    assert refusal(checks.attachments, value).field == "attachments"


@pytest.mark.parametrize(
    "item", ["a.txt", b"x", None, {"filename": "a.txt"}], ids=short
)
def test_what_is_no_attachment_is_refused(item: object) -> None:
    error = refusal(checks.attachments, [item])
    assert error.field == "attachments[0]"
    assert "from_path" in error.remedy


@pytest.mark.parametrize(
    "content", [b"x", bytearray(b"x"), memoryview(b"x"), Path("x")]
)
def test_good_attachments_are_left_as_they_are(content: Any) -> None:
    file = Attachment("Straße 1.pdf", content, "text/csv; charset=utf-8")
    assert checks.attachments((file,)) == [file]


# Fields the reference may grow.


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def circular() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


NO_JSON = [
    float("nan"),
    float("inf"),
    [float("-inf")],
    {"deep": [{"er": float("nan")}]},
    b"bytes",
    {1, 2},
    object(),
    dt.datetime(2026, 12, 3, tzinfo=dt.UTC),
    "\ud800",
    ["\udfff"],
    {"\ud800": 1},
    circular(),
    nested(100_000),
    {("a", "b"): 1},
]


@pytest.mark.parametrize("value", NO_JSON, ids=lambda value: type(value).__name__)
def test_what_is_no_json_is_refused_in_extra(value: object) -> None:
    assert refusal(extra_fields, {"more": value}, {}).field == "extra"


@pytest.mark.parametrize("value", [7, "a", ["a"], [("a", 1)], {1: "a"}, {None: 1}])
def test_extra_is_a_mapping_of_names(value: object) -> None:
    assert refusal(extra_fields, value, {}).field == "extra"


def test_extra_does_not_overrule_a_field() -> None:
    error = refusal(extra_fields, {"to": CANARY, "z": 1}, {"to": 1, "text": 2})
    assert "to" in error.message


def test_extra_takes_whatever_json_can_say() -> None:
    extra = {"tags": ["a", 1, 2.5, None, True], "meta": {"é": {"deep": "😀"}}}
    assert extra_fields(extra, {"to": 1}) == extra
