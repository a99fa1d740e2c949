"""The mirrors: what each side said last of its items and products, taken in by COPY, many rows at once.

Past the ORM, as a first sync takes in tens of thousands of rows. A row is written only where it differs,
and never by what is older than what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Text, bindparam, cast, func, text, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, MirroredItem, MirroredProduct, Stream, new_id, new_ids
from portal.sync.domain import Item, Product, Stock
from portal.sync.engine.bulk import copy_in
from portal.sync.mapping.facts import item_facts, plain, plain_value, product_facts
from portal.sync.mapping.keys import near_key, sku_key
from portal.sync.mapping.shop_facts import shop_facts
from portal.sync.shopping import ShopItem

# Of a version that nobody knows: it is read, whatever is there.
UNKNOWN_VERSION = "?"
_COMMON = {
    "id": "uuid",
    "ref": "text",
    "sku_key": "text",
    "near_key": "text",
    "sku": "text",
    "name": "text",
    "facts": "jsonb",
    "version": "text",
}
_ITEM_COLUMNS = _COMMON | {"active": "boolean", "ecommerce": "boolean", "brand": "text", "shop": "jsonb"}
_PRODUCT_COLUMNS = _COMMON | {"listing_state": "text", "archived": "boolean"}
_SEEN_COLUMNS = {"ref": "text", "lot": "text", "sku": "text", "amount": "numeric"}

# `told` is what was told of when the row was read; what was told since stays to be read.
_MIRROR = """
INSERT INTO {table} AS held (id, tenant_id, {owner}, {ref}, sku_key, near_key, sku, name, facts, version{own})
SELECT DISTINCT ON (ref) id, %(tenant)s, %(owner)s, ref, {sku_key}, near_key, sku, name, facts, version{own}
FROM incoming_{table} ORDER BY ref, version DESC
ON CONFLICT ({owner}, {ref}) DO UPDATE SET
    sku_key = excluded.sku_key, near_key = excluded.near_key, sku = excluded.sku, name = excluded.name,
    facts = excluded.facts, version = excluded.version, gone_at = NULL, {set_own},
    told = CASE WHEN held.told = %(told)s OR held.told COLLATE "C" <= excluded.version COLLATE "C"
                THEN NULL ELSE held.told END,
    revision = held.revision
        + (held.facts IS DISTINCT FROM excluded.facts OR held.gone_at IS NOT NULL
           OR held.sku_key <> excluded.sku_key{differs})::int
WHERE (held.version COLLATE "C" <= excluded.version COLLATE "C" OR excluded.version = '')
  AND (held.facts IS DISTINCT FROM excluded.facts OR held.gone_at IS NOT NULL OR held.told IS NOT NULL
       OR held.sku_key <> excluded.sku_key{differs})
