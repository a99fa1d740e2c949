"""How much of an item a shop may offer between two syncs: what is sellable, less what open orders hold
and the buffer (AQ-11). Pure.

An order holds its goods until Flourish's own figure has taken them off. That shows only in a figure whose
reading began after the goods were allocated, or the order ended, so that nothing is offered twice and nothing
flickers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from portal.sync.decisions import Finding

_NOTHING = Decimal(0)
# A figure this old is said to be; past the second, a shop may hide what it does not know.
STALE, TOO_OLD = timedelta(minutes=30), timedelta(minutes=60)
# Decimals of what is sold by weight; the rest is sold in whole ones.
_PLACES_BY_WEIGHT = 3


@dataclass(frozen=True)
class StockReading:
    """What Flourish said is sellable of an item in one facility, and when its reading began. One that broke
    off in the middle is none: the one before it stays."""

    sellable: Decimal
    began_at: datetime


@dataclass(frozen=True)
class Hold:
    """What one line of an order keeps back.

    Args:
        order: the order's id on its platform; with `line` it names the hold, whatever comes twice.
        line: the line's ref.
        label: how people call the order.
        eaches: what was ordered.
        placed_at: when the order was placed.
        allocated: what of it Flourish has allocated, and `seen_at` when that was seen.
        ended_at: when it was seen that the order had ended in Flourish, or was packed there; None until then.
        was_pushed: whether Flourish ever had it.
        is_kept_there: whether the platform itself takes it off what it was told.
    """

    order: str
    line: str
    label: str
    eaches: Decimal
    placed_at: datetime
    allocated: Decimal = _NOTHING
    seen_at: datetime | None = None
    ended_at: datetime | None = None
    was_pushed: bool = True
    is_kept_there: bool = False

    def outstanding(self, reading: StockReading) -> Decimal:
        """What of it Flourish's figure does not know of yet."""
        if self.ended_at is not None and (not self.was_pushed or self.ended_at < reading.began_at):
            return _NOTHING
        is_seen = self.seen_at is not None and self.seen_at < reading.began_at
        return max(_NOTHING, self.eaches - (self.allocated if is_seen else _NOTHING))


@dataclass(frozen=True)
class Offered:
    """What a shop may offer, as a sum that a page can show.

    Args:
        sellable: what Flourish says.
        held: what open orders hold that neither Flourish nor the platform takes off by itself.
        by_order: the same by the order, as people call it.
        buffer: what is never offered.
        quantity: what is published.
        oversold: orders that came when nothing was left, the first of them first.
    """

    sellable: Decimal
    held: Decimal
    by_order: Mapping[str, Decimal]
    buffer: Decimal
    quantity: Decimal
    oversold: tuple[str, ...] = field(default=())

    def is_shown(self, threshold: Decimal | None) -> bool:
        """Whether shoppers see it: the platform hides what is below its threshold."""
        return self.quantity > 0 and (threshold is None or self.quantity >= threshold)


def offer(
    reading: StockReading, holds: Iterable[Hold], *, buffer: Decimal = _NOTHING, by_weight: bool = False
) -> Offered:
    """Work out what a shop may offer of an item.

    Args:
        reading: Flourish's figure.
        holds: of all orders that name the item, in any order; of one that comes twice the last counts.
        buffer: what is never offered.
        by_weight: whether parts of one are sold.
    """
    every = {(hold.order, hold.line): hold for hold in holds}.values()
    open_ones = [(hold, hold.outstanding(reading)) for hold in sorted(every, key=_turn)]
    by_order: dict[str, Decimal] = {}
    for hold, eaches in open_ones:
        if eaches and not hold.is_kept_there:
            by_order[hold.label] = by_order.get(hold.label, _NOTHING) + eaches
    held, buffer = sum(by_order.values(), _NOTHING), max(buffer, _NOTHING)
    left = max(_NOTHING, reading.sellable - held - buffer)
    unit = Decimal(1).scaleb(-_PLACES_BY_WEIGHT if by_weight else 0)
    quantity = left.quantize(unit, ROUND_FLOOR)
    return Offered(reading.sellable, held, by_order, buffer, quantity, _oversold(reading, open_ones))


def _turn(hold: Hold) -> tuple[datetime, str, str]:
    return hold.placed_at, hold.order, hold.line


def _oversold(reading: StockReading, open_ones: Iterable[tuple[Hold, Decimal]]) -> tuple[str, ...]:
    """Who came first has it: the orders for which not all is left, whoever keeps the goods back."""
    left, late = max(reading.sellable, _NOTHING), dict[str, None]()
    for hold, eaches in open_ones:
        if eaches > left:
            late[hold.label] = None
        left = max(_NOTHING, left - eaches)
    return tuple(late)


def is_stale(reading: StockReading, now: datetime) -> bool:
    """Whether people should be told how old the figure is."""
    return now - reading.began_at > STALE


def is_too_old(reading: StockReading, now: datetime) -> bool:
    """Whether a shop may hide what it does not know any more."""
    return now - reading.began_at > TOO_OLD


def hidden_for_age(offered: Offered, threshold: Decimal | None) -> Decimal:
    """What is published of a figure that is too old, where the connection wants it hidden then: less than the
    platform's threshold, or nothing."""
    return max(_NOTHING, min(offered.quantity, (threshold or Decimal(1)) - 1))


def oversold(sku: str, offered: Offered) -> Finding | None:
    """What a person is told of orders beyond the stock; None where there are none."""
    if not offered.oversold:
        return None
    orders = offered.oversold
    return Finding(
        "oversold",
        f"{len(orders)} {'order is' if len(orders) == 1 else 'orders are'} beyond the stock of {sku}",
        "Find more of it, or settle with the shoppers what they get instead.",
        cause=sku,
        text=f"Flourish has {offered.sellable:f} to sell. Beyond that: {', '.join(orders)}.",
        evidence={"orders": list(orders)},
    )
