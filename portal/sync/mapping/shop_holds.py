"""What an order of a shop keeps back of each item, by how both sides have it now (AQ-11). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from portal.sync.decisions import Finding
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.shop_stock import Hold
from portal.sync.retail import CREATED, SUBMITTED, RetailOrder
from portal.sync.shopping import ShopOrder

_NOTHING = Decimal(0)
# From packing on Flourish's own figure has the goods, or the order is over.
BEFORE_PACKING = frozenset({CREATED, SUBMITTED})
# An order that Flourish has not got keeps its goods for as long as it takes; after this people are told.
LONG = timedelta(hours=24)


def holds_of(
    order: ShopOrder,
    made: RetailOrder | None,
    *,
    seen_since: datetime,
    skus: Mapping[str, str],
    platform_holds: bool,
) -> dict[str, tuple[Hold, ...]]:
    """Say what an order keeps back, by SKU as `mapping.keys.sku_key` writes it.

    Args:
        order: as its platform has it; one that nobody has confirmed yet holds its goods, too.
        made: as Flourish has it; None while it has not got it.
        seen_since: since when Flourish's order has been seen as it is now.
        skus: Flourish's id of an item -> its SKU, for lines that show none.
        platform_holds: whether the platform keeps back what its open orders need.
    """
    if made is None and order.is_over:
        # It never came to Flourish: nothing there could have been taken off for it.
        return {}
    is_ended = made is not None and made.is_known and made.status not in BEFORE_PACKING
    left = _allocated(made, skus)
    found: dict[str, tuple[Hold, ...]] = {}
    for line in order.lines:
        sku = sku_key(line.sku)
        taken = min(line.eaches, left.get(sku, _NOTHING))
        left[sku] = left.get(sku, _NOTHING) - taken
        hold = Hold(
            order=order.number,
            line=line.ref,
            label=order.label,
            eaches=line.eaches,
            placed_at=order.placed_at,
            allocated=taken,
            seen_at=seen_since if taken else None,
            ended_at=seen_since if is_ended else None,
            was_pushed=made is not None,
            # Cancelled there, its goods are on the platform's shelf again, and Flourish may still have them.
            is_kept_there=platform_holds and not order.is_released and not order.is_over,
        )
        found[sku] = (*found.get(sku, ()), hold)
    return found


def _allocated(made: RetailOrder | None, skus: Mapping[str, str]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for line in made.lines if made is not None else ():
        sku = sku_key(line.sku or skus.get(line.item_id, ""))
        found[sku] = found.get(sku, _NOTHING) + max(line.allocated, _NOTHING)
    return found


def not_sent(holds: Iterable[Hold], now: datetime) -> tuple[Finding, ...]:
    """Tell of orders that have kept goods back for a day and that Flourish has not got."""
    late = {hold.order: hold.label for hold in holds if not hold.was_pushed and now - hold.placed_at > LONG}
    return tuple(
        Finding(
            "order_not_sent",
            f"The order {label} has kept goods back for more than a day, and Flourish has not got it",
            "Have the shop confirm or cancel it, or see to what keeps it from being sent.",
            cause=order,
        )
        for order, label in sorted(late.items())
    )
