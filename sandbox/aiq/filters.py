"""Query parameters as conditions, one table for each list, and the order and piece of it that is asked for.

Documented are the names in words; the spelling of some is what public code sends. Others are refused, so
that a misspelt one is noticed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from werkzeug.datastructures import MultiDict

from sandbox.aiq.statuses import status
from sandbox.aiq.terms import CANNABIS_TYPES, COMPLIANCE_TYPES, PICK_UP_TYPES, word
from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.queries import Filter
from sandbox.store import Condition, compare, contains, equal, one_of

PAGING = ("skip", "limit", "sort")
PAGE, MAX_PAGE = 100, 250
MAX_DIGITS = 9
FLAGS = {"true": 1, "false": 0}


def _moment(name: str, path: str, operator: str) -> Filter:
    def read(values: Sequence[str]) -> Condition:
        try:
            return compare(path, operator, stamp(parse(values[-1])))
        except BadValue as error:
            raise BadValue(f"{name} is an ISO 8601 date and time.", name) from error

    return read


def _flag(name: str, path: str) -> Filter:
    def read(values: Sequence[str]) -> Condition:
        if values[-1] not in FLAGS:
            raise BadValue(f"{name} is true or false.", name)
        return equal(path, FLAGS[values[-1]])

    return read


def _words(name: str, path: str, words: tuple[str, ...]) -> Filter:
    return lambda values: one_of(path, [word(each, name, words) for each in values])


def _any(path: str) -> Filter:
    return lambda values: one_of(path, values)


# Both bounds belong to what is asked for.
SPANS: dict[str, Filter] = {
    "createdStart": _moment("createdStart", "$.created", ">="),
    "createdEnd": _moment("createdEnd", "$.created", "<="),
    "modifiedStart": _moment("modifiedStart", "$.modified", ">="),
    "modifiedEnd": _moment("modifiedEnd", "$.modified", "<="),
}
ORDERS: dict[str, Filter] = {
    "venueId": _any("$.venue"),
    "userId": _any("$.user"),
    "status": lambda values: one_of("$.status", [status(each) for each in values]),
    "pickUpType": _words("pickUpType", "$.pickUpType", PICK_UP_TYPES),
    **SPANS,
}
PRODUCTS: dict[str, Filter] = {
    "venueId": _any("$.venue"),
    "search": lambda values: contains("$.name", values[-1]),
    "categoryId": _any("$.productCategory"),
    "brand": _any("$.brand"),
    "cannabisStrain": _any("$.cannabisStrain"),
    "cannabisType": _words("cannabisType", "$.cannabisType", CANNABIS_TYPES),
    "cannabisComplianceType": _words("cannabisComplianceType", "$.cannabisComplianceType", COMPLIANCE_TYPES),
    "enable": _flag("enable", "$.enable"),
    **SPANS,
}
CATEGORIES: dict[str, Filter] = {"venueId": _any("$.venue")}
OFFERS: dict[str, Filter] = {"venueId": _any("$.venue"), "active": _flag("active", "$.active")}
VENUES: dict[str, Filter] = {"organizationId": _any("$.organization")}


class Piece(NamedTuple):
    """Which rows of a list are asked for, and in which order: oldest first unless a field is named."""

    skip: int
    limit: int
    sort: str = ""

    @property
    def field(self) -> str:
        """The field to sort by."""
        return self.sort.removeprefix("-")

    @property
    def downwards(self) -> bool:
        """Whether the greatest comes first."""
        return self.sort.startswith("-")


def piece(query: MultiDict[str, str], sortable: tuple[str, ...]) -> Piece:
    """Read which piece of a list is asked for.

    Raises:
        BadValue: skip or limit is no such number, or the list is not sorted by that.
    """
    found = Piece(
        _number(query, "skip", 0, 10**MAX_DIGITS),
        _number(query, "limit", PAGE, MAX_PAGE),
        query.get("sort", ""),
    )
    if found.sort and found.field not in sortable:
        raise BadValue(f"sort is one of {', '.join(sortable)}, with - before it or not.", "sort")
    return found


def _number(query: MultiDict[str, str], name: str, default: int, most: int) -> int:
    text: Any = query.get(name, str(default))
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else -1
    if not 0 <= number <= most:
        raise BadValue(f"{name} is a number from 0 to {most}.", name)
    return number
