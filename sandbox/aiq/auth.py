"""AIQ's one scheme for organisations: a key in a header of its own."""

from werkzeug.datastructures import Headers

from sandbox.accounts import AIQ, Account, by_key

HEADER = "x-dispense-api-key"


def key_of(headers: Headers) -> str | None:
    """Return the API key that a request carries, or None."""
    return headers.get(HEADER, "").strip() or None


def account_of(headers: Headers) -> Account | None:
    """Return the account whose key a request carries, or None."""
    return by_key(AIQ, key_of(headers))
