"""How a webhook proves where it comes from: an HMAC-SHA256 over the raw body, checked before parsing."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from typing import Any, Literal, Protocol

from portal.sync import strict_json

Encoding = Literal["base64", "hex"]


class Scheme(Protocol):
    """What is needed of `contract.Webhook`."""

    @property
    def encoding(self) -> Encoding:
        """How the signature is written."""
        ...


class BadBody(Exception):
    """A body that is signed but cannot be read.

    Args:
        reason: one clause for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def verify(scheme: Scheme, keys: Sequence[str], body: bytes, signatures: Sequence[str]) -> bool:
    """Tell whether a body was signed with one of the keys. Never raises, whatever was sent.

    Args:
        scheme: how the signature is written.
        keys: the signing keys that are in force; two while a key is being replaced. Empty ones never match.
        body: the raw body.
        signatures: every value of the signature header; more or fewer than one is refused.
    """
    if len(signatures) != 1:
        return False
    try:
        claimed = signatures[0].encode("ascii")
    except UnicodeEncodeError:
        return False
    # As text: base64 has several spellings of one digest, and only the one that is sent is taken.
    return any(hmac.compare_digest(sign(scheme, key, body).encode(), claimed) for key in keys if key)


def sign(scheme: Scheme, key: str, body: bytes) -> str:
    """Sign a body as the platform does.

    Raises:
        ValueError: the key is empty.
    """
    if not key:
        raise ValueError("an empty key signs nothing")
    digest = _hmac(key, body)
    return digest.hex() if scheme.encoding == "hex" else base64.b64encode(digest).decode("ascii")


def parse_body(raw: bytes) -> dict[str, Any]:
    """Parse a webhook's body; numbers with a point become `Decimal`.

    Raises:
        BadBody: it is not strict JSON, not an object, or holds text that no database stores.
    """
    try:
        value = strict_json.read(raw).value
    except strict_json.BadJson as error:
        raise BadBody(error.reason) from error
    if not isinstance(value, dict):
        raise BadBody("it is not a JSON object")
    return value


def _hmac(key: str, body: bytes) -> bytes:
    return hmac.digest(key.encode("utf-8", "surrogatepass"), body, "sha256")
