"""An ordinary Ordo connection in which all is ready, and for each of its checks what makes it not ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.sync.checks import Entry, Snapshot
from portal.sync.platforms.ordo import ORDO
from tests.sync.readiness.examples import FLOURISH as FLOURISH_EXAMPLES
from tests.sync.readiness.examples import Example
from tests.sync.readiness.snapshots import FACTS, FLOURISH, NOW, assessed, rep


def coming(ref: str = "1", **changed: Any) -> Entry:
    """An order that may still come in."""
    facts = {
        "license": "C10-0000001-LIC",
        "customer": "Shop 1",
        "rep": "ann@acme.example",
        "skus": ("PR-1",),
    }
    return Entry(ref, f"ORD-{ref}", f"ORD-{ref}", facts | changed)


PLATFORM: Mapping[str, tuple[Entry, ...]] = {"coming_orders": (coming(),)}


def snapshot(*, facts: Mapping[str, Any] | None = None, **lists: Iterable[Entry]) -> Snapshot:
    """Make a snapshot as an assessment has it: prepared, with every key matched."""
    given = {name: tuple(rows) for name, rows in lists.items()}
    read = Snapshot(
        at=NOW,
        platform={**PLATFORM, **{name: rows for name, rows in given.items() if name in PLATFORM}},
        flourish={**FLOURISH, **{name: rows for name, rows in given.items() if name in FLOURISH}},
        facts={**FACTS, **(facts or {})},
        settings=ORDO.chosen({}),
    )
    return assessed(ORDO.readiness, read)


EXAMPLES = (
    Example("ordo_key", "Ordo refuses the key", {"facts": {"key_error": "Ordo refuses the key: 401."}}),
    Example("ordo_key", "may not read: licenses", {"facts": {"missing": ("licenses",)}}),
    Example(
        "sku",
        "1 item is missing in Flourish",
        {"coming_orders": (coming(), coming("2", skus=("PR-1", "PR-9x")))},
        "warning",
    ),
    Example("sku", "1 is near", {"coming_orders": (coming(skus=("pr-1",)),)}),
    Example(
        "license",
        "1 customer is missing in Flourish",
        {"coming_orders": (coming(), coming("2", license="X90-7777777-LIC"))},
        "warning",
    ),
    Example("license", "1 is near", {"coming_orders": (coming(license="C10-000O001-LIC"),)}),
    Example(
        "rep",
        "1 sales rep is missing in Flourish",
        {"coming_orders": (coming(), coming("2", rep="somebody.else@other.example"))},
        "warning",
    ),
    Example("rep", "missing in Flourish", {"sales_reps": (rep(active=False),)}, "warning"),
    *FLOURISH_EXAMPLES,
)

# What leaves a check ready although it looks amiss: the evidence, and what is changed.
READY: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("sku", "No item has to match", {"coming_orders": ()}),
    ("license", "1 of 1 match", {"coming_orders": (coming(), coming("2", license="c10-0000001-lic"))}),
    ("license", "No customer has to match", {"coming_orders": (coming(license=""),)}),
    ("rep", "1 of 1 match", {"coming_orders": (coming(rep="Ann@Acme.example"),)}),
    ("rep", "No sales rep has to match", {"coming_orders": (coming(rep=""),)}),
)
