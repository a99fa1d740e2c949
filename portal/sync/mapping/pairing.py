"""Pairing: which item and which product a SKU means, and when it means no one pair (LL-1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from portal.sync.decisions import CatalogueRules, Decision, Finding
from portal.sync.domain import Item, Json, Product, Shelf
from portal.sync.mapping.keys import near_key, sku_key

# Why a link's item and product are one no more, until a person says what becomes of them.
APART = frozenset({"sku_changed", "product_gone"})


def ask(findings: Sequence[Finding]) -> Decision:
    """Neither side is written until a person has seen to each finding."""
    first = findings[0]
    more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
    sentence = f"{first.title}{more}. Nothing is written for it."
    return Decision(first.code, sentence, first.next_step, "stuck", findings=tuple(findings))


@dataclass(frozen=True)
class Pair:
    """An item, and the product that has its SKU; None where one must be made. `base` names both."""

    item: Item
    product: Product | None
    base: Json


def pair(shelf: Shelf, *, base: Json, rules: CatalogueRules) -> Pair | Decision:
    """Find the one pair of a SKU, or say why there is none.

    Args:
        shelf: what is known of the SKU.
        base: what the link last agreed on; empty at first.
        rules: the connection's rules.
    """
    moved = _said(shelf, rules) or _moved(shelf, base, rules)
    if moved is not None:
        return moved
    if not shelf.sku:
        return _without_sku(shelf)
    own = [item for item in shelf.items if sku_key(item.sku) == shelf.sku]
    items = [item for item in own if item.active] or own
    products = [product for product in shelf.products if sku_key(product.sku) == shelf.sku]
    live = [product for product in products if not product.archived]
    twice = _twice(shelf.sku, items, live, rules)
    if twice is not None:
        return ask((twice,))
    if not items:
        return _without_item(shelf, live, base, rules)
    if shelf.linked_as:
        return _linked_elsewhere(shelf.linked_as)
    agreed = {**base, "item": items[0].id}
    if live:
        return Pair(items[0], live[0], {**agreed, "product": live[0].ref})
    return _without_product(items[0], products, agreed, rules)


def _said(shelf: Shelf, rules: CatalogueRules) -> Decision | None:
    """What people said of the SKU: it is left out, or it is another one in Flourish (ON-9)."""
    if rules.said.is_left_out("sku", shelf.sku):
        return Decision(
            "left_out",
            "Somebody left this SKU out: neither side is written, and nothing is taken away.",
            "Nothing, until somebody includes it again.",
            "skipped",
        )
    if rules.said.is_aliased("sku", shelf.sku):
        name = rules.said.in_flourish("sku", shelf.sku)
        sentence = f"Somebody said that this SKU of {rules.platform_label} is {name} in Flourish."
        return Decision("aliased", sentence, f"Nothing: it is synced as {name}.", "skipped", base={})
    return None


def near(sku: str, found: Sequence[Item] | Sequence[Product]) -> list[str]:
    """The SKUs that differ from this one in case, spaces or punctuation only."""
    others = [other.sku for other in found if sku_key(other.sku) != sku]
    return sorted({other for other in others if near_key(other) == near_key(sku)})


def only_near(
    sku: str, products: Sequence[Product], where: str, *, thing: str = "product", so: str = "put there"
) -> Decision | None:
    """What is decided of an item that has no product, but a near one; None where none is near (LL-1).

    Args:
        sku: the item's match key.
        products: those that may be near.
        where: the platform's name.
        thing: what the platform calls what it sells.
        so: what is not done therefore.
    """
    similar = near(sku, products)
    if not similar:
        return None
    return Decision(
        "near_product",
        f"{where} has no {thing} {sku}, but {', '.join(similar)}: near, so nothing is {so}.",
        f"Make both SKUs equal, in Flourish or in {where}.",
        "skipped",
    )


def _linked_elsewhere(sku: str) -> Decision:
    return Decision(
        "linked_elsewhere",
        f"The item or the product with this SKU is still linked under {sku}.",
        f"See to {sku} first: give both sides the same SKU there, or unlink them on its page.",
        "waiting",
    )


def _without_product(
    item: Item, archived: Sequence[Product], base: Json, rules: CatalogueRules
) -> Pair | Decision:
    if archived:
        return _archived(rules)
    if base.get("product"):
        return ask((_product_gone(item, rules.platform_label),))
    return Pair(item, None, base)


def _archived(rules: CatalogueRules) -> Decision:
    where = rules.platform_label
    return Decision(
        "archived",
        f"The product is archived in {where}.",
        f"Unarchive it in {where} to have it synced again.",
        "skipped",
    )


def _moved(shelf: Shelf, base: Json, rules: CatalogueRules) -> Decision | None:
    """A linked item or product that has another SKU now: nothing is made or zeroed for it."""
    item = next((item for item in shelf.items if item.id == base.get("item")), None)
    product = next((product for product in shelf.products if product.ref == base.get("product")), None)
    if item is None or product is None or product.archived:
        return None
    item_sku, product_sku = sku_key(item.sku), sku_key(product.sku)
    if item_sku == product_sku == shelf.sku:
        return None
    where = rules.platform_label
    if item_sku == product_sku:
        return Decision(
            "sku_moved",
            f"Item and product both have the SKU {item_sku} now.",
            f"Nothing: they are linked under {item_sku}.",
            "skipped",
            base={},
        )
    return ask(
        (
            Finding(
                "sku_changed",
                f"Item and product of {shelf.sku} have different SKUs now",
                f"Give both the same SKU, or unlink them on this product's page;"
                f" until then neither is written in {where}.",
                text=f"In Flourish {item.name} has {item_sku or 'none'};"
                f" in {where} {product.name} has {product_sku or 'none'}.",
                evidence={
                    "item": item.id,
                    "item_sku": item_sku,
                    "product": product.ref,
                    "product_sku": product_sku,
                },
            ),
        )
    )


def _twice(sku: str, items: Sequence[Item], live: Sequence[Product], rules: CatalogueRules) -> Finding | None:
    if len(items) > 1:
        return _items_twice(sku, items)
    return _products_twice(sku, live, rules.platform_label) if len(live) > 1 else None


def _items_twice(sku: str, found: Sequence[Item]) -> Finding:
    return Finding(
        "sku_twice",
        f"{len(found)} items in Flourish have the SKU {sku}",
        "Leave the SKU on one of them in Flourish.",
        cause=sku,
        text=f"They are {', '.join(item.name for item in found)}.",
    )


def _products_twice(sku: str, found: Sequence[Product], where: str) -> Finding:
    return Finding(
        "product_sku_twice",
        f"{len(found)} products in {where} have the SKU {sku}",
        f"Leave the SKU on one of them in {where}, or archive the others.",
        cause=sku,
        text=f"They are {', '.join(product.name for product in found)}.",
        evidence={"products": [product.ref for product in found]},
    )


def _without_sku(shelf: Shelf) -> Decision:
    """LL-28: a parent needs no SKU, because each of its varieties has its own."""
    if any(product.children for product in shelf.products):
        sentence = "It is the parent of varieties, each of which has a SKU of its own."
        return Decision("parent", sentence, "Nothing: its varieties are synced.", "skipped")
    sentence, step = "It has no SKU, by which items and products are matched.", "Give it the SKU of its item."
    return Decision("no_sku", sentence, step, "skipped")


def _product_gone(item: Item, where: str) -> Finding:
    return Finding(
        "product_gone",
        f"The product of {item.sku} is not in {where} any more",
        f"If it was deleted in {where}, unlink it on this product's page: then its SKU is matched anew.",
    )


def _item_gone(sku: str, where: str) -> Finding:
    return Finding(
        "item_gone",
        f"The item {sku} is not in Flourish any more, and {where} still sells its product",
        f"Archive the product in {where}, or give an item in Flourish this SKU.",
    )


def _without_item(shelf: Shelf, live: Sequence[Product], base: Json, rules: CatalogueRules) -> Decision:
    if base.get("item") and live:
        return ask((_item_gone(shelf.sku, rules.platform_label),))
    similar = near(shelf.sku, shelf.items)
    if similar:
        return Decision(
            "near_item",
            f"Flourish has no item {shelf.sku}, but {', '.join(similar)}: near, so nothing is linked.",
            f"Make both SKUs equal, in Flourish or in {rules.platform_label}.",
            "skipped",
        )
    return Decision(
        "no_item",
        f"Flourish has no item with the SKU {shelf.sku}.",
        "Nothing: it is synced once an item has this SKU.",
        "skipped",
    )
