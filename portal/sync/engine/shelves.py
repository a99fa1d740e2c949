"""Shelves: what the mirrors know of SKUs on both sides of a connection, as the planner wants it."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Text, and_, any_, literal, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, defer

from portal.models import Connection, Link, MirroredItem, MirroredProduct, PulledRow, Stream
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import Item, Product, Shelf
from portal.sync.engine import shop_shelves
from portal.sync.engine.accounts import stock_facilities
from portal.sync.engine.held import promised
from portal.sync.engine.lots import are_read
from portal.sync.engine.readings import one_item, sellable
from portal.sync.mapping.facts import batch_from, item_from, plain_value, product_from
from portal.sync.mapping.keys import near_key, sku_key
from portal.sync.mapping.shop_shelf import ShopStock

_WORDS = 8
# Of an item, what only a shop's planner needs: of many lots it is more than all else.
_OF_SHOPS = ("labs", "variation")


@dataclass(frozen=True)
class Known:
    """What our rows say of one SKU: the shelf, and the rows behind it."""

    sku: str
    items: tuple[MirroredItem, ...]
    products: tuple[MirroredProduct, ...]
    stock: Decimal | None
    promised: Decimal
    linked_as: str
    # Of all of it and of the rules: equal ones lead to equal decisions.
    fingerprint: str
    link: Link | None = None

    # The facilities whose stock counts.
    facilities: tuple[str, ...] = ()
    # The stock of single lots is kept: what there is of them in Flourish, and what orders hold of each.
    by_lot: bool = False
    lots: Mapping[str, Decimal] = field(default_factory=dict)
    held: Mapping[str, Decimal] = field(default_factory=dict)
    # Of a shop: what can be sold, and what orders hold of it.
    counted: ShopStock | None = None

    @property
    def own_items(self) -> tuple[MirroredItem, ...]:
        """The items with this SKU."""
        return tuple(row for row in self.items if row.sku_key == self.sku)

    @property
    def own_products(self) -> tuple[MirroredProduct, ...]:
        """The products with this SKU."""
        return tuple(row for row in self.products if row.sku_key == self.sku)

    @property
    def item_id(self) -> str | None:
        """Flourish's id of the item by whose webhooks the link is marked: the active one, else any."""
        own = sorted(self.own_items, key=lambda row: (not row.active, row.flourish_id))
        base = self.link.base if self.link is not None and self.link.base else {}
        return own[0].flourish_id if own else base.get("item")

    @property
    def parted(self) -> tuple[str, ...]:
        """The products that somebody unlinked from this SKU's item."""
        base = self.link.base if self.link is not None and self.link.base else {}
        return tuple(base.get("parted", ()))

    @property
    def unread(self) -> bool:
        """Whether something is to be read first: what was told of, or stock that never was."""
        rows: tuple[MirroredItem | MirroredProduct, ...] = (*self.own_items, *self.own_products)
        told = any(row.told is not None for row in rows)
        if self.counted is not None:
            told = told or any(row.active and row.shop is None for row in self.own_items)
        stock = any(row.stock_told is not None or self.unread_in(row) for row in self.own_items)
        batches = self.by_lot and any(not row.archived and row.batches is None for row in self.own_products)
        return told or stock or batches

    def unread_in(self, item: MirroredItem) -> list[str]:
        """The facilities of which an item's stock was never read, or not lot by lot where that is needed."""
        known = item.lots if self.by_lot or self.counted is not None else item.stock
        return [one for one in self.facilities if one not in known]

    def shelf(self) -> Shelf:
        """The shelf, of what was read."""
        plain = Shelf(
            self.sku,
            items=tuple(_item(row) for row in self.items if row.facts is not None),
            products=tuple(_product(row) for row in self.products if row.facts is not None),
            stock=self.stock,
            promised=self.promised,
            linked_as=self.linked_as,
            lots=self.lots,
            held=self.held,
        )
        if self.counted is None:
            return plain
        return shop_shelves.shelf(plain, one_item(self.own_items), self.counted)


