"""Flourish's webhooks: the GET object under `data`, signed in lower-case hex with the endpoint's own key."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.flourish.endpoints import wants
from sandbox.flourish.retail.shapes import read as retail_shape
from sandbox.flourish.shapes import item as item_shape
from sandbox.flourish.shapes import order as order_shape
from sandbox.flourish.stock import summary
from sandbox.office import Office
from sandbox.store import Body

SIGNATURE = "Auth-Signature"


def announce_order(office: Office, order: Body, action: str) -> None:
    """Queue the webhook of an outbound order; `action` is create or update."""
    subject = f"order {order['id']} {action} ({order['order_status']})"
    _announce(office, subject, "order", action, lambda: order_shape(office, order))


def announce_retail_order(office: Office, order: Body, action: str) -> None:
    """Queue the webhook of a retail order; `action` is create or update."""
    subject = f"retail order {order['id']} {action} ({order['order_status']})"
    _announce(office, subject, "retail_order", action, lambda: retail_shape(office, order))


def announce_item(office: Office, item: Body, action: str = "update") -> None:
    """Queue the webhook of an item; `action` is create or update."""
    _announce(office, f"item {item['sku']} {action}", "item", action, lambda: item_shape(office, item))


def announce_stock(office: Office, stock: Body) -> None:
    """Queue the webhook of a row of the inventory summary."""
    subject = f"inventory of {stock['sku']}"
    _announce(office, subject, "inventory_summary", "update", lambda: summary(office, stock))


def _announce(
    office: Office, subject: str, resource: str, action: str, data: Callable[[], dict[str, Any]]
) -> None:
    office.announce(
        subject,
        lambda: {"action": action, "resource_type": resource, "data": data()},
        _headers,
        lambda address: wants(address, resource),
    )


def _headers(body: bytes, address: Body) -> Mapping[str, str]:
    """Return the endpoint's own headers and, if it has a signing key, the signature."""
    signature = {SIGNATURE: sign(address["key"], body)} if address["key"] else {}
    return {**address["headers"], **signature}


def sign(key: str, body: bytes) -> str:
    """Return the lower-case hex of the HMAC-SHA256 of the raw body."""
    return hmac.digest(key.encode(), body, "sha256").hex()
