"""The plan for one SKU on a platform that takes an item whole: all of it in one write under Flourish's id,
for items whose brand is one of the account's, and for no others (OR-1). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from portal.sync.decisions import CatalogueRules, Decision, Finding, Inquiry
from portal.sync.domain import Item, Json, Product, Shelf
from portal.sync.drafts import ProductDraft, PutProduct
from portal.sync.mapping.asking import Asking
from portal.sync.mapping.description import exactly
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keeping import Kept, fought_over, keep, with_kept
from portal.sync.mapping.keys import sku_key
from portal.sync.mapping.making import drop_held, unread
from portal.sync.mapping.pairing import Pair, ask, only_near, pair
from portal.sync.mapping.units import rounded_down
from portal.sync.questions import BrandNamed, Facts, Named

# Decimals of a quantity.
_PLACES = 4


def plan_whole(shelf: Shelf, *, base: Json | None, rules: CatalogueRules, facts: Facts) -> Decision | Inquiry:
    """Decide what is to be done about a SKU now; see `catalogues.Planner`."""
    before = base or {}
    found = pair(shelf, base=before, rules=rules)
    if isinstance(found, Decision):
        return found
    if found.product is None and (held := _left_alone(shelf, found.item, rules)):
        return held
    asking = Asking(facts)
    name = _brand_name(found.item, rules)
    if rules.said.is_left_out("brand", sku_key(name)):
        return _left_out(name)
    brand = _brand(name, asking)
    if asking.inquiry is not None:
        return asking.inquiry
    if brand is None:
        return _not_ours(found, name, rules, facts)
    if shelf.stock is None:
        return unread()
    return _put(shelf, found, brand, rules, before=before)


def _left_alone(shelf: Shelf, item: Item, rules: CatalogueRules) -> Decision | None:
    """Why an item that the platform does not have is not put there."""
    where = rules.platform_label
    if not item.active:
        sentence, step = "The item is not active in Flourish.", "Activate it in Flourish to have it synced."
        return Decision("item_not_active", sentence, step, "skipped")
    return only_near(shelf.sku, shelf.products, where, thing="item")


def _brand_name(item: Item, rules: CatalogueRules) -> str:
    """What the platform calls the item's brand: the same, unless people said that a near one is meant."""
    return rules.said.on_platform("brand", sku_key(item.brand))


def _left_out(name: str) -> Decision:
    return Decision(
        "left_out",
        f"Somebody left the brand {name} out: its items are not synced, and nothing is taken away.",
        "Nothing, until somebody includes it again.",
        "skipped",
    )


def _brand(name: str, asking: Asking) -> Named | None:
    """The account's brand of this name, exact after trimming; asked each time, as people rename brands."""
    if not name:
        return None
    exact = exactly(asking.answer(BrandNamed(name)) or (), name)
    return exact[0] if len(exact) == 1 else None


def _not_ours(found: Pair, name: str, rules: CatalogueRules, facts: Facts) -> Decision:
    where = rules.platform_label
    similar: Sequence[Named] = facts.get(BrandNamed(name), ()) if name else ()
    meant = f" Did you mean {' or '.join(brand.name for brand in similar)}?" if similar else ""
    said = f"{where} has no brand {name}.{meant}" if name else "The item has no brand in Flourish."
    step = f"Add the brand in {where}, or give the item one of its brands in Flourish, spelled exactly alike."
    if found.base.get("brand"):
        return ask((_orphaned(found, said, step, where),))
    stays = f" Its item in {where} stays as it is." if found.product else ""
    code = "brand_elsewhere" if name else "brand_missing"
    return Decision(code, f"{said}{stays}", step, "skipped")


def _orphaned(found: Pair, said: str, step: str, where: str) -> Finding:
    """An item that was synced, and whose brand either side has renamed since."""
    return Finding(
        "brand_orphaned",
        f"{found.item.sku} is in {where} under a brand that both sides do not share any more",
        step,
        cause=found.item.brand.strip(),
        text=f"It was synced as {found.base['brand']}. {said} Neither stock nor edits reach {where}.",
    )


def _put(shelf: Shelf, found: Pair, brand: Named, rules: CatalogueRules, *, before: Json) -> Decision:
    product, where = found.product, rules.platform_label
    wanted = _wanted(shelf, found.item, brand)
    kept = [
        keep(name, value, agrees=_there(product, name) == value, base=before)
        for name, value in wanted.items()
    ]
    writes = product is None or any(one.writes for one in kept)
    agreed = with_kept({**found.base, "brand": brand.name}, kept)
    if not writes:
        return _settled(found, kept, agreed, rules, before=before)
    drops = product is not None and wanted["stock"] == "0" and product.available > 0
    if drops and rules.holds_drops:
        shows = _there(product, "stock")
        return drop_held(f"Flourish has none of it any more; {where} still shows {shows}.")
    return _write(found, wanted, kept, agreed, rules, drops=drops)


def _wanted(shelf: Shelf, item: Item, brand: Named) -> dict[str, Any]:
    """What the platform should have, as plain JSON: all of the item, and what is sellable, zero too."""
    sellable = max(shelf.stock or Decimal(0), Decimal(0))
    return {
        "name": item.name.strip(),
        "brand": brand.ref,
        "category": item.category.strip(),
        "unit": item.uom.strip(),
        "price": None if item.price is None else plain_value(item.price),
        "stock": plain_value(rounded_down(Fraction(sellable), _PLACES)),
    }


def _there(product: Product | None, name: str) -> Any:
    if product is None:
        return None
    return plain_value(product.available if name == "stock" else getattr(product, name))


def _write(
    found: Pair, wanted: Json, kept: Sequence[Kept], base: Json, rules: CatalogueRules, *, drops: bool
) -> Decision:
    item, product, where = found.item, found.product, rules.platform_label
    changed = tuple(one.name for one in kept if product is None or one.writes)
    fields = {"quantity" if name == "stock" else name: value for name, value in wanted.items()}
    draft = ProductDraft(_sku(found), fields, {})
    if product is None:
        sentence = f"Put the item into {where}: its brand is one of {where}'s, and it is not there."
    else:
        sentence = f"Write {', '.join(changed)} to {where}: Flourish has it otherwise."
    ref = product.ref if product else ""
    action = PutProduct(ref, item.id, draft, changed, drops, base)
    return Decision("put_product", sentence, f"Trellis writes it to {where}.", "waiting", action=action)


def _sku(found: Pair) -> str:
    """The SKU that is written: what is there keeps its own, by which it is found, also where people said that
    another one is the same. Under the item's a second one would be made."""
    if found.product is None:
        return found.item.sku.strip()
    return found.product.own_sku or found.product.sku


def _settled(
    found: Pair, kept: Sequence[Kept], agreed: Json, rules: CatalogueRules, *, before: Json
) -> Decision:
    """Nothing is to be written: both agree, or somebody else keeps changing it."""
    item, product, where = found.item, found.product, rules.platform_label
    base = agreed if agreed != before else None
    shown = {one.name: _there(product, one.name) for one in kept}
    if findings := fought_over(kept, where, shown):
        first = findings[0]
        sentence = f"{first.title}. Nothing is written until it changes in Flourish."
        return Decision(first.code, sentence, first.next_step, "stuck", findings=tuple(findings), base=base)
    inactive = "" if item.active else " The item is not active in Flourish."
    sentence = f"Both sides agree. {where} shows {_there(product, 'stock')} {item.uom}.{inactive}"
    return Decision("agree", sentence, "Nothing.", "settled", base=base)
