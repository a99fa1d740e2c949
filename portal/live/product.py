"""One product as its page shows it: both sides beside each other, and what was decided about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.live import lots, offering
from portal.models import Link, MirroredItem, MirroredProduct, Problem, TimelineEvent
from portal.queries import orders, products
from portal.sync import registry, unlinking
from portal.sync.contract import Platform

_VERDICTS = {
    "new": ("info", "New", "Trellis has seen this SKU and is about to look at both sides."),
    "waiting": ("warn", "Waiting", ""),
    "settled": ("ok", "Both sides agree", ""),
    "skipped": ("idle", "Not synced", ""),
    "stuck": ("bad", "Stuck", "Somebody has to decide or fix something before this product goes on."),
}
# What pages show of an item, besides its stock: name of the fact, label.
_ITEM = (
    ("display_name", "Shop name"),
    ("brand", "Brand"),
    ("category", "Category"),
    ("custom_category", "Custom category"),
    ("strain", "Strain"),
    ("uom", "Unit"),
    ("price", "Price of one"),
)
_PRODUCT = (
    ("listing_state", "Listing state"),
    ("multiplier", "Units in a case"),
    ("unit", "Unit"),
    ("price", "Price of a case"),
    ("quantity", "Quantity"),
    ("reserved", "Reserved by orders"),
    ("available", "Available to buyers"),
)
_MONEY = frozenset({"price"})


@dataclass(frozen=True)
class Side:
    """What one system has: facts as (label, value)."""

    label: str
    name: str
    reference: str
    facts: list[tuple[str, str]]
    # Something changed there that was not read yet.
    stale: bool


@dataclass(frozen=True)
class ProductView:
    """Everything that a product's page shows."""

    link: Link
    platform: Platform
    name: str
    tone: str
    word: str
    text: str
    sides: Sequence[Side]
    missing: Sequence[str]
    # Of a product whose stock is kept lot by lot.
    lots: Sequence[lots.LotRow]
    # Of a shop: how much is offered, as a sum.
    offer: offering.Offer | None
    problems: Sequence[Problem]
    events: Sequence[TimelineEvent]
    settled: bool

    @property
    def is_apart(self) -> bool:
        """Whether its item and product are one no more, and somebody may unlink them."""
        return unlinking.may_unlink(self.link)


def view(session: Session, tenant_id: UUID, link_id: UUID) -> ProductView | None:
    """Read a product for its page; None when the tenant has no such product."""
    row = products.one(session, tenant_id, link_id)
    if row is None:
        return None
    platform = registry.platform(row.link.connection.platform)
    tone, word, text = _VERDICTS[row.link.state]
    facilities = {one.flourish_id: one.name for one in row.link.connection.hub.facilities}
    sides = [*_flourish(row.item, facilities), *_platform(row.product, platform.label)]
    found = {side.label for side in sides}
    by_lot = lots.view(session, row.link)
    if by_lot == () and row.product is not None:
        sides[-1].facts.append(("Stock is kept", "as one quantity: it has no batches"))
    problems = orders.open_problems(session, tenant_id, link_id)
    return ProductView(
        link=row.link,
        platform=platform,
        name=row.name,
        tone=tone,
        word=word,
        text=row.link.decision_text or text,
        sides=sides,
        missing=[label for label in ("Flourish", platform.label) if label not in found],
        lots=by_lot or (),
        offer=offering.view(session, row.link),
        problems=problems,
        events=orders.story(session, tenant_id, link_id),
        settled=row.link.state in ("settled", "skipped") and row.link.due_at is None and not problems,
    )


def _flourish(item: MirroredItem | None, facilities: Mapping[str, str]) -> list[Side]:
    if item is None:
        return []
    facts = _facts(item.facts, _ITEM)
    facts += [
        ("Active", "yes" if item.active else "no"),
        ("E-commerce", "on" if item.ecommerce else "off"),
        *((f"Sellable in {facilities.get(ref, ref)}", str(amount)) for ref, amount in item.stock.items()),
    ]
    stale = item.told is not None or item.stock_told is not None
    return [Side("Flourish", item.name, item.flourish_id, facts, stale)]


def _platform(product: MirroredProduct | None, label: str) -> list[Side]:
    if product is None:
        return []
    facts = _facts(product.facts, _PRODUCT)
    facts += [("Archived", "yes")] if product.archived else []
    return [Side(label, product.name, product.foreign_id, facts, product.told is not None)]


def _facts(known: Mapping[str, Any] | None, shown: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    values = known or {}
    return [
        (label, f"${Decimal(values[name]):,.2f}" if name in _MONEY else str(values[name]))
        for name, label in shown
        if values.get(name) not in (None, "")
    ]
