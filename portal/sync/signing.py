"""How a webhook proves where it comes from: an HMAC-SHA256 over the raw body, and headers that only the
sender was told, checked before parsing."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from portal.sync import strict_json

Encoding = Literal["base64", "hex"]


class Scheme(Protocol):
    """What is needed of `contract.Webhook`."""

    @property
    def header(self) -> str:
        """The header that holds the signature; empty where nothing is signed."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How the signature is written."""
        ...


@dataclass(frozen=True)
class Proof:
    """What a delivery has to show. While something is being replaced there are two of it, the newest first.

    Args:
        scheme: how the signature is written, and where.
        keys: the signing keys that are in force.
        pairs: by name of a header, the values that are in force; an empty one: the header may be missing.
    """

    scheme: Scheme
    keys: tuple[str, ...]
    pairs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What a delivery showed.

    Args:
        missing: what of the proof was not there.
        wrong: what was there and is not in force.
        is_newest: whether all of it is the newest.
    """

    missing: tuple[str, ...]
    wrong: tuple[str, ...]
    is_newest: bool

    @property
    def is_enough(self) -> bool:
        """Whether the delivery is to be believed."""
        return not self.missing and not self.wrong

    @property
    def fault(self) -> str:
        """What was missing or wrong, as a clause for people."""
        clauses = (_clause(self.missing, "missing"), _clause(self.wrong, "wrong"))
        return "; ".join(clause for clause in clauses if clause)


@dataclass(frozen=True)
class _Part:
    """One part of a proof: whether it was there, and which of the values in force it is."""

    name: str
    is_there: bool
    fits: tuple[bool, ...]


class BadBody(Exception):
    """A body that is signed but cannot be read.

    Args:
        reason: one clause for people.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def examine(proof: Proof, body: bytes, given: Callable[[str], Sequence[str]]) -> Shown:
    """Compare what a delivery shows with what it has to show. Never raises, whatever was sent.

    Every part is compared, in constant time, whatever came of the others.

    Args:
        proof: what it has to show.
        body: the raw body.
        given: every value of a header, by its name.
    """
    parts = tuple(_parts(proof, body, given))
    amiss = [part for part in parts if not any(part.fits)]
    return Shown(
        missing=tuple(part.name for part in amiss if not part.is_there),
        wrong=tuple(part.name for part in amiss if part.is_there),
        is_newest=all(part.fits[:1] == (True,) for part in parts),
    )


def _parts(proof: Proof, body: bytes, given: Callable[[str], Sequence[str]]) -> Iterator[_Part]:
    # Told by the declaration and not by the keys: one that was lost must never open the door.
    if proof.scheme.header:
        signatures = given(proof.scheme.header)
        fits = tuple(verify(proof.scheme, [key], body, signatures) for key in proof.keys)
        yield _Part("the signature", any(signatures), fits)
    for name, values in proof.pairs.items():
        claimed = given(name)
        fits = tuple(_is_same(value, claimed) for value in values)
        yield _Part(f"the header {name}", any(claimed), fits)


def _is_same(value: str, claimed: Sequence[str]) -> bool:
    """Compare a header with a value; one that is there twice is never the same."""
    if len(claimed) > 1:
        return False
    return hmac.compare_digest(_bytes(value), _bytes("".join(claimed)))


def _clause(names: Sequence[str], what: str) -> str:
    if not names:
        return ""
    listed = " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)
    return f"{listed} {'is' if len(names) == 1 else 'are'} {what}"


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
    return hmac.digest(_bytes(key), body, "sha256")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
