"""Sources: how each list of a catalogue is read, and what is read besides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic

from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Stream
from portal.sync.batches import Batch
from portal.sync.contract import Row, Rows
from portal.sync.domain import Item, Product, Stock
from portal.sync.engine import lots, mirror, shop_reading
from portal.sync.engine.accounts import stock_facilities
from portal.sync.engine.desk import Desk
from portal.sync.engine.streams import connections_of
from portal.sync.shopping import ShopItem

ITEMS, STOCK, PRODUCTS = "flourish.items", "flourish.stock", "products"
# What a connection's catalogue needs -> how often it is read, in seconds. Stock is read whole each time:
# in between, webhooks tell of it.
INTERVALS = {PRODUCTS: 300.0, ITEMS: 300.0, STOCK: 3600.0}


@dataclass(frozen=True)
class Source(Generic[Row]):
    """Where a pull reads from: `pages` of a part since a time, behind a position."""

    parts: tuple[str, ...]
    pages: Callable[[str, datetime | None, str], Iterator[Rows[Row]]]
    store: Callable[[Session, Stream, list[Row]], None]
    # What a row is known by in the list of what was seen.
    seen_as: Callable[[Row], Any]
    probe: Callable[[], object]
    # Of stock: each row is one of one lot.
    by_lot: bool = False
    # Of items: each row has what shops ask.
    for_shops: bool = False
    # What is read besides, for a stream, once its list was read, until something says that the time is over;
    # says whether that was all.
    besides: Callable[[Desk, Stream, Callable[[], bool]], bool] | None = None
    # All batches of a list of products, where they are due.
    batches: Callable[[], Mapping[str, tuple[Batch, ...]]] | None = None


def source_of(session: Session, stream: Stream, client: Any) -> Source[Any]:
    """Say how a stream of the catalogue is read.

    Args:
        session: a session inside the tenant.
        stream: the stream.
        client: the side that has the list, open.
    """

    def products(_part: str, since: datetime | None, at: str) -> Iterator[Rows[Product]]:
        return client.products(since, at)  # type: ignore[no-any-return] # a contract.CatalogueClient

    def items(_part: str, since: datetime | None, at: str) -> Iterator[Rows[Item]]:
        return client.items(since, at)  # type: ignore[no-any-return] # a FlourishClient

    def shop_items(_part: str, since: datetime | None, at: str) -> Iterator[Rows[ShopItem]]:
        return client.retail.shop_items(since, at)  # type: ignore[no-any-return] # a FlourishClient

    def stock(part: str, _since: datetime | None, at: str) -> Iterator[Rows[Stock]]:
        return client.stock_pages(part, at, by_lot=by_lot)  # type: ignore[no-any-return]

    if stream.name == PRODUCTS:
        batches = client.batches if lots.are_due(session, stream) else None
        return Source(("",), products, _store_products, lambda one: one.ref, client.company, batches=batches)
    served = [one for one in connections_of(session, stream) if one.catalogue_since is not None]
    shops = [one for one in served if shop_reading.is_asked_by(one)]
    if stream.name == ITEMS and shops:
        prices = shop_reading.Variations(client.retail)
        return Source(
            *(("",), shop_items, _store_shop_items, lambda one: one.id, client.company),
            for_shops=True,
            besides=prices.read,
        )
    if stream.name == ITEMS:
        return Source(("",), items, _store_items, lambda one: one.id, client.company)
    facilities = tuple(sorted({one for each in served for one in stock_facilities(each)}))
    by_lot = bool(shops) or any(lots.kept_by(each) for each in served)
    sold = tuple(sorted({one for each in shops for one in stock_facilities(each)}))
    return Source(
        *(facilities, stock, lambda *_: None, lambda one: one, client.company),
        by_lot=by_lot,
        besides=shop_reading.Labs(client.retail, sold).read if shops else None,
    )


def _store_products(session: Session, stream: Stream, rows: list[Product]) -> None:
    mirror.store_products(session, session.get_one(Connection, stream.connection_id), rows)


def _store_items(session: Session, stream: Stream, rows: list[Item]) -> None:
    mirror.store_items(session, session.get_one(Hub, stream.hub_id), rows)


def _store_shop_items(session: Session, stream: Stream, rows: list[ShopItem]) -> None:
    mirror.store_shop_items(session, session.get_one(Hub, stream.hub_id), rows)
