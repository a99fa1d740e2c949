"""What AIQ takes of items, and by which rules (AQ-2 to AQ-5, AQ-11, AQ-14). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from portal.sync.catalogues import Catalogue
from portal.sync.decisions import CatalogueRules, Decision, Finding, Inquiry
from portal.sync.domain import FacilityFacts, Json, Shelf
from portal.sync.entered import Setting
from portal.sync.mapping.pairing import Pair, only_near, pair
from portal.sync.mapping.shop_shelf import HIDES_OLD, ShopShelf, is_by_weight
from portal.sync.mapping.shop_stock import Offered, oversold
from portal.sync.platforms.aiq.labs import THC_SOURCE, TOTAL_THC, labs_of
from portal.sync.platforms.aiq.listing import FIELDS, Listing, listing
from portal.sync.platforms.aiq.menu import Place, plan_place
from portal.sync.platforms.aiq.terms import LABEL
from portal.sync.questions import Facts
from portal.sync.shopping import ShopItem

# How long an item may be offered by an old figure; AIQ's own article syncs every ten minutes.
_STOCK_SECONDS = 600.0
WRITES, BUFFER = "writes", "stock_buffer"
HIDING = Setting(
    HIDES_OLD,
    "Hide items whose stock nobody could read for an hour",
    "Off, AIQ goes on offering what was there last, less what orders hold.",
    (),
    False,
)
# Fields of a product that are compared, by the switch that has them written; those of no switch always are.
_COMPARED = (
    ("name", ""),
    ("category", ""),
    ("price", "sync_price"),
    ("brand", "sync_brand"),
    ("description", "sync_description"),
    ("strains", "sync_strain"),
    ("strain_class", "sync_strain"),
)


def item_rules(chosen: Mapping[str, Any], connection_id: str, facility: FacilityFacts) -> CatalogueRules:
    """Make the rules of a connection.

    Args:
        chosen: its settings, all of them.
        connection_id: whose they are.
        facility: the connection's own.
    """
    is_written = chosen[WRITES] is True
    compared = tuple(name for name, switch in _COMPARED if not switch or chosen[switch] is True)
    return CatalogueRules(
        connection_id=connection_id,
        platform_label=LABEL,
        fields=compared if is_written else (),
        writes_stock=is_written,
        is_shop=True,
        stock_buffer=Decimal(str(chosen[BUFFER])),
        license=facility.license,
        chosen=chosen,
    )


def plan_item(shelf: Shelf, *, base: Json | None, rules: CatalogueRules, facts: Facts) -> Decision | Inquiry:
    """Decide what is to be done about a SKU now; see `catalogues.Planner`.

    Raises:
        TypeError: the shelf has nothing of what shops ask.
    """
    del facts
    if not isinstance(shelf, ShopShelf):
        raise TypeError("an item of a shop is planned of a shelf of a shop")
    before = base or {}
    found = pair(shelf, base=before, rules=rules)
    if isinstance(found, Decision):
        return found
    if found.product is None and (similar := only_near(shelf.sku, shelf.products, LABEL)):
        return similar
    if shelf.shop_item is None:
        return _unread()
    offered = shelf.counted.offered(rules.stock_buffer, by_weight=is_by_weight(found.product))
    place = _place(shelf, found, shelf.shop_item, offered, rules)
    decision = plan_place(place, base=found.base, rules=rules)
    if decision.state in ("settled", "stuck") and decision.base is None and found.base != before:
        decision = replace(decision, base=found.base)
    if decision.action is not None and not rules.writes_stock:
        decision = _not_written(decision)
    return _told(decision, shelf, offered)


def _place(
    shelf: ShopShelf, found: Pair, shop_item: ShopItem, offered: Offered | None, rules: CatalogueRules
) -> Place:
    labs = labs_of(
        shelf.labs, shelf.lots, shop_item.claims, thc_source=rules.chosen.get(THC_SOURCE, TOTAL_THC)
    )
    shown, sku = listing(shop_item, labs, rules.chosen), _sku(found)
    if isinstance(shown, Listing):
        warnings = (*shown.warnings, *_dropped(shown))
        shown = replace(shown, sku=sku, fields={**shown.fields, "sku": sku}, warnings=warnings)
    product = None if found.product is None else replace(found.product, sku=sku)
    quantity = None if offered is None else shelf.counted.published(offered, rules)
    return Place(found.item.id, sku, shown, quantity, product)


def _dropped(shown: Listing) -> tuple[str, ...]:
    """What of a lab's findings AIQ has no place for, in one sentence; nothing where labs are not synced."""
    if not shown.dropped or "labs" not in shown.fields:
        return ()
    return (f"AIQ has no place for {len(shown.dropped)} of the substances that its lab found.",)


def _sku(found: Pair) -> str:
    """What is there keeps its own SKU, also where people said that another one is the same."""
    if found.product is None:
        return found.item.sku.strip()
    return found.product.own_sku or found.product.sku


def _unread() -> Decision:
    return Decision(
        "item_unread",
        "What the shop needs of the item was not read from Flourish yet.",
        "Trellis reads it with the next pull.",
        "waiting",
    )


def _not_written(decision: Decision) -> Decision:
    """What would be written, where nothing may be."""
    return Decision(
        "not_written",
        f"{LABEL} has it otherwise, and nothing is written: the connection only reads {LABEL}.",
        f"Switch on the rule to write to {LABEL}, or correct it there by hand.",
        "skipped",
        findings=decision.findings,
    )


def _told(decision: Decision, shelf: ShopShelf, offered: Offered | None) -> Decision:
    """Add what a person is told of orders that hold the item."""
    late = oversold(shelf.sku, offered) if offered is not None else None
    more: tuple[Finding, ...] = (*((late,) if late is not None else ()), *shelf.counted.not_sent)
    if not more:
        return decision
    findings = (*decision.findings, *more)
    if decision.action is not None:
        return replace(decision, findings=findings)
    first = findings[0]
    sentence = f"{first.title}. {decision.sentence}"
    return replace(
        decision,
        code=first.code,
        sentence=sentence,
        next_step=first.next_step,
        state="stuck",
        findings=findings,
    )


# AIQ's names -> ours, where a product shows again what was written. Its quantity is what the store has.
_NAMES = {
    "quantity": "quantity",
    "enable": "listed",
    "cannabisComplianceType": "category",
    "cannabisStrain": "strains",
    "cannabisType": "strain_class",
}
CATALOGUE = Catalogue(FIELDS, item_rules, plan_item, stock_seconds=_STOCK_SECONDS, names=_NAMES)
