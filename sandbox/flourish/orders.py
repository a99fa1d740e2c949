"""Outbound orders: what the API may do with them, and what staff do."""

import copy
from collections.abc import Callable
from decimal import Decimal

from sandbox.clock import stamp
from sandbox.errors import BadValue, Missing
from sandbox.flourish import reading, webhooks
from sandbox.flourish.seed import padded
from sandbox.flourish.stock import settle
from sandbox.office import Office
from sandbox.store import Body, equal, none_of

API_USER = "api"
STAFF_USER = "warehouse"
# The setting by which a cancelled order leaves its original id to another.
LIVE = "live"
ENDED = {
    "Shipped": "Order has already been shipped",
    "Completed": "Order has already been completed",
    "Cancelled": "Order has already been cancelled",
}
REF_FIELDS = tuple(f"ref_field_{number}" for number in range(1, 6))


# Who made an order, as the list filters it.
ORIGINS = ("Flourish", "Online", "Cultivate", "Leaflink", "Order Management System")


def create(office: Office, facility_id: str, body: Body, origin: str = "Online") -> Body:
    """Create an order from the fields that POST takes; a payment term or date is left unread, as in Flourish.

    Args:
        office: the company.
        facility_id: where it is to be filled.
        body: what was sent.
        origin: who makes it; the API, unless given.

    Raises:
        BadValue: a field is missing or not valid.
    """
    original = reading.text(body, "original_order_id")
    if original:
        _refuse_second(office, original)
    moment = stamp()
    order: Body = {
        "id": padded(office.next_number("order")),
        "facility_id": facility_id,
        "original_order_id": original or "",
        "order_timestamp": reading.moment(body, "order_timestamp") or moment,
        "invoice_date": reading.day(body, "invoice_date"),
        "requested_delivery_date": None,
        "pretax_discounts": bool(body.get("pretax_discounts", False)),
        "charges": reading.amounts(office, body, "charges"),
        "discounts": reading.amounts(office, body, "discounts"),
        "notes": reading.notes(office, body),
        "order_lines": reading.lines(office, body),
        "sales_rep_id": reading.sales_rep(office, body),
        "destination_id": reading.destination(office, body)["id"],
        "contact": reading.contact(body),
        "distributor": None,
        "payment_term": None,
        **dict.fromkeys(REF_FIELDS),
        "order_status": "Created",
        "payment_status": "Awaiting Payment",
        "origin_type": origin,
        "is_approved": True,
        "total_paid": "0",
        "total_refund": "0",
        "shipment_id": None,
        "shipped_timestamp": None,
        "delivered_timestamp": None,
        "created_by": API_USER,
        "last_updated_by": API_USER,
        "created_timestamp": moment,
        "last_updated_timestamp": moment,
    }
    facility = office.look("facility", facility_id)
    if facility["sales_rep_required_for_outbound"] and order["sales_rep_id"] is None:
        raise BadValue("sales_rep is required for outbound orders of this facility")
    save(office, None, order)
    return order


def _refuse_second(office: Office, original: str) -> None:
    """Refuse a second order of one original id, if that is set: of any order, or of one that lives."""
    refusing = office.store.setting("refuse_duplicate_original_order_id", False)
    if not refusing:
        return
    live = [none_of("$.order_status", ("Cancelled",))] if refusing == LIVE else []
    present = office.first("order", equal("$.original_order_id", original), *live)
    if present is not None:
        raise BadValue(f"original_order_id already exists on order {present['id']}")


def update(office: Office, facility_id: str, order_id: str, body: Body) -> Body:
    """Change an order by the fields that PUT takes; those that are absent stay.

    Only while nothing is allocated; only order_status "Cancelled" may be sent, and frees what is allocated.

    Raises:
        Missing: the facility has no such order.
        BadValue: the order's status or a field does not allow it.
    """
    order = office.need("order", order_id)
    if order["facility_id"] != facility_id:
        raise Missing("Order not found")
    refuse_ended(order)
    if body.get("order_status") == "Cancelled":
        return cancel(office, order_id, API_USER)
    if body.get("order_status") not in (None, order["order_status"]):
        raise BadValue("order_status can only be changed to Cancelled")
    refuse_allocated(order)
    _refuse_moved(office, order, body)
    before = copy.deepcopy(order)
    for name, read in readers(office).items():
        if name in body:
            order[name] = read(body)
    save(office, before, order)
    return order


def readers(office: Office) -> dict[str, Callable[[Body], object]]:
    """Return what reads each field that may change, out of a body that has it."""
    return {
        "original_order_id": lambda body: reading.text(body, "original_order_id") or "",
        "order_timestamp": lambda body: reading.moment(body, "order_timestamp") or stamp(),
        "invoice_date": lambda body: reading.day(body, "invoice_date"),
        "requested_delivery_date": lambda body: reading.day(body, "requested_delivery_date"),
        "pretax_discounts": lambda body: bool(body["pretax_discounts"]),
        "charges": lambda body: reading.amounts(office, body, "charges"),
        "discounts": lambda body: reading.amounts(office, body, "discounts"),
        "notes": lambda body: reading.notes(office, body),
        "order_lines": lambda body: reading.lines(office, body),
        "payment_term": lambda body: _term(office, body),
        **{name: _text_reader(name) for name in REF_FIELDS},
    }


def _text_reader(name: str) -> Callable[[Body], object]:
    return lambda body: reading.text(body, name)


def _term(office: Office, body: Body) -> str | None:
    name = reading.text(body, "payment_term")
    if name and office.first("term", equal("$.order_payment_term", name)) is None:
        raise BadValue(f"Payment term not found: {name}")
    return name or None


def _refuse_moved(office: Office, order: Body, body: Body) -> None:
    if body.get("destination"):
        sent = body["destination"]
        same = isinstance(sent, dict) and sent.get("id", order["destination_id"]) == order["destination_id"]
        if not same:
            raise BadValue("Destination cannot be edited")
    if body.get("sales_rep") and reading.sales_rep(office, body) != order["sales_rep_id"]:
        raise BadValue("Sales rep cannot be edited")


def refuse_ended(order: Body) -> None:
    """Refuse to change an order that is shipped, completed or cancelled."""
    if order["order_status"] in ENDED:
        raise BadValue(ENDED[order["order_status"]])


def refuse_allocated(order: Body) -> None:
    """Refuse to change an order while packages are allocated to it."""
    if any(Decimal(line["allocated_qty"]) for line in order["order_lines"]):
        raise BadValue("Order cannot be edited because it has allocated packages")


def cancel(office: Office, order_id: str, user: str = STAFF_USER) -> Body:
    """Cancel an order that has not left, and free what is allocated to it.

    Raises:
        Missing: there is no such order.
        BadValue: it is shipped, completed or cancelled.
    """
    order = office.need("order", order_id)
    refuse_ended(order)
    before = copy.deepcopy(order)
    for line in order["order_lines"]:
        line["allocated_qty"] = "0"
    order["order_status"] = "Cancelled"
    save(office, before, order, user)
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
    changed = settle(office, before, order)
    office.put("order", order["id"], order)
    webhooks.announce_order(office, order, "create" if before is None else "update")
    for stock in changed:
        webhooks.announce_stock(office, stock)
