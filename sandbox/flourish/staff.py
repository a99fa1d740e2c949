"""What staff do with outbound orders in Flourish's screens: allocate, ship, take payment, give it back."""

import copy
from collections.abc import Callable
from decimal import Decimal

from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.flourish.orders import (
    STAFF_USER,
    cancel,
    readers,
    refuse_allocated,
    refuse_ended,
    save,
)
from sandbox.flourish.seed import padded
from sandbox.flourish.totals import totals
from sandbox.money import cents
from sandbox.office import Office
from sandbox.store import Body

AWAITING, PARTIALLY_PAID, PAID = "Awaiting Payment", "Partially Paid", "Paid"
PARTIALLY_REFUNDED, REFUNDED = "Partially Refunded", "Refunded"

# What staff change of an order that has left, too.
ALWAYS_OPEN = ("payment_term", "invoice_date", "requested_delivery_date")

# Which payment statuses each payment action starts from.
PAYMENTS = {
    "partially-pay": (AWAITING,),
    "pay": (AWAITING, PARTIALLY_PAID),
    "partially-refund": (PARTIALLY_PAID, PAID),
    "refund": (PARTIALLY_PAID, PAID, PARTIALLY_REFUNDED),
}


def partially_allocate(office: Office, order_id: str) -> Body:
    """Allocate half of the first line, rounded up, but never the whole order."""
    order = office.need("order", order_id)
    refuse_ended(order)
    wanted = Decimal(order["order_lines"][0]["order_qty"])
    half = wanted - wanted // 2
    if half == wanted and len(order["order_lines"]) == 1:
        raise BadValue("An order of one each cannot be allocated in part")
    before = copy.deepcopy(order)
    for place, line in enumerate(order["order_lines"]):
        line["allocated_qty"] = "0" if place else str(half)
    order["order_status"] = "Partially Allocated"
    save(office, before, order, STAFF_USER)
    return order


def allocate(office: Office, order_id: str) -> Body:
    """Allocate every line in full; the warehouse always finds the packages."""
    order = office.need("order", order_id)
    refuse_ended(order)
    before = copy.deepcopy(order)
    for line in order["order_lines"]:
        line["allocated_qty"] = line["order_qty"]
    order["order_status"] = "Allocated"
    save(office, before, order, STAFF_USER)
    return order


def ship(office: Office, order_id: str) -> Body:
    """Ship an order that is allocated.

    Raises:
        Missing: there is no such order.
        BadValue: it is not allocated.
    """
    order = office.need("order", order_id)
    refuse_ended(order)
    if order["order_status"] != "Allocated":
        raise BadValue("Order must be allocated before it can be shipped")
    before = copy.deepcopy(order)
    order["order_status"] = "Shipped"
    order["shipment_id"] = padded(office.next_number("shipment"))
    order["shipped_timestamp"] = stamp()
    save(office, before, order, STAFF_USER)
    return order


def unship(office: Office, order_id: str) -> Body:
    """Take back that an order was shipped: the goods are there again, and allocated to it.

    Raises:
        Missing: there is no such order.
        BadValue: it is not shipped.
    """
    order = office.need("order", order_id)
    if order["order_status"] != "Shipped":
        raise BadValue("Order must be shipped before it can be un-shipped")
    before = copy.deepcopy(order)
    order["order_status"] = "Allocated"
    order["shipment_id"] = order["shipped_timestamp"] = None
    save(office, before, order, STAFF_USER)
    return order


def edit(office: Office, order_id: str, fields: Body) -> Body:
    """Change fields of an order, by the names that PUT takes; its term and dates even when it has left.

    Raises:
        Missing: there is no such order.
        BadValue: a field is unknown or not valid, or the order does not allow it any more.
    """
    order = office.need("order", order_id)
    known = readers(office)
    unknown = sorted(fields.keys() - known.keys())
    if unknown:
        raise BadValue(f"Unknown field: {unknown[0]}.", unknown[0])
    if order["order_status"] == "Cancelled" or not set(fields) <= set(ALWAYS_OPEN):
        refuse_ended(order)
        refuse_allocated(order)
    before = copy.deepcopy(order)
    order.update({name: known[name](fields) for name in fields})
    if order != before:
        save(office, before, order, STAFF_USER)
    return order


def complete(office: Office, order_id: str) -> Body:
    """Complete an order that is shipped: it has arrived.

    Raises:
        Missing: there is no such order.
        BadValue: it is not shipped.
    """
    order = office.need("order", order_id)
    if order["order_status"] != "Shipped":
        raise BadValue("Order must be shipped before it can be completed")
    before = copy.deepcopy(order)
    order["order_status"] = "Completed"
    order["delivered_timestamp"] = stamp()
    save(office, before, order, STAFF_USER)
    return order


def _payment(action: str, settle: Callable[[Body], None]) -> Callable[[Office, str], Body]:
    """Return an action that moves money: `settle` changes the order's sums and payment status."""

    def act(office: Office, order_id: str) -> Body:
        order = office.need("order", order_id)
        if action not in _open_payments(order):
            raise BadValue(f"Order is {order['order_status']}, {order['payment_status']}: no {action}")
        before = copy.deepcopy(order)
        settle(order)
        save(office, before, order, STAFF_USER)
        return order

    return act


def _pay(order: Body) -> None:
    order["total_paid"], order["payment_status"] = str(totals(order).total), PAID


def _partially_pay(order: Body) -> None:
    order["total_paid"], order["payment_status"] = str(cents(totals(order).total / 2)), PARTIALLY_PAID


def _refund(order: Body) -> None:
    order["total_refund"], order["payment_status"] = order["total_paid"], REFUNDED


def _partially_refund(order: Body) -> None:
    half = cents(Decimal(order["total_paid"]) / 2)
    order["total_refund"], order["payment_status"] = str(half), PARTIALLY_REFUNDED


STAFF_ACTIONS: dict[str, Callable[[Office, str], Body]] = {
    "partially-allocate": partially_allocate,
    "allocate": allocate,
    "ship": ship,
    "un-ship": unship,
    "complete": complete,
    "cancel": cancel,
    "partially-pay": _payment("partially-pay", _partially_pay),
    "pay": _payment("pay", _pay),
    "partially-refund": _payment("partially-refund", _partially_refund),
    "refund": _payment("refund", _refund),
}


def open_actions(order: Body) -> list[str]:
    """Return what staff can do with an order now."""
    with_goods = {
        "Created": ["partially-allocate", "allocate", "cancel"],
        "Partially Allocated": ["allocate", "cancel"],
        "Allocated": ["ship", "cancel"],
        "Shipped": ["complete", "un-ship"],
    }
    return with_goods.get(order["order_status"], []) + _open_payments(order)


def _open_payments(order: Body) -> list[str]:
    """Return which payments are open; a cancelled order is not paid, but may be given back."""
    found = [action for action, starts in PAYMENTS.items() if order["payment_status"] in starts]
    if order["order_status"] == "Cancelled":
        return [action for action in found if action.endswith("refund")]
    return found
