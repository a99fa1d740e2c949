"""Numbers that shoppers are shown, which two orders may share (AQ-12). Pure.

AIQ counts each store's orders by itself unless its setting Randomized Order Number is on. Flourish gets the
number that the shopper knows all the same; what tells orders apart is AIQ's internal id.
"""

from __future__ import annotations

from collections.abc import Iterable

from portal.sync.decisions import Finding
from portal.sync.shopping import ShopOrder


def duplicate(order: ShopOrder, others: Iterable[tuple[str, str]]) -> Finding | None:
    """Say which orders have the number of this one; None where no other has.

    Args:
        order: the order.
        others: internal id and number of orders that are known.
    """
    sharing = sorted({ref for ref, label in others if label == order.label and ref != order.number})
    if not sharing:
        return None
    count = len(sharing)
    return Finding(
        "duplicate_order_number",
        f"The order number {order.label} is that of {count} other {'order' if count == 1 else 'orders'}, too",
        "Switch Randomized Order Number on in AIQ under Order Settings. Both orders are sent: look at the"
        " note in Flourish, which has AIQ's own id, to tell them apart.",
        cause=order.label,
        evidence={"orders": [order.number, *sharing]},
    )
