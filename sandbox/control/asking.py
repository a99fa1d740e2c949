"""Reading what the control API is sent: JSON objects, value by value."""

import math

from flask import request

from sandbox import endpoints
from sandbox.errors import BadValue
from sandbox.jsontext import read_object
from sandbox.store import Body

MAX_DIGITS = 19


def body() -> Body:
    """Return the request's JSON object; nothing at all is an empty one.

    Raises:
        BadValue: it is not JSON, or not an object.
    """
    data = request.get_data()
    return read_object(data) if data else {}


def text(asked: Body, name: str, default: str | None = None) -> str:
    """Return a text.

    Raises:
        BadValue: it is missing without a default, or no text.
    """
    value = asked.get(name, default)
    if not isinstance(value, str) or not value:
        raise BadValue(f"'{name}' is needed, as a text.", name)
    return value


def number(asked: Body, name: str, default: float | None, low: float, high: float) -> float | None:
    """Return a number within bounds, or the default when it is absent or null."""
    value = asked.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadValue(f"'{name}' is a number.", name)
    if not low <= value <= high:
        raise BadValue(f"'{name}' is from {low:g} to {high:g}.", name)
    return value


def whole(asked: Body, name: str, default: int | None, low: int, high: int) -> int | None:
    """Return a whole number within bounds, or the default when it is absent or null."""
    value = number(asked, name, default, low, high)
    if value is not None and value != int(value):
        raise BadValue(f"'{name}' is a whole number.", name)
    return None if value is None else int(value)


def digits(value: str) -> int | None:
    """Return the number that a query parameter's digits make, or None when it holds something else."""
    return int(value) if value.isascii() and value.isdigit() and len(value) < MAX_DIGITS else None


def flag(asked: Body, name: str) -> bool:
    """Return true or false, false when absent."""
    value = asked.get(name, False)
    if not isinstance(value, bool):
        raise BadValue(f"'{name}' is true or false.", name)
    return value


def url(asked: Body, name: str) -> str:
    """Return a URL of http or https."""
    return endpoints.url(text(asked, name), name)
