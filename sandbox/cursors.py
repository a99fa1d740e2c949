"""Cursors: places in a list as opaque words, for platforms that page by them."""

import base64
import binascii

from sandbox.errors import BadValue

MARK = "from "
MAX_DIGITS = 9


def cursor(place: int) -> str:
    """Return the word for a place, counted from 0."""
    return base64.urlsafe_b64encode(f"{MARK}{place}".encode()).decode().rstrip("=")


def place(word: str) -> int:
    """Return the place that a word stands for; the empty one is the beginning.

    Raises:
        BadValue: it is none that `cursor` gave out.
    """
    if not word:
        return 0
    try:
        text = base64.urlsafe_b64decode(f"{word}{'=' * (-len(word) % 4)}").decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise BadValue("cursor is none that a page gave out.", "cursor") from error
    digits = text.removeprefix(MARK)
    if not (digits.isdigit() and len(digits) <= MAX_DIGITS and cursor(int(digits)) == word):
        raise BadValue("cursor is none that a page gave out.", "cursor")
    return int(digits)
