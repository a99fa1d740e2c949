"""An ordinary Ordo connection in which all is ready, and for each of its checks what makes it not ready."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from portal.sync.checks import Entry, Snapshot
from portal.sync.platforms.ordo import ORDO
from portal.sync.readiness.entries import of_item
from portal.sync.sameness import Sameness
from tests.sync.mapping.shelves import item
from tests.sync.readiness.examples import FLOURISH as FLOURISH_EXAMPLES
from tests.sync.readiness.examples import Example
from tests.sync.readiness.snapshots import FACILITY, FACTS, FLOURISH, NOW, assessed, named, rep


def coming(ref: str = "1", **changed: Any) -> Entry:
    """An order that may still come in."""
    facts = {
        "license": "C10-0000001-LIC",
        "customer": "Shop 1",
        "rep": "ann@acme.example",
        "skus": ("PR-1",),
    }
    return Entry(ref, f"ORD-{ref}", f"ORD-{ref}", facts | changed)


def license_of(number: str = FACILITY.license, street2: str = "Suite 2") -> Entry:
    """A license of the organisation's own."""
    return Entry("lic-1", number, number, {"street2": street2})


def put(sku: str = "PR-1", *, brand: str = "Acme", external_id: str = "328") -> Entry:
    """An item in Ordo; one that was entered by hand has no external id."""
    return Entry("itm-1", sku, "Pre-Roll", {"brand": brand, "external_id": external_id})


PLATFORM: Mapping[str, tuple[Entry, ...]] = {
    "coming_orders": (coming(),),
    "brands": named("Acme"),
    "own_licenses": (license_of(),),
    "ordo_items": (put(),),
}


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
    Example("sku", "1 is near", {"ordo_items": (put("pr-1", external_id=""),), "coming_orders": ()}),
    Example(
        "sku", "1 item is missing in Flourish", {"ordo_items": (put("PR-9x", external_id=""),)}, "warning"
    ),
    Example(
        "sku",
        "share their value",
        {"ordo_items": (put(external_id=""), put(external_id=""))},
    ),
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
    Example("ordo_license", "Ordo has no license, and not", {"own_licenses": ()}),
    Example("ordo_license", "Ordo has X1, and not C11-0000777-LIC", {"own_licenses": (license_of("X1"),)}),
    Example("ordo_license", "Did you mean that one?", {"own_licenses": (license_of("C11-0000O77-LIC"),)}),
    Example("ordo_license", "Did you mean that one?", {"own_licenses": (license_of("C11-000777-LIC"),)}),
    Example("ordo_license", "No facility with a license", {"facts": {"facility": None}}),
    Example("ordo_address", "1 license has no address line 2", {"own_licenses": (license_of(street2=""),)}),
    Example("ordo_address", "Ordo has no license", {"own_licenses": ()}),
    Example("brand", "1 brand is missing in Ordo", {"brands": named("Zenith")}, "warning"),
    Example("brand", "1 is near", {"brands": named("ACME")}),
    Example(
        "ordo_orphans", "1 item in Ordo has lost its brand: PR-1", {"ordo_items": (put(brand="Zenith"),)}
    ),
    Example("ordo_orphans", "They are there under Acme", {"brands": named("Acme Co")}),
    Example("ordo_orphans", "lost its brand", {"items": (of_item(item(brand="ACME")),)}),
    Example("ordo_skus", "PR-2 in Ordo, PR-1 in Flourish", {"ordo_items": (put("PR-2"),)}),
    *FLOURISH_EXAMPLES,
)

# What leaves a check ready although it looks amiss: the evidence, and what is changed.
READY: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("sku", "No item has to match", {"coming_orders": ()}),
    ("sku", "1 of 1 match", {"ordo_items": (put(" PR-1", external_id=""),)}),
    ("sku", "1 of 1 match", {"ordo_items": (put("PR-9", external_id="328"),)}),
    ("license", "1 of 1 match", {"coming_orders": (coming(), coming("2", license="c10-0000001-lic"))}),
    ("license", "No customer has to match", {"coming_orders": (coming(license=""),)}),
    ("rep", "1 of 1 match", {"coming_orders": (coming(rep="Ann@Acme.example"),)}),
    ("ordo_license", "Ordo has the license", {"own_licenses": (license_of("c11-0000777-lic"),)}),
    # Of the others nobody asks.
    ("ordo_address", "1 license", {"own_licenses": (license_of(), license_of("X1", street2=""))}),
    ("brand", "1 item has no brand", {"items": (of_item(item()), of_item(item(id="2", sku="B", brand="")))}),
    ("brand", "1 of 1 match", {"brands": (*named("Acme"), *named("Zenith"))}),
    ("brand", "1 of 1 match", {"brands": named(" Acme ")}),
    # What was entered by hand has no partner yet, and one that is gone in Flourish is told of elsewhere.
    ("ordo_orphans", "0 items in Ordo", {"ordo_items": (put(brand="Zenith", external_id=""),)}),
    ("ordo_orphans", "1 item in Ordo", {"ordo_items": (put(external_id="999"),)}),
    (
        "ordo_skus",
        "1 item on both sides",
        {"ordo_items": (put("PR-2"),), "facts": {"said": Sameness(1, {"sku": {"PR-2": "PR-1"}})}},
    ),
    ("ordo_skus", "0 items on both sides", {"ordo_items": (put("PR-2", external_id=""),)}),
    ("rep", "No sales rep has to match", {"coming_orders": (coming(rep=""),)}),
)
