"""The objects of the REST API, in the field names and the mixed types of LeafLink's own examples."""

from collections.abc import Collection
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.clock import parse
from sandbox.leaflink.statuses import moves_from
from sandbox.leaflink.stock import quantity
from sandbox.leaflink.terms import OFFERED, option, term
from sandbox.leaflink.totals import line_total, totals
from sandbox.money import number
from sandbox.office import Office
from sandbox.store import Record

CURRENCY = "USD"
ZONE = ZoneInfo("America/Denver")
TERM_SHAPES = 4

ORDER_CHILDREN = ("line_items", "customer", "sales_reps")
KEPT_INSIDE = ("term", "method", "line_items", "sales_reps", "customer", "announced", "id")


def moment(stored: str | None) -> str | None:
    """Return a stored moment with LeafLink's own offset, which is not UTC."""
    return parse(stored).astimezone(ZONE).isoformat() if stored else None


def money(amount: str | Decimal, *, as_text: bool) -> dict[str, Any]:
    """Return a money object; its amount is text or number, both of which are seen."""
    return {"amount": str(amount) if as_text else number(amount), "currency": CURRENCY}


def is_odd(order: Record) -> bool:
    """Return whether an order is one of those whose amounts are text."""
    return int(order["number"][-1], 16) % 2 == 1


def order(office: Office, body: Record, children: Collection[str] = ()) -> dict[str, Any]:
    """Return an order as the API shows it.

    Args:
        office: the seller.
        body: the stored order.
        children: which of `ORDER_CHILDREN` to include in full.
    """
    text = is_odd(body)
    sums = totals(body)
    customer = office.look("customer", body["customer"])
    shown = {name: value for name, value in body.items() if name not in KEPT_INSIDE}
    shown |= {
        "created_on": moment(body["created_on"]),
        "modified": moment(body["modified"]),
        "ship_date": moment(body["ship_date"]),
        "payment_due_date": moment(body["payment_due_date"]),
        "seller": office.account.company_id,
        "customer": _customer(customer) if "customer" in children else _light_customer(customer),
        "discount": number(body["discount"]),
        "tax_amount": number(body["tax_amount"]),
        "tax_type": "%",
        "final_tax": str(sums.tax),
        "shipping_charge": money(body["shipping_charge"], as_text=text),
        "total": money(sums.total, as_text=text),
        "payment_balance": 0 if body["paid"] else number(sums.total),
        "available_transitions": [move.end.lower() for move in moves_from(body["status"])],
        "has_special_requests": bool(body["notes"]),
        "order_number": body["number"],
        "order_seller_number": body["external_id_seller"] or body["short_id"],
        "order_buyer_number": body["external_id_buyer"] or body["short_id"],
        "order_short_number": body["short_id"],
        "sales_reps": [
            _rep(office, each["rep"], full="sales_reps" in children) for each in body["sales_reps"]
        ],
        "corporate_address": _address(customer),
        "delivery_address": _address(customer),
        **_payment(body),
    }
    if "line_items" in children:
        shown["line_items"] = [line(body, each) for each in body["line_items"]]
    return shown


def _payment(body: Record) -> dict[str, Any]:
    """Return term and option in a shape that was seen: words, code, null beside an option, an object."""
    chosen = term(body["term"])
    selected = option(body["term"], body["method"], body["id"])
    payment_term: Any = None
    shape = int(body["number"][-2], 16) % TERM_SHAPES
    if chosen is not None and selected is not None:
        payment_term = (chosen.words, chosen.code, None, selected["payment_term"])[shape]
    return {
        "payment_term": payment_term,
        "payment_methods": ["Cash", "Check"],
        "available_payment_options": [option(each.code, 1, 1000 + each.id) for each in OFFERED],
        "selected_payment_option": None if shape == 0 and is_odd(body) else selected,
    }


def line(body: Record, each: Record, product: Record | None = None) -> dict[str, Any]:
    """Return a line; `product` is its id unless the product is given, to stand in its place."""
    text = is_odd(body)
    multiplier = each["unit_multiplier"] or 1
    return {
        **each,
        "order": body["number"],
        "order_id": body["number"],
        "product": each["product"] if product is None else product,
        "ordered_unit_price": money(each["ordered_unit_price"], as_text=text),
        "sale_price": money(each["sale_price"], as_text=text),
        "bulk_units": number(Decimal(each["quantity"]) / multiplier),
        "on_sale": Decimal(each["sale_price"]) > 0,
        "sold_by_case": multiplier > 1,
        "facility": None,
        "hide_batch": False,
    }


def product(_office: Office, body: Record) -> dict[str, Any]:
    """Return a product; `available_inventory` is what is there less what is reserved."""
    text = body["id"] % 2 == 1
    available = Decimal(body["quantity"]) - Decimal(body["reserved_qty"])
    prices = {
        name: money(body[name], as_text=text) for name in ("retail_price", "wholesale_price", "sale_price")
    }
    return {
        **body,
        **prices,
        "price_schedule_price": prices["wholesale_price"],
        "available_inventory": quantity(available) if text else number(available),
        "created_on": moment(body["created_on"]),
        "modified": moment(body["modified"]),
        "last_edit": moment(body["last_edit"]),
    }


def dated(_office: Office, body: Record) -> dict[str, Any]:
    """Return a record whose stored fields are the API's, with its moments in LeafLink's zone."""
    moments: dict[str, Any] = {
        name: moment(body[name]) for name in ("created_on", "modified", "timestamp") if name in body
    }
    return {**body, **moments}


def _light_customer(customer: Record) -> dict[str, Any]:
    return {
        "id": customer["id"],
        "display_name": customer["name"],
        "ext_acct_id": customer["ext_acct_id"],
        "delinquent": customer["delinquent"],
    }


def _customer(customer: Record) -> dict[str, Any]:
    return {**_light_customer(customer), **customer, "modified": moment(customer["modified"])}


def _rep(office: Office, staff_id: int, *, full: bool) -> dict[str, Any]:
    """Return a rep as an order names it: by full name, without an e-mail even when included in full."""
    staff = office.look("staff", staff_id)
    shown = {"id": staff["id"], "user": staff["display_name"]}
    return {**shown, "company": staff["company"]} if full else shown


def _address(customer: Record) -> dict[str, Any]:
    return {name: customer[name] for name in ("address", "city", "state", "unit_number", "zipcode")}


def line_sum(body: Record) -> list[Decimal]:
    """Return each line's total, for a page."""
    return [line_total(each) for each in body["line_items"]]
