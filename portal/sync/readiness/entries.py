"""Entries of items and products, which come from our mirrors or from the clients' lists. Pure."""

from __future__ import annotations

from portal.sync.checks import Entry
from portal.sync.domain import Item, Product


def of_item(item: Item) -> Entry:
    """An item, by its SKU; the item itself is among the facts."""
    return Entry(item.id, item.sku, item.name, {"item": item})


def of_product(product: Product) -> Entry:
    """A product, by its SKU; the product itself is among the facts."""
    return Entry(product.ref, product.sku, product.name, {"product": product})
