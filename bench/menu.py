"""What a sync of AIQ's menu costs us: 10,000 items, of which one in a hundred has a new price since then.

Both systems answer from memory, so that only our own work is measured: reading both, what the mirror keeps,
the plan of every item, whether it changed or not, and the writes. The database's share is not in these
figures; the engine plans only what changed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psutil

from bench.figures import Figure
from portal.sync.decisions import Decision
from portal.sync.domain import FacilityFacts, Product
from portal.sync.drafts import PutProduct
from portal.sync.flourish.shop_items import read_shop_item
from portal.sync.mapping.facts import item_facts, item_from
from portal.sync.mapping.shop_facts import lab_facts, lab_from, shop_facts, shop_item_from
from portal.sync.mapping.shop_shelf import ShopShelf, ShopStock
from portal.sync.mapping.shop_stock import StockReading
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.client import AiqClient
from portal.sync.platforms.aiq.shop import CATALOGUE, plan_item
from portal.sync.reading import Fields
from portal.sync.retail import LabResult

ITEMS, CHANGED = 10_000, 100
BEGAN = datetime(2026, 11, 20, tzinfo=UTC)
RULES = CATALOGUE.rules(
    AIQ.chosen({"sync_terpenes": True}),
    "c1",
    FacilityFacts("7", "Oakland", "", "UTC", sales_rep_required=False),
)
# As many substances as a lab's panel has.
FOUND = {name: Decimal("0.12") for name in ("thc", "thca", "cbd", "limonene", "myrcene", "linalool")}
FOUND |= {f"substance_{place}": Decimal("0.01") for place in range(60)}
LAB = LabResult("1", "L1", "Pass", is_final=True, analysed_at=BEGAN, percentages=FOUND)


class Shelf:
    """A store's products in memory. Implements `contract.Calls`."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Any]] = {}
        self.writes = 0

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
        moment = (BEGAN + timedelta(milliseconds=self.writes)).isoformat(timespec="milliseconds")
        row = self._rows.setdefault(key, {"id": key})
        row.update(body or {}, modified=moment.replace("+00:00", "Z"))
        return row


def measure() -> Iterator[Figure]:
    """Put all items on the menu, change one price in a hundred, and sync again."""
    shelf = Shelf()
    client = AiqClient(shelf, "venue", notice=lambda *_: None)
    bases: dict[str, Any] = {}
    _sync(client, bases, changed=False)
    shelf.writes, process = 0, psutil.Process()
    began, before = time.process_time(), process.memory_info().rss
    _sync(client, bases, changed=True)
    seconds, grown = time.process_time() - began, process.memory_info().rss - before
    samples = f"{ITEMS:,} items, {CHANGED} changed"
    yield Figure("AIQ menu, writes of a sync", shelf.writes, "puts", samples, at_most=CHANGED)
    yield Figure("AIQ menu, our work in a sync", seconds, "s", samples, at_most=20)
    yield Figure("AIQ menu, memory that a sync adds", max(grown, 0) / 1e6, "MB", samples, at_most=300)


def _sync(client: AiqClient, bases: dict[str, Any], *, changed: bool) -> None:
    there = {product.sku: product for page in client.products(None) for product in page.rows}
    for place in range(ITEMS):
        price = "9.00" if changed and place % (ITEMS // CHANGED) == 0 else "8.65"
        planned = _plan(_item(place, price), there.get(f"SKU-{place}"), bases.get(f"SKU-{place}"))
        if planned is not None:
            bases[planned.draft.sku] = planned.base
            client.put_product(planned.item_id, planned.draft)


def _plan(row: dict[str, Any], product: Product | None, base: Any) -> PutProduct | None:
    """Plan an item as a look does: of what the mirror keeps of it, which goes through JSON and back."""
    read = read_shop_item(Fields.of(row), lambda *_: None)
    item = item_from(item_facts(read.item))
    lab = lab_from("L1", lab_facts(LAB))
    on = ShopShelf(
        sku=item.sku,
        items=(item,),
        products=(product,) if product is not None else (),
        stock=Decimal(12),
        lots={"L1": Decimal(12)},
        shop_item=shop_item_from(shop_facts(read), item, None),
        labs=(lab,),
        counted=ShopStock(reading=StockReading(Decimal(12), BEGAN)),
    )
    decision = plan_item(on, base=base, rules=RULES, facts={})
    action = decision.action if isinstance(decision, Decision) else None
    return action if isinstance(action, PutProduct) else None


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
