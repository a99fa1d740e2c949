"""Products on LeafLink, and items with their stock in Flourish, beside the orders of the small worlds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from portal.models import Link, MirroredItem, MirroredProduct, PulledRow, Stream, new_id
from portal.sync import audit, registry
from portal.sync.batches import Batch
from portal.sync.catalogues import Catalogue
from portal.sync.contract import Rows
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import FacilityFacts, Hint, Item, Product, Stock, StockKind
from portal.sync.drafts import ProductDraft
from portal.sync.engine import catalogue, sources
from portal.sync.engine import poll as polls
from portal.sync.engine.accounts import Account
from portal.sync.engine.deliveries import Deliveries, Source
from portal.sync.engine.poll import poll
from portal.sync.errors import Rejected, Unreadable
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keys import sku_key
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.platforms.leaflink.shop import catalogue_rules
from portal.sync.questions import BrandNamed, Named
from tests.sync.engine.shop import Shop
from tests.sync.engine.worlds import Flourish, LeafLink

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
NOTHING = Decimal(0)


def item(number: int = 1, **changed: Any) -> Item:
    """An item that is for sale."""
    usual: dict[str, Any] = {
        "id": f"item-{number}",
        "sku": f"SKU-{number}",
        "name": f"Flower {number}",
        "active": True,
        "uom": "ea",
        "ecommerce": True,
        "brand": "Acme",
        "updated_at": T0,
    }
    return Item(**(usual | changed))


def product(number: int = 1, **changed: Any) -> Product:
    """A product that is listed, with ten units."""
    usual: dict[str, Any] = {
        "ref": str(1000 + number),
        "sku": f"SKU-{number}",
        "name": f"Flower {number}",
        "listing_state": "Available",
        "listed": True,
        "archived": False,
        "unit": "ea",
        "quantity": Decimal(10),
        "reserved": NOTHING,
        "available": Decimal(10),
        "stock_kind": StockKind.MANAGED,
        "updated_at": T0,
    }
    return Product(**(usual | changed))


@dataclass
class Paging:
    """Lists that are cut into pages by position, as both APIs do it."""

    size: int = 3
    # Rows that cannot be read, by id.
    unreadable: set[str] = field(default_factory=set)

    def cut(self, rows: list[Any], position: str, ref: str) -> Rows[Any]:
        """One page, from a position on."""
        start = int(position or 0)
        page = rows[start : start + self.size]
        bad = [row for row in page if getattr(row, ref) in self.unreadable]
        return Rows(
            tuple(row for row in page if row not in bad),
            tuple((getattr(row, ref), Unreadable("price", "is no number")) for row in bad),
            len(rows),
            str(start + self.size) if start + self.size < len(rows) else "",
        )


class Market(LeafLink):
    """LeafLink with products."""

    WRITES = (
        *LeafLink.WRITES,
        *("create_product", "update_product", "set_stock", "set_lot_stock", "create_strain", "put_product"),
    )

    def __init__(self) -> None:
        super().__init__()
        self.products_by_ref: dict[str, Product] = {}
        # A number that a deleted product had is not given again.
        self.newest = 1000
        self.paging = Paging()
        self.strains: list[str] = []
        self.batches_by_ref: dict[str, dict[str, Batch]] = {}
        self.asked: list[datetime | None] = []

    def stock_up(self, *products: Product) -> None:
        """Have products."""
        self.products_by_ref |= {one.ref: one for one in products}

    def edit(self, ref: str, **changed: Any) -> Product:
        """Change a product, as its seller would."""
        changed.setdefault("updated_at", datetime.now(UTC))
        self.products_by_ref[ref] = replace(self.products_by_ref[ref], **changed)
        return self.products_by_ref[ref]

    def products(self, since: datetime | None, position: str = "") -> Iterator[Rows[Product]]:
        self.asked.append(since)
        while True:
            found = sorted(self.products_by_ref.values(), key=lambda one: one.ref)
            rows = [one for one in found if since is None or one.updated_at >= since]
            page = self._call("products", lambda: self.paging.cut(rows, position, "ref"))  # noqa: B023
            yield page
            if not page.position:
                return
            position = page.position

    def product(self, ref: str) -> Product | None:
        return self._call("product", lambda: self.products_by_ref.get(ref))

    def products_by_sku(self, sku: str) -> tuple[Product, ...]:
        return self._call(
            "products_by_sku",
            lambda: tuple(one for one in self.products_by_ref.values() if sku_key(one.sku) == sku),
        )

    def look_up(self, question: Any) -> tuple[Any, ...]:
        named = (Named(question.name, question.name),) if isinstance(question, BrandNamed) else ()
        return self._call("look_up", lambda: named)

    def create_product(self, draft: ProductDraft) -> Product:
        return self._call("create_product", lambda: self._make(draft), about=f":{draft.sku}")

    def _make(self, draft: ProductDraft) -> Product:
        known = Product.__dataclass_fields__
        given = {name: value for name, value in draft.fields.items() if name in known}
        self.newest = max(self.newest, *map(int, self.products_by_ref or ("1000",))) + 1
        made = product(self.newest - 1000, sku=draft.sku, **given)
        made = replace(made, updated_at=datetime.now(UTC), quantity=NOTHING, available=NOTHING)
        self.products_by_ref[made.ref] = made
        return made

    def update_product(self, ref: str, changes: Any) -> Product:
        return self._call("update_product", lambda: self.edit(ref, **changes), about=f":{ref}")

    def put_product(self, item_id: str, draft: ProductDraft) -> Product:
        """Take an item whole, as a platform does that calls its products by Flourish's ids."""
        return self._call("put_product", lambda: self._put(item_id, draft), about=f":{item_id}")

    def _put(self, item_id: str, draft: ProductDraft) -> Product:
        own = (one.ref for one in self.products_by_ref.values() if item_id == one.ref or draft.sku == one.sku)
        ref = next(own, item_id)
        self.products_by_ref.setdefault(ref, product(ref=ref, sku=draft.sku))
        return self.edit(ref, **draft.fields)

    def set_stock(self, ref: str, field: str, value: Decimal) -> Product:
        return self._call("set_stock", lambda: self._stocked(ref, field, value), about=f":{ref}")

    def _stocked(self, ref: str, field: str, value: Decimal) -> Product:
        one = self.products_by_ref[ref]
        if value < 0:
            raise Rejected("available_inventory is negative", http_status=400)
        quantity = value if field == "quantity" else value + one.reserved
        return self.edit(ref, quantity=quantity, available=quantity - one.reserved)

    def keep_lots(self, ref: str, *batches: Batch) -> None:
        """Have batches of a product, with their stock."""
        self.batches_by_ref.setdefault(ref, {}).update({one.ref: one for one in batches})

    def batches(self) -> dict[str, tuple[Batch, ...]]:
        found = {ref: tuple(each.values()) for ref, each in self.batches_by_ref.items()}
        return self._call("batches", lambda: found)

    def batches_of(self, ref: str) -> tuple[Batch, ...]:
        return self._call("batches_of", lambda: tuple(self.batches_by_ref.get(ref, {}).values()))

    def set_lot_stock(self, ref: str, batch: Batch, value: Decimal) -> Batch:
        about = f":{batch.stock_ref or f'{ref}/{batch.ref}'}"
        return self._call("set_lot_stock", lambda: self._lot(ref, batch, value), about=about)

    def _lot(self, ref: str, batch: Batch, value: Decimal) -> Batch:
        lots = self.batches_by_ref[ref]
        if not batch.stock_ref and lots[batch.ref].stock_ref:
            # Whoever makes it a second time has it twice.
            lots[f"{batch.ref} again"] = replace(lots[batch.ref], stock_ref="again")
        stock_ref = batch.stock_ref or f"stock-{batch.ref}"
        lots[batch.ref] = replace(lots[batch.ref], stock_ref=stock_ref, place="1", quantity=value)
        return lots[batch.ref]

    def create_strain(self, name: str, strain_class: str) -> str:
        return self._call("create_strain", lambda: self._grow(name), about=f":{name}")

    def _grow(self, name: str) -> str:
        self.strains.append(name)
        return str(len(self.strains))


