"""Personal data in text that is shown: hidden from whoever has no business with it.

What is kept was masked by field names already (redaction.py). This is for the rest: what people and platforms
write into notes, names and messages, found by how it looks. It rather hides too much.
"""

from __future__ import annotations

import re

from portal.sync.redaction import MASK, is_sensitive, redact_members, redact_text

_DATE = r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\w{3,9}\.? \d{1,2},? \d{4}|\d{1,2}\.? \w{3,9}\.? \d{4})"
_STREET = (
    r"street|st|avenue|ave|road|rd|boulevard|blvd|drive|dr|lane|ln|court|ct|way|place|pl|highway|hwy|parkway"
)
_DOOR = r",? ?(?:#|apt|unit|suite|ste)\.? ?[\w-]+"
_MEDICAL = "medical|mmj|mmic|patient|caregiver"
_SHAPES = (
    # After a word that says what it is.
    rf"(?i)\b(?P<label>d\.?o\.?b\.?|date of birth|birth ?date|birthday|born(?: on)?)\W{{0,3}}{_DATE}",
    rf"(?i)\b(?P<label>(?:{_MEDICAL})[ _-]?(?:id|card|no|number|rec)?)\W{{1,3}}(?=[\w-]*\d)[\w-]{{4,}}",
    r"(?i)\b(?P<label>phone|mobile|cell|tel|telephone|fax|call|text)\W{1,3}\+?\d[\d ().-]{5,}\d",
    # By their own look.
    r"(?<![\w.+-])\+\d[\d ().-]{7,}\d(?![\w-])",
    r"(?<![\w.-])(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])",
    r"(?<![\w.-])[2-9]\d{2}[2-9]\d{6}(?![\w.-])",
    rf"(?i)(?<![\w-])\d{{1,6}} (?:[A-Z0-9][\w'’.-]* ){{1,5}}(?:{_STREET})\b\.?(?:{_DOOR})?",
)
_HIDDEN = [re.compile(shape) for shape in _SHAPES]
# Text without any of these holds nothing of the kind: most of a page.
_WORTH_LOOKING = re.compile(r'[\d@"]')


def hide(text: str) -> str:
    """Mask what looks like a birth date, phone, medical id, e-mail or postal address."""
    if not _WORTH_LOOKING.search(text):
        return text
    text = redact_text(redact_members(text))
    for shape in _HIDDEN:
        text = shape.sub(_mask, text)
    return text


def hide_change(what: str, value: object) -> object:
    """Mask a value of a field whose name says that it is personal."""
    return MASK if value not in (None, "") and is_sensitive(what.replace(" ", "_")) else value


def _mask(found: re.Match[str]) -> str:
    label = found.groupdict().get("label")
    return f"{label} {MASK}" if label else MASK
