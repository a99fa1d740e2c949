"""An outbound order's sums."""

from decimal import Decimal
from typing import NamedTuple

from sandbox.money import cents
from sandbox.store import Record


class Totals(NamedTuple):
    """What an order comes to."""

    lines: Decimal
    charges: list[Decimal]
    discounts: list[Decimal]
    total: Decimal


def line_total(line: Record) -> Decimal:
    """Return a line's total; a discount price, where there is one, is what each costs instead."""
    price = Decimal(line["discount_price"]) or Decimal(line["unit_price"])
    return cents(Decimal(line["order_qty"]) * price)


def totals(order: Record) -> Totals:
    """Add an order up: lines, plus charges, less discounts, each a sum or a percentage of the lines."""
    lines = sum((line_total(line) for line in order["order_lines"]), Decimal(0))
    charges = [_amount(each, lines) for each in order["charges"]]
    discounts = [_amount(each, lines) for each in order["discounts"]]
    return Totals(lines, charges, discounts, lines + sum(charges) - sum(discounts))


def _amount(each: Record, lines: Decimal) -> Decimal:
    amount = Decimal(each["amount"])
    return cents(lines * amount / 100) if each["method"] == "percentage" else amount
