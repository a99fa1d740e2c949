"""LeafLink's two schemes: `App` (one company) and the older `Token`."""

from werkzeug.datastructures import Headers

SCHEMES = ("app", "token")


def key_of(headers: Headers) -> str | None:
    """Return the API key that a request carries, or None."""
    scheme, _, key = headers.get("Authorization", "").partition(" ")
    return key.strip() or None if scheme.lower() in SCHEMES else None
