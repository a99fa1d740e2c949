"""Making products: what one is made of when its platform does not have it, and what is missing for it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from portal.sync.decisions import CatalogueRules, CreateProduct, CreateStrain, Decision, Finding, Inquiry
from portal.sync.domain import Item, Json, Shelf
from portal.sync.drafts import ProductDraft
from portal.sync.mapping.asking import Asking
from portal.sync.mapping.description import Description
from portal.sync.mapping.facts import plain_value
from portal.sync.mapping.keeping import Kept, with_kept
from portal.sync.mapping.pairing import ask, only_near
from portal.sync.mapping.stock import offered
from portal.sync.mapping.units import EACH, GRAM, convert, rounded_down
from portal.sync.questions import Named, OwnLicenses

# Decimals of the weight of one unit.
_WEIGHT_PLACES = 4

# Findings that say themselves why these fields are missing.
_TOLD_BY = {
    "category_unknown": ("category", "subcategory"),
    "strain_missing": ("strains",),
    "strain_twice": ("strains",),
    "strain_type_unknown": ("strains", "strain_class"),
    "price_missing": ("price",),
}


def plan(shelf: Shelf, item: Item, base: Json, rules: CatalogueRules, asking: Asking) -> Decision | Inquiry:
    """Decide about an item that has no product."""
    held = _left_alone(shelf, item, rules)
    if held is not None:
        return held
    description = Description(item, rules, None, base, asking).fill()
    license_ref = _license(rules, asking)
    if asking.inquiry is not None:
        return asking.inquiry
    fields = _fields(shelf, item, rules, description, license_ref)
    wrong = [*description.findings, *_incomplete(item, fields, rules, description)]
    if wrong:
        return ask(wrong)
    if shelf.stock is None and rules.writes_stock:
        return unread()
    if description.strain is not None:
        return make_strain(description.strain, rules)
    kept = [Kept(name, value, writes=True) for name, value in description.values.items()]
    if rules.writes_stock:
        kept.append(Kept("stock", fields["quantity"], writes=True))
    agreed = with_kept({**base, "names": description.names, "spelled": description.spelled}, kept)
    return Decision(
        "create_product",
        f"Make the product in {rules.platform_label}: it has none with this SKU.",
        f"Trellis makes it; buyers see it in {rules.platform_label} at once.",
        "waiting",
        action=CreateProduct(ProductDraft(shelf.sku, fields, rules.defaults), agreed),
    )


def make_strain(action: CreateStrain, rules: CatalogueRules) -> Decision:
    """LL-4: the strain first, then what needs it."""
    return Decision(
        "create_strain",
        f"Make the strain {action.name} in {rules.platform_label}: it has none of this name.",
        "Trellis makes the strain, then goes on with the product.",
        "waiting",
        action=action,
    )


def unread() -> Decision:
    """Nothing is offered before it is known what there is."""
    return Decision(
        "stock_unread",
        "What there is of the item was not read from Flourish yet.",
        "Trellis reads it with the next pull.",
        "waiting",
    )


def drop_held(sentence: str, things: str = "items") -> Decision:
    """Nothing is taken off the shelf while many go at once: a person is asked.

    Args:
        sentence: what would be written, and what is shown instead.
        things: what the platform calls what it sells.
    """
    step = f"Many {things} would go to zero at once: an admin approves it for an hour, or keeps it held."
    return Decision("drop_held", sentence, step, "waiting")


def _left_alone(shelf: Shelf, item: Item, rules: CatalogueRules) -> Decision | None:
    where = rules.platform_label
    if not item.active:
        sentence, step = "The item is not active in Flourish.", "Activate it in Flourish to have it synced."
        return Decision("item_not_active", sentence, step, "skipped")
    unfit = sorted(set(rules.shop.unfit_for_sku) & set(shelf.sku))
    if unfit:
        title = f"{where} takes no SKU with {' or '.join(f'“{one}”' for one in unfit)} in it"
        step = f"Give the item another SKU in Flourish: no product in {where} can have this one."
        return ask((Finding("sku_unfit", title, step),))
    there = [product for product in shelf.products if not product.archived]
    if similar := only_near(shelf.sku, there, where, so="linked"):
        return similar
    if not rules.creates:
        return Decision(
            "no_product",
            f"{where} has no product with this SKU, and this connection makes none.",
            f"Make it in {where}, or have Trellis make products, in the connection's rules.",
            "skipped",
        )
    return None


def _license(rules: CatalogueRules, asking: Asking) -> str:
    """The platform's id of the facility's license, or of the only one that the account has."""
    if "license" in rules.defaults:
        return ""
    found: tuple[Named, ...] = asking.answer(OwnLicenses()) or ()
    own = [each for each in found if rules.license and each.name == rules.license]
    chosen = own or (list(found) if len(found) == 1 else [])
    return chosen[0].ref if len(chosen) == 1 else ""


def _fields(
    shelf: Shelf, item: Item, rules: CatalogueRules, description: Description, license_ref: str
) -> dict[str, Any]:
    unit = item.uom.strip().lower() if item.uom.strip().lower() in rules.shop.units else ""
    quantity = offered(shelf, item, unit, rules, fractional=False) if unit and rules.writes_stock else None
    fields = {
        "unit": unit,
        "quantity": plain_value(quantity) if quantity is not None else "0",
        "multiplier": int(rules.defaults.get("unit_multiplier") or 1),
        "license": license_ref,
        "unit_weight": _weight(item, unit, rules, description),
        **description.values,
    }
    return {name: value for name, value in fields.items() if value != ""}


def _weight(item: Item, unit: str, rules: CatalogueRules, description: Description) -> str:
    """The grams of one unit, where its category states them; empty where not, or where the item has none."""
    if unit != EACH or not _is_among(description, rules.shop.weighed) or not item.unit_weight:
        return ""
    grams = convert(item.unit_weight, item.weight_uom, GRAM)
    return "" if grams is None else str(plain_value(rounded_down(grams, _WEIGHT_PLACES)))


def _incomplete(item: Item, fields: Json, rules: CatalogueRules, description: Description) -> list[Finding]:
    """Name everything that is missing in one finding; what is missing is never guessed."""
    shop = rules.shop
    needed = {
        **shop.required,
        # What one unit must state, its category tells: without it that is not known either.
        **(shop.required_each if fields.get("unit") == EACH and description.category else {}),
        **(shop.required_strained if _is_among(description, shop.strained) else {}),
    }
    there = {name for name, value in (*rules.defaults.items(), *fields.items()) if value not in (None, "")}
    told = {name for finding in description.findings for name in _TOLD_BY.get(finding.code, ())}
    if description.strain is not None:
        told.add("strains")
    missing = [label for label, names in needed.items() if not (there | told) & set(names)]
    if not missing:
        return []
    where = rules.platform_label
    return [
        Finding(
            "product_incomplete",
            f"The item {item.sku} lacks what {where} needs of a product: {', '.join(missing)}",
            "Complete the item in Flourish, or give all products a default in the connection's rules.",
            evidence={"missing": missing},
        )
    ]


def _is_among(description: Description, categories: Collection[str]) -> bool:
    found = description.category
    return found is not None and found.category.name.strip().casefold() in categories
