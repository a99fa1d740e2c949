"""AIQ's webhooks: an event's id, type, data and moment. Nothing signs them, and no secret is known.

Whoever listens has an address that nobody can guess, and asks for the order again.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from sandbox import endpoints
from sandbox.aiq import shapes
from sandbox.aiq.statuses import CANCELLED, CLOSED, CONFIRMED, ON_ITS_WAY, READY
from sandbox.aiq.venues import standing
from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.store import Body

CREATED, UPDATED = "ORDER_CREATED", "ORDER_UPDATED"
BY_STATUS = {
    CONFIRMED: "ORDER_CONFIRMED",
    READY: "ORDER_READY_FOR_PICKUP",
    ON_ITS_WAY: "ORDER_OUT_FOR_DELIVERY",
    CLOSED: "ORDER_CLOSED",
    CANCELLED: "ORDER_CANCELLED",
}
ORDER_EVENTS = (CREATED, UPDATED, *BY_STATUS.values())
PRODUCT_CREATED, PRODUCT_UPDATED = "PRODUCT_CREATED", "PRODUCT_UPDATED"
EVENTS = (*ORDER_EVENTS, PRODUCT_CREATED, PRODUCT_UPDATED)


def register(office: Office, asked: Body) -> Body:
    """Register an address; the same one again takes the place of what it was.

    Args:
        office: the organisation.
        asked: `url`; `events`, those of orders when absent; `venues`, ids, all of them when absent.

    Raises:
        BadValue: a value is not valid.
        Missing: there is no such venue.
    """
    url, events, keys = asked.get("url"), asked.get("events"), asked.get("venues")
    if not isinstance(url, str) or not url:
        raise BadValue("'url' is needed, as a text.", "url")
    events = list(ORDER_EVENTS) if events is None else events
    if not isinstance(events, list) or not events or any(each not in EVENTS for each in events):
        raise BadValue(f"'events' is a list of {', '.join(EVENTS)}.", "events")
    keys = [each["id"] for each in office.find("venue")] if keys is None else keys
    if not isinstance(keys, list) or not keys:
        raise BadValue("'venues' is a list of at least one id.", "venues")
    webhook: Body = {
        "url": endpoints.url(url, "url"),
        "events": list(events),
        "venues": [standing(office, key)["id"] for key in keys],
    }
    office.put("webhook", f"{office.account.world} {url}", webhook)
    return webhook


def announce_order(office: Office, order: Body, event: str) -> None:
    """Queue the event of an order."""
    subject = f"order {order['orderId']} {event} ({order['status']})"
    _announce(office, subject, event, order["venue"], lambda: shapes.order(office, order))


def announce_product(office: Office, product: Body, *, is_new: bool) -> None:
    """Queue the event of a product that was written."""
    event = PRODUCT_CREATED if is_new else PRODUCT_UPDATED
    subject = f"product {product['sku']} {event}"
    _announce(office, subject, event, product["venue"], lambda: shapes.product(office, product))


def _announce(
    office: Office, subject: str, event: str, venue: str, data: Callable[[], dict[str, Any]]
) -> None:
    office.announce(
        subject,
        lambda: {"id": str(uuid4()), "type": event, "data": data(), "created": stamp()},
        _unsigned,
        lambda address: event in address["events"] and venue in address["venues"],
    )


def _unsigned(_body: bytes, _address: Body) -> Mapping[str, str]:
    return {}
