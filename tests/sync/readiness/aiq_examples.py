"""An ordinary AIQ connection in which all is ready, and for each of its checks what makes it not ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.sync.checks import Entry, Snapshot
from portal.sync.platforms.aiq import AIQ
from portal.sync.platforms.aiq.judging import IS_OFF, IS_ON, NATIVE_INTEGRATION, NOT_SAID
from portal.sync.readiness.entries import of_item
from tests.sync.mapping.shelves import item
from tests.sync.readiness.examples import FLOURISH as FLOURISH_EXAMPLES
from tests.sync.readiness.examples import Example
from tests.sync.readiness.snapshots import FACTS, FLOURISH, NOW, assessed


def coming(ref: str = "1", **changed: Any) -> Entry:
    """An order that may still come in."""
    facts = {"skus": ("PR-1",), "pos_id": ""}
    label = changed.pop("label", f"10{ref}")
    return Entry(ref, label, label, facts | changed)


def listed(**changed: Any) -> Entry:
    """A Flourish item that is for e-commerce."""
    return of_item(item(**({"ecommerce": True, "custom_subcategory": "Pre-Rolls"} | changed)))


PLATFORM: Mapping[str, tuple[Entry, ...]] = {"coming_shop_orders": (coming(),), "aiq_products": ()}


def snapshot(
    *,
    facts: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    **lists: Iterable[Entry],
) -> Snapshot:
    """Make a snapshot as an assessment has it: prepared, with every key matched."""
    given = {"items": (listed(),)} | {name: tuple(rows) for name, rows in lists.items()}
    read = Snapshot(
        at=NOW,
        platform={**PLATFORM, **{name: rows for name, rows in given.items() if name in PLATFORM}},
        flourish={**FLOURISH, **{name: rows for name, rows in given.items() if name in FLOURISH}},
        facts={**FACTS, "pos_ids": frozenset(), **(facts or {})},
        settings=AIQ.chosen({NATIVE_INTEGRATION: IS_OFF, **(settings or {})}),
    )
    return assessed(AIQ.readiness, read)


EXAMPLES = (
    Example("aiq_key", "AIQ refuses the key", {"facts": {"key_error": "AIQ refuses the key: 401."}}),
    Example("native", "Nobody has said yet", {"settings": {NATIVE_INTEGRATION: NOT_SAID}}),
    Example("native", "twice", {"settings": {NATIVE_INTEGRATION: IS_ON}}),
    Example("aiq_webhook", "No webhook of AIQ was received yet", {"facts": {"received_at": None}}),
    Example("native", "somebody else sends them", {"coming_shop_orders": (coming(pos_id="00000900"),)}),
    Example(
        "order_numbers",
        "1 number is those of several orders",
        {"coming_shop_orders": (coming(label="7"), coming("2", label="7"))},
    ),
    Example(
        "categories",
        "1 category has no place",
        {"items": (listed(custom_subcategory="Moon rocks"),)},
    ),
    Example("categories", "1 item has no category", {"items": (listed(custom_subcategory="", category=""),)}),
    Example(
        "sku",
        "1 item is missing in Flourish",
        {"coming_shop_orders": (coming(), coming("2", skus=("PR-9x",)))},
        "warning",
    ),
    Example("sku", "1 is near", {"coming_shop_orders": (coming(skus=("pr-1",)),)}),
    *FLOURISH_EXAMPLES,
)

# What leaves a check ready although it looks amiss: the evidence, and what is changed.
READY: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    # An id in Flourish that we have written ourselves.
    (
        "native",
        "is off",
        {"coming_shop_orders": (coming(pos_id="RO-1"),), "facts": {"pos_ids": frozenset({"RO-1"})}},
    ),
    ("sku", "No item has to match", {"coming_shop_orders": ()}),
    ("categories", "0 categories", {"items": (listed(ecommerce=False, custom_subcategory="Moon rocks"),)}),
)
