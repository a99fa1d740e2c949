"""What a sync of AIQ's menu takes: 10,000 items, of which one in a hundred has a new price since the last.

The engine pulls both sides, keeps them in PostgreSQL, compares them and writes, as a worker does. Both
systems answer from memory, so that nobody else's work is measured.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import psutil
import psycopg
from sqlalchemy import func, select, update

from bench.catalogue.ours import read_due, sync
from bench.figures import Figure
from bench.machine import directory, for_psycopg
from portal.config import Settings
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.identity import tenants
from portal.migrations import upgrade
from portal.models import Link, Stream
from portal.sync.contract import Rows
from portal.sync.decisions import Decision
from portal.sync.domain import Company, FacilityFacts, Stock
from portal.sync.drafts import PutProduct
from portal.sync.engine import accounts
from portal.sync.engine import poll as polls
from portal.sync.engine.desk import open_desk
from portal.sync.engine.sources import INTERVALS
from portal.sync.flourish.shop_items import read_shop_item
from portal.sync.mapping.shop_shelf import ShopShelf, ShopStock
from portal.sync.mapping.shop_stock import StockReading
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.platforms.aiq.shop import CATALOGUE, plan_item
from portal.sync.reading import Fields
from portal.sync.retail import LabResult
from portal.sync.shopping import ShopItem
from tests.sync.engine.shop import Shop, open_shop

ITEMS, CHANGED = 10_000, 100
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
# What AIQ shows of nobody is written once when it is first met: a first sync of ten thousand items would be
# ten thousand writes, minutes before what is measured.
CHOSEN = {"sync_labs": False, "sync_weight": False}
RULES = CATALOGUE.rules(
    AIQ.chosen(CHOSEN), "c1", FacilityFacts("7", "Oakland", "", "UTC", sales_rep_required=False)
)
# As many substances as a lab's panel has.
FOUND = {name: Decimal("0.12") for name in ("thc", "thca", "cbd", "limonene", "myrcene", "linalool")}
FOUND |= {f"substance_{place}": Decimal("0.01") for place in range(60)}
_PAGE = 1_000
_KIB = 1024


class Shelf:
    """A store's products in memory. Implements `contract.Calls`."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self.writes = 0
        # When what is written counts as changed; None for now.
        self.moment: datetime | None = None

    def read(self, path: str, *, query: Mapping[str, Any] | None = None, headers: Any = None) -> Any:
        """List products by their time of change, or say that the store is there."""
        del headers
        if path.startswith("venues/"):
            return {"id": "venue", "name": "Oakland"}
        asked = query or {}
        rows = [row for row in self._rows.values() if row["modified"] >= asked.get("modifiedStart", "")]
        rows.sort(key=lambda row: row["modified"])
        return {"count": len(rows), "data": rows[asked["skip"] : asked["skip"] + asked["limit"]]}

    def write(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, headers: Any = None
    ) -> Any:
        """Put a product."""
        del method, headers
        self.writes += 1
        key = path.partition("?")[0]
        moment = (self.moment or datetime.now(UTC)).isoformat(timespec="milliseconds")
        row = self._rows.setdefault(key, {"id": key})
        row.update(body or {}, modified=moment.replace("+00:00", "Z"))
        return row


class Flourish:
    """A company's items with a lot of each, in memory: as much of `FlourishClient` as a sync asks."""

    def __init__(self) -> None:
        self._items: list[dict[str, Any]] = []
        self.retail = self

    def keep(self, place: int, price: str, since: datetime) -> None:
        """Have an item at a price since then."""
        row = _item(place, price) | {"last_updated_timestamp": since.isoformat()}
        self._items[place : place + 1] = [row]

    def company(self) -> Company:
        """The company is there."""
        return Company("1", "Greenleaf")

    def shop_items(self, since: datetime | None, position: str = "") -> Iterator[Rows[ShopItem]]:
        """Page through items that changed since a time."""
        after = since.isoformat() if since else ""
        rows = [row for row in self._items if row["last_updated_timestamp"] >= after]
        for page, at in _pages(rows, position):
            yield Rows.read(map(Fields.of, page), _read, len(rows), at)

    def shop_item(self, item_id: str) -> ShopItem:
        """One item."""
        return _read(Fields.of(self._items[int(item_id)]))

    def stock_pages(
        self, _facility: str, position: str = "", *, by_lot: bool = False
    ) -> Iterator[Rows[Stock]]:
        """Page through what there is, each row of one lot whatever is asked."""
        del by_lot
        for page, at in _pages(self._items, position):
            yield Rows(tuple(map(_stock, page)), (), len(self._items), at)

    def stock_of(self, item_id: str, _facility: str, *, by_lot: bool = False) -> Stock:
        """What there is of one item."""
        del by_lot
        return _stock(self._items[int(item_id)])

    def labs(self, lots: Sequence[str]) -> Iterator[LabResult]:
        """What labs found."""
        return (
            LabResult(lot, lot, "Pass", is_final=True, analysed_at=BEGAN, percentages=FOUND) for lot in lots
        )


