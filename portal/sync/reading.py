"""Reading the objects of foreign answers: strict where a value is used, tolerant everywhere else.

A reader never puts a default in the place of something it does not understand: it says which field is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cached_property, lru_cache
from typing import Any

from portal.sync.errors import Unreadable
from portal.sync.redaction import is_sensitive

# Told about a field that no table names: (resource, field).
Notice = Callable[[str, str], None]

_log = logging.getLogger(__name__)

# A quantity, price or sum of an order has fewer: with these, sums of products stay exact in 28 digits.
_MAX_DIGITS = 9
_MAX_WRITTEN = 40
# An id is a few dozen characters; a longer one would be cut where it is kept, and name something else.
_MAX_IDENT = 200
# Nothing of a foreign system is older or newer; at the ends of the calendar no span can be added any more.
_YEARS = range(1900, 2200)


@lru_cache(maxsize=4096)
def log_unknown_field(resource: str, name: str) -> None:
    """Log a field that no table names, once per process."""
    _log.warning("unknown_field", extra={"resource": resource, "field": name[:80]})


@dataclass(frozen=True)
class Shape:
    """What is known of one resource's fields.

    Args:
        resource: what people call it, such as "outbound order".
        required: without these an answer cannot be used.
        used: read where they are there.
        ignored: known, and not read.
    """

    resource: str
    required: frozenset[str] = field(default_factory=frozenset)
    used: frozenset[str] = field(default_factory=frozenset)
    ignored: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def known(self) -> frozenset[str]:
        """All that the table names."""
        return self.required | self.used | self.ignored


def words(text: str) -> frozenset[str]:
    """Read a table of field names that is written as one text."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Fields:
    """One JSON object, and where it stands in its answer. Every reader raises `Unreadable`, which does not
    show the value of a field that is a secret or somebody's by its name."""

    value: Mapping[str, Any]
    path: str = ""

    @classmethod
    def of(cls, value: Any, path: str = "") -> Fields:
        """Take a parsed value that must be an object."""
        if not isinstance(value, Mapping):
            raise Unreadable(path, f"should be an object, but is {_kind(value)}")
        return cls(value, path)

    def check(self, shape: Shape, notice: Notice) -> Fields:
        """Refuse a missing required field, and tell of fields that are new."""
        missing = min(shape.required - self.value.keys(), default=None)
        if missing is not None:
            raise Unreadable(self.at(missing), "is missing")
        for name in sorted(self.value.keys() - shape.known):
            notice(shape.resource, name)
        return self

    def at(self, name: str) -> str:
        """Name a field by its whole path."""
        return f"{self.path}.{name}" if self.path else name

    def has(self, name: str) -> bool:
        """Tell whether a field is there and not null."""
        return self.value.get(name) is not None

    def text(self, name: str) -> str:
        """Read a text; a whole number is taken for one, because APIs change ids between the two."""
        value = self._needed(name)
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._wrong(name, "a text")

    def text_or_empty(self, name: str) -> str:
        """Read a text; empty when it is missing or null."""
        return self.text(name) if self.has(name) else ""

    def ident(self, name: str) -> str:
        """Read an id, which is never empty."""
        value = self.text(name).strip()
        if not value:
            raise Unreadable(self.at(name), "is empty")
        if len(value) > _MAX_IDENT:
            raise Unreadable(self.at(name), f"is longer than {_MAX_IDENT} characters")
        return value

    def choice(self, name: str, known: frozenset[str]) -> str:
        """Read a word that must be one of the known ones."""
        value = self.text(name)
        if value not in known:
            raise Unreadable(self.at(name), f"has the unknown value {value[:60]!r}")
        return value

    def number(self, name: str) -> Decimal:
        """Read a number, written as a number or as text."""
        return decimal(self._needed(name), self.at(name))

    def number_or_zero(self, name: str) -> Decimal:
        """Read a number; zero when it is missing or null."""
        return self.number(name) if self.has(name) else Decimal(0)

    def flag(self, name: str) -> bool:
        """Read a yes or no; some APIs write 1 and 0."""
        value = self._needed(name)
        if isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise self._wrong(name, "true or false")

    def flag_or_no(self, name: str) -> bool:
        """Read a yes or no; no when it is missing or null."""
        return self.flag(name) if self.has(name) else False

    def time(self, name: str, *, naive_is_utc: bool = False) -> datetime:
        """Read an ISO 8601 time as aware UTC.

        Args:
            name: the field.
            naive_is_utc: whether the API says that times without an offset are UTC.
        """
        value = self._needed(name)
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else None
            if moment is not None and moment.tzinfo is None and naive_is_utc:
                moment = moment.replace(tzinfo=UTC)
            if moment is not None and moment.tzinfo is not None and moment.year in _YEARS:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise self._wrong(name, "a time with its offset") from error
        raise self._wrong(name, "a time with its offset")

    def day_or_none(self, name: str) -> date | None:
        """Read a calendar day, which some answers write with a time behind it; None when there is none."""
        written = self.text_or_empty(name).strip()
        if not written:
            return None
        try:
            return date.fromisoformat(written[:10])
        except ValueError as error:
            raise self._wrong(name, "a date") from error

    def child(self, name: str) -> Fields:
        """Read an object."""
        return Fields.of(self._needed(name), self.at(name))

    def child_or_empty(self, name: str) -> Fields:
        """Read an object; an empty one when it is missing or null."""
        return self.child(name) if self.has(name) else Fields({}, self.at(name))

    def children(self, name: str) -> tuple[Fields, ...]:
        """Read a list of objects."""
        return rows(self._needed(name), self.at(name))

    def children_or_none(self, name: str) -> tuple[Fields, ...]:
        """Read a list of objects; no rows when it is missing or null."""
        return self.children(name) if self.has(name) else ()

    def _needed(self, name: str) -> Any:
        value = self.value.get(name)
        if value is None:
            raise Unreadable(self.at(name), "is empty" if name in self.value else "is missing")
        return value

    def _wrong(self, name: str, wanted: str) -> Unreadable:
        seen = "" if is_sensitive(name) else f", but is {_kind(self.value[name])}"
        return Unreadable(self.at(name), f"should be {wanted}{seen}")


def rows(value: Any, path: str) -> tuple[Fields, ...]:
    """Take a parsed value that must be a list of objects.

    Raises:
        Unreadable: it is something else.
    """
    if not isinstance(value, list):
        raise Unreadable(path, f"should be a list, but is {_kind(value)}")
    return tuple(Fields.of(item, f"{path}[{index}]") for index, item in enumerate(value))


def decimal(value: Any, path: str) -> Decimal:
    """Take a number that is written as a number or as text, both seen live from both APIs.

    Raises:
        Unreadable: it is neither, not finite, or longer than any amount.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise Unreadable(path, f"should be a number, but is {_kind(value)}")
    if isinstance(value, str) and len(value) > _MAX_WRITTEN:
        raise Unreadable(path, "is out of range")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation as error:
        raise Unreadable(path, f"should be a number, but is {_kind(value)}") from error
    if not number.is_finite() or abs(number.adjusted()) > (_MAX_DIGITS if number else _MAX_WRITTEN):
        raise Unreadable(path, "is out of range")
    return number


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool | int | Decimal):
        return f"{value}"[:40]
    if isinstance(value, list):
        return "a list"
    return "empty" if value is None else "an object"
