"""Fresh: what a webhook or a list told of one SKU is read anew, one call each, into the mirrors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, MirroredItem
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import Product
from portal.sync.engine import lots, mirror
from portal.sync.engine.accounts import Account
from portal.sync.engine.desk import Desk
from portal.sync.engine.shelves import Known


@dataclass(frozen=True)
class Reader:
    """Reads one SKU's sides for a look.

    Args:
        desk: what to work with.
        account: both sides, open.
        tenant_id: whose they are.
        connection_id: the connection.
        hub_id: its hub.
        facilities: those whose stock counts.
        rules: what the connection's catalogue goes by.
    """

    desk: Desk
    account: Account
    tenant_id: UUID
    connection_id: UUID
    hub_id: UUID
    facilities: Sequence[str]
    rules: CatalogueRules

    def read_told(self, seen: Known, *, products_too: bool) -> bool:
        """Read what was told of and not read since; returns whether anything was read.

        Args:
            seen: what our rows say.
            products_too: read products whatever was told: not every change of theirs is.

        Raises:
            SyncError: a side could not be read.
        """
        read = False
        for item in seen.own_items:
            read = self._read_item(item) or read
            wanted = self.facilities if item.stock_told is not None else seen.unread_in(item)
            read = self._read_stock(item.flourish_id, wanted, item.stock_told) or read
        for product in seen.own_products:
            if product.told is not None or (products_too and not product.archived):
                self._read_product(product.foreign_id, product.told)
                read = True
            # A platform may change what is reserved of a lot without telling, and each write depends on it.
            may_have = product.batches != [] or product.told is not None
            if self.rules.by_lot and may_have and not product.archived:
                self._read_batches(product.foreign_id)
                read = True
        return read

    def read_alone(self, sku: str) -> None:
        """Read a SKU on both sides without any list of it.

        Raises:
            SyncError: a side could not be read.
        """
        if self.rules.is_shop:
            shop_items = self.account.flourish.retail.shop_items_by_sku(sku)
            items = tuple(one.item for one in shop_items)
            self._store(lambda session: mirror.store_shop_items(session, self._hub(session), shop_items))
        else:
            items = self.account.flourish.items_by_sku(sku)
            self._store(lambda session: mirror.store_items(session, self._hub(session), items))
        for item in items:
            self._read_stock(item.id, self.facilities, None)
        self.read_products(sku)

    def read_products(self, sku: str) -> tuple[Product, ...]:
        """Read every product with this SKU, or one that people said is the same."""
        aliases = self.account.rules.said.aliases.get("sku", {})
        names = (sku, *(left for left, right in aliases.items() if right == sku))
        found = tuple(product for name in names for product in self.account.catalogue.products_by_sku(name))
        self._store_products(found, None)
        return found

    def read_product(self, ref: str) -> Product | None:
        """Read one product by its id."""
        return self._read_product(ref, None)

    def _read_item(self, row: MirroredItem) -> bool:
        # Nobody may have told of an edit of what is planned anew each time.
        along = self.rules.is_planned_anew and row.stock_told is not None
        for_shop = self.rules.is_shop and row.shop is None
        if row.told is None and not along and not for_shop:
            return False
        self._take_item(row)
        return True

    def _take_item(self, row: MirroredItem) -> None:
        """Read an item whole, for a shop with what only shops ask of it."""
        flourish = self.account.flourish
        found: Any
        store: Callable[..., None]
        if self.rules.is_shop:
            found, store = flourish.retail.shop_item(row.flourish_id), mirror.store_shop_items
        else:
            found, store = flourish.item(row.flourish_id), mirror.store_items
        if found is None:
            self._store(lambda session: mirror.gone_item(session, self.hub_id, row.flourish_id))
        else:
            self._store(lambda session: store(session, self._hub(session), [found], told=row.told))

    def _hub(self, session: Session) -> Hub:
        return session.get_one(Hub, self.hub_id)

    def _read_stock(self, item_id: str, facilities: Sequence[str], told: str | None) -> bool:
        if not facilities:
            return False
        began_at = self._now()
        sellable: dict[str, Decimal] = {}
        by_lot: dict[str, Mapping[str, Decimal]] = {}
        for facility in facilities:
            stock = self.account.flourish.stock_of(item_id, facility, by_lot=lots.are_read(self.rules))
            sellable[facility] = stock.sellable if stock is not None else Decimal(0)
            by_lot[facility] = stock.lots if stock is not None else {}
        known = by_lot if lots.are_read(self.rules) else None
        self._store(
            lambda session: mirror.store_stock(
                session, self.hub_id, item_id, sellable, began_at=began_at, lots=known, told=told
            )
        )
        return True

    def _now(self) -> datetime:
        with self.desk.tenant(self.tenant_id) as session:
            now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
            return now

    def _read_batches(self, ref: str) -> None:
        batches = self.account.shop.batches_of(ref)
        self._store(lambda session: lots.store(session, self.connection_id, {ref: batches}))

    def _read_product(self, ref: str, told: str | None) -> Product | None:
        product = self.account.catalogue.product(ref)
        if product is None:
            self._store(lambda session: mirror.gone_product(session, self.connection_id, ref))
        else:
            self._store_products((product,), told)
        return product

    def _store_products(self, products: Sequence[Product], told: str | None) -> None:
        self._store(
            lambda session: mirror.store_products(
                session, session.get_one(Connection, self.connection_id), products, told=told
            )
        )

    def _store(self, put: Callable[[Session], object]) -> None:
        with self.desk.tenant(self.tenant_id) as session:
            put(session)
