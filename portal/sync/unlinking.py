"""Taking an item and a product apart that are one no more: their SKUs differ, or one is gone."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, MirroredItem, MirroredProduct
from portal.sync import audit, journal
from portal.sync.awaiting import SKU, look_again
from portal.sync.mapping.pairing import APART


class CannotUnlink(Exception):
    """Why an item and a product cannot be taken apart, in words for the page."""


def may_unlink(link: Link) -> bool:
    """Whether a link has an item and a product that are one no more; equal SKUs would link them again."""
    return link.decision_code in APART and bool((link.base or {}).get("product"))


def unlink(
    session: Session, keys: Mapping[str, bytes], connection: Connection, link: Link, *, actor: audit.Actor
) -> None:
    """Have the item and the product of a link forget each other: the SKU that each has now is matched anew.
    Neither side is written for that.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's encryption keys.
        connection: the connection.
        link: the link of a SKU.
        actor: who does it.

    Raises:
        CannotUnlink: they still are one by their SKU, and would be linked again at once.
    """
    if not may_unlink(link):
        raise CannotUnlink("an equal SKU links them; give one of them another, or leave the SKU out.")
    look_again(session, connection, SKU, [link.foreign_id, *_skus(session, connection, link)])
    base = link.base or {}
    link.base = {"parted": [*base.get("parted", ()), base["product"]]}
    link.flourish_kind = link.flourish_id = None
    journal.tell(session, link, journal.Entry("trellis", str(actor), "Item and product unlinked"))
    audit.record(
        session,
        keys,
        connection.tenant_id,
        "product.unlinked",
        actor=actor,
        subject=audit.Subject("product", str(link.id), link.label),
        detail={"product": base["product"]},
    )


def _skus(session: Session, connection: Connection, link: Link) -> list[str]:
    """The SKUs that the item and the product of a link have now."""
    base = link.base or {}
    items = select(MirroredItem.sku).where(
        MirroredItem.hub_id == connection.hub_id, MirroredItem.flourish_id == str(base.get("item"))
    )
    products = select(MirroredProduct.sku).where(
        MirroredProduct.connection_id == connection.id, MirroredProduct.foreign_id == str(base["product"])
    )
    return [*session.scalars(items), *session.scalars(products)]
