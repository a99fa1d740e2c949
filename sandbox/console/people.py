"""Who acts in the console: a company and a part, both in the URL, so that two tabs can be two people."""

from typing import NamedTuple

from flask import abort

from sandbox.accounts import AIQ, FLOURISH, LEAFLINK, ORDO, WORLDS, of_world


class Part(NamedTuple):
    """A part that a person plays.

    Args:
        key: its place in URLs.
        platform: where.
        words: its name.
        about: what it does.
        pages: endpoints of its pages with their names, the first of them its home.
        records: what it works on, which home counts.
    """

    key: str
    platform: str
    words: str
    about: str
    pages: dict[str, str]
    records: str = "order"


ORDERS = "All orders"
PARTS = (
    Part(
        "buyer",
        LEAFLINK,
        "LeafLink buyer",
        "Places orders, changes their quantities, cancels them.",
        {"leaflink.listing": ORDERS},
    ),
    Part(
        "seller",
        LEAFLINK,
        "LeafLink seller staff",
        "Accepts, rejects, fulfills and ships orders; sees what there is of each batch.",
        {"leaflink.listing": ORDERS, "inventory.listing": "Inventory"},
    ),
    Part(
        "warehouse",
        FLOURISH,
        "Flourish warehouse staff",
        "Allocates, ships and cancels outbound orders, takes payment, changes items.",
        {"flourish.listing": ORDERS, "items.listing": "Items", "endpoints.listing": "Webhook endpoints"},
    ),
    Part(
        "counter",
        FLOURISH,
        "Flourish retail staff",
        "Packs shoppers’ orders, hands them over or routes them, takes payment; keeps customers.",
        {"retail.listing": ORDERS, "retail.customers": "Customers"},
        "retail_order",
    ),
    Part(
        "rep",
        ORDO,
        "Ordo sales rep",
        "Drafts, edits and confirms orders; sees them locked, delivered and paid.",
        {"ordo.listing": ORDERS, "organisation.items": "Items"},
    ),
    Part(
        "admin",
        ORDO,
        "Ordo admin",
        "Keeps the organisation’s brands and licenses.",
        {"organisation.show": "Organisation", "organisation.items": "Items"},
    ),
    Part(
        "shopper",
        AIQ,
        "AIQ shopper",
        "Browses a venue’s shelf, orders with an offer for pickup or delivery, takes an order back.",
        {"aiq.shelf": "Shelf", "aiq.listing": ORDERS},
    ),
    Part(
        "shop",
        AIQ,
        "AIQ shop staff",
        "Confirms orders, checks shoppers in, cancels; sees what is left of each product.",
        {"aiq.listing": ORDERS, "aiq.shelf": "Shelf"},
    ),
)


class Person(NamedTuple):
    """Someone of a company who plays a part."""

    world: str
    part: Part
    company: str

    @property
    def home(self) -> str:
        """The endpoint of the page to begin with."""
        return next(iter(self.part.pages))


def person(world: str, part: str) -> Person:
    """Return who a URL speaks of, or answer 404."""
    found = next((each for each in PARTS if each.key == part), None)
    account = of_world(found.platform, world) if found else None
    if found is None or account is None:
        abort(404, "There is no such person.")
    return Person(world, found, account.company)


def everyone() -> list[Person]:
    """Return every person of every company."""
    return [person(world, part.key) for world in WORLDS for part in PARTS]
