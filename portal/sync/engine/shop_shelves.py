"""What our rows say of SKUs for a shop, beside what they say for every platform."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, MirroredItem
from portal.sync.domain import Shelf
from portal.sync.engine.readings import lists_begun, reading
from portal.sync.engine.shop_holds import held_of
from portal.sync.mapping.facts import item_from
from portal.sync.mapping.shop_facts import lab_from, shop_item_from
from portal.sync.mapping.shop_holds import not_sent
from portal.sync.mapping.shop_shelf import ShopShelf, ShopStock
from portal.sync.mapping.shop_stock import is_too_old
from portal.sync.retail import LabResult
from portal.sync.shopping import ShopItem


def count(
    session: Session,
    connection: Connection,
    items: Mapping[str, MirroredItem | None],
    facilities: Sequence[str],
) -> dict[str, ShopStock]:
    """Say what can be sold of SKUs.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        items: by SKU the item whose stock counts; None where there is no single one.
        facilities: those whose stock counts.
    """
    now: datetime = session.execute(select(func.now())).scalar_one()
    held, begun = held_of(session, connection.id, items), lists_begun(session, connection.hub_id)
    found = {}
    for sku, item in items.items():
        figure, holds = reading(item, facilities, begun), held.get(sku, ())
        found[sku] = ShopStock(
            reading=figure,
            holds=holds,
            is_too_old=figure is not None and is_too_old(figure, now),
            not_sent=not_sent(holds, now),
        )
    return found


def fingerprint(counted: ShopStock) -> str:
    """Equal ones lead to equal decisions: when a figure was read says nothing but what is held by it."""
    offered = counted.offered(Decimal(0), by_weight=True)
    late = [finding.cause for finding in counted.not_sent]
    return f"{offered} {counted.is_too_old} {late}"


def shelf(plain: Shelf, item: MirroredItem | None, counted: ShopStock) -> ShopShelf:
    """Add to a shelf what only shops ask.

    Args:
        plain: the shelf.
        item: the item whose stock counts.
        counted: what can be sold of it.
    """
    shop_item: ShopItem | None = None
    labs: tuple[LabResult, ...] = ()
    if item is not None and item.facts is not None and item.shop is not None:
        shop_item = shop_item_from(item.shop, item_from(item.facts), item.variation)
        labs = tuple(
            lab_from(lot, result)
            for lot, kept in sorted(item.labs.items())
            if lot in plain.lots
            for result in kept["results"]
        )
    own = {each.name: getattr(plain, each.name) for each in fields(Shelf)}
    return ShopShelf(**own, shop_item=shop_item, labs=labs, counted=counted)
