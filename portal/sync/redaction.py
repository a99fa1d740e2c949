"""What may be kept of a foreign request or answer: secrets and personal data are masked, the rest is cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlencode

from portal.sync import strict_json

MASK = "***"
# Bytes of text that are kept of one request or answer.
KEPT = 2_048
# Characters that are written to have them, as masks may be shorter than what they hide.
_WRITTEN = 4 * KEPT
# A larger body is a page of a list: of no use in a timeline, and costly to read a second time.
_WORTH_KEEPING = 65_536

# Parts of a field name, between underscores, dashes or capitals, that tell what its value is.
_SECRET = {"key", "apikey", "token", "secret", "password", "authorization", "signature", "credential"}
_PERSONAL = {
    "address", "birth", "birthdate", "birthday", "caregiver", "contact", "contacts", "dob", "ein", "email",
    "fax", "mmj", "mobile", "patient", "phone", "postcode", "ssn", "street", "unit",
    "username", "zip", "zipcode",
}  # fmt: skip
_PERSON_NAMES = {
    "medical_id", "medical_card", "medical_number", "medical_card_state", "medical_card_expiration",
    "medicalid", "medicalstate", "medicalexpiration", "medicalexpirationyear", "medicalexpirationmonth",
    "medicalexpirationday", "state_id", "state_id_expiration_timestamp", "idphotourl", "allergies",
    "physician", "first_name", "middle_name", "last_name", "full_name", "preferred_name", "firstname",
    "middlename", "lastname", "fullname", "author_name", "created_by", "user", "deliverynotes",
}  # fmt: skip
# Where one of these stands, a `name` beside it is a person's.
_OF_A_PERSON = {"first_name", "last_name", "firstName", "lastName"}
_MASKED_PARTS = _SECRET | _PERSONAL
# A unit of a product is no unit of a building.
_HARMLESS = {
    "unit_price",
    "unit_multiplier",
    "unit_of_measure",
    "unit_qty",
    "unit_denomination",
    "unit_weight",
}

# Members that only an object of a person has, or a shopper's order, on any platform.
_OF_PEOPLE = (
    *(b'"dob"', b'"birthday"', b'"patient_id"', b'"medicalId"', b'"idPhotoUrl"'),
    *(b'"delivery_contact_no"', b'"delivery_text_contact_no"', b'"delivery_email"'),
)

_PARTS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# A member of a JSON object, in text that may be cut anywhere.
_MEMBER = re.compile(r'"([^"\\]{1,60})"(\s*:\s*)("(?:[^"\\]|\\.)*(?:"|$)|[\w.+-]+)')
_NAME = re.compile(r'("name"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|$))')
_TOKEN = re.compile(r"(?i)\b(app|token|bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}")


# Of the same few hundred names in every answer; a foreign one may be long, so not of very many.
@lru_cache(maxsize=1_024)
def is_sensitive(name: str) -> bool:
    """Tell by its name whether a field's value must not be kept."""
    low = name.lower()
    if low in _PERSON_NAMES:
        return True
    return low not in _HARMLESS and not _MASKED_PARTS.isdisjoint(
        part.lower() for part in _PARTS.findall(name)
    )


def redact(value: Any) -> Any:
    """Mask the sensitive fields of a parsed value; nothing stays nothing."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, Mapping):
        is_person = not _OF_A_PERSON.isdisjoint(value)
        return {
            key: MASK
            if item not in (None, "", [], {}) and (is_sensitive(key) or (is_person and key == "name"))
            else redact(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    return value


def redact_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask e-mails, credentials and these secrets wherever they stand in a text."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, MASK)
    if "@" in text:
        text = _EMAIL.sub(MASK, text)
    return _TOKEN.sub(rf"\1 {MASK}", text)


def redact_members(text: str) -> str:
    """Mask the sensitive members of JSON that may be cut anywhere."""
    return _MEMBER.sub(_mask_member, text)


def redact_query(path: str) -> str:
    """Mask the sensitive parameters of a path with a query."""
    before, mark, query = path.partition("?")
    if not mark:
        return path
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, MASK if value and is_sensitive(name) else value) for name, value in pairs]
    return f"{before}?{urlencode(kept, safe='*:,')}"


def excerpt(raw: bytes, secrets: Iterable[str] = ()) -> str:
    """Make the start of a body fit to be kept and shown.

    Args:
        raw: the body as sent or received.
        secrets: values that must never be kept, wherever they stand.
    """
    if len(raw) > _WORTH_KEEPING:
        return f"({len(raw):,} bytes)"
    try:
        value = redact(strict_json.read(raw, repair=True).value)
        text = strict_json.write_start(value, _WRITTEN)
    except strict_json.BadJson:
        text = redact_members(raw.decode("utf-8", "replace").replace("\x00", "\ufffd"))
    return shorten(redact_text(text, secrets))


def without_people(raw: bytes) -> bytes:
    """Take out of a body what says who somebody is, if it is of a person; any other stays as it came.

    What is left is JSON wherever the body was, with all by which it can be read once more.
    """
    if not any(member in raw for member in _OF_PEOPLE):
        return raw
    try:
        return strict_json.write(redact(strict_json.read(raw, repair=True).value))
    except strict_json.BadJson:
        # Whose a name is cannot be told any more.
        text = redact_members(raw.decode("utf-8", "replace"))
        return _NAME.sub(rf'\1"{MASK}"', text).encode()


class Excerpt:
    """The start of a body, made fit to be shown once somebody asks: of most calls nobody ever does, and it
    costs more than the call itself. What is too large to be shown is let go of at once.

    Args:
        raw: the body as sent or received.
        secrets: values that must never be kept, wherever they stand.
    """

    def __init__(self, raw: bytes = b"", secrets: tuple[str, ...] = ()) -> None:
        large = len(raw) > _WORTH_KEEPING
        self._raw = b"" if large else raw
        self._secrets = secrets
        self._text = excerpt(raw) if large else None

    def __str__(self) -> str:
        if self._text is None:
            self._text = excerpt(self._raw, self._secrets)
        return self._text


def _mask_member(member: re.Match[str]) -> str:
    name, colon, _value = member.groups()
    return f'"{name}"{colon}"{MASK}"' if is_sensitive(name) else member.group()


def shorten(text: str, limit: int = KEPT) -> str:
    """Cut a text to so many bytes of UTF-8."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= limit else raw[:limit].decode("utf-8", "ignore") + " …"
