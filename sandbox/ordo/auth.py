"""Ordo's one scheme, as assumed: a bearer key."""

from werkzeug.datastructures import Headers

from sandbox.accounts import ORDO, Account, by_key

SCHEME = "bearer"


def key_of(headers: Headers) -> str | None:
    """Return the API key that a request carries, or None."""
    scheme, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() == SCHEME else None


def account_of(headers: Headers) -> Account | None:
    """Return the account whose key a request carries, or None."""
    return by_key(ORDO, key_of(headers))
