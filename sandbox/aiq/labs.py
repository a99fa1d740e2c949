"""A product's labs: AIQ's six cannabinoids and sixteen terpenes, each with its unit."""

from typing import Any

from sandbox import reading
from sandbox.aiq.terms import CANNABINOIDS, LAB_UNITS, TERPENES, UNIT_SUFFIX, word
from sandbox.errors import BadValue
from sandbox.money import decimal, number
from sandbox.store import Body

AMOUNTS = (*CANNABINOIDS, *TERPENES)
UNITS = tuple(f"{name}{UNIT_SUFFIX}" for name in AMOUNTS)


def read_labs(sent: Any) -> Body:
    """Return labs as they are kept; an amount that is null is left out.

    Raises:
        BadValue: it is no object of these amounts and units.
    """
    if not isinstance(sent, dict):
        raise BadValue("labs is an object.", "labs")
    reading.known(sent, (*AMOUNTS, *UNITS))
    return {name: _value(name, value) for name, value in sent.items() if value is not None}


def _value(name: str, value: Any) -> str | int | float:
    return word(value, name, LAB_UNITS) if name in UNITS else number(decimal(value, name, reading.NOTHING))
