"""What is sent to a platform, read field by field."""

from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal

from sandbox.clock import parse, stamp
from sandbox.errors import BadValue
from sandbox.money import cents, decimal
from sandbox.store import Body

NOTHING = Decimal(0)
MAX_TEXT = 255
MAX_NOTES = 4000
PRICE_STEP = Decimal("0.0001")


def known(body: Body, names: Collection[str]) -> None:
    """Refuse fields that mean nothing, so that a misspelt one is not lost.

    Raises:
        BadValue: there is one.
    """
    unknown = sorted(set(body) - set(names))
    if unknown:
        raise BadValue(f"Unknown field: {unknown[0]}.", unknown[0])


def text(body: Body, name: str, *, longest: int = MAX_TEXT) -> str:
    """Return a text that must be there.

    Raises:
        BadValue: it is missing, blank, too long or no text.
    """
    value = text_or_none(body, name, longest=longest)
    if value is None:
        raise BadValue(f"{name} is needed, as a text.", name)
    return value


def text_or_none(body: Body, name: str, *, longest: int = MAX_TEXT) -> str | None:
    """Return a text without the space around it, or None when it is absent or blank.

    Raises:
        BadValue: it is too long or no text.
    """
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadValue(f"{name} is a text.", name)
    if value is not None and len(value) > longest:
        raise BadValue(f"{name} has at most {longest} characters.", name)
    return (value or "").strip() or None


def amount_or_none(body: Body, name: str) -> str | None:
    """Return a sum of money in cents, not below 0, or None when it is absent.

    Raises:
        BadValue: it is no such sum.
    """
    return str(cents(_number(body, name, NOTHING))) if body.get(name) is not None else None


def price_or_none(body: Body, name: str) -> str | None:
    """Return a price for one, not below 0, to the hundredth of a cent, or None when it is absent: what sells
    by the case has no whole cents for one.

    Raises:
        BadValue: it is no such price.
    """
    if body.get(name) is None:
        return None
    exact = _number(body, name, Decimal(0)).quantize(PRICE_STEP, ROUND_HALF_UP)
    return str(cents(exact) if exact == cents(exact) else exact.normalize())


def quantity(body: Body, name: str, *, above: bool = False) -> str:
    """Return a number of eaches, not below 0.

    Args:
        body: what was sent.
        name: the field.
        above: whether 0 is too few.

    Raises:
        BadValue: it is missing or no such number.
    """
    found = _number(body, name, NOTHING)
    if above and not found:
        raise BadValue(f"{name} is above 0.", name)
    return str(found)


def _number(body: Body, name: str, least: Decimal) -> Decimal:
    try:
        return decimal(body.get(name), name, least)
    except BadValue as error:
        raise BadValue(f"{name} is a number not below {least}.", name) from error


def moment(body: Body, name: str) -> str | None:
    """Return a date and time in the stored form, or None when absent.

    Raises:
        BadValue: it is none.
    """
    value = text_or_none(body, name)
    try:
        return stamp(parse(value)) if value else None
    except BadValue as error:
        raise BadValue(f"{name} is an ISO 8601 date and time.", name) from error
