"""Retail orders: what the API may do with them. Staff's part is beside it, in `staff`.

Two orders may have one original id: nothing of the documentation says that a second one is refused.
"""

import copy
from decimal import Decimal

from sandbox.clock import stamp
from sandbox.errors import BadValue, Missing
from sandbox.flourish import reading, webhooks
from sandbox.flourish.retail import discounts
from sandbox.flourish.retail import reading as retail
from sandbox.flourish.retail.statuses import (
    COMPLETED,
    CREATED,
    EDITABLE,
    ON_THE_WAY,
    OVER,
    PACKED,
    SUBMITTED,
)
from sandbox.flourish.retail.totals import totals
from sandbox.flourish.seed import padded
from sandbox.flourish.stock import settle
from sandbox.money import cents, decimal
from sandbox.office import Office
from sandbox.store import Body, Record

API_USER, STAFF_USER = "api", "budtender"
ORIGINS = ("Flourish", "Online")
AWAITING, PARTIALLY_PAID, PAID = "Awaiting Payment", "Partially Paid", "Paid"
PAYMENT_TYPES = ("Cash", "Manual")
MANUAL_TYPES = ("CanPay",)
# Does an order that is not packed yet lower what is sellable? No source says.
COUNTS = "flourish_submitted_lowers_sellable"
# When and by whom each of these came about.
MARKED = ("submitted", "packed", "delivered", "completed")


def create(
    office: Office, facility_id: str, body: Body, origin: str = "Online", *, with_engine: bool = False
) -> Body:
    """Create an order.

    Args:
        office: the company.
        facility_id: where it is to be filled.
        body: what was sent.
        origin: who makes it; the API, unless given.
        with_engine: whether the shop's own discounts apply by themselves, as version 2 has it.

    Raises:
        BadValue: a field is missing or not valid.
    """
    moment, user = stamp(), API_USER if origin == "Online" else STAFF_USER
    fields = retail.fields(office, body)
    order: Body = {
        # Orders of both kinds count on one series: deliveries name either by its id alone.
        "id": padded(office.next_number("order")),
        "facility_id": facility_id,
        **fields,
        "original_customer_id": fields["customer_id"],
        "order_timestamp": reading.moment(body, "order_timestamp") or moment,
        "order_status": CREATED,
        "order_origin": origin,
        "counts_on_order": bool(office.store.setting(COUNTS, True)),
        "total_paid": retail.paid(body),
        "total_refund": "0",
        "transactions": [],
        **{f"{name}_{part}": None for name in MARKED for part in ("timestamp", "by")},
        "created_by": user,
        "created_timestamp": moment,
    }
    if with_engine:
        order["applied_discounts"] += discounts.by_themselves(office, order)
    if retail.first_status(body) == SUBMITTED:
        mark(order, "submitted", user)
        order["order_status"] = SUBMITTED
    save(office, None, order, user)
    return order


def replace(office: Office, facility_id: str, key: str, body: Body) -> Body:
    """Replace what an order says, all of it; only until it is packed, and never its status.

    Raises:
        Missing: the facility has no such order.
        BadValue: the order's status or a field does not allow it.
    """
    order = need(office, key, facility_id)
    if order["order_status"] not in EDITABLE:
        raise BadValue(f"Order cannot be edited: it is {order['order_status']}")
    asked = (reading.text(body, "order_status") or order["order_status"]).lower()
    if asked != order["order_status"].lower():
        raise BadValue("order_status cannot be changed")
    before = copy.deepcopy(order)
    order |= retail.fields(office, body)
    if body.get("total_paid") is not None:
        order["total_paid"] = retail.paid(body)
    save(office, before, order)
    return order


def pay(office: Office, key: str, body: Body) -> Body:
    """Take a payment; an order that is packed and paid may be completed by it.

    Raises:
        Missing: there is no such order.
        BadValue: it is over, or a field is not valid.
    """
    order = need(office, key)
    if order["order_status"] in OVER:
        raise BadValue(f"Order cannot be paid: it is {order['order_status']}")
    kind = reading.text(body, "payment_type", needed=True)
    if kind not in PAYMENT_TYPES:
        raise BadValue(f"payment_type must be one of {', '.join(PAYMENT_TYPES)}")
    if kind == "Manual" and body.get("manual_payment_type") not in MANUAL_TYPES:
        raise BadValue(f"manual_payment_type must be one of {', '.join(MANUAL_TYPES)}")
    amount = cents(decimal(body.get("amount"), "amount", Decimal("0.01")))
    before = copy.deepcopy(order)
    take(office, order, amount, kind or "", reading.text(body, "reference_id") or "", API_USER)
    if body.get("automatic_complete") is True and order["order_status"] in (PACKED, ON_THE_WAY):
        complete_when_paid(order, API_USER)
    save(office, before, order)
    return order


def take(office: Office, order: Body, amount: Decimal, kind: str, reference: str, user: str) -> None:
    """Put a payment on an order; what is more than it costs is change that is given back."""
    left = max(totals(order).total - Decimal(order["total_paid"]), Decimal(0))
    kept = min(amount, left)
    order["total_paid"] = str(Decimal(order["total_paid"]) + kept)
    order["transactions"].append({
        "transaction_id": office.next_number("transaction"), "amount": str(kept), "payment_type": kind,
        "change_given": str(amount - kept), "amount_going_in": str(amount), "reference_id": reference,
        "created_by": user, "created_timestamp": stamp(),
    })  # fmt: skip


def payment_status(order: Record) -> str:
    """Return how far an order is paid."""
    paid, total = Decimal(order["total_paid"]), totals(order).total
    if Decimal(order["total_refund"]):
        return "Refunded" if order["total_refund"] == order["total_paid"] else "Partially Refunded"
    if paid >= total:
        return PAID
    return PARTIALLY_PAID if paid else AWAITING


def complete_when_paid(order: Body, user: str) -> None:
    """Complete an order if it is paid: the goods have left the shop."""
    if payment_status(order) == PAID:
        order["order_status"] = COMPLETED
        mark(order, "completed", user)


def mark(order: Body, what: str, user: str | None) -> None:
    """Note when and by whom something came about; without a user it no longer has."""
    order[f"{what}_timestamp"], order[f"{what}_by"] = (stamp(), user) if user else (None, None)


def need(office: Office, key: str, facility_id: str = "") -> Body:
    """Return an order, of a facility if one is named.

    Raises:
        Missing: there is none.
    """
    order = office.get("retail_order", key)
    if order is None or (facility_id and order["facility_id"] != facility_id):
        raise Missing("Order not found")
    return order


def save(office: Office, before: Body | None, order: Body, user: str = API_USER) -> None:
    """Keep a changed order: record, stock, webhooks.

    Args:
        office: the company.
        before: the order as it was, or None when it is new.
        order: as it is to be.
        user: who did it.
    """
    order["last_updated_by"] = user
    order["last_updated_timestamp"] = stamp()
    order["payment_status"] = payment_status(order)
    changed = settle(office, before, order)
    office.put("retail_order", order["id"], order)
    webhooks.announce_retail_order(office, order, "create" if before is None else "update")
    for stock in changed:
        webhooks.announce_stock(office, stock)
