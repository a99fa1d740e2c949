"""An order's sums.

A price is per selling unit (a case), a quantity is in units: a line is price x quantity / multiplier.
"""

from decimal import Decimal
from typing import NamedTuple

from sandbox.money import cents
from sandbox.store import Record


class Totals(NamedTuple):
    """What an order comes to."""

    lines: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal


def line_total(line: Record) -> Decimal:
    """Return one line's total in cents."""
    return cents(
        Decimal(line["ordered_unit_price"]) * Decimal(line["quantity"]) / (line["unit_multiplier"] or 1)
    )


def totals(order: Record) -> Totals:
    """Add an order up: lines, less discount and credits, plus tax (a percentage) and shipping."""
    lines = sum((line_total(line) for line in order["line_items"]), Decimal(0))
    discount = Decimal(order["discount"])
    if order["discount_type"] == "%":
        discount = cents(lines * discount / 100)
    tax = cents((lines - discount) * Decimal(order["tax_amount"]) / 100)
    total = lines - discount + tax + Decimal(order["shipping_charge"]) - Decimal(order["credits"])
    return Totals(lines, discount, tax, cents(total))