def _item(row: MirroredItem) -> Item:
    return item_from(row.facts or {})


def _product(row: MirroredProduct) -> Product:
    """With Flourish's SKU where people said that its own is the same."""
    product = product_from(row.facts or {})
    if row.batches is not None:
        product = replace(product, batches=tuple(batch_from(one) for one in row.batches))
    if sku_key(product.sku) == row.sku_key:
        return product
    return replace(product, sku=row.sku_key, own_sku=product.sku)


@dataclass
class _Rows:
    """Mirror rows by what they are looked for."""

    near: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    by_sku: dict[str, list[Any]] = field(default_factory=lambda: defaultdict(list))
    by_ref: dict[str, Any] = field(default_factory=dict)

    def add(self, row: Any, ref: str) -> None:
        """Take a row in."""
        if row.near_key:
            self.near[row.near_key].append(row)
        self.by_sku[row.sku_key].append(row)
        self.by_ref[ref] = row

    def of(self, sku: str, ref: str) -> tuple[Any, ...]:
        """Rows with this SKU, near ones, and the one with this id."""
        found = {row.id: row for row in (*self.by_sku[sku], *self.near.get(near_key(sku), ()))}
        if linked := self.by_ref.get(ref):
            found[linked.id] = linked
        return tuple(found[one] for one in sorted(found))


def known(
    session: Session,
    connection: Connection,
    rules: CatalogueRules,
    skus: Sequence[str],
    *,
    with_facts: bool = True,
) -> dict[str, Known]:
    """Gather what our rows say of these SKUs, all in a handful of queries.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
        rules: its rules, which are part of each fingerprint.
        skus: match keys.
        with_facts: read what the planner needs, too; without, only a shelf's fingerprint is told.
    """
    light = [defer(getattr(MirroredItem, name), raiseload=True) for name in _unread(rules, with_facts)]
    lighter = () if with_facts else (defer(MirroredProduct.facts, raiseload=True),)
    links = {link.foreign_id: link for link in session.scalars(_links(connection.id, skus))}
    bases = {sku: (links[sku].base or {}) if sku in links else {} for sku in skus}
    items = _rows(session, _items(connection, skus, _refs(bases, "item")).options(*light), "flourish_id")
    chosen = _products(connection, skus, _refs(bases, "product")).options(*lighter)
    products = _rows(session, chosen, "foreign_id")
    elsewhere = _linked_elsewhere(session, connection, items, products)
    promises = promised(session, connection.id, skus)
    facilities, ruled = stock_facilities(connection), _digest(repr(rules))
    counted = _count(session, connection, rules, skus, items)
    found: dict[str, Known] = {}
    for sku in skus:
        own_items = items.of(sku, str(bases[sku].get("item") or ""))
        own_products = products.of(sku, str(bases[sku].get("product") or ""))
        linked_as = _linked_as(sku, own_items, own_products, elsewhere)
        item = one_item([row for row in own_items if row.sku_key == sku])
        stock = sellable(item, facilities)
        lots = _lots(item, facilities) if are_read(rules) else {}
        held = {lot: units for lot, units in promises.get(sku, {}).items() if lot and rules.by_lot}
        promise = promises.get(sku, {}).get("", Decimal(0))
        revisions = [f"{row.id}:{row.revision}" for row in (*own_items, *own_products)]
        left_out, aliased = rules.said.is_left_out("sku", sku), rules.said.is_aliased("sku", sku)
        said = f"{left_out} {aliased}" if left_out or aliased else ""
        said += f"{sorted(held.items())} {rules.said.revision}" if rules.by_lot else ""
        said += shop_shelves.fingerprint(counted[sku]) if sku in counted else ""
        mark = _digest(
            "|".join([*revisions, str(stock), str(promise), linked_as, ruled, *filter(None, [said])])
        )
        sides = (sku, own_items, own_products, stock, promise, linked_as, mark, links.get(sku), facilities)
        found[sku] = Known(*sides, by_lot=rules.by_lot, lots=lots, held=held, counted=counted.get(sku))
    return found


