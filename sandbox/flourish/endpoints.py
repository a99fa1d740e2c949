"""Webhook endpoints as Flourish's screen keeps them: address, signing key, header pairs, events to send."""

from typing import Any

from sandbox import endpoints
from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.store import Body

# The screen's words for what is sent, and the resource that a message names.
EVENTS = {
    "Outbound Order": "order",
    "Inventory": "inventory_summary",
    "Item": "item",
    "Retail Order": "retail_order",
}


def register(office: Office, asked: Body) -> Body:
    """Register an endpoint; one of the same address is replaced.

    Args:
        office: the company.
        asked: `url`; `key`, without which deliveries are not signed; `headers`, an object of texts;
            `events`, names of `EVENTS`, all of them when absent.

    Raises:
        BadValue: a value is not valid.
    """
    url, key = asked.get("url"), asked.get("key")
    if not isinstance(url, str) or not url:
        raise BadValue("'url' is needed, as a text.", "url")
    if key is not None and (not isinstance(key, str) or not key):
        raise BadValue("'key' is a text, or absent.", "key")
    endpoint: Body = {
        "url": endpoints.url(url, "url"),
        "key": key,
        "headers": endpoints.headers(asked.get("headers"), "headers"),
        "events": _events(asked.get("events")),
    }
    office.put("webhook", f"{office.account.world} {url}", endpoint)
    return endpoint


def _events(value: Any) -> list[str]:
    if value is None:
        return list(EVENTS)
    if not isinstance(value, list) or not value or any(each not in list(EVENTS) for each in value):
        raise BadValue(f"'events' is a list of {', '.join(EVENTS)}.", "events")
    return [each for each in EVENTS if each in value]


def remove(office: Office, url: str) -> None:
    """Remove an endpoint.

    Raises:
        Missing: there is none of the address.
    """
    key = f"{office.account.world} {url}"
    office.need("webhook", key)
    office.store.delete(office.kind("webhook"), key)


def wants(endpoint: Body, resource: str) -> bool:
    """Return whether an endpoint is sent messages of a resource; one that names no events is sent all."""
    return any(EVENTS[each] == resource for each in endpoint.get("events", EVENTS))
