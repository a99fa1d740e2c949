"""Inventory: what orders want, hold and take away, per item and facility."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from sandbox.clock import stamp
from sandbox.money import number
from sandbox.office import Office
from sandbox.store import Body, Record

GONE = ("Shipped", "Completed")

COPIED = (
    "brand", "cost", "external", "inventory_type", "is_tax_exempt", "item_category", "item_class",
    "item_description", "item_name", "price", "strain_id", "strain_name", "unit_weight", "uom",
    "uom_description", "weight_uom", "weight_uom_description",
)  # fmt: skip
EMPTY = (
    "cbd_ratio", "thc_ratio", "item_variation_id", "unit_volume", "variation_name",
    "variation_retail_display_name", "volume_uom", "volume_uom_description",
)  # fmt: skip


def held(order: Record | None) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Return per item what an order wants and has not got, what is allocated to it, and what has left.

    A retail order may not count until it is packed (`counts_on_order`).
    """
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    if order is None or order["order_status"] == "Cancelled":
        return {}
    for line in order["order_lines"]:
        wanted, allocated = Decimal(line["order_qty"]), Decimal(line["allocated_qty"])
        gone = order["order_status"] in GONE
        waiting = wanted - allocated if order.get("counts_on_order", True) else Decimal(0)
        parts = (Decimal(0), Decimal(0), wanted) if gone else (waiting, allocated, Decimal(0))
        sums[line["item_id"]] = [sum_ + part for sum_, part in zip(sums[line["item_id"]], parts, strict=True)]
    return {item: (wanted, allocated, gone) for item, (wanted, allocated, gone) in sums.items()}


def settle(office: Office, before: Body | None, order: Body) -> list[Body]:
    """Bring stock in line with an order's change, and return the stock records that changed."""
    old, new = held(before), held(order)
    nothing = (Decimal(0), Decimal(0), Decimal(0))
    changed = []
    for item in sorted({*old, *new}):
        on_order, allocated, gone = (
            now - then for now, then in zip(new.get(item, nothing), old.get(item, nothing), strict=True)
        )
        if not (on_order or allocated or gone):
            continue
        key = f"{order['facility_id']}:{item}"
        stock = office.need("stock", key)
        stock["on_order"] = str(Decimal(stock["on_order"]) + on_order)
        stock["allocated"] = str(Decimal(stock["allocated"]) + allocated)
        stock["qty"] = str(Decimal(stock["qty"]) - gone)
        stock["last_updated_timestamp"] = stamp()
        office.put("stock", key, stock)
        changed.append(stock)
    return changed


def summary(office: Office, stock: Record) -> dict[str, Any]:
    """Return a row of the inventory summary.

    Available is what is there and not allocated; sellable is that less what orders want and have not got, and
    may be negative.
    """
    item = office.look("item", stock["item_id"])
    available = Decimal(stock["qty"]) - Decimal(stock["allocated"])
    return {
        **{name: item[name] for name in COPIED},
        **dict.fromkeys(EMPTY),
        "item_id": stock["item_id"],
        "sku": item["sku"],
        "item_retail_display_name": item["retail_display_name"],
        "lot_number": stock["lot_number"],
        "taxable": True,
        "qty": number(stock["qty"]),
        "available_qty": number(available),
        "non_available_qty": number(stock["allocated"]),
        "on_order_qty": number(stock["on_order"]),
        "sellable_qty": number(available - Decimal(stock["on_order"])),
        "last_updated_timestamp": stock["last_updated_timestamp"],
    }
