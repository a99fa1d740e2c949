"""Flourish's items as shops need them. Pure."""

from __future__ import annotations

from decimal import Decimal

from portal.sync.flourish.catalogue import read_item
from portal.sync.reading import Fields, Notice
from portal.sync.shopping import Claims, ShopItem


def read_shop_item(row: Fields, notice: Notice) -> ShopItem:
    """Read an item with what only shops ask of it.

    Raises:
        Unreadable: a used field is missing, or has another type.
    """
    return ShopItem(
        item=read_item(row, notice),
        is_sellable=row.flag_or_no("sellable"),
        shop_name=row.text_or_empty("ecommerce_item_name").strip(),
        retail_name=row.text_or_empty("retail_display_name").strip(),
        claims=Claims(
            thc_percent=_number(row, "unit_thc_percent"),
            cbd_percent=_number(row, "unit_cbd_percent"),
            thc_per_unit=_number(row, "thc_per_unit"),
            thc_unit=row.text_or_empty("thc_per_unit_uom").strip(),
            cbd_per_unit=_number(row, "cbd_per_unit"),
            cbd_unit=row.text_or_empty("cbd_per_unit_uom").strip(),
        ),
    )


def _number(row: Fields, name: str) -> Decimal | None:
    return row.number(name) if row.has(name) else None
