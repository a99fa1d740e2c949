"""The objects of the API, in the field names of the assumed contract: money as text, eaches as numbers."""

from decimal import Decimal
from typing import Any

from sandbox.money import cents, number
from sandbox.office import Office
from sandbox.ordo.statuses import is_locked
from sandbox.store import Record

TOP = (
    "id", "number", "status", "external_order_id", "payment_term", "net_days", "seller_license_number",
    "sales_rep", "notes", "paid_at", "created_at", "updated_at",
)  # fmt: skip


def plain(_office: Office, body: Record) -> dict[str, Any]:
    """Return a record whose stored fields are the API's."""
    return dict(body)


def item(_office: Office, body: Record) -> dict[str, Any]:
    """Return an item; one that was entered by hand has no external id."""
    return {**body, "sellable_quantity": number(body["sellable_quantity"])}


def order(office: Office, body: Record) -> dict[str, Any]:
    """Return an order. `license_number` is the customer's, `seller_license_number` the organisation's own."""
    customer = office.look("customer", body["customer"])
    return {
        **{name: body[name] for name in TOP},
        "locked": is_locked(body["status"]),
        "license_number": customer["license_number"],
        "customer": {"name": customer["name"], "email": customer["email"]},
        "lines": [_line(office, each) for each in body["lines"]],
        "total": str(total(body)),
    }


def _line(office: Office, each: Record) -> dict[str, Any]:
    found = office.look("item", each["item"])
    return {
        "sku": found["sku"],
        "item_external_id": found["external_id"],
        "name": found["name"],
        "quantity": number(each["quantity"]),
        "unit_price": each["unit_price"],
    }


def total(body: Record) -> Decimal:
    """Return what an order comes to."""
    return sum((line_total(each) for each in body["lines"]), Decimal("0.00"))


def line_total(each: Record) -> Decimal:
    """Return what a line comes to."""
    return cents(Decimal(each["quantity"]) * Decimal(each["unit_price"]))
