"""Random tokens: what a cookie, a mailed link or a program shows. Rows that know one hold its hash only."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32


def make() -> str:
    """Make one, of 256 random bits, as an address can hold it."""
    return secrets.token_urlsafe(_BYTES)


def digest(token: str) -> bytes:
    """What is kept of a token. A fast hash will do: it is random, and no password."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
