"""Order lines: made from products, with what was true of the product frozen in."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.errors import BadValue
from sandbox.leaflink.stock import quantity
from sandbox.money import decimal
from sandbox.office import Office
from sandbox.store import Body, equal

FROZEN = (
    "sku", "name", "retail_price", "wholesale_price", "unit_of_measure", "unit_denomination",
    "base_units_per_unit", "sell_in_unit_of_measure",
)  # fmt: skip


@dataclass(frozen=True)
class WantedLine:
    """A line to be.

    Args:
        product: what.
        quantity: how much, in units.
        price: of the selling unit, where it is not the product's own; a sample's own is nothing.
        is_sample: whether it is one.
        batch: the id of the batch that the line is to be filled from.
    """

    product: Body
    quantity: Decimal
    price: Decimal | None = None
    is_sample: bool = False
    batch: int | None = None


def by_sku(office: Office, sku: str) -> Body:
    """Return the product of a SKU, the oldest where there are several.

    Raises:
        BadValue: there is none.
    """
    product = office.first("product", equal("$.sku", sku))
    if product is None:
        raise BadValue(f"No product has the SKU '{sku}'.", "sku")
    return product


def read_lines(office: Office, value: Any) -> list[WantedLine]:
    """Read lines of the control API: objects with sku, quantity and, optionally, price, is_sample, batch.

    Raises:
        BadValue: the value is no such list, or names an unknown product.
    """
    if not isinstance(value, list) or not value:
        raise BadValue("Lines are a list of objects with sku and quantity.", "lines")
    return [_read_line(office, each) for each in value]


def _read_line(office: Office, value: Any) -> WantedLine:
    if not isinstance(value, dict) or not isinstance(value.get("sku"), str):
        raise BadValue("A line is an object with sku and quantity.", "lines")
    price = value.get("price")
    product = by_sku(office, value["sku"])
    return WantedLine(
        product=product,
        quantity=decimal(value.get("quantity", 1), "quantity", least=Decimal("0.0001")),
        price=None if price is None else decimal(price, "price", least=Decimal(0)),
        is_sample=bool(value.get("is_sample", False)),
        batch=_read_batch(office, value.get("batch"), product),
    )


def _read_batch(office: Office, number: Any, product: Body) -> int | None:
    """Return the id of the product's batch of this number; None for None."""
    if number is None:
        return None
    if isinstance(number, str):
        for batch in office.find("batch", equal("$.production_batch_number", number)):
            link = office.first(
                "product_batch", equal("$.batch", batch["id"]), equal("$.product", product["id"])
            )
            if link is not None:
                return int(batch["id"])
    raise BadValue(f"The product {product['sku']} has no batch '{number}'.", "lines")


def make_lines(office: Office, wanted: list[WantedLine], present: list[Body] | None = None) -> list[Body]:
    """Return line records; what is on the order already keeps its line's id and price.

    Args:
        office: the seller.
        wanted: the lines to be.
        present: the order's lines now.
    """
    known: dict[tuple[int, bool], list[Body]] = defaultdict(list)
    for line in present or []:
        known[line["product"], line["is_sample"]].append(line)
    made = []
    for place, each in enumerate(wanted):
        same = known[each.product["id"], each.is_sample]
        made.append(_make_line(office, each, place, same.pop(0) if same else None))
    return made


def _make_line(office: Office, wanted: WantedLine, position: int, known: Body | None) -> Body:
    product = wanted.product
    return {
        "id": known["id"] if known else office.next_number("line_item"),
        "product": product["id"],
        "quantity": quantity(wanted.quantity),
        "ordered_unit_price": f"{_price(wanted, known):.2f}",
        "sale_price": product["sale_price"],
        "wholesale_price": product["wholesale_price"],
        "unit_multiplier": product["unit_multiplier"],
        "unit_of_measure": product["unit_of_measure"],
        "is_sample": wanted.is_sample,
        "is_backorder": False,
        "is_medical_line_item": False,
        "is_packed": False,
        "packed_at": None,
        "packed_by": None,
        "position": position,
        "batch": wanted.batch,
        "package_tags": "",
        "notes": None,
        "frozen_data": {
            "product": {**{name: product[name] for name in FROZEN}, "price": product["wholesale_price"]}
        },
    }


def _price(wanted: WantedLine, known: Body | None) -> Decimal:
    """Return what is asked for, else what the line had, else the product's own price, the sale's if any."""
    if wanted.price is not None:
        return wanted.price
    if known is not None:
        return Decimal(known["ordered_unit_price"])
    if wanted.is_sample:
        return Decimal(0)
    sale = Decimal(wanted.product["sale_price"])
    return sale if sale > 0 else Decimal(wanted.product["wholesale_price"])