"""
# What only shops ask stays where an item was read without it.
_SHOP = {"shop": "COALESCE(excluded.shop, held.shop)"}
_SHOP_DIFFERS = " OR (excluded.shop IS NOT NULL AND held.shop IS DISTINCT FROM excluded.shop)"


# A product is known by Flourish's SKU where people said that its own is the same.
_ALIASED = """COALESCE((
    SELECT right_key FROM alias WHERE connection_id = %(owner)s AND key = 'sku' AND left_key = sku_key
      AND undone_at IS NULL
), sku_key)"""


def _mirroring(
    table: str, owner: str, ref: str, own: Sequence[str], sku_key: str = "sku_key", differs: str = ""
) -> str:
    listed = "".join(f", {name}" for name in own)
    set_own = ", ".join(f"{name} = {_SHOP.get(name, f'excluded.{name}')}" for name in own)
    names = {"table": table, "owner": owner, "ref": ref, "own": listed, "set_own": set_own}
    return _MIRROR.format(**names, sku_key=sku_key, differs=differs)


_OF_ITEMS = ("active", "ecommerce", "brand", "shop")
_ITEMS = _mirroring("item", "hub_id", "flourish_id", _OF_ITEMS, differs=_SHOP_DIFFERS)
_PRODUCTS = _mirroring("product", "connection_id", "foreign_id", ("listing_state", "archived"), _ALIASED)


def store_items(session: Session, hub: Hub, items: Sequence[Item], *, told: str | None = None) -> None:
    """Take in items as just read.

    Args:
        session: a session inside the hub's tenant.
        hub: whose they are.
        items: the items, each as it was read whole.
        told: what was told of the item before it was read, which is answered by that.
    """
    _store_items(session, hub, items, [None] * len(items), told)


def store_shop_items(
    session: Session, hub: Hub, items: Sequence[ShopItem], *, told: str | None = None
) -> None:
    """Take in items as shops need them; see `store_items`."""
    _store_items(session, hub, [one.item for one in items], [shop_facts(one) for one in items], told)


def _store_items(
    session: Session,
    hub: Hub,
    items: Sequence[Item],
    shops: Sequence[dict[str, Any] | None],
    told: str | None,
) -> None:
    rows = (
        (
            row_id,
            *_common(item.id, item.sku, item.name, item_facts(item), _version(item)),
            *_item_columns(item),
            shop,
        )
        for row_id, item, shop in zip(new_ids(len(items)), items, shops, strict=True)
    )
    connection = copy_in(session, "incoming_item", _ITEM_COLUMNS, rows)
    connection.execute(_ITEMS, {"tenant": hub.tenant_id, "owner": hub.id, "told": told})


def store_products(
    session: Session, connection: Connection, products: Sequence[Product], *, told: str | None = None
) -> None:
    """Take in products as just read, or as a write answered with them.

    Args:
        session: a session inside the connection's tenant.
        connection: whose they are.
        products: the products.
        told: what was told of the product before it was read, which is answered by that.
    """
    rows = (
        (
            row_id,
            *_common(one.ref, one.sku, one.name, product_facts(one), one.updated_at.isoformat()),
            one.listing_state,
            one.archived,
        )
        for row_id, one in zip(new_ids(len(products)), products, strict=True)
    )
    driver = copy_in(session, "incoming_product", _PRODUCT_COLUMNS, rows)
    driver.execute(_PRODUCTS, {"tenant": connection.tenant_id, "owner": connection.id, "told": told})


def store_stock(
    session: Session,
    hub_id: UUID,
    item_id: str,
    sellable: Mapping[str, Decimal],
    *,
    began_at: datetime,
    lots: Mapping[str, Mapping[str, Decimal]] | None = None,
    told: str | None,
) -> None:
    """Take in what facilities have of one item, as just read for it alone.

    Args:
        session: a session inside the tenant.
        hub_id: the hub.
        item_id: Flourish's id of the item.
        sellable: the quantity by facility.
        began_at: when that was begun to be read, by the database's clock.
        lots: the same by lot; None where it was not read lot by lot, so that what was known is too old.
        told: what was told of its stock before it was read.
    """
    stock = {facility: plain_value(quantity) for facility, quantity in sellable.items()}
    merged = MirroredItem.stock.concat(cast(stock, JSONB))
    by_lot: Any = MirroredItem.lots
    if lots is None:
        by_lot = by_lot.op("-")(cast(list(sellable), ARRAY(Text)))
    else:
        known = {facility: plain(of_facility) for facility, of_facility in lots.items()}
        by_lot = by_lot.concat(cast(known, JSONB))
    session.execute(
        update(MirroredItem)
        .where(MirroredItem.hub_id == hub_id, MirroredItem.flourish_id == item_id)
        .values(
            stock=merged,
            lots=by_lot,
            stock_told=func.nullif(MirroredItem.stock_told, told) if told else MirroredItem.stock_told,
            stock_read_at=func.now(),
            stock_began=MirroredItem.stock_began.concat(
                cast(dict.fromkeys(sellable, began_at.isoformat()), JSONB)
            ),
            revision=MirroredItem.revision + 1,
        )
        .execution_options(synchronize_session=False)
    )


def gone_product(session: Session, connection_id: UUID, ref: str) -> None:
    """Note that the platform does not know a product any more."""
    session.execute(
        update(MirroredProduct)
        .where(
            MirroredProduct.connection_id == connection_id,
            MirroredProduct.foreign_id == ref,
            MirroredProduct.gone_at.is_(None),
        )
        .values(gone_at=func.now(), told=None, revision=MirroredProduct.revision + 1)
        .execution_options(synchronize_session=False)
    )


def gone_item(session: Session, hub_id: UUID, ref: str) -> None:
    """Note that Flourish does not know an item any more."""
    session.execute(
        update(MirroredItem)
        .where(
            MirroredItem.hub_id == hub_id,
            MirroredItem.flourish_id == ref,
            MirroredItem.gone_at.is_(None),
        )
        .values(gone_at=func.now(), told=None, stock_told=None, revision=MirroredItem.revision + 1)
        .execution_options(synchronize_session=False)
    )


_KEEP_PULLED = """
INSERT INTO pulled_row (stream_id, tenant_id, part, page, ref, lot, sku, amount)
SELECT %(owner)s, %(tenant)s, %(part)s, %(page)s, ref, lot, max(sku), sum(amount)
FROM incoming_row GROUP BY ref, lot
ON CONFLICT (stream_id, part, page, ref, lot) DO UPDATE SET amount = excluded.amount
"""


def note_seen(session: Session, stream: Stream, part: str, page: int, rows: Iterable[Stock | str]) -> None:
    """Keep which rows a page of a pull showed, with what there is of them where it is a page of stock.

    Args:
        session: a session inside the tenant.
        stream: the stream that is pulled.
        part: the facility of a page of stock, else empty.
        page: its number within the pull: read again, it counts once.
        rows: ids, or stock.
    """
    seen = chain.from_iterable(_seen(row) for row in rows)
    values = {"owner": stream.id, "tenant": stream.tenant_id, "part": part, "page": page}
    copy_in(session, "incoming_row", _SEEN_COLUMNS, seen).execute(_KEEP_PULLED, values)


def _seen(row: Stock | str) -> Iterator[tuple[str, str, str, Decimal | None]]:
    if isinstance(row, str):
        return iter(((row, "", "", None),))
    lots = row.lots or {"": row.sellable}
    return ((row.item_id, lot, row.sku, sellable) for lot, sellable in lots.items())


# Lots are kept where the list was read lot by lot; else what was known of them is too old by now.
_SET_STOCK = text(
    """
    WITH lot AS (
        SELECT ref, lot, sum(amount) AS amount
        FROM pulled_row WHERE stream_id = :stream AND part = :part GROUP BY ref, lot
    ), counted AS (
        SELECT ref, trim_scale(sum(amount))::text AS sellable,
               jsonb_object_agg(lot, trim_scale(amount)::text) AS lots
        FROM lot GROUP BY ref
    ), changed AS (
        SELECT item.id, COALESCE(counted.sellable, '0') AS sellable,
               CASE WHEN :by_lot THEN COALESCE(counted.lots, '{}') END AS lots
        FROM item LEFT JOIN counted ON counted.ref = item.flourish_id
        WHERE item.hub_id = :hub
          AND (item.stock ->> :part IS DISTINCT FROM COALESCE(counted.sellable, '0')
               OR item.lots -> :part IS DISTINCT FROM CASE WHEN :by_lot THEN COALESCE(counted.lots, '{}') END)
          AND (item.stock_read_at IS NULL OR item.stock_read_at < :begun)
    )
    UPDATE item SET stock = item.stock || jsonb_build_object(CAST(:part AS text), changed.sellable),
                    lots = CASE WHEN changed.lots IS NULL THEN item.lots - CAST(:part AS text)
                                ELSE item.lots || jsonb_build_object(CAST(:part AS text), changed.lots) END,
                    revision = item.revision + 1
    FROM changed WHERE item.hub_id = :hub AND item.id = changed.id
    """
).bindparams(bindparam("by_lot", type_=Boolean))
_STOCK_BEGAN = text(
    """
    UPDATE facility SET stock_began_at = :begun
    WHERE hub_id = :hub AND flourish_id = :part
      AND (stock_began_at IS NULL OR stock_began_at < :begun)
    """
)
_NEW_ITEMS = text(
    """
    SELECT ref, max(sku) AS sku, trim_scale(sum(amount))::text AS sellable
    FROM pulled_row
    WHERE stream_id = :stream AND part = :part
      AND NOT EXISTS (SELECT FROM item WHERE item.hub_id = :hub AND item.flourish_id = pulled_row.ref)
    GROUP BY ref ORDER BY ref
    """
)
_ADD_ITEM = text(
    """
    INSERT INTO item (id, tenant_id, hub_id, flourish_id, sku_key, near_key, sku, name, told, stock)
    VALUES (:id, :tenant, :hub, :ref, :sku_key, :near_key, :sku, '', :told,
            jsonb_build_object(CAST(:part AS text), CAST(:sellable AS text)))
    ON CONFLICT DO NOTHING
    """
)


def apply_stock(session: Session, stream: Stream, part: str, begun: str, *, by_lot: bool = False) -> None:
    """Take in a facility's whole stock once its last page was seen: of an item in no row it has nothing.
    What was read of one item since the pull began is newer, and stays. An item that is not known yet is
    kept with its stock, and is to be read.

    Args:
        session: a session inside the tenant.
        stream: the stream of stock.
        part: the facility.
        begun: when the pull of this facility began, as ISO 8601.
        by_lot: whether it was read lot by lot.
    """
    values = {"stream": stream.id, "part": part, "hub": stream.hub_id, "begun": begun}
    for row in session.execute(_NEW_ITEMS, values).all():
        new = {
            "id": new_id(),
            "tenant": stream.tenant_id,
            "hub": stream.hub_id,
            "ref": row.ref,
            "sku_key": sku_key(row.sku),
            "near_key": near_key(row.sku),
            "sku": row.sku,
            "told": UNKNOWN_VERSION,
            "part": part,
            "sellable": row.sellable,
        }
        session.execute(_ADD_ITEM, new)
    session.execute(_SET_STOCK, {**values, "by_lot": by_lot})
    session.execute(_STOCK_BEGAN, values)


_MISSING = """
SELECT count(*) FILTER (WHERE created_at < :begun AND seen.ref IS NULL), count(*)
FROM {table} LEFT JOIN (
    SELECT DISTINCT ref FROM pulled_row WHERE stream_id = :stream AND part = ''
) AS seen ON seen.ref = {table}.{ref}
WHERE {owner} = :owner AND gone_at IS NULL
"""
_MISSING_ITEMS = text(_MISSING.format(table="item", owner="hub_id", ref="flourish_id"))
_MISSING_PRODUCTS = text(_MISSING.format(table="product", owner="connection_id", ref="foreign_id"))


def count_gone(session: Session, stream: Stream, begun: str) -> tuple[int, int]:
    """How many rows a complete pull did not show, of how many that were there."""
    statement = _MISSING_ITEMS if stream.connection_id is None else _MISSING_PRODUCTS
    values = {"owner": stream.connection_id or stream.hub_id, "stream": stream.id, "begun": begun}
    missing, of = session.execute(statement, values).one()
    return missing, of


_GONE = """
UPDATE {table} SET gone_at = now(), revision = revision + 1
WHERE {owner} = :owner AND gone_at IS NULL AND created_at < :begun
  AND NOT EXISTS (
      SELECT FROM pulled_row WHERE stream_id = :stream AND part = '' AND pulled_row.ref = {table}.{ref}
  )
