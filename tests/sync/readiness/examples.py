"""For each check of each platform what makes it not ready, and what it then says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from portal.sync.entered import BY_REP
from portal.sync.readiness.entries import of_item, of_product
from tests.sync.mapping.shelves import item, product
from tests.sync.readiness.snapshots import FACILITY, customer, facility, named, rep, staff


@dataclass(frozen=True)
class Example:
    """A case in which a check is not ready.

    Args:
        check: its name.
        says: what stands in its evidence.
        changed: of the ordinary snapshot: facts, settings and lists.
        severity: how bad this case is, where it is not as bad as the check declares.
        outcome: what it finds.
    """

    check: str
    says: str
    changed: Mapping[str, Any] = field(default_factory=dict)
    severity: str = ""
    outcome: str = "wrong"


def _facts(**changed: Any) -> dict[str, Any]:
    return {"facts": changed}


_OTHER = of_item(item(id="329", sku="PR-2"))
_NEEDS_STRAIN = of_item(item(strain="", strain_required=True))
_BY_REP = {"settings": {"routing": BY_REP}}
_WRITES = {"source_of_truth": "both", "write_prices": True}

LEAFLINK = (
    Example("leaflink_key", "LeafLink refuses the key", _facts(key_error="LeafLink refuses the key: 401.")),
    Example("leaflink_key", "lacks: Customers: Read", _facts(missing=("Customers: Read",))),
    Example("leaflink_webhook_key", "every webhook is refused", _facts(webhook_key=False)),
    Example("leaflink_webhook", "No correctly signed webhook", _facts(received_at=None)),
    Example("leaflink_webhook", "3 deliveries were refused", _facts(received_at=None, refused=3)),
    Example(
        "sku",
        "1 product is missing in Flourish",
        {"products": (of_product(product()), of_product(product(ref="502", sku="PR-2")))},
    ),
    Example("sku", "1 item is missing in LeafLink", {"items": (of_item(item()), _OTHER)}, "warning"),
    Example(
        "sku",
        "share their value with others",
        {"products": (of_product(product()), of_product(product(ref="502")))},
    ),
    Example(
        "license",
        "1 customer is missing in Flourish",
        {"customers": (customer(), customer("2"))},
        "warning",
    ),
    Example("license", "1 customer has no license number", {"customers": (customer(license=""),)}, "warning"),
    Example("rep", "1 sales rep is missing in Flourish", {"sales_reps": ()}, "warning"),
    Example("rep", "1 sales rep is missing", {"sales_reps": (rep(active=False),), **_BY_REP}, "blocks"),
    Example("rep", "1 rep has no facility", {"sales_reps": (rep(facility=""),), **_BY_REP}, "blocks"),
    Example("rep", "share their value", {"sales_reps": (rep(), rep())}, "warning"),
    Example("brand", "1 brand is missing in LeafLink", {"brands": named("Zenith")}),
    Example("brand", "1 is near", {"brands": named("ACME")}),
    Example("line", "1 product line is missing in LeafLink", {"lines": named("Silver")}),
    Example("strain_present", "1 item has none: PR-1", {"items": (_NEEDS_STRAIN,)}),
    Example(
        "strain",
        "share their value",
        {"strains": named("Blue Dream", "Blue Dream")},
        "warning",
    ),
    Example("lot", "1 batch is missing in Flourish", {"batches": named("SRX-A")}),
    Example("lot", "1 is near", {"batches": named("lot-1")}),
    Example(
        "category",
        "1 category of items is none of LeafLink's: Pre-Rolls > Singles",
        {"categories": named("Pre-Rolls"), "settings": _WRITES},
    ),
    Example(
        "category",
        "1 item has no category",
        {"items": (of_item(item(custom_category="", category="")),)},
        "later",
    ),
    Example("terms", "Flourish has no Net 30 (1 customer)", {"payment_terms": named("Net 7")}),
    Example("default_rep", "1 customer has no default one", {"customers": (customer(reps=()),), **_BY_REP}),
    Example(
        "default_rep",
        "The facility requires a sales rep",
        {
            "customers": (customer(reps=()),),
            "facts": {"facility": replace(FACILITY, sales_rep_required=True)},
        },
    ),
    Example(
        "listing",
        "0 of 1 product are Available; 1 Internal",
        {"products": (of_product(product(listing_state="Internal")),)},
    ),
    Example("units", "1 product counts in another unit", {"items": (of_item(item(uom="g")),)}),
    Example("price", "1 item has no price", {"items": (of_item(item(price=None)),), "settings": _WRITES}),
    Example(
        "price", "1 product has no price", {"products": (of_product(product(price=Decimal(0))),)}, "warning"
    ),
    Example("ecommerce", "1 item has e-commerce off: PR-1", {"items": (of_item(item(ecommerce=False)),)}),
    Example("ecommerce", "1 item is inactive: PR-1", {"items": (of_item(item(active=False)),)}),
    Example("rival", "still makes orders", {"rival_orders": named("It still makes orders: 00018842.")}),
    Example("writers", "keeps changing 2 products back", _facts(two_writers=2)),
    Example("writers", "without anybody", {"other_writers": named("1 product changed without anybody.")}),
    Example("writers", "linked by Flourish's own", {"items": (of_item(item(native_ref="90001")),)}),
)

FLOURISH = (
    Example("flourish_key", "Flourish refuses the key", _facts(hub_error="Flourish refuses the key: 401.")),
    Example("flourish_key", "lacks: Inventory", _facts(hub_missing=("Inventory",))),
    Example("flourish_facility", "none is chosen", _facts(facility=None)),
    Example("flourish_facility", "Oakland is not active", {"facilities": (facility(active=False),)}),
    Example("flourish_facility", "not there any more", {"facilities": ()}),
    Example(
        "flourish_facility", "no license number", _facts(facility=replace(FACILITY, license="")), "warning"
    ),
    Example("flourish_webhook", "No signing key", _facts(hub_webhook_key=False), "blocks"),
    Example("flourish_webhook", "No correctly signed webhook of Flourish with both", _facts(hub_shown=False)),
    Example(
        "flourish_webhook",
        "the last one because the header Trellis-Sender-1 is missing",
        _facts(hub_shown=False, hub_refused=2, hub_fault="the header Trellis-Sender-1 is missing"),
    ),
    Example(
        "flourish_webhook", "Those of before are still taken", _facts(hub_shown=False, hub_overlaps=True)
    ),
    Example("flourish_webhook", "none are asked for", _facts(hub_headers=False, hub_received_at=None)),
)

# What leaves a check ready although it looks amiss: the evidence, and what is changed.
READY: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    # A hub of before has no headers, and goes on without.
    ("flourish_webhook", "none are asked for", _facts(hub_headers=False, hub_shown=False)),
    ("flourish_webhook", "Those of before are still taken", _facts(hub_overlaps=True)),
    (
        "sku",
        "1 of 1 match",
        {"products": (of_product(product()), of_product(product(ref="9", archived=True)))},
    ),
    # A parent without a SKU is no mismatch; its varieties are products of their own (LL-28).
    ("sku", "1 of 1 match", {"products": (of_product(product()), of_product(product(ref="9", sku="")))}),
    # Two of one name and different licenses are two customers (LL-2).
    ("license", "1 of 1 match", {"customers": (customer(), customer("2", archived=True))}),
    ("license", "1 of 1 match", {"customers": (customer(license="c10-0000001-lic  Retailer (CA)"),)}),
    ("rep", "1 of 1 match", {"staff": (staff(email="Ann@Acme.example"),)}),
    # Staff who stand for no customer need no profile.
    ("rep", "1 of 1 match", {"staff": (staff(), staff("41", "boss@acme.example"))}),
    # The table of brands leads there.
    ("brand", "1 of 1 match", {"brands": named("ACME"), "settings": {"brands": {"Acme": "ACME"}}}),
    ("line", "no field", {"lines": (), "settings": {"product_line_from": "none"}}),
    # A strain that LeafLink does not have is made there.
    ("strain", "No strain has to match", {"strains": ()}),
    ("category", "1 category", {"categories": named("PRE-ROLLS > singles")}),
    ("terms", "all of 1 term",
     {"payment_terms": named("30 days"), "settings": {"terms": {"Net 30": "30 days"}}}),
    ("terms", "1 term stays in LeafLink: LeafLink Financial",
     {"customers": (customer(term="", term_shown="LeafLink Financial"),)}),
    ("default_rep", "need no sales rep", {"customers": (customer(reps=()),)}),
    ("units", "sold by the case", {}),
    ("units", "fit their items",
     {"products": (of_product(product(unit="oz")),), "items": (of_item(item(uom="g")),)}),
)  # fmt: skip
