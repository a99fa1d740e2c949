"""LeafLink's webhooks. These are not the REST objects: money is plain text, lines are `orderedproduct_set`.

The shapes follow what outside developers have recorded; LeafLink publishes none.
"""

import base64
import hmac
from collections.abc import Callable
from typing import Any

from sandbox.leaflink.shapes import moment
from sandbox.leaflink.totals import totals
from sandbox.office import Office
from sandbox.store import Body

SIGNATURE = "LL-Signature"
STATE_NAMES = {"CA": "California"}


def webhook_key(office: Office) -> str:
    """Return the company webhook key, which all its webhooks share."""
    return str(
        office.store.setting(f"leaflink.webhook_key.{office.account.world}", office.account.webhook_key)
    )


def announce_order(office: Office, order: Body, action: str) -> None:
    """Queue the webhook of an order; `action` is create or edit."""
    subject = f"order {order['short_id']} {action} ({order['status']})"
    _announce(office, subject, lambda: {"type": "order", "action": action, "data": _order(office, order)})


def announce_product(office: Office, product: Body, action: str = "edit") -> None:
    """Queue the webhook of a product."""
    subject = f"product {product['sku']} {action}"
    _announce(office, subject, lambda: {"type": "product", "action": action, "data": _product(product)})


def _announce(office: Office, subject: str, message: Callable[[], dict[str, Any]]) -> None:
    key = webhook_key(office)
    office.announce(subject, message, lambda body, _address: {SIGNATURE: sign(key, body)})


def sign(key: str, body: bytes) -> str:
    """Return base64 of the HMAC-SHA256 of the raw body."""
    return base64.b64encode(hmac.digest(key.encode(), body, "sha256")).decode()


def _order(office: Office, order: Body) -> dict[str, Any]:
    customer = office.look("customer", order["customer"])
    sums = totals(order)
    reps = [office.look("staff", each["rep"]) for each in order["sales_reps"]]
    return {
        "id": order["id"],
        "number": order["number"],
        "short_id": order["short_id"],
        "external_id_seller": order["external_id_seller"],
        "created_on": moment(order["created_on"]),
        "status": order["status"],
        "manual": order["manual"],
        "discount": order["discount"],
        "discount_amount": str(sums.discount),
        "discount_type": order["discount_type"],
        "tax_amount": order["tax_amount"],
        "tax_type": "%",
        "shipping_charge": order["shipping_charge"],
        "total": str(sums.total),
        "ship_date": moment(order["ship_date"]),
        "notes": order["notes"],
        "internal_notes": order["internal_notes"],
        "paid": order["paid"],
        "is_combination": order["is_combination"],
        "customer": {
            "id": customer["id"],
            "name": customer["name"],
            "license_number": customer["license_number"],
            "state": STATE_NAMES.get(customer["state"], customer["state"]),
            "owner": customer["owner"],
            "partner": customer["partner"],
        },
        "buyer": {"id": order["buyer"], "licenses": [{"number": customer["license_number"]}]},
        "seller": {
            "id": office.account.company_id,
            "name": office.account.company,
            "licenses": [{"number": each["number"]} for each in office.find("license")],
        },
        "sales_reps": [{"id": rep["id"], "user": rep["display_name"], "email": rep["email"]} for rep in reps],
        "external_ids": order["external_ids"],
        "orderedproduct_set": [_line(office, each) for each in order["line_items"]],
    }


def _line(office: Office, line: Body) -> dict[str, Any]:
    product = office.look("product", line["product"])
    return {
        "id": line["id"],
        "product": {
            name: product[name] for name in ("id", "name", "sku", "unit_multiplier", "unit_of_measure")
        },
        "quantity": line["quantity"],
        "unit_multiplier": line["unit_multiplier"],
        "ordered_unit_price": line["ordered_unit_price"],
        "sale_price": line["sale_price"],
        "is_sample": line["is_sample"],
        "batch": line["batch"],
        "notes": line["notes"],
    }


def _product(product: Body) -> dict[str, Any]:
    return {
        "id": product["id"],
        "name": product["name"],
        "sku": product["sku"],
        "modified": moment(product["modified"]),
        "quantity": product["quantity"],
        "reserved_qty": product["reserved_qty"],
        "wholesale_price": product["wholesale_price"],
        "listing_state": product["listing_state"],
        "brand": product["brand"],
        "license": {"number": product["license"]["number"]},
        "parent": product["parent"],
    }
