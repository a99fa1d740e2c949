"""What a shop's staff do with retail orders in Flourish's screens.

| status | what staff can do |
|---|---|
| Created | approve, pack, cancel |
| Submitted | pack, cancel |
| Packed | unpack, cancel; a delivery: route; else: complete |
| Out for Delivery | deliver, undeliverable, complete, cancel |
| Undeliverable | repack, cancel |

Cancelled and Completed are final. Nothing but a delivery takes a route, and it is packed before (Flourish's
help on retail delivery).
"""

import copy
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from sandbox.errors import BadValue
from sandbox.flourish.retail.orders import STAFF_USER, complete_when_paid, mark, need, save, take
from sandbox.flourish.retail.reading import DELIVERY
from sandbox.flourish.retail.statuses import (
    CANCELLED,
    COMPLETED,
    CREATED,
    ON_THE_WAY,
    PACKED,
    SUBMITTED,
    UNDELIVERABLE,
)
from sandbox.flourish.retail.totals import totals
from sandbox.office import Office
from sandbox.store import Body, Record

Do = Callable[[Office, Body], None]


class Step(NamedTuple):
    """Something that staff can do.

    Args:
        starts: from which statuses.
        do: changes the order.
        deliveries: whether it is for deliveries alone (True), for all others alone (False), or for both.
    """

    starts: tuple[str, ...]
    do: Do
    deliveries: bool | None = None


def _approve(_office: Office, order: Body) -> None:
    order["needs_review"] = False
    order["order_status"] = SUBMITTED
    mark(order, "submitted", STAFF_USER)


def _pack(_office: Office, order: Body) -> None:
    """Take the packages off the shelf: they are the order's from here on."""
    for line in order["order_lines"]:
        line["allocated_qty"] = line["order_qty"]
    order["needs_review"] = False
    order["order_status"] = PACKED
    mark(order, "packed", STAFF_USER)


def _unpack(_office: Office, order: Body) -> None:
    for line in order["order_lines"]:
        line["allocated_qty"] = "0"
    order["order_status"] = SUBMITTED
    mark(order, "packed", None)


def _route(_office: Office, order: Body) -> None:
    order["order_status"] = ON_THE_WAY


def _undeliverable(_office: Office, order: Body) -> None:
    """Bring the goods back: they stay the order's until it is cancelled."""
    order["order_status"] = UNDELIVERABLE
    mark(order, "delivered", None)


def _deliver(_office: Office, order: Body) -> None:
    """Hand the goods over at the door; an order that is paid is over by that."""
    mark(order, "delivered", STAFF_USER)
    complete_when_paid(order, STAFF_USER)


def _complete(office: Office, order: Body) -> None:
    """Take in cash what is still open, and complete the order."""
    left = totals(order).total - Decimal(order["total_paid"])
    if left > 0:
        take(office, order, left, "Cash", "", STAFF_USER)
    if order["order_status"] == ON_THE_WAY and order["delivered_timestamp"] is None:
        mark(order, "delivered", STAFF_USER)
    order["order_status"] = COMPLETED
    mark(order, "completed", STAFF_USER)


def _cancel(_office: Office, order: Body) -> None:
    """Cancel: what is allocated is free again, and what was paid is given back."""
    for line in order["order_lines"]:
        line["allocated_qty"] = "0"
    order["total_refund"] = order["total_paid"]
    order["order_status"] = CANCELLED


RETAIL_ACTIONS: dict[str, Step] = {
    "approve": Step((CREATED,), _approve),
    "pack": Step((CREATED, SUBMITTED), _pack),
    "unpack": Step((PACKED,), _unpack),
    "route": Step((PACKED,), _route, deliveries=True),
    "deliver": Step((ON_THE_WAY,), _deliver, deliveries=True),
    "undeliverable": Step((ON_THE_WAY,), _undeliverable, deliveries=True),
    "repack": Step((UNDELIVERABLE,), _pack, deliveries=True),
    "complete": Step((PACKED, ON_THE_WAY), _complete),
    "cancel": Step((CREATED, SUBMITTED, PACKED, ON_THE_WAY, UNDELIVERABLE), _cancel),
}


def open_actions(order: Record) -> list[str]:
    """Return what staff can do with an order now."""
    return [name for name, step in RETAIL_ACTIONS.items() if _is_open(name, step, order)]


def _is_open(name: str, step: Step, order: Record) -> bool:
    is_delivery = order["fulfillment_type"] == DELIVERY
    if order["order_status"] not in step.starts or step.deliveries not in (None, is_delivery):
        return False
    # A delivery leaves the shop before it is completed.
    return not (name == "complete" and is_delivery and order["order_status"] == PACKED)


def act(office: Office, key: str, action: str) -> Body:
    """Do one of `RETAIL_ACTIONS` with an order.

    Raises:
        Missing: there is no such order.
        BadValue: it cannot be done now.
    """
    order = need(office, key)
    if action not in open_actions(order):
        kind = order["fulfillment_type"].lower()
        raise BadValue(f"A {kind} order that is {order['order_status']} cannot be given a {action}.")
    before = copy.deepcopy(order)
    RETAIL_ACTIONS[action].do(office, order)
    save(office, before, order, STAFF_USER)
    return order
