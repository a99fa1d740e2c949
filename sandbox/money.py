"""Money and quantities: Decimal inside, text in the store."""

import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from sandbox.errors import BadValue

CENT = Decimal("0.01")


def decimal(value: Any, field: str, least: Decimal | None = None) -> Decimal:
    """Read a number given as JSON number or text.

    Args:
        value: what the caller sent.
        field: its name, for the error.
        least: the smallest value allowed, where there is one.

    Raises:
        BadValue: it is no finite number, or too small.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadValue("A valid number is required.", field)
    if isinstance(value, float) and not math.isfinite(value):
        raise BadValue("A valid number is required.", field)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation as error:
        raise BadValue("A valid number is required.", field) from error
    if not number.is_finite() or abs(number.adjusted()) > 15:
        raise BadValue("A valid number is required.", field)
    if least is not None and number < least:
        raise BadValue(f"Must be at least {least}.", field)
    return number


def cents(value: Decimal) -> Decimal:
    """Round to cents, halves up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def number(value: Decimal | str) -> int | float:
    """Return a JSON number: whole where it is whole."""
    exact = Decimal(value)
    return int(exact) if exact == exact.to_integral_value() else float(exact)
