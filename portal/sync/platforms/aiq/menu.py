"""What is to be done about one item on AIQ's menu now: put there, changed in what differs, hidden, or left
alone (AQ-2, AQ-14). Pure.

AIQ keeps what is not sent, so that a write names what changed and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.sync.decisions import CatalogueRules, Decision
from portal.sync.domain import Json, Product
from portal.sync.drafts import ProductDraft, PutProduct
from portal.sync.mapping.facts import plain, plain_value
from portal.sync.mapping.keeping import Kept, fought_over, keep, with_kept
from portal.sync.mapping.making import drop_held, unread
from portal.sync.platforms.aiq.listing import Listing, Unlisted

_STOCK, _SHOWN = "stock", "enable"


@dataclass(frozen=True)
class Place:
    """An item and its place on the menu.

    Args:
        item_id: Flourish's id of the item.
        sku: the item's.
        shown: what the menu should show of it.
        quantity: how much may be offered; None where nobody has read it yet.
        product: as AIQ has it; None where it has none.
    """

    item_id: str
    sku: str
    shown: Listing | Unlisted
    quantity: Decimal | None
    product: Product | None


def plan_place(place: Place, *, base: Json | None, rules: CatalogueRules) -> Decision:
    """Decide what is to be done about an item.

    Args:
        place: the item and its product.
        base: what the link last agreed on; None before the first time.
        rules: the connection's rules.
    """
    before = base or {}
    if isinstance(place.shown, Unlisted):
        return _unlisted(place, place.shown, before, rules)
    if place.quantity is None:
        return unread()
    there = _there(place.product)
    wanted = {**place.shown.fields, _STOCK: place.quantity}
    kept = [_keep(name, value, there, before) for name, value in wanted.items()]
    agreed = with_kept(before, kept)
    changed = {one.name: wanted[one.name] for one in kept if place.product is None or one.writes}
    if not changed:
        return _settled(place.shown, kept, agreed, there, rules, is_new=agreed != before)
    drops = (
        place.product is not None and not place.quantity and place.product.available > 0 and _STOCK in changed
    )
    return _held(place, rules) if drops and rules.holds_drops else _put(place, changed, agreed, drops=drops)


def _keep(name: str, value: Any, there: Json, before: Json) -> Kept:
    target = plain_value(value)
    if name in there:
        return keep(name, target, agrees=there[name] == target, base=before)
    # What AIQ does not show again in the same words: what was written last is what it has.
    return keep(
        name, target, agrees=before.get("written", {}).get(name) == target and bool(there), base=before
    )


def _there(product: Product | None) -> dict[str, Any]:
    """What AIQ shows of a product, by its own names and as plain JSON."""
    if product is None:
        return {}
    values = {
        _SHOWN: product.listed,
        _STOCK: product.quantity,
        "sku": product.sku,
        "name": product.name,
        "brand": product.brand or None,
        "price": product.price,
        "cannabisComplianceType": product.category,
        "cannabisStrain": next(iter(product.strains), None),
        "cannabisType": product.strain_class or None,
    }
    return plain(values)


def _unlisted(place: Place, why: Unlisted, before: Json, rules: CatalogueRules) -> Decision:
    """An item that does not belong on the menu: its product is hidden, never deleted."""
    product = place.product
    if product is None or not product.listed:
        return Decision(why.code, why.sentence, why.next_step, "skipped")
    if product.available > 0 and rules.holds_drops:
        return _held(place, rules)
    base = with_kept(before, [Kept(_SHOWN, target=False, writes=True)])
    draft = ProductDraft(place.sku, dict(why.fields), {})
    action = PutProduct(product.ref, place.item_id, draft, tuple(why.fields), product.available > 0, base)
    sentence = f"{why.sentence} It is hidden in {rules.platform_label}."
    return Decision("hide_product", sentence, why.next_step, "waiting", action=action)


def _held(place: Place, rules: CatalogueRules) -> Decision:
    product, where = place.product, rules.platform_label
    shows = product.available if product is not None else 0
    return drop_held(f"There is none of it to offer any more; {where} still shows {shows}.")


def _put(place: Place, changed: Json, agreed: Json, *, drops: bool) -> Decision:
    fields = {"quantity" if name == _STOCK else name: value for name, value in changed.items()}
    ref = place.product.ref if place.product is not None else ""
    names = tuple(changed)
    action = PutProduct(ref, place.item_id, ProductDraft(place.sku, fields, {}), names, drops, agreed)
    sentence = (
        f"Write {', '.join(names)} to AIQ: Flourish has it otherwise." if ref else "Put the item on the menu."
    )
    return Decision("put_product", sentence, "Trellis writes it to AIQ.", "waiting", action=action)


def _settled(
    shown: Listing, kept: Sequence[Kept], agreed: Json, there: Json, rules: CatalogueRules, *, is_new: bool
) -> Decision:
    """Nothing is to be written: both agree, or somebody else keeps changing it."""
    base = agreed if is_new else None
    if findings := fought_over(kept, rules.platform_label, there):
        first = findings[0]
        sentence = f"{first.title}. Nothing is written until it changes in Flourish."
        return Decision(first.code, sentence, first.next_step, "stuck", findings=tuple(findings), base=base)
    sentence = " ".join(("Both sides agree.", *shown.warnings))
    return Decision("agree", sentence, "Nothing.", "settled", base=base)
