"""What a caller sends of a retail order, read field by field. The sentences of refusals are assumed."""

from decimal import Decimal
from typing import Any

from sandbox.errors import BadValue
from sandbox.flourish import customers, reading
from sandbox.flourish.retail import discounts
from sandbox.money import cents, decimal
from sandbox.office import Office
from sandbox.store import Body, Record

DELIVERY = "Delivery"
# As they are sent, and as they are shown and filtered.
FULFILMENT = {"delivery": DELIVERY, "in-store": "In-Store", "pickup": "Pickup"}
FIRST = {"created": "Created", "submitted": "Submitted"}
FLAGS = ("is_backorder", "is_preorder", "is_replacement", "is_recreational")
TEXTS = ("notes", "delivery_contact_no", "delivery_text_contact_no", "delivery_email")
MOMENTS = ("expected_delivery_timestamp", "expected_pickup_timestamp")


def fulfilment(body: Body) -> str:
    """Return how the goods come to the customer, in the word that is shown.

    Raises:
        BadValue: it is missing or unknown.
    """
    sent = reading.text(body, "fulfillment_type", needed=True) or ""
    if sent not in FULFILMENT:
        raise BadValue(f"fulfillment_type must be one of {', '.join(FULFILMENT)}")
    return FULFILMENT[sent]


def first_status(body: Body) -> str:
    """Return the status that an order begins with."""
    sent = reading.text(body, "order_status") or "created"
    if sent not in FIRST:
        raise BadValue(f"order_status must be one of {', '.join(FIRST)}")
    return FIRST[sent]


def fields(office: Office, body: Body) -> Body:
    """Return what an order says, as creating and replacing it take it.

    Raises:
        BadValue: a field is missing or not valid.
    """
    customer = buyer(office, body)
    how = fulfilment(body)
    lines = _lines(office, body)
    return {
        "customer_id": customer["id"],
        "original_order_id": reading.text(body, "original_order_id") or "",
        "fulfillment_type": how,
        **{name: _flag(body, name) for name in FLAGS},
        "needs_review": not _flag(body, "is_approved", default=True),
        **{name: reading.text(body, name) or None for name in TEXTS},
        **{name: reading.moment(body, name) for name in MOMENTS},
        "delivery_fee": _money(body, "delivery_fee"),
        "delivery_address_id": _address(office, customer, how, body),
        "order_lines": lines,
        "applied_discounts": discounts.applied(office, body, lines),
    }


def buyer(office: Office, body: Body) -> Body:
    """Return the customer that an order names.

    Raises:
        BadValue: there is none, or they are inactive or banned.
    """
    key = reading.text(body, "customer_id", needed=True)
    customer = office.get("customer", key)
    if customer is None:
        raise BadValue(f"Customer not found: {key}")
    if not customer["is_active"]:
        raise BadValue(f"Customer is not active: {key}")
    if customer["customer_disciplinary_status"] == customers.BANNED:
        raise BadValue(f"Customer is banned: {key}")
    return customer


def _lines(office: Office, body: Body) -> list[Body]:
    found = reading.lines(office, body)
    for line in found:
        line["sku"] = office.look("item", line["item_id"])["sku"]
    return found


def _flag(body: Body, name: str, *, default: bool = False) -> bool:
    value: Any = body.get(name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadValue(f"{name} must be a boolean")
    return value


def _money(body: Body, name: str) -> str:
    try:
        return str(cents(decimal(body.get(name) or 0, name, Decimal(0))))
    except BadValue as error:
        raise BadValue(f"{name} must be a number not below 0") from error


def paid(body: Body) -> str:
    """Return what was paid before the order came."""
    return _money(body, "total_paid")


def _address(office: Office, customer: Record, how: str, body: Body) -> int | None:
    """Return the id of the customer's address that a delivery goes to; a new one becomes the customer's."""
    if how != DELIVERY:
        return None
    key, sent = body.get("delivery_address_id"), body.get("delivery_address")
    if key is not None:
        if key not in [each["id"] for each in customer["address"]]:
            raise BadValue(f"delivery_address_id is no address of the customer: {key}")
        return int(key)
    if not isinstance(sent, dict) or not sent:
        raise BadValue("delivery_address is required for delivery orders")
    for name in ("address_line_1", "city", "state", "postcode"):
        reading.text(sent, name, needed=True)
    return customers.add_address(office, customer["id"], sent)
