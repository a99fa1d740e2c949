"""Flourish's two schemes: the `x-api-key` header and the older Basic with a generated username."""

import base64
import binascii

from werkzeug.datastructures import Headers

from sandbox.accounts import FLOURISH, Account, by_key


def _basic(headers: Headers) -> tuple[str, str] | None:
    scheme, _, encoded = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        username, _, key = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return username, key


def key_of(headers: Headers) -> str | None:
    """Return the API key that a request carries, or None."""
    if headers.get("x-api-key"):
        return headers["x-api-key"]
    pair = _basic(headers)
    return pair[1] if pair else None


def account_of(headers: Headers) -> Account | None:
    """Return the account whose credentials a request carries, or None."""
    if headers.get("x-api-key"):
        return by_key(FLOURISH, headers["x-api-key"])
    pair = _basic(headers)
    account = by_key(FLOURISH, pair[1]) if pair else None
    return account if account is not None and pair is not None and account.username == pair[0] else None
