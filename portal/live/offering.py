"""How much of an item a shop is offered, as the sum that its page shows (AQ-11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Link
from portal.queries import shop_holds
from portal.sync import registry
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.said import said_of
from portal.sync.engine.shelves import known
from portal.sync.engine.shop_reading import is_asked_by
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.shop_shelf import ShopShelf, is_by_weight
from portal.sync.mapping.shop_stock import Hold, StockReading, is_stale


@dataclass(frozen=True)
class HeldRow:
    """What one order keeps back: its link, what people call it, how much, and what more there is to say."""

    link_id: UUID
    label: str
    eaches: str
    note: str


@dataclass(frozen=True)
class Offer:
    """The sum as texts.

    Args:
        sellable: what Flourish says.
        held: what orders hold that neither side takes off by itself.
        buffer: what is never offered.
        published: what the shop is told.
        rows: the orders that hold some, the first of them first.
        read_at: when Flourish's figure began to be read.
        is_stale: whether people are told how old it is.
        is_hidden: whether it is hidden for its age.
        is_written: whether anything is written to the platform at all.
        is_shown: whether the item belongs on the menu.
    """

    sellable: str
    held: str
    buffer: str
    published: str
    rows: Sequence[HeldRow]
    read_at: datetime
    is_stale: bool
    is_hidden: bool
    is_written: bool
    is_shown: bool


def view(session: Session, link: Link) -> Offer | None:
    """Work the sum out; None where the connection is of no shop, or nobody knows what there is.

    Args:
        session: a session inside the tenant.
        link: the item's.
    """
    connection = link.connection
    if not is_asked_by(connection):
        return None
    platform = registry.platform(connection.platform)
    rules = catalogue_rules_of(connection, platform, said_of(session, connection))
    shelf = known(session, connection, rules, [link.foreign_id])[link.foreign_id].shelf()
    if not isinstance(shelf, ShopShelf) or shelf.counted.reading is None:
        return None
    products = [one for one in shelf.products if sku_key(one.sku) == shelf.sku]
    by_weight = is_by_weight(products[0] if len(products) == 1 else None)
    offered = shelf.counted.offered(rules.stock_buffer, by_weight=by_weight)
    if offered is None:
        return None
    figure, now = shelf.counted.reading, session.execute(select(func.now())).scalar_one()
    return Offer(
        sellable=_text(offered.sellable),
        held=_text(offered.held),
        buffer=_text(offered.buffer),
        published=_text(shelf.counted.published(offered, rules)),
        rows=_rows(session, link, shelf.counted.holds, figure, platform.label),
        read_at=figure.began_at,
        is_stale=is_stale(figure, now),
        is_hidden=shelf.counted.is_hidden(rules),
        is_written=rules.writes_stock,
        is_shown=link.state != "skipped" or not rules.writes_stock,
    )


def _rows(
    session: Session, link: Link, holds: Sequence[Hold], figure: StockReading, where: str
) -> list[HeldRow]:
    links = shop_holds.links(session, link.connection_id, link.foreign_id)
    return [
        HeldRow(links[hold.order], hold.label, _text(left), _note(hold, where))
        for hold in holds
        if (left := hold.outstanding(figure)) and hold.order in links
    ]


def _note(hold: Hold, where: str) -> str:
    kept = f"{where} keeps it back itself: not taken off again." if hold.is_kept_there else ""
    sent = "" if hold.was_pushed else "Flourish has not got the order yet."
    return " ".join(filter(None, (kept, sent)))


def _text(amount: Decimal) -> str:
    return str(plain_value(amount))