def _count(
    session: Session, connection: Connection, rules: CatalogueRules, skus: Sequence[str], items: _Rows
) -> dict[str, ShopStock]:
    """What can be sold of SKUs, for a shop."""
    if not rules.is_shop:
        return {}
    own = {sku: one_item([row for row in items.by_sku[sku] if row.sku_key == sku]) for sku in skus}
    return shop_shelves.count(session, connection, own, stock_facilities(connection))


def _unread(rules: CatalogueRules, with_facts: bool) -> tuple[str, ...]:
    """What of an item nobody asks for here."""
    if not rules.is_shop:
        return ("shop", *_OF_SHOPS) if with_facts else ("facts", "shop", *_OF_SHOPS)
    return () if with_facts else ("facts", *_OF_SHOPS)


def _links(connection_id: UUID, skus: Sequence[str]) -> Any:
    return select(Link).where(
        Link.connection_id == connection_id, Link.kind == "item", _among(Link.foreign_id, skus)
    )


def _refs(bases: Mapping[str, Mapping[str, Any]], name: str) -> list[str]:
    return [str(base[name]) for base in bases.values() if base.get(name)]


def _rows(session: Session, query: Any, ref: str) -> _Rows:
    found = _Rows()
    for row in session.scalars(query):
        found.add(row, getattr(row, ref))
    return found


def _items(connection: Connection, skus: Sequence[str], refs: Sequence[str]) -> Any:
    return select(MirroredItem).where(
        MirroredItem.hub_id == connection.hub_id,
        MirroredItem.gone_at.is_(None),
        _concerns(MirroredItem, skus)
        if not refs
        else or_(_concerns(MirroredItem, skus), _among(MirroredItem.flourish_id, refs)),
    )


def _products(connection: Connection, skus: Sequence[str], refs: Sequence[str]) -> Any:
    return select(MirroredProduct).where(
        MirroredProduct.connection_id == connection.id,
        MirroredProduct.gone_at.is_(None),
        _concerns(MirroredProduct, skus)
        if not refs
        else or_(_concerns(MirroredProduct, skus), _among(MirroredProduct.foreign_id, refs)),
    )


def _concerns(table: Any, skus: Sequence[str]) -> Any:
    near = sorted({near_key(sku) for sku in skus} - {""})
    own = _among(table.sku_key, skus)
    return or_(own, _among(table.near_key, near)) if near else own


def _among(column: Any, values: Collection[str]) -> Any:
    """As one array: a statement with a thousand parameters costs more to write down than to run."""
    return column == any_(literal(list(values), ARRAY(Text)))


def _linked_elsewhere(
    session: Session, connection: Connection, items: _Rows, products: _Rows
) -> dict[tuple[str, str], str]:
    """Under which SKU each item and product is linked: ("item", id) -> SKU."""
    item, product = Link.base["item"].astext, Link.base["product"].astext
    rows = session.execute(
        select(Link.foreign_id, item, product).where(
            Link.connection_id == connection.id,
            Link.kind == "item",
            or_(
                and_(Link.flourish_id.is_not(None), _among(Link.flourish_id, items.by_ref)),
                _among(product, products.by_ref),
            ),
        )
    )
    found: dict[tuple[str, str], str] = {}
    for sku, item_id, product_id in rows:
        found |= {("item", item_id): sku} if item_id else {}
        found |= {("product", product_id): sku} if product_id else {}
    return found


