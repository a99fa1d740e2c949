"""What a fault is told beyond its name, strictly read. The console sends texts and numbers."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from sandbox.errors import BadValue

FIELD = "argument"
MINUTES_10, DAY = 600, 86_400
MEGABYTES = 2000
LATE = re.compile(r"(\d+(?:\.\d+)?) 504")
BOMB = re.compile(r"gzip(?: (\d{1,4}))?")


class Late(NamedTuple):
    """When a late write is committed, and whether 504 is answered or the connection cut."""

    seconds: float
    answered: bool


class Huge(NamedTuple):
    """How many megabytes an answer has, and whether they are packed into few."""

    megabytes: int
    packed: bool


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def none(value: Any) -> None:
    """Refuse any argument."""
    if value is not None:
        raise BadValue("This fault takes no argument.", FIELD)


def seconds(most: int) -> Callable[[Any], float]:
    """Return the reader of a number of seconds up to `most`."""

    def read(value: Any) -> float:
        if not _is_number(value) or not 0 <= value <= most:
            raise BadValue(f"The argument is a number of seconds from 0 to {most}.", FIELD)
        return float(value)

    return read


def whole(low: int, high: int, what: str) -> Callable[[Any], int]:
    """Return the reader of a whole number of something."""

    def read(value: Any) -> int:
        if not _is_number(value) or not low <= value <= high or value != int(value):
            raise BadValue(f"The argument is a whole number of {what} from {low} to {high}.", FIELD)
        return int(value)

    return read


def status(*known: int) -> Callable[[Any], int]:
    """Return the reader of one of these HTTP statuses, as a number or a text."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or str(value) not in map(str, known):
            raise BadValue(f"The argument is one of the statuses {', '.join(map(str, known))}.", FIELD)
        return int(value)

    return read


def word(wanted: str) -> Callable[[Any], str]:
    """Return the reader of an argument that is this word or absent."""

    def read(value: Any) -> str:
        if value != wanted:
            raise BadValue(f"The argument is the word '{wanted}', or nothing.", FIELD)
        return wanted

    return read


def header(value: Any) -> int | str:
    """Read the value of a header."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not _is_plain(str(value)):
        raise BadValue("The argument is the text of the Retry-After header.", FIELD)
    return value


def location(value: Any) -> str:
    """Read where a redirect leads."""
    try:
        parts = urlsplit(value) if isinstance(value, str) and _is_plain(value) else None
        valid = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid or " " in value:
        raise BadValue("The argument is an http or https URL.", FIELD)
    return str(value)


def size(value: Any) -> float:
    """Read how much of a body is sent: a whole number of bytes, or a share of it below 1."""
    if not _is_number(value) or not (0 < value < 1 or (0 <= value <= 10**9 and value == int(value))):
        raise BadValue(
            "The argument is a whole number of bytes, or a share of the body between 0 and 1.", FIELD
        )
    return value if 0 < value < 1 else int(value)


def late(value: Any) -> float | str:
    """Read when a late write is committed; see `late_of`."""
    if isinstance(value, str) and (found := LATE.fullmatch(value)):
        seconds(DAY)(float(found[1]))
        return value
    if not _is_number(value) or not 0 <= value <= DAY:
        raise BadValue(
            f"The argument is a number of seconds up to {DAY}, or such a number and 504, as '30 504'.", FIELD
        )
    return float(value)


def late_of(value: float | str) -> Late:
    """Return what an argument that `late` has read means."""
    text = str(value)
    return Late(float(text.removesuffix(" 504")), answered=text.endswith(" 504"))


def huge(value: Any) -> int | str:
    """Read how big a body is; see `huge_of`."""
    found = BOMB.fullmatch(value) if isinstance(value, str) else None
    if found is not None and 1 <= int(found[1] or 1) <= MEGABYTES:
        return str(value)
    if not _is_number(value) or not 1 <= value <= MEGABYTES or value != int(value):
        raise BadValue(
            f"The argument is a whole number of megabytes up to {MEGABYTES}, or 'gzip', or 'gzip' and"
            " such a number.",
            FIELD,
        )
    return int(value)


def huge_of(value: int | str, default: int) -> Huge:
    """Return what an argument that `huge` has read means."""
    text = str(value)
    number = text.removeprefix("gzip").strip()
    return Huge(int(number) if number else default, packed=text.startswith("gzip"))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
