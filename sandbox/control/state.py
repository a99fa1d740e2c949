"""Everything that the platforms hold, of all companies, in the platforms' own field names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sandbox.aiq.shapes
import sandbox.flourish.retail.discounts
import sandbox.flourish.retail.shapes
import sandbox.flourish.shapes
import sandbox.leaflink.shapes
import sandbox.ordo.shapes
from sandbox.accounts import AIQ, FLOURISH, LEAFLINK, ORDO, WORLDS
from sandbox.control.leaflink import shown_order
from sandbox.errors import BadValue
from sandbox.leaflink import inventory
from sandbox.leaflink.webhooks import webhook_key
from sandbox.office import Office
from sandbox.simulation import Simulation
from sandbox.store import Body


@dataclass(frozen=True)
class Listed:
    """A list: of which records, and how each is shown."""

    kind: str
    show: Callable[[Office, Any], Body]


def webhook(office: Office, registered: Body) -> Body:
    """Return a webhook of a LeafLink company with the company's key."""
    return {"url": registered["url"], "key": webhook_key(office), "headers": registered["headers"]}


LISTS: dict[str, dict[str, Listed]] = {
    LEAFLINK: {
        "orders": Listed("order", shown_order),
        "products": Listed("product", sandbox.leaflink.shapes.product),
        "inventory_items": Listed("inventory_item", lambda _office, each: inventory.shown(each)),
        "customers": Listed("customer", sandbox.leaflink.shapes.dated),
        "webhooks": Listed("webhook", webhook),
    },
    FLOURISH: {
        "orders": Listed("order", sandbox.flourish.shapes.order),
        "items": Listed("item", sandbox.flourish.shapes.item),
        "destinations": Listed("destination", sandbox.flourish.shapes.destination),
        "retail_orders": Listed("retail_order", sandbox.flourish.retail.shapes.listed),
        "customers": Listed("customer", sandbox.flourish.shapes.plain),
        "discounts": Listed("discount", sandbox.flourish.retail.discounts.shown),
        "webhooks": Listed("webhook", lambda _office, each: dict(each)),
    },
    ORDO: {
        "orders": Listed("order", sandbox.ordo.shapes.order),
        "items": Listed("item", sandbox.ordo.shapes.item),
        "brands": Listed("brand", sandbox.ordo.shapes.plain),
        "licenses": Listed("license", sandbox.ordo.shapes.plain),
    },
    AIQ: {
        "orders": Listed("order", sandbox.aiq.shapes.order),
        "products": Listed("product", sandbox.aiq.shapes.product),
        "offers": Listed("offer", sandbox.aiq.shapes.offer),
        "venues": Listed("venue", sandbox.aiq.shapes.plain),
        "categories": Listed("category", sandbox.aiq.shapes.plain),
        "webhooks": Listed("webhook", lambda _office, each: dict(each)),
    },
}
_NAMES = {name for lists in LISTS.values() for name in lists}


def state(simulation: Simulation, only: str = "") -> Body:
    """Return every list, by platform and name, each record marked with its company.

    Args:
        simulation: whose.
        only: lists of this name alone, since all of them take long to write; empty for all.

    Raises:
        BadValue: no list has this name.
    """
    if only and only not in _NAMES:
        raise BadValue(f"'of' is one of {', '.join(sorted(_NAMES))}.", "of")
    return {
        platform: {
            name: [
                listed.show(office, each) | {"company": world}
                for world in WORLDS
                for office in [simulation.office(platform, world)]
                for each in office.find(listed.kind)
            ]
            for name, listed in lists.items()
            if not only or name == only
        }
        for platform, lists in LISTS.items()
    }