def measure() -> Iterator[Figure]:
    """Have all items on the menu already, change one price in a hundred, and sync again."""
    shelf, flourish = Shelf(), Flourish()
    client = AiqClient(shelf, "venue", notice=lambda *_: None)
    for place in range(ITEMS):
        # One after the other, over a week: a list of changes begins somewhat before the last one that it saw.
        shelf.moment = BEGAN - timedelta(minutes=ITEMS - place)
        flourish.keep(place, "8.65", shelf.moment)
        _put(client, flourish.shop_item(f"{place:08}"))
    shelf.moment = None
    with _connected(client, flourish) as (shop, database):
        sync(shop)
        agreeing = _agreeing(shop)
        _analyze(database)
        shelf.writes, before = 0, psutil.Process().memory_info().rss
        for place in range(0, ITEMS, ITEMS // CHANGED):
            flourish.keep(place, "9.00", datetime.now(UTC))
        seconds = _ten_minutes_later(shop)
        again = shelf.writes
        _ten_minutes_later(shop)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
    samples = f"{ITEMS:,} items, {CHANGED} changed"
    yield Figure("AIQ menu, items that agree at first", agreeing, "", samples, at_least=ITEMS)
    yield Figure("  writes of a sync", again, "puts", samples, at_most=CHANGED, at_least=CHANGED)
    yield Figure("  writes of a sync after it", shelf.writes - again, "puts", samples, at_most=0)
    yield Figure("  a sync, both sides read, compared, written", seconds, "s", samples, at_most=20)
    yield Figure("  peak memory, both systems' rows in it", peak / 1e6, "MB", samples)
    yield Figure("  what the syncs added to it", max(peak - before, 0) / 1e6, "MB", samples, at_most=300)


@contextmanager
def _connected(client: AiqClient, flourish: Flourish) -> Iterator[tuple[Shop, str]]:
    """A live connection of a company to both, on servers of its own."""
    with ExitStack() as stack:
        folder = stack.enter_context(directory())
        database = stack.enter_context(Postgres(folder).running())
        redis = stack.enter_context(Valkey(folder).running())
        upgrade(database)
        for module in (polls, accounts):
            stack.enter_context(mock.patch.object(module, "open_platform", return_value=client))
            stack.enter_context(mock.patch.object(module, "open_hub", return_value=flourish))
        desk = open_desk(
            Settings(database_url=database, redis_url=redis, secret_key="", master_keys={"b": b"b" * 32})
        )
        tenant = tenants.create(desk.sessions, slug="menu", name="Menu", timezone="America/Los_Angeles")
        shop = open_shop(desk, tenant.id, "AIQ", AIQ)
        shop.choose(**CHOSEN)
        yield shop, database


def _analyze(database: str) -> None:
    """Have PostgreSQL know how many rows there are, as it would by itself within minutes."""
    with psycopg.connect(for_psycopg(database), autocommit=True) as connection:
        connection.execute("ANALYZE")


def _ten_minutes_later(shop: Shop) -> float:
    """Sync as it is done every ten minutes: stock whole, and what changed of the other lists."""
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(update(Stream).where(Stream.name.in_(INTERVALS)).values(due_at=func.now()))
    seconds: float = read_due(shop)["seconds"]
    return seconds


def _agreeing(shop: Shop) -> int:
    with shop.desk.tenant(shop.tenant_id) as session:
        query = select(func.count()).where(Link.kind == "item", Link.state == "settled")
        return session.scalar(query) or 0


def _put(client: AiqClient, on: ShopItem) -> None:
    """Have an item on the menu as the plan would put it there."""
    shelf = ShopShelf(
        sku=on.item.sku,
        items=(on.item,),
        products=(),
        stock=Decimal(12),
        shop_item=on,
        counted=ShopStock(reading=StockReading(Decimal(12), BEGAN)),
    )
    decision = plan_item(shelf, base=None, rules=RULES, facts={})
    action = decision.action if isinstance(decision, Decision) else None
    if not isinstance(action, PutProduct):
        raise TypeError(f"{on.item.sku} is not put on the menu: {decision}")
    client.put_product(action.item_id, action.draft)


def _pages(rows: Sequence[Any], position: str) -> Iterator[tuple[Sequence[Any], str]]:
    for start in range(int(position or 0), len(rows), _PAGE):
        end = start + _PAGE
        yield rows[start:end], str(end) if end < len(rows) else ""
    if not rows:
        yield (), ""


def _read(row: Fields) -> ShopItem:
    return read_shop_item(row, lambda *_: None)


def _stock(row: Mapping[str, Any]) -> Stock:
    return Stock(row["id"], row["sku"], Decimal(12), "ea", lots={row["id"]: Decimal(12)})


def _item(place: int, price: str) -> dict[str, Any]:
    return {
        "id": f"{place:08}",
        "sku": f"SKU-{place}",
        "item_name": f"Gummies {place}",
        "active": True,
        "sellable": True,
        "ecommerce_active": True,
        "ecommerce_item_name": f"Gummies {place}",
        "item_category": "Edibles",
        "brand": "Greenleaf Kitchen",
        "strain_type_name": "Hybrid",
        "uom": "ea",
        "unit_weight": Decimal("3.5"),
        "weight_uom": "g",
        "price": Decimal(price),
    }
