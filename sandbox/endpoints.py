"""Where webhooks may be sent: an address, and headers that go with each delivery."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.errors import BadValue


def url(value: str, name: str) -> str:
    """Return a URL of http or https.

    Raises:
        BadValue: it is none.
    """
    try:
        parts = urlsplit(value)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or not value.isprintable() or " " in value:
        raise BadValue(f"'{name}' is an http or https URL.", name)
    return value


def headers(value: Any, name: str) -> dict[str, str]:
    """Return extra headers: an object of texts, or nothing.

    Raises:
        BadValue: it is something else, or a header cannot be sent.
    """
    value = value or {}
    if not isinstance(value, dict):
        raise BadValue(f"'{name}' is an object of texts.", name)
    for key, each in value.items():
        plain = isinstance(each, str) and each.isascii() and each.isprintable() and key.isascii()
        if not plain or not key.replace("-", "").replace("_", "").isalnum():
            raise BadValue(f"'{name}' is an object of plain texts.", name)
    return dict(value)
