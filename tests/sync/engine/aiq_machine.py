"""The same stories of a shop on which people buy (see machine)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.sync.engine.aiq_world import OTHER, SKU, aiq_line, aiq_order
from tests.sync.engine.machine import Trellis

BOB = {"firstName": "Bob", "lastName": "Lane", "email": "bob@lane.example", "phone": "(415) 555-0199"}
FERN = {"street": "12 Fern Court", "city": "Oakland", "administrativeArea": "CA", "postalCode": "94601"}
# Two of them are of one person whom Flourish does not know, and one of somebody else.
KINDS_OF_ORDER: tuple[dict[str, Any], ...] = (
    {},
    {"pickUpType": "DELIVERY", "deliveryAddress": FERN},
    {**BOB, "medicalId": "MMJ-9"},
    {"items": [aiq_line(SKU), aiq_line(OTHER)], "total": Decimal(43)},
    {"items": [aiq_line("GONE")]},
    {"status": "PENDING"},
)

# What the store and its shoppers do in AIQ, and staff in Flourish.
BY_PEOPLE = {
    "PENDING": ("CONFIRMED", "CANCELLED"),
    "CONFIRMED": ("CHECKED_IN", "CANCELLED"),
    "READY_FOR_PICKUP": ("CHECKED_IN", "CANCELLED"),
}
BY_STAFF = {
    "Submitted": ("Packed", "Cancelled"),
    "Packed": ("Submitted", "Out for Delivery", "Completed"),
    "Out for Delivery": ("Undeliverable", "Completed"),
    "Undeliverable": ("Out for Delivery", "Cancelled"),
}


class TrellisOnAiq(Trellis):
    """One story."""

    kinds_of_order = KINDS_OF_ORDER
    by_people = BY_PEOPLE
    edited_while = ("PENDING",)
    by_staff = BY_STAFF
    edited_there_while = "Submitted"
    writes = (
        *("leaflink.move", "leaflink.tell"),
        *("flourish.create_customer", "flourish.create_order"),
    )

    def place(self, number, kind):
        return aiq_order(number, orderId=f"O{number}", **kind)

    def line(self, sku, eaches):
        return aiq_order(items=[aiq_line(sku, quantity=eaches)]).lines[0]
