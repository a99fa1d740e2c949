"""A retail order's sums: list prices, less what discounts take off, with tax and the fee of a delivery.

No source says how Flourish adds discounts up. Here those of a SKU come first, as they were sent, each of what
the former ones left; then those of the whole order. A dollar amount of a SKU is for all of its
lines together, not for each piece, and none takes off more than there is. The tax is assumed.
"""

from decimal import Decimal
from typing import NamedTuple

from sandbox.money import cents
from sandbox.store import Record

TAX_PERCENT = Decimal(15)
PERCENTAGE = "percentage"
NOTHING = Decimal(0)


class Totals(NamedTuple):
    """What an order comes to.

    Args:
        lines: the lines by their unit prices.
        rests: what each line comes to after the discounts of its SKU.
        discounts: what each discount takes off, in dollars, in the order of `applied_discounts`.
        taxes: the tax.
        total: what is to be paid, the delivery fee among it.
    """

    lines: Decimal
    rests: list[Decimal]
    discounts: list[Decimal]
    taxes: Decimal
    total: Decimal

    @property
    def off(self) -> Decimal:
        """What all discounts take off."""
        return sum(self.discounts, NOTHING)


def gross(line: Record) -> Decimal:
    """Return what a line comes to by its unit price."""
    return cents(Decimal(line["order_qty"]) * Decimal(line["unit_price"]))


def totals(order: Record) -> Totals:
    """Add an order up."""
    lines = [gross(line) for line in order["order_lines"]]
    rests, discounts = list(lines), [NOTHING] * len(order["applied_discounts"])
    for place, each in enumerate(order["applied_discounts"]):
        if each["sku"]:
            discounts[place] = _take(each, rests, _places(order, each["sku"]))
    rest = sum(rests, NOTHING)
    for place, each in enumerate(order["applied_discounts"]):
        if not each["sku"]:
            discounts[place] = _off(each, rest)
            rest -= discounts[place]
    taxes = cents(rest * TAX_PERCENT / 100)
    total = rest + taxes + Decimal(order["delivery_fee"])
    return Totals(sum(lines, NOTHING), rests, discounts, taxes, total)


def _places(order: Record, sku: str) -> list[int]:
    return [place for place, line in enumerate(order["order_lines"]) if line["sku"] == sku]


def _take(discount: Record, rests: list[Decimal], places: list[int]) -> Decimal:
    """Take a SKU's discount off its lines, the first ones first, and return what it came to."""
    off = left = _off(discount, sum((rests[place] for place in places), NOTHING))
    for place in places:
        part = min(left, rests[place])
        rests[place] -= part
        left -= part
    return off


def _off(discount: Record, rest: Decimal) -> Decimal:
    amount = Decimal(discount["amount"])
    return min(rest, cents(rest * amount / 100) if discount["method"] == PERCENTAGE else cents(amount))