def _linked_as(
    sku: str,
    items: Sequence[MirroredItem],
    products: Sequence[MirroredProduct],
    elsewhere: Mapping[tuple[str, str], str],
) -> str:
    own = [("item", row.flourish_id) for row in items if row.sku_key == sku]
    own += [("product", row.foreign_id) for row in products if row.sku_key == sku]
    others = (elsewhere.get(one, sku) for one in own)
    return next((other for other in others if other != sku), "")


def _lots(item: MirroredItem | None, facilities: Sequence[str]) -> dict[str, Decimal]:
    """What is sellable of each lot over the facilities that were read lot by lot."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    of_facilities = item.lots if item is not None else {}
    for facility in facilities:
        for lot, amount in of_facilities.get(facility, {}).items():
            found[lot] += Decimal(amount)
    return dict(found)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def keys_of_seen(
    session: Session, connection: Connection, stream: Stream, after: str, most: int
) -> list[str]:
    """The next SKUs that a pull of changes concerns: of the rows that it saw, and of links that hold them.

    Args:
        session: a session inside the tenant.
        connection: the connection.
        stream: the stream, whose pull is not forgotten yet.
        after: the last one before; empty for the first.
        most: how many.
    """
    seen = select(PulledRow.ref).where(PulledRow.stream_id == stream.id)
    links = (Link.connection_id == connection.id, Link.kind == "item")
    if stream.connection_id is None:
        key = MirroredItem.sku_key
        rows = select(key).where(MirroredItem.hub_id == connection.hub_id, MirroredItem.flourish_id.in_(seen))
        held = select(Link.foreign_id).where(*links, Link.flourish_id.in_(seen))
    else:
        key = MirroredProduct.sku_key
        rows = select(key).where(
            MirroredProduct.connection_id == connection.id, MirroredProduct.foreign_id.in_(seen)
        )
        held = select(Link.foreign_id).where(*links, Link.base["product"].astext.in_(seen))
    found: set[str] = set()
    for query, column in ((rows, key), (held, Link.foreign_id)):
        found |= set(session.scalars(query.where(column > after).distinct().order_by(column).limit(most)))
    return sorted(found, key=lambda one: one.encode("utf-8"))[:most]


def keys_after(session: Session, connection: Connection, after: str, most: int) -> list[str]:
    """The next SKUs of either side or of a link, in the order of their bytes.

    Args:
        session: a session inside the tenant.
        connection: the connection.
        after: the last one before; empty for the first.
        most: how many.
    """
    sides = (
        (MirroredItem.sku_key, (MirroredItem.hub_id == connection.hub_id, MirroredItem.gone_at.is_(None))),
        (
            MirroredProduct.sku_key,
            (MirroredProduct.connection_id == connection.id, MirroredProduct.gone_at.is_(None)),
        ),
        (Link.foreign_id, (Link.connection_id == connection.id, Link.kind == "item")),
    )
    found: set[str] = set()
    for key, conditions in sides:
        query = select(key).where(*conditions, key > after).distinct().order_by(key).limit(most)
        found |= set(session.scalars(query))
    return sorted(found, key=lambda one: one.encode("utf-8"))[:most]


def terms(one: Known) -> list[str]:
    """The words by which a SKU is found: it, and a few of its name."""
    rows: tuple[MirroredItem | MirroredProduct, ...] = (*one.own_items, *one.own_products)
    name = next((row.name for row in rows if row.name), "")
    return [one.sku, *name.split()[:_WORDS]]


def shown(one: Known) -> dict[str, Any]:
    """What pages show of a SKU."""
    item = next(iter(one.own_items), None)
    product = next((row for row in one.own_products if not row.archived), None)
    return {
        "name": next((side.name for side in (item, product) if side is not None), ""),
        "item": {"id": item.flourish_id, "name": item.name, "brand": item.brand} if item else None,
        "product": (
            {"id": product.foreign_id, "name": product.name, "listing_state": product.listing_state}
            if product
            else None
        ),
        "stock": None if one.stock is None else plain_value(one.stock),
        "promised": plain_value(one.promised),
    }
