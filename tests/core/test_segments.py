"""What a text costs, at every boundary where it becomes dearer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackverify._core.segments import Segments, count_segments

ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = "\f^{}\\[~]|€"
SMILE = "😀"


def cost(text: str) -> tuple[str, int, int]:
    found = count_segments(text)
    return found.encoding, found.count, found.units


@pytest.mark.parametrize(
    ("length", "count"),
    [(0, 1), (1, 1), (160, 1), (161, 2), (306, 2), (307, 3), (459, 3), (460, 4)],
)
def test_a_gsm_7_text_has_160_characters_or_153_a_segment(
    length: int, count: int
) -> None:
    assert cost("x" * length) == ("GSM-7", count, length)


@pytest.mark.parametrize(
    ("length", "count"),
    [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)],
)
def test_a_ucs_2_text_has_70_units_or_67_a_segment(length: int, count: int) -> None:
    assert cost("ж" * length) == ("UCS-2", count, length)


def test_the_whole_alphabet_is_gsm_7() -> None:
    assert len(ALPHABET) == 127
    assert cost(ALPHABET) == ("GSM-7", 1, 127)


@pytest.mark.parametrize("character", EXTENSION)
def test_an_extension_character_counts_twice(character: str) -> None:
    assert cost(character) == ("GSM-7", 1, 2)
    assert cost("x" * 158 + character)[1] == 1
    assert cost("x" * 159 + character) == ("GSM-7", 2, 161)


def test_an_extension_character_is_not_torn_apart_at_a_boundary() -> None:
    assert cost("x" * 152 + "€" + "x" * 152) == ("GSM-7", 3, 306)
    assert cost("x" * 151 + "€" + "x" * 153) == ("GSM-7", 2, 306)


def test_a_surrogate_pair_is_not_torn_apart_at_a_boundary() -> None:
    assert cost("ж" * 66 + SMILE + "ж" * 66) == ("UCS-2", 3, 134)
    assert cost("ж" * 65 + SMILE + "ж" * 67) == ("UCS-2", 2, 134)


def test_an_emoji_counts_two_units() -> None:
    assert cost(SMILE * 35) == ("UCS-2", 1, 70)
    assert cost(SMILE * 36) == ("UCS-2", 2, 72)
    assert cost(SMILE * 66) == ("UCS-2", 2, 132)
    assert cost(SMILE * 67) == ("UCS-2", 3, 134)


def test_one_costly_character_makes_the_whole_text_ucs_2() -> None:
    assert cost("x" * 160) == ("GSM-7", 1, 160)
    assert cost("x" * 160 + "\u2019") == ("UCS-2", 3, 161)


def test_the_costly_characters_are_named_once_and_in_order() -> None:
    found = count_segments("“Żółć” \u2013 “Ż”")
    assert found.costly == "“Żółć”\u2013"
    assert "Ż" not in repr(found)
    assert "<7 characters>" in repr(found)


@pytest.mark.parametrize(
    "character", ["ç", "`", "\t", "á", "\u00a0", "\u2019", "№", "\x1b"]
)
def test_what_only_looks_like_gsm_7_is_named(character: str) -> None:
    assert count_segments(f"ab{character}c").costly == character


def test_a_cheap_text_has_no_costly_characters() -> None:
    assert count_segments("Hi €5") == Segments("GSM-7", 1, 6, "")


@given(st.text(alphabet=st.sampled_from("a€жÄ" + SMILE), max_size=700))
def test_the_segments_hold_the_text_and_no_segment_is_wasted(text: str) -> None:
    found = count_segments(text)
    alone, joined = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[found.encoding]
    # A pair that does not fit leaves one unit of a segment empty, and no more.
    needed = -(-found.units // joined)
    at_most = max(1, -(-found.units // (joined - 1)))
    expected = (1, 1) if found.units <= alone else (needed, at_most)
    assert expected[0] <= found.count <= expected[1]
