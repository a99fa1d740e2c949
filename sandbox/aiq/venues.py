"""Venues: an organisation's stores, each with products, offers and orders of its own."""

from collections.abc import Sequence

from sandbox.errors import Missing, Unauthorized
from sandbox.office import Office
from sandbox.store import Body


def standing(office: Office, key: str) -> Body:
    """Return a venue that has not been deleted.

    Raises:
        Missing: there is none.
    """
    venue = office.get("venue", key)
    if venue is None or venue["deleted"]:
        raise Missing("venue not found")
    return venue


def refuse_unknown(office: Office, keys: Sequence[str]) -> None:
    """Refuse products to be asked for without venues, or of one that never was.

    A venue that was deleted is let pass: the real API then answers an empty list, which is a trap.

    Raises:
        Unauthorized: no venue is named.
        Missing: one never was.
    """
    if not keys or not all(keys):
        raise Unauthorized("invalid venue id")
    for key in keys:
        if office.get("venue", key) is None:
            raise Missing("venue not found")