class Warehouse(Flourish):
    """Flourish with items and their stock in facilities."""

    def __init__(self) -> None:
        super().__init__()
        self.items_by_id: dict[str, Item] = {}
        # Rows of the summary: (facility, item, quantity, lot); an item has one for each lot.
        self.shelves: list[tuple[str, str, Decimal, str]] = []
        self.paging = Paging()
        self.asked: list[datetime | None] = []

    def shelve(self, *items: Item, sellable: int | None = 10, facility: str = "7") -> None:
        """Have items, with so much of each."""
        self.items_by_id |= {one.id: one for one in items}
        if sellable is not None:
            self.shelves += [(facility, one.id, Decimal(sellable), "") for one in items]

    def edit(self, item_id: str, **changed: Any) -> Item:
        """Change an item, as Flourish staff would."""
        changed.setdefault("updated_at", datetime.now(UTC))
        self.items_by_id[item_id] = replace(self.items_by_id[item_id], **changed)
        return self.items_by_id[item_id]

    def count_anew(self, item_id: str, sellable: int, facility: str = "7", lot: str = "") -> None:
        """Have another quantity of an item, or of one of its lots."""
        rows = self.shelves
        others = [row for row in rows if (*row[:2], row[3] if lot else "") != (facility, item_id, lot)]
        self.shelves = [*others, (facility, item_id, Decimal(sellable), lot)]

    def items(self, since: datetime | None, position: str = "") -> Iterator[Rows[Item]]:
        self.asked.append(since)
        while True:
            found = sorted(self.items_by_id.values(), key=lambda one: one.id)
            rows = [one for one in found if since is None or (one.updated_at or T0) >= since]
            page = self._call("items", lambda: self.paging.cut(rows, position, "id"))  # noqa: B023
            yield page
            if not page.position:
                return
            position = page.position

    def item(self, item_id: str) -> Item | None:
        return self._call("item", lambda: self.items_by_id.get(item_id))

    def items_by_sku(self, sku: str) -> tuple[Item, ...]:
        found = (one for one in self.items_by_id.values() if sku_key(one.sku) == sku)
        return self._call("items_by_sku", lambda: tuple(found))

    def stock_pages(
        self, facility_id: str, position: str = "", *, by_lot: bool = False
    ) -> Iterator[Rows[Stock]]:
        while True:
            rows = [self._stock(lot) for lot in self.shelves if lot[0] == facility_id]
            page = self._call("stock", lambda: self.paging.cut(rows, position, "item_id"))  # noqa: B023
            yield page
            if not page.position:
                return
            position = page.position

    def stock_of(self, item_id: str, facility_id: str, *, by_lot: bool = False) -> Stock | None:
        return self._call("stock_of", lambda: self._sum(item_id, facility_id))

    def _stock(self, lot: tuple[str, str, Decimal, str]) -> Stock:
        one = self.items_by_id[lot[1]]
        return Stock(one.id, one.sku, lot[2], one.uom, lots={lot[3]: lot[2]})

    def _sum(self, item_id: str, facility_id: str) -> Stock | None:
        lots = [lot for lot in self.shelves if lot[:2] == (facility_id, item_id)]
        if not lots:
            return None
        by_number = {lot[3]: lot[2] for lot in lots}
        return replace(self._stock(lots[0]), sellable=sum(by_number.values(), NOTHING), lots=by_number)


