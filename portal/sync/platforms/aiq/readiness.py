"""What must be so before an AIQ connection goes live: its checks, and what is matched. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from portal.sync.checks import Check, Entry, MatchKey, Readiness, Snapshot, Verdict
from portal.sync.mapping.keys import sku_key
from portal.sync.platforms.aiq import judging
from portal.sync.platforms.aiq.lists import NAMES
from portal.sync.verdicts import by_key, number, ready, wrong

_CONNECT, _MATCH = "Connect", "Match your data"
_ARTICLE = "AIQ: How to Connect AIQ to Flourish"

SKU = MatchKey(
    "sku", "Ordered items by SKU", "ordered", "items", "item", "item",
    sku_key, many_right=True, needs_right=False, left_where="AIQ",
)  # fmt: skip


def prepare(snapshot: Snapshot) -> Snapshot:
    """Add what orders that may still come in name, each thing once."""
    orders = snapshot.platform.get("coming_shop_orders")
    if not isinstance(orders, tuple):
        return snapshot
    named = Counter(filter(None, (sku_key(sku) for one in orders for sku in one.facts["skus"])))
    ordered = tuple(Entry(sku, sku, f"named {number(times, 'time')}") for sku, times in named.items())
    return replace(snapshot, platform={**snapshot.platform, "ordered": ordered})


def _key(snapshot: Snapshot) -> Verdict:
    facts = snapshot.facts
    if error := facts.get("key_error"):
        return wrong(f"{error}", "Enter a key that works, and the store's id: Settings, API in AIQ.")
    if "company" not in facts:
        return Verdict("unknown", facts.get("key_unknown", "AIQ was not asked yet."), "Check again later.")
    return ready(f"{facts['company']}{facts.get('environment', '')}.")


def _skus(snapshot: Snapshot) -> Verdict:
    step = "Give both the same SKU, or accept a near one."
    return by_key(SKU, snapshot.tallies[SKU.name], missing="warning", step=step)


READINESS = Readiness(
    checks=(
        Check(
            "aiq_key",
            _CONNECT,
            "Connect AIQ",
            "Orders and products of one store are read with this key. One that fails brings in nothing.",
            "blocks",
            _key,
            where="keys",
            source="AIQ: API authentication",
        ),
        Check(
            "native",
            _CONNECT,
            "Switch AIQ's own Flourish integration off",
            "AIQ can send orders to Flourish itself. While it does, every order is there twice.",
            "blocks",
            judging.native,
            needs=("aiq_key",),
            lists=("coming_shop_orders",),
            where="rules",
            source=_ARTICLE,
        ),
        Check(
            "aiq_webhook",
            _CONNECT,
            "Receive an AIQ webhook",
            "A webhook brings a new order within seconds. Until one came, nobody knows that its address is"
            " right.",
            "warning",
            judging.webhook,
            needs=("aiq_key",),
            where="platform",
            source="AIQ: Webhooks",
        ),
        Check(
            "order_numbers",
            _CONNECT,
            "Have AIQ give each order a number of its own",
            "Flourish shows the number that the shopper knows. Two of one number are hard to tell apart.",
            "warning",
            judging.numbers,
            needs=("aiq_key",),
            lists=("coming_shop_orders",),
            where="platform",
            source=_ARTICLE,
        ),
        Check(
            "categories",
            _MATCH,
            "Give every category its place on the menu",
            "An item whose category has none is not published. Trellis lists it and does not guess.",
            "warning",
            judging.unmapped,
            needs=("aiq_key",),
            lists=("items",),
            where="rules",
            source=_ARTICLE,
        ),
        Check(
            "sku",
            _MATCH,
            "Match what is ordered by SKU",
            "An order names its items by SKU. One that is not in Flourish holds the order up.",
            "blocks",
            _skus,
            needs=("aiq_key",),
            lists=("coming_shop_orders", "items"),
            key="sku",
            source=_ARTICLE,
        ),
    ),
    keys=(SKU,),
    lists=NAMES,
    prepare=prepare,
)
