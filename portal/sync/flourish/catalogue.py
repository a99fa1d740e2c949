"""Flourish's items and inventory in Trellis's words. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from portal.sync.contract import Row, Rows
from portal.sync.domain import Item, Stock
from portal.sync.errors import Retryable
from portal.sync.flourish.envelope import Batch
from portal.sync.flourish.shapes import ITEM, STOCK
from portal.sync.reading import Fields, Notice

# Items whose stock is asked for at once: their ids fit into one address.
PIECE = 40


def read_ordered(item: Fields, notice: Notice) -> Item:
    """Read of an item what orders need, so that a field of the catalogue never holds up an order.

    Raises:
        Unreadable: a used field is missing, or has another type.
    """
    item.check(ITEM, notice)
    return Item(
        id=item.ident("id"),
        sku=item.text_or_empty("sku"),
        name=item.text_or_empty("item_name"),
        active=item.flag("active"),
        uom=item.text_or_empty("uom"),
        # Only shops' orders name the strain, so that it holds up no other one, whatever it is.
        strain_required=item.value.get("strain_required") is True,
        strain_id=str(item.value.get("strain_id") or "").strip(),
    )


def read_item(item: Fields, notice: Notice) -> Item:
    """Read a whole item.

    Raises:
        Unreadable: a used field is missing, or has another type.
    """
    return replace(
        read_ordered(item, notice),
        ecommerce=item.flag_or_no("ecommerce_active"),
        description=item.text_or_empty("item_description"),
        display_name=item.text_or_empty("ecommerce_item_name") or item.text_or_empty("retail_display_name"),
        brand=item.text_or_empty("brand").strip(),
        category=item.text_or_empty("item_category").strip(),
        custom_category=item.text_or_empty("ecommerce_category_name").strip(),
        custom_subcategory=item.text_or_empty("ecommerce_sub_category_name").strip(),
        strain=item.text_or_empty("strain_name").strip(),
        strain_type=item.text_or_empty("strain_type_name") or item.text_or_empty("item_strain_type_name"),
        strain_required=item.flag_or_no("strain_required"),
        price=item.number("price") if item.has("price") else None,
        unit_weight=item.number("unit_weight") if item.has("unit_weight") else None,
        weight_uom=item.text_or_empty("weight_uom"),
        ref_fields=tuple(item.text_or_empty(f"ref_field_{number}").strip() for number in range(1, 6)),
        native_ref=item.text_or_empty("leaflink_id").strip(),
        updated_at=_changed(item),
    )


def read_items(page: Batch, notice: Notice) -> Rows[Item]:
    """Read a page of items."""
    return read_each(page, lambda row: read_item(row, notice))


def read_each(page: Batch, read: Callable[[Fields], Row]) -> Rows[Row]:
    """Read a page of whole rows; one that cannot be read does not stop the others."""
    position = "" if page.following is None else str(page.following)
    return Rows.read(page.rows, read, page.total, position)


def add_up(rows: Iterable[Fields], notice: Notice) -> tuple[Stock, ...]:
    """Add up the rows of an inventory summary, which has one for each lot, strain and variation of an item.

    Raises:
        Unreadable: a row's quantity cannot be read: a sum without it would be wrong.
        Retryable: a row came twice, so another one was most likely not seen: rows have no id to tell by.
    """
    sums: dict[str, Stock] = {}
    seen: set[str] = set()
    for row in rows:
        written = repr(sorted(row.value.items()))
        if written in seen and row.number_or_zero("sellable_qty"):
            raise Retryable("Flourish's list changed while it was read")
        seen.add(written)
        stock = _read_stock(row.check(STOCK, notice))
        known = sums.get(stock.item_id)
        sums[stock.item_id] = stock if known is None else _together(known, stock)
    return tuple(sums.values())


def read_stock(page: Batch, notice: Notice) -> Rows[Stock]:
    """Read a page of an inventory summary, each row by itself.

    Raises:
        Unreadable: a row's quantity cannot be read.
    """
    rows = tuple(_read_stock(row.check(STOCK, notice)) for row in page.rows)
    return Rows(rows, (), page.total, "" if page.following is None else str(page.following))


def in_pieces(found: Sequence[Stock]) -> Iterator[tuple[Stock, ...]]:
    """Cut stock into pieces that one question can name."""
    for start in range(0, len(found), PIECE):
        yield tuple(found[start : start + PIECE])


def _read_stock(row: Fields) -> Stock:
    sellable = row.number_or_zero("sellable_qty")
    return Stock(
        item_id=row.ident("item_id"),
        sku=row.text_or_empty("sku"),
        sellable=sellable,
        uom=row.text_or_empty("uom"),
        updated_at=_changed(row),
        lots={row.text_or_empty("lot_number").strip(): sellable},
    )


def _together(one: Stock, other: Stock) -> Stock:
    times = [stock.updated_at for stock in (one, other) if stock.updated_at is not None]
    lots = dict(one.lots)
    for lot, sellable in other.lots.items():
        lots[lot] = lots.get(lot, Decimal(0)) + sellable
    latest = max(times, default=None)
    return replace(one, sellable=one.sellable + other.sellable, updated_at=latest, lots=lots)


def _changed(fields: Fields) -> datetime | None:
    stamp = "last_updated_timestamp"
    return fields.time(stamp, naive_is_utc=True) if fields.has(stamp) else None
