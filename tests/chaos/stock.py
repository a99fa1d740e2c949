"""Stock: what there is of each item, what LeafLink offers of it, and what open orders hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

from tests.chaos.cluster import Cluster

# The company whose products are synced; the other one has planted mismatches.
STOCKED = "greenleaf"
_HOLDING = ("Submitted", "Accepted", "Backorder")
_FACILITY = """
SELECT facility.flourish_id FROM connection
JOIN tenant ON tenant.id = connection.tenant_id JOIN facility ON facility.id = connection.facility_id
WHERE tenant.slug = %s
"""
_LINKS = """
SELECT link.foreign_id, link.state, link.decision_code FROM link JOIN tenant ON tenant.id = link.tenant_id
WHERE link.kind = 'item' AND tenant.slug = %s
"""


@dataclass(frozen=True)
class Offered:
    """One SKU at the end of a run; `ours` is the state and the code of our decision, or nothing."""

    sku: str
    sellable: Decimal
    held: Decimal
    available: Decimal
    ours: tuple[str, str] | None

    @property
    def wanted(self) -> Decimal:
        """What LeafLink should offer."""
        return max(Decimal(0), self.sellable - self.held)


def begin(cluster: Cluster) -> None:
    """Have the products synced, or all lists of them read once more."""
    cluster.command("connection", "catalogue", "--tenant", STOCKED, "LeafLink")


def stocked_facility(cluster: Cluster) -> str:
    """The facility whose stock LeafLink is told."""
    with cluster.database() as database:
        (facility,) = database.execute(_FACILITY, (STOCKED,)).fetchone() or ("",)
    return str(facility)


def gather(cluster: Cluster, state: Mapping[str, Any], alive: set[str]) -> Iterator[Offered]:
    """Put together what is known of each SKU.

    Args:
        cluster: what runs.
        state: all that the sandbox has.
        alive: numbers of the LeafLink orders that Flourish has.
    """
    with cluster.database() as database:
        links = {sku: (ours, code) for sku, ours, code in database.execute(_LINKS, (STOCKED,)).fetchall()}
    held = _held(state, alive)
    sellable = _sellable(cluster, stocked_facility(cluster))
    by_lot = _by_lot(state)
    for product in state["leaflink"]["products"]:
        if product["company"] == STOCKED:
            sku = product["sku"]
            available = by_lot.get(product["id"], Decimal(str(product["available_inventory"])))
            yield Offered(sku, sellable.get(sku, Decimal(0)), Decimal(held[sku]), available, links.get(sku))


def _by_lot(state: Mapping[str, Any]) -> dict[int, Decimal]:
    """What buyers may order of the batches of each product that has some: they order one, and what an order
    without one reserves is reserved of the product alone."""
    found: defaultdict[int, Decimal] = defaultdict(Decimal)
    for item in state["leaflink"]["inventory_items"]:
        if item["company"] == STOCKED and item["batch"] is not None and not item["is_archived"]:
            reserved = Decimal(item["reserved_qty_in_product_uom"])
            found[item["product"]] += Decimal(item["quantity_in_product_uom"]) - reserved
    return dict(found)


def _held(state: Mapping[str, Any], alive: set[str]) -> Counter[str]:
    held: Counter[str] = Counter()
    for order in state["leaflink"]["orders"]:
        if order["company"] == STOCKED and order["status"] in _HOLDING and order["number"] not in alive:
            for line in order["line_items"]:
                held[line["frozen_data"]["product"]["sku"]] += Decimal(line["quantity"])  # type: ignore[assignment]
    return held


def _sellable(cluster: Cluster, facility: str) -> dict[str, Decimal]:
    """What the facility can sell, as Flourish says it to anybody with a key."""
    accounts = cluster.control("GET", "accounts")
    account = next(one for one in accounts if one["world"] == STOCKED and one["platform"] == "flourish")
    headers = {"x-api-key": account["key"], "FacilityID": facility}
    url = f"{account['base_url']}inventory/summary?limit=50&offset=0"
    found: dict[str, Decimal] = {}
    while url:
        page = requests.get(url, headers=headers, timeout=60).json()
        found |= {row["sku"]: Decimal(str(row["sellable_qty"])) for row in page["data"]}
        url = page["meta"]["next"]
    return found