"""
_GONE_ITEMS = text(_GONE.format(table="item", owner="hub_id", ref="flourish_id"))
_GONE_PRODUCTS = text(_GONE.format(table="product", owner="connection_id", ref="foreign_id"))


def apply_gone(session: Session, stream: Stream, begun: str) -> None:
    """Note what a complete pull did not show."""
    statement = _GONE_ITEMS if stream.connection_id is None else _GONE_PRODUCTS
    values = {"owner": stream.connection_id or stream.hub_id, "stream": stream.id, "begun": begun}
    session.execute(statement, values)


def forget_seen(session: Session, stream_id: UUID) -> None:
    """Forget which rows a pull has seen."""
    session.execute(text("DELETE FROM pulled_row WHERE stream_id = :stream"), {"stream": stream_id})


def count_seen(session: Session, stream_id: UUID, part: str) -> int:
    """How many different rows a pull has seen of a part."""
    query = text("SELECT count(DISTINCT ref) FROM pulled_row WHERE stream_id = :stream AND part = :part")
    found: int = session.execute(query, {"stream": stream_id, "part": part}).scalar_one()
    return found


def _version(item: Item) -> str:
    return item.updated_at.isoformat() if item.updated_at else ""


def _common(ref: str, sku: str, name: str, facts: dict[str, Any], version: str) -> tuple[Any, ...]:
    return (ref, sku_key(sku), near_key(sku), sku, name, facts, version)


def _item_columns(item: Item) -> tuple[Any, ...]:
    return (item.active, item.ecommerce, item.brand)
