"""Match keys: what must be equal for two things to be one, and what is merely near."""

from __future__ import annotations

import re
import unicodedata

_LICENSE = re.compile(r"[A-Z0-9]+(?:[-./_][A-Z0-9]+)*")
_PHONE_DIGITS = 10
_PUNCTUATION = re.compile(r"[^0-9a-z]+")


def sku_key(sku: str) -> str:
    """Make two SKUs equal exactly when they are one: trimmed, Unicode NFC, nothing else (LL-1)."""
    return unicodedata.normalize("NFC", sku).strip()


def license_key(shown: str) -> str:
    """Normalise a license number: upper case, inner spaces and a trailing type label removed (LL-2).

    Live data holds "RE000000  Adult Use Retailer (NJ)"; the number is the first token that holds a
    digit, together with single spaced-out parts of it before any such label.
    """
    tokens = unicodedata.normalize("NFKC", shown).upper().split()
    number: list[str] = []
    for token in tokens:
        belongs = _LICENSE.fullmatch(token) is not None and _has_digit(token)
        if not belongs and (number or not _is_prefix(token)):
            break
        number.append(token)
    joined = "".join(number)
    return joined if _has_digit(joined) else ""


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _is_prefix(token: str) -> bool:
    """A short lead-in such as the "RE" of "RE 000123" belongs to the number."""
    return token.isalpha() and token.isascii() and len(token) <= 4


def email_key(email: str) -> str:
    """Compare e-mails whatever their case (LL-3)."""
    return email.strip().casefold()


def near_key(text: str) -> str:
    """Fold case, spaces and punctuation away: equal near keys are a near match, never a link (LL-1)."""
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text).casefold())


def phone_key(phone: str) -> str:
    """Return the ten digits of a US phone number, without its leading 1; "" when it has not as many."""
    digits = "".join(each for each in phone if each.isascii() and each.isdigit())
    if len(digits) == _PHONE_DIGITS + 1 and digits.startswith("1"):
        digits = digits[1:]
    return digits if len(digits) == _PHONE_DIGITS else ""


def name_key(name: str) -> str:
    """Compare names of people whatever their case, accents, spaces and punctuation."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(each for each in plain if each.isalnum())
