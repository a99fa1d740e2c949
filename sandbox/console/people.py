"""Who acts in the console: a company and a part, both in the URL, so that two tabs can be two people."""

from typing import NamedTuple

from flask import abort

from sandbox.accounts import FLOURISH, LEAFLINK, WORLDS, of_world


class Part(NamedTuple):
    """A part that a person plays."""

    key: str
    platform: str
    words: str
    about: str


PARTS = (
    Part("buyer", LEAFLINK, "LeafLink buyer", "Places orders, changes their quantities, cancels them."),
    Part("seller", LEAFLINK, "LeafLink seller staff", "Accepts, rejects, fulfills and ships orders."),
    Part(
        "warehouse",
        FLOURISH,
        "Flourish warehouse staff",
        "Allocates, ships and cancels outbound orders, takes payment, changes items.",
    ),
)


class Person(NamedTuple):
    """Someone of a company who plays a part."""

    world: str
    part: Part
    company: str


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