@dataclass
class Store(Shop):
    """A shop with products and items."""

    leaflink: Market = field(default_factory=Market)
    flourish: Warehouse = field(default_factory=Warehouse)

    @property
    def account(self) -> Account:
        """Both sides, open, with the catalogue declared."""
        return replace(super().account, platform=registry.platform("leaflink"))

    def writes(self) -> int:
        """How many writes both worlds saw."""
        return self.leaflink.count(*Market.WRITES) + self.flourish.count(*Warehouse.WRITES)

    def begin(self, *numbers: int, sellable: int = 10) -> None:
        """Have items with their products, and both sides read and compared."""
        self.flourish.shelve(*(item(number) for number in numbers), sellable=sellable)
        self.leaflink.stock_up(*(product(number) for number in numbers))
        self.read()

    def announce_item(self, item_id: str, *, stock: bool = False) -> None:
        """Have Flourish's webhook tell of an item, or of what there is of it."""
        one = self.flourish.items_by_id[item_id]
        version = None if stock else one.updated_at
        hint = Hint("item", item_id, "item/update", version, is_stock=stock)
        self._deliver(hint, Source(self.hub_id, self.tenant_id, self.hub_id, "flourish", is_hub=True))

    def announce_product(self, ref: str) -> None:
        """Have LeafLink's webhook tell of a product as it is."""
        one = self.leaflink.products_by_ref[ref]
        figures = f"{plain_value(one.quantity)} {plain_value(one.reserved)}"
        hint = Hint("item", one.sku, "product/edit", one.updated_at, figures=figures)
        source = Source(self.connection_id, self.tenant_id, self.hub_id, "leaflink", is_hub=False)
        self._deliver(hint, source)

    def _deliver(self, hint: Hint, source: Source) -> None:
        door = Deliveries(self.desk.settings.database_url)
        door.keep(source, new_id().bytes, {}, hint)
        door.close()

    def set_stream(self, name: str, **values: Any) -> None:
        """Set columns of one of its streams."""
        with self.desk.tenant(self.tenant_id) as session:
            session.execute(update(Stream).where(Stream.name == name).values(**values))

    def streams(self) -> dict[str, Stream]:
        """Its streams of the catalogue by name."""
        with self.desk.tenant(self.tenant_id) as session:
            return {row.name: row for row in session.scalars(select(Stream)) if row.name in sources.INTERVALS}

    def read(self, *names: str) -> set[UUID]:
        """Read the lists of the catalogue, or some of them, once each."""
        concerned: set[UUID] = set()
        for name in names or (sources.ITEMS, sources.STOCK, sources.PRODUCTS):
            concerned |= poll(self.desk, self.tenant_id, self.streams()[name].id)
        return concerned

    def read_again(self, *names: str) -> set[UUID]:
        """Read them once more, as they are due again."""
        self.pass_time(4000)
        return self.read(*names)

    def mirrored_items(self) -> dict[str, MirroredItem]:
        """The items as they were read last, by id."""
        with self.desk.tenant(self.tenant_id) as session:
            return {row.flourish_id: row for row in session.scalars(select(MirroredItem))}

    def mirrored_products(self) -> dict[str, MirroredProduct]:
        """The products as they were read last, by id."""
        with self.desk.tenant(self.tenant_id) as session:
            return {row.foreign_id: row for row in session.scalars(select(MirroredProduct))}

    def count_pulled(self) -> int:
        """How many rows are kept of pulls that are going on."""
        with self.desk.tenant(self.tenant_id) as session:
            return session.scalar(select(func.count()).select_from(PulledRow)) or 0

    def item_links(self) -> dict[str, Link]:
        """The links of items by SKU."""
        with self.desk.tenant(self.tenant_id) as session:
            return {row.foreign_id: row for row in session.scalars(select(Link).where(Link.kind == "item"))}


def rules(settings: Any, connection_id: str, facility: FacilityFacts) -> CatalogueRules:
    """Rules that write stock, and nothing else."""
    return replace(catalogue_rules(settings, connection_id, facility), fields=(), writes_stock=True)


def by_lot(settings: Any, connection_id: str, facility: FacilityFacts) -> CatalogueRules:
    """Rules that write the stock of single lots, and nothing else."""
    return replace(rules(settings, connection_id, facility), by_lot=True)


def furnish(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A shop with products and items, whose catalogue is synced; its pulls open its worlds."""
    platform = replace(LEAFLINK, catalogue=Catalogue((), rules))
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", platform)
    store = Store(shop.desk, shop.tenant_id, shop.hub_id, shop.connection_id)
    monkeypatch.setattr(polls, "open_platform", lambda *_: store.leaflink)
    monkeypatch.setattr(polls, "open_hub", lambda *_: store.flourish)
    with shop.desk.tenant(shop.tenant_id) as session:
        keys = shop.desk.settings.master_keys
        catalogue.begin(session, keys, shop.connection_id, actor=audit.Actor("Ann"))
    return store


def days_ago(days: float) -> datetime:
    """So many days before now."""
    return datetime.now(UTC) - timedelta(days=days)
