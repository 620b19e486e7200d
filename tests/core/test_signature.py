"""Signatures: made as others make them, and taken in a few writings only."""

import base64
import hashlib
import hmac
import os
from collections.abc import Callable

import pytest

from stackverify._core.signature import Keyring, keyring, sign
from stackverify.errors import ConfigurationError, SignatureError

BODY = b'{"event":"delivery_report","message_id":"sms_1","status":"delivered"}'
SECRET = "whsec_canary"
DIGEST = hmac.new(SECRET.encode(), BODY, hashlib.sha256)
BASE64 = base64.b64encode(DIGEST.digest()).decode()

WRITINGS = {
    "hex": DIGEST.hexdigest(),
    "upper case": DIGEST.hexdigest().upper(),
    "base64": BASE64,
    "hex with prefix": f"sha256={DIGEST.hexdigest()}",
    "upper case with prefix": f"sha256={DIGEST.hexdigest().upper()}",
    "base64 with prefix": f"sha256={BASE64}",
}


def is_taken(signature: str | bytes | None, body: bytes = BODY) -> bool:
    try:
        Keyring(SECRET).check(body, signature)
    except SignatureError:
        return False
    return True


# RFC 4231, the cases whose digest is not truncated.
@pytest.mark.parametrize(
    ("key", "body", "digest"),
    [
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
        (
            b"\xaa" * 131,
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ],
)
def test_the_vectors_of_the_standard_are_met(
    key: bytes, body: bytes, digest: str
) -> None:
    assert sign(body, key) == digest
    Keyring(key).check(body, digest)


@pytest.mark.parametrize("length", [1, 31, 63, 64, 65, 128, 1000])
def test_secrets_of_any_length_are_keyed_as_the_standard_library_does(
    length: int,
) -> None:
    secret, body = os.urandom(length), os.urandom(300)
    Keyring(secret).check(body, hmac.new(secret, body, "sha256").hexdigest())


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("kind", [str, str.encode])
def test_each_writing_is_taken_as_text_and_as_bytes(
    writing: str, kind: Callable[[str], str | bytes]
) -> None:
    assert is_taken(kind(WRITINGS[writing]))


@pytest.mark.parametrize("writing", WRITINGS)
def test_a_flipped_bit_of_a_signature_is_refused_wherever_it_is(writing: str) -> None:
    good = WRITINGS[writing].encode()
    flipped = [
        bytes([*good[:at], good[at] ^ (1 << bit), *good[at + 1 :]])
        for at in range(len(good))
        for bit in range(8)
    ]
    assert [bad for bad in flipped if is_taken(bad)] == []


def test_a_flipped_bit_of_a_body_is_refused_wherever_it_is() -> None:
    flipped = [
        bytes([*BODY[:at], BODY[at] ^ (1 << bit), *BODY[at + 1 :]])
        for at in range(len(BODY))
        for bit in range(8)
    ]
    assert [bad for bad in flipped if is_taken(WRITINGS["hex"], bad)] == []


@pytest.mark.parametrize(
    "signature",
    [
        *(None, "", b"", " ", "0", "sha256=", "sha256=sha256=" + DIGEST.hexdigest()),
        *(f" {DIGEST.hexdigest()}", f"{DIGEST.hexdigest()}\n", f"{BASE64}="),
        *(BASE64.rstrip("="), DIGEST.hexdigest()[:-1], DIGEST.hexdigest() + "0"),
        *(f"SHA256={DIGEST.hexdigest()}", f"sha256:{DIGEST.hexdigest()}"),
        *(f"sha1={DIGEST.hexdigest()}", f"0x{DIGEST.hexdigest()}", "é" * 64),
        DIGEST.hexdigest()[:32].upper() + DIGEST.hexdigest()[32:],
        f"{DIGEST.hexdigest()},{DIGEST.hexdigest()}",
        base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        base64.b64encode(DIGEST.hexdigest().encode()).decode(),
        hashlib.sha256(BODY).hexdigest(),
        hmac.new(BODY, SECRET.encode(), "sha256").hexdigest(),
        hmac.new(SECRET.encode(), b"", "sha256").hexdigest(),
        "\ud800" * 64,
        b"\xff" * 64,
        DIGEST.digest(),
    ],
)
def test_anything_else_is_refused(signature: str | bytes | None) -> None:
    assert not is_taken(signature)


def test_while_secrets_are_changed_each_of_them_is_good_and_no_other() -> None:
    ring = Keyring(["old", b"new"])
    ring.check(BODY, sign(BODY, "old"))
    ring.check(BODY, sign(BODY, "new"))
    with pytest.raises(SignatureError):
        ring.check(BODY, sign(BODY, "other"))


@pytest.mark.parametrize(
    "secrets",
    [[], (), "", b"", " ", ["good", ""], [None], None, 7, {"good": None, "": 1}],
)
def test_without_a_good_secret_there_is_no_keyring(secrets: object) -> None:
    with pytest.raises(ConfigurationError):
        keyring(secrets)  # type: ignore[arg-type]


@pytest.mark.parametrize("secret", [" canary", "canary\n", "canary\t"])
def test_a_secret_copied_with_a_blank_is_told_of_and_not_shown(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        Keyring(secret)
    assert "canary" not in str(caught.value)


def test_a_variable_that_is_not_set_is_guessed_at() -> None:
    with pytest.raises(ConfigurationError, match="is the environment variable"):
        Keyring([os.environ.get("NO_SUCH_VARIABLE")])  # type: ignore[list-item]


def reason(secrets: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        keyring(secrets)  # type: ignore[arg-type]
    return str(caught.value)


def test_what_is_wrong_with_a_secret_is_told_in_full() -> None:
    assert reason([]) == (
        "No webhook secret: anybody could send events. Copy it from Settings → "
        "Webhooks into secrets=, or set STACKVERIFY_WEBHOOK_SECRET."
    )
    assert reason(7) == (
        "The webhook secret is a int: give a str, or a list of them while you change "
        "it."
    )
    assert reason([7]) == (
        "A webhook secret is not a str: is the environment variable it comes from set?"
    )
    assert reason(" ") == "A webhook secret is empty: anybody could know it."
    assert reason("seven\n") == (
        "A webhook secret (6 characters) begins or ends with a space or a line break: "
        "copy it again."
    )


@pytest.mark.parametrize(
    ("signature", "told"),
    [
        (None, "The webhook has no signature."),
        (
            "0" * 64,
            "The signature of the webhook (64 characters) was made with another "
            "secret, or of another body.",
        ),
    ],
)
def test_what_is_wrong_with_a_signature_is_told_in_full(
    signature: str | None, told: str
) -> None:
    with pytest.raises(SignatureError) as caught:
        Keyring(SECRET).check(BODY, signature)
    assert caught.value.message == told


def test_a_secret_that_is_no_good_unicode_is_keyed_all_the_same() -> None:
    Keyring("\udcff").check(BODY, sign(BODY, b"\xed\xb3\xbf"))


def test_nothing_is_shown_of_secret_body_or_signature() -> None:
    ring = Keyring(SECRET)
    shown = [repr(ring), str(ring)]
    for signature in (None, "c4nary", b"c4nary", "c4naryé"):
        with pytest.raises(SignatureError) as caught:
            ring.check(BODY, signature)
        shown += [str(caught.value), repr(caught.value), repr(caught.value.__context__)]
    assert [text for text in shown if "canary" in text or "c4nary" in text] == []
    assert [text for text in shown if "sms_1" in text] == []


def test_secrets_keyed_lately_are_not_keyed_again() -> None:
    assert keyring("one") is keyring("one")
    assert keyring(["one", "two"]) is keyring(("one", "two"))
    assert keyring("one") is not keyring("two")
