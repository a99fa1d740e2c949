"""Lists that neither side has as such, of those that were read: what takes part in matching. Pure.

Entries of `products` hold a `domain.Product` among their facts, those of `items` a `domain.Item`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from portal.sync.checks import Entry, Snapshot, Unread
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import Item, Product
from portal.sync.mapping.description import brand_name, category_path, line_name
from portal.sync.mapping.keys import near_key, sku_key
from portal.sync.sameness import NOTHING_SAID, Sameness

# The name of the match key of products.
_SKU = "sku"
_List = tuple[Entry, ...] | Unread


def prepare(snapshot: Snapshot) -> Snapshot:
    """Add the lists that can be made of those that were read, once each."""
    platform, flourish = dict(snapshot.platform), dict(snapshot.flourish)
    products, items = platform.get("products"), flourish.get("items")
    if isinstance(products, tuple) and "sold_products" not in platform:
        platform["sold_products"] = tuple(one for one in products if _is_sold(one))
    said = snapshot.facts.get("said", NOTHING_SAID)
    if isinstance(products, tuple) and isinstance(items, tuple) and "pairs" not in platform:
        platform["pairs"] = _pairs(products, items, said)
        flourish["offered_items"] = _offered(items, products, said)
    offered, rules = flourish.get("offered_items"), snapshot.facts.get("rules")
    if isinstance(offered, tuple) and isinstance(rules, CatalogueRules) and "item_brands" not in flourish:
        flourish |= _named_by(offered, rules)
    customers = platform.get("customers")
    if isinstance(customers, tuple) and "buyers" not in platform:
        platform["buyers"] = tuple(one for one in customers if not one.facts["archived"])
    _people(platform, flourish)
    return replace(snapshot, platform=platform, flourish=flourish)


def item_of(entry: Entry) -> Item:
    """The item that an entry is of."""
    item: Item = entry.facts["item"]
    return item


def product_of(entry: Entry) -> Product:
    """The product that an entry is of."""
    product: Product = entry.facts["product"]
    return product


def _is_sold(entry: Entry) -> bool:
    """Whether a product takes part: not an archived one, nor one whose varieties do (LL-28)."""
    product = product_of(entry)
    return not product.archived and bool(product.sku.strip())


def _offered(items: Iterable[Entry], products: Iterable[Entry], said: Sameness) -> tuple[Entry, ...]:
    """Items that are to be in LeafLink, and those that a product may mean whatever their switches say."""
    there = {near_key(said.in_flourish(_SKU, sku_key(one.value))) for one in products if _is_sold(one)}
    return tuple(
        one
        for one in items
        if one.value.strip()
        and ((item_of(one).active and item_of(one).ecommerce) or near_key(one.value) in there)
    )


def _pairs(products: Iterable[Entry], items: Iterable[Entry], said: Sameness) -> tuple[Entry, ...]:
    """Products that have their one item, with both among the facts; none that somebody left out."""
    by_sku: dict[str, list[Entry]] = {}
    for one in items:
        by_sku.setdefault(sku_key(one.value), []).append(one)
    joined: list[Entry] = []
    for one in products:
        own = sku_key(one.value)
        found = by_sku.get(said.in_flourish(_SKU, own), [])
        if _is_sold(one) and len(found) == 1 and not said.is_left_out(_SKU, own):
            joined.append(replace(one, facts={**one.facts, **found[0].facts}))
    return tuple(joined)


def _named_by(offered: tuple[Entry, ...], rules: CatalogueRules) -> dict[str, tuple[Entry, ...]]:
    """What items that are offered name: each name once, as the platform is to have it."""
    read: Mapping[str, Callable[[Item], str]] = {
        "item_brands": lambda item: brand_name(item, rules),
        "item_lines": lambda item: line_name(item, rules),
        "item_strains": lambda item: item.strain,
        "item_categories": lambda item: category_path(item, rules),
    }
    made = {}
    for name, reader in read.items():
        counted = Counter(reader(item_of(one)) for one in offered if item_of(one).ecommerce)
        counted.pop("", 0)
        made[name] = tuple(
            Entry(text, text, _items(number), {"items": number}) for text, number in counted.items()
        )
    return made


def _items(number: int) -> str:
    return "1 item" if number == 1 else f"{number:,} items"


def _people(platform: dict[str, _List], flourish: dict[str, _List]) -> None:
    """Add staff who stand for orders: the default reps of customers, or everybody who is active while no
    customer has one; and the sales reps in Flourish who can be credited."""
    reps = flourish.get("sales_reps")
    if isinstance(reps, tuple) and "active_reps" not in flourish:
        flourish["active_reps"] = tuple(one for one in reps if one.facts["active"])
    staff, customers = platform.get("staff"), platform.get("customers")
    if not isinstance(staff, tuple) or not isinstance(customers, tuple) or "selling_staff" in platform:
        return
    chosen = {ref for one in customers for ref in one.facts["reps"]}
    active = [one for one in staff if one.facts["active"]]
    platform["selling_staff"] = tuple(one for one in active if one.ref in chosen) or tuple(active)
