"""What may be shown of a secret, a number, an address or a text."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackverify.masking import (
    mask_email,
    mask_key,
    mask_recipient,
    mask_text,
    scrub,
)


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("sk_live_abcdefgh", "sk_live_…"),
        ("sk_test_abcdefgh", "sk_test_…"),
        ("sv_live_abcdefgh", "sv_live_…"),
        ("pk_live_abcdefgh", "pk_live_…"),
        ("pk_liveabcdefgh", "pk_live_…"),
        ("abcdefgh", "…"),
        ("", "…"),
        ("x sk_live_abcdefgh", "…"),
    ],
)
def test_of_a_key_only_its_kind_is_shown(key: str, shown: str) -> None:
    assert mask_key(key) == shown


@pytest.mark.parametrize(
    ("recipient", "shown"),
    [
        ("+254712345678", "+25…78"),
        ("+2547123", "+25…23"),
        ("+254712", "…"),
        ("", "…"),
        ("joan@example.org", "j…@…"),
        ("@", "@…@…"),
        (None, "<NoneType>"),
        (254712345678, "<int>"),
        (["+254712345678"], "<list of 1>"),
        (("a@example.org",) * 3, "<tuple of 3>"),
        (b"+254712345678", "<bytes of 13>"),
    ],
    ids=str,
)
def test_of_a_recipient_enough_is_shown_to_tell_two_apart(
    recipient: Any, shown: str
) -> None:
    assert mask_recipient(recipient) == shown


def test_of_an_address_the_first_letter_is_shown() -> None:
    assert mask_email("joan@example.org") == "j…@…"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Your code is 4921", "<17 characters>"),
        ("", "<0 characters>"),
        (b"1234", "<4 bytes>"),
        (None, "None"),
        (7, "<int>"),
        ({"code": "4921"}, "<dict of 1>"),
        (Path("secret"), f"<{type(Path()).__name__}>"),
    ],
    ids=str,
)
def test_of_a_text_only_its_length_is_shown(text: Any, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    "said",
    [
        "+254712345678",
        "254712345678",
        "0712345678",
        "+254 712 345 678",
        "+254-712-345-678",
        "(071) 234-5678",
        "+1.202.555.0101",
        "712345",
        "tel_254712345678",
        "sms_2547123456782547123",
        "joan@example.org",
        "Joan <joan@example.org>",
        "sk_live_abcdEFGH1234",
        "sk_test_example",
        "pk_live_x-y_z",
        "sv_live_abc",
        "Bearer abc.def",
        "bearer  x",
        "mailto:joan@example.org?subject=x",
        '"joan@example.org",',
    ],
)
def test_what_looks_like_a_number_an_address_or_a_key_is_blanked(said: str) -> None:
    shown = scrub(f"The field is wrong: {said}!")
    assert shown.startswith("The field is wrong: ")
    assert "…" in shown
    assert not any(part in shown for part in ("712", "555", "joan", "abc", "example"))


@pytest.mark.parametrize(
    "said",
    [
        *("The to field is required (422)", "code 10021", "page 3 of 12", "v1.2.3"),
        *("a @ b", "request req_1643f9c8364d877e12345678f.", "sms_0123456789abcdef01"),
        "request 550e8400-e29b-41d4-a716-446655440000",
    ],
)
def test_plain_words_small_numbers_and_ids_are_left(said: str) -> None:
    assert scrub(said) == said


def test_a_known_secret_is_blanked_wherever_it_stands() -> None:
    assert scrub("<Hi Joan>: Hi Joan", ["Hi Joan"]) == "<…>: …"


def test_a_longer_secret_goes_before_one_that_is_part_of_it() -> None:
    assert scrub("Hi Joan!", ["Joan", "Hi Joan"]) == "…!"


def test_a_secret_too_short_to_be_one_does_not_eat_the_words() -> None:
    assert scrub("a field of a form", ["a", "of", ""]) == "a field of a form"


@given(st.text(min_size=3, max_size=40), st.text(), st.text())
def test_no_text_that_was_sent_survives(secret: str, before: str, after: str) -> None:
    shown = scrub(before + secret + after, [secret])
    assert secret not in shown or set(secret) <= {"…", "@"}


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.text(max_size=9))
def test_no_number_survives(number: str, around: str) -> None:
    assert number not in scrub(f"{around} {number} {around}")
