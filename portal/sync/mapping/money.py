"""Money: what an order's lines come to, and how that is said in Flourish to the cent (LL-13, LL-20).

A platform prices by the case and counts in eaches: `line total = case price x eaches / multiplier`.
Flourish prices each one, so a line's unit price is rounded and the difference goes on as one amount.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

from portal.sync.domain import Line, SourceOrder

CENT = Decimal("0.01")
# A unit price that was rounded may be off by this much on each unit, no more.
HALF_CENT = Decimal("0.005")


def cents(amount: Decimal) -> Decimal:
    """Round to the cent, half to even."""
    return amount.quantize(CENT, ROUND_HALF_EVEN)


def shop_cents(amount: Decimal) -> Decimal:
    """Round to the cent, halves up, as the tills of shops do."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def line_total(line: Line) -> Decimal:
    """What the platform charges for a line, in dollars."""
    return cents(line.case_price * line.eaches / line.multiplier)


def unit_price(line: Line, places: int) -> Decimal:
    """The price of one each, in dollars, to so many decimals (2 or 4)."""
    return (line.case_price / line.multiplier).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)


def rounding(lines: Iterable[Line], places: int) -> Decimal:
    """What the lines lack in Flourish to their totals on the platform; negative when they exceed them."""
    return sum((line_total(line) - unit_price(line, places) * line.eaches for line in lines), Decimal(0))


def rounding_allowed(lines: Iterable[Line]) -> Decimal:
    """The largest difference that rounding unit prices can make: half a cent per each."""
    return sum((HALF_CENT * abs(line.eaches) for line in lines), Decimal(0))


@dataclass(frozen=True)
class Sum:
    """An order's sum as the platform should have made it, in dollars."""

    lines: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    credits: Decimal
    rounding: Decimal
    total: Decimal

    @property
    def expected(self) -> Decimal:
        """What the parts come to."""
        return self.lines - self.discount + self.shipping + self.tax - self.credits

    @property
    def holds(self) -> bool:
        """Whether the parts come to the order's total, to the cent."""
        return self.expected == self.total

    def shown(self) -> dict[str, str]:
        """The parts as text, for pages and problems."""
        parts = {
            "lines": self.lines,
            "discount": self.discount,
            "shipping": self.shipping,
            "tax": self.tax,
            "credits": self.credits,
            "rounding": self.rounding,
            "expected": self.expected,
            "total": self.total,
        }
        return {name: str(amount) for name, amount in parts.items()}


def add_up(order: SourceOrder, places: int) -> Sum:
    """Add up an order.

    Args:
        order: the order on its platform.
        places: decimals of a unit price in Flourish.
    """
    return Sum(
        lines=sum((line_total(line) for line in order.lines), Decimal(0)),
        discount=cents(order.discount),
        shipping=cents(order.shipping),
        tax=cents(order.tax),
        credits=cents(order.credits),
        rounding=rounding(order.lines, places),
        total=cents(order.total),
    )
