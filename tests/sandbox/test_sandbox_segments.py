"""How the page tells what a text costs, against the client's own count."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackverify import count_segments
from stackverify.sandbox.segments import Cost, cut

GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡AZÄÖÑÜ§¿azäöñüà"
)


@pytest.mark.parametrize(
    ("text", "encoding", "count"),
    [
        ("", "GSM-7", 1),
        (GSM, "GSM-7", 1),
        ("a" * 160, "GSM-7", 1),
        ("a" * 161, "GSM-7", 2),
        ("€" * 80, "GSM-7", 1),
        ("a" * 152 + "€" + "a" * 6, "GSM-7", 1),
        ("a" * 152 + "€" + "a" * 153, "GSM-7", 3),
        ("ш" * 70, "UCS-2", 1),
        ("ш" * 71, "UCS-2", 2),
        ("😀" * 35, "UCS-2", 1),
        ("a" * 66 + "😀" + "a" * 60, "UCS-2", 2),
    ],
)
def test_a_text_is_cut_as_the_network_cuts_it(
    text: str, encoding: str, count: int
) -> None:
    found = cut(text)
    assert (found.encoding, len(found.segments)) == (encoding, count)
    assert "".join(found.segments) == text


def test_the_characters_that_force_two_bytes_are_named() -> None:
    assert cut("it\u2019s {you}\u2019s").costs == [
        Cost("\u2019", "RIGHT SINGLE QUOTATION MARK", 2, forces_ucs2=True)
    ]
    assert [cost.character for cost in cut("{a}").costs] == ["{", "}"]
    assert not cut("{a}").costs[0].forces_ucs2


@given(st.text(max_size=700))
def test_client_and_sandbox_agree_though_they_count_apart(text: str) -> None:
    ours, theirs = cut(text), count_segments(text)
    assert (ours.encoding, len(ours.segments), ours.units) == (
        theirs.encoding,
        theirs.count,
        theirs.units,
    )
