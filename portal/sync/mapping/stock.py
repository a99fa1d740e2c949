"""Stock: how much of an item a platform may offer, and the write that makes it so (LL-11)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from portal.sync.batches import SetLotStock
from portal.sync.decisions import CatalogueRules, Finding, SetStock
from portal.sync.domain import Item, Json, Product, Shelf, StockKind
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keeping import fought_over, keep, with_kept
from portal.sync.mapping.units import EACH, convert, rounded_down

# Platforms count to four decimals, and things sold by the unit in whole ones.
_PLACES = 4

# Kinds of stock that are not ours to write -> why.
_LEFT_ALONE = {
    StockKind.INHERITED: "its parent product keeps the stock",
    StockKind.UNLIMITED: "its stock is unlimited",
}


@dataclass(frozen=True)
class StockPlan:
    """What is to be done about a product's stock; `left_alone` says why nothing is. `agreed` is the base
    from now on; None where that is what it was."""

    agreed: Json | None = None
    action: SetStock | SetLotStock | None = None
    findings: tuple[Finding, ...] = ()
    left_alone: str = ""
    # The write would take it to zero, and such writes are held now.
    is_held: bool = False
    # The stock was not read yet.
    is_unread: bool = False
    # What buyers may order, in words; empty where the product itself says it.
    offered: str = ""


def offered(
    shelf: Shelf, item: Item, unit: str, rules: CatalogueRules, *, fractional: bool
) -> Decimal | None:
    """Work out how many units of a product buyers may order; None where its unit measures something else.

    Never below zero, and never more than is sellable: what is promised to orders that Flourish does not know
    of and the connection's buffer are taken off, and the rest is cut off after the platform's last decimal.
    """
    sellable = convert(shelf.stock or Decimal(0), item.uom, unit)
    if sellable is None:
        return None
    taken = Fraction(max(shelf.promised, Decimal(0))) + Fraction(max(rules.stock_buffer, Decimal(0)))
    return rounded_down(max(sellable - taken, Fraction(0)), places(unit, fractional=fractional))


def places(unit: str, *, fractional: bool) -> int:
    """How many decimals a quantity of a product has at the most."""
    return 0 if unit == EACH and not fractional else _PLACES


def untouched(shelf: Shelf, product: Product, rules: CatalogueRules) -> StockPlan | None:
    """Why nothing is decided about a product's stock at all; None where something is."""
    if not rules.writes_stock:
        return StockPlan()
    if product.stock_kind in _LEFT_ALONE:
        return StockPlan(left_alone=_LEFT_ALONE[product.stock_kind])
    return StockPlan(is_unread=True) if shelf.stock is None else None


def plan(shelf: Shelf, item: Item, product: Product, base: Json, rules: CatalogueRules) -> StockPlan:
    """Decide about the stock of a product that has its item."""
    left = untouched(shelf, product, rules)
    if left is not None:
        return left
    target = offered(shelf, item, product.unit, rules, fractional=product.fractional)
    if target is None or not has_plain_unit(product):
        return StockPlan(findings=(unit_mismatch(item, product, rules),))
    kept = keep("stock", plain_value(target), agrees=product.available == target, base=base)
    agreed = with_kept(base, [kept])
    if not kept.writes:
        shown = {"stock": plain_value(product.available)}
        return StockPlan(agreed, findings=tuple(fought_over([kept], rules.platform_label, shown)))
    drops = target == 0 < product.available
    if drops and rules.holds_drops:
        return StockPlan(is_held=True)
    reserved = max(product.reserved, Decimal(0)) if rules.stock_field == "quantity" else Decimal(0)
    return StockPlan(action=SetStock(product.ref, rules.stock_field, target + reserved, drops, agreed))


def has_plain_unit(product: Product) -> bool:
    """Whether what the platform counts is the unit itself; packages of 3.5 g may be counted either way."""
    return product.unit == EACH or product.denomination == 1


def unit_mismatch(item: Item, product: Product, rules: CatalogueRules) -> Finding:
    """An item and its product are counted in units that do not measure the same."""
    where = rules.platform_label
    size = "" if has_plain_unit(product) else f"{plain_value(product.denomination)} "
    ours, theirs = item.uom or "no unit", f"{size}{product.unit}"
    return Finding(
        "unit_mismatch",
        f"Flourish counts in {ours}, and {where} in {theirs}",
        f"Give the product in {where} the unit of its item, or the item that of its product. Until then"
        " neither stock nor price is written.",
        cause=f"{ours}, {theirs}",
        evidence={"flourish": item.uom, "platform": theirs},
    )
