"""Ordo's items in Trellis's words, and the reverse. Pure.

Ordo takes an item whole, under Flourish's id of it, and only of a brand that it has. The fields are Trellis's
own assumption (docs/ordo.md): quantities are in the item's own unit, prices in dollars for one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portal.sync.domain import Product, StockKind
from portal.sync.drafts import ProductDraft
from portal.sync.errors import Unreadable
from portal.sync.reading import Fields, Notice, Shape, words

# Of an item whose quantity buyers see; Ordo has no states of listing.
SHOWN = "In Ordo"
_NOTHING = Decimal(0)

_ITEM = Shape(
    "Ordo item",
    required=words("id sku name sellable_quantity updated_at"),
    used=words("external_id brand category unit price"),
)


def read_item(row: Fields, notice: Notice) -> Product:
    """Read an item.

    Args:
        row: the item.
        notice: told of fields that the table above does not name.

    Raises:
        Unreadable: a field that is used is missing, or has another type or sign.
    """
    item = row.check(_ITEM, notice)
    quantity = item.number("sellable_quantity")
    if quantity < 0:
        raise Unreadable(item.at("sellable_quantity"), "is negative")
    return Product(
        ref=item.ident("id"),
        sku=item.text_or_empty("sku"),
        name=item.text_or_empty("name"),
        listing_state=SHOWN,
        listed=True,
        archived=False,
        unit=item.text_or_empty("unit"),
        quantity=quantity,
        reserved=_NOTHING,
        available=quantity,
        stock_kind=StockKind.MANAGED,
        updated_at=item.time("updated_at"),
        brand=item.text_or_empty("brand"),
        category=item.text_or_empty("category"),
        price=item.number("price") if item.has("price") else None,
    )


def write_item(draft: ProductDraft) -> dict[str, Any]:
    """Write an item whole; what it does not have is null."""
    fields = draft.fields
    return {
        "sku": draft.sku,
        "name": fields["name"],
        "brand": fields["brand"],
        "category": fields["category"] or None,
        "unit": fields["unit"] or None,
        "price": fields["price"],
        "sellable_quantity": Decimal(fields["quantity"]),
    }
