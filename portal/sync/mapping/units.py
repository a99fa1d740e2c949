"""Units of measure: which of them measure the same, and how much of one is how much of another (LL-11)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

# Flourish's units, by what they measure; each as a multiple of its family's first.
FAMILIES: tuple[dict[str, str], ...] = (
    {"ea": "1"},
    {"g": "1", "mg": "0.001", "kg": "1000", "oz": "28.349523125", "lb": "453.59237", "t": "1000000"},
    {
        "ml": "1",
        "l": "1000",
        "fl oz": "29.5735295625",
        "pt": "473.176473",
        "qt": "946.352946",
        "gal": "3785.411784",
    },
    {"cm": "1", "in": "2.54"},
)
GRAM = "g"
EACH = "ea"


def convert(amount: Decimal, unit: str, to: str) -> Fraction | None:
    """Say how much an amount is in another unit, exactly; None where the two measure different things."""
    of, into = unit.strip().lower(), to.strip().lower()
    family = next((family for family in FAMILIES if of in family and into in family), None)
    return None if family is None else Fraction(amount) * Fraction(family[of]) / Fraction(family[into])


def rounded_down(amount: Fraction, places: int) -> Decimal:
    """Cut an amount off after so many decimals, so that it never becomes more."""
    scale = 10**places
    return Decimal(amount.numerator * scale // amount.denominator).scaleb(-places)
