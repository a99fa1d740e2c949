"""Order lines: made from products, with what was true of the product frozen in."""

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
    """A line to be: a product, a quantity in units, and what differs from the product's own price."""

    product: Body
    quantity: Decimal
    price: Decimal | None = None
    is_sample: bool = False


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
    """Read lines of the control API: objects with sku, quantity and, optionally, price and is_sample.

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
    return WantedLine(
        product=by_sku(office, value["sku"]),
        quantity=decimal(value.get("quantity", 1), "quantity", least=Decimal("0.0001")),
        price=None if price is None else decimal(price, "price", least=Decimal(0)),
        is_sample=bool(value.get("is_sample", False)),
    )


def make_lines(office: Office, wanted: list[WantedLine], present: list[Body] | None = None) -> list[Body]:
    """Return line records; a product that is on the order already keeps its line's id and price.

    Args:
        office: the seller.
        wanted: the lines to be.
        present: the order's lines now.
    """
    known = {line["product"]: line for line in present or []}
    return [
        _make_line(office, each, place, known.get(each.product["id"])) for place, each in enumerate(wanted)
    ]


def _make_line(office: Office, wanted: WantedLine, position: int, known: Body | None) -> Body:
    product = wanted.product
    sale = Decimal(product["sale_price"])
    price = wanted.price
    if price is None and known is not None:
        price = Decimal(known["ordered_unit_price"])
    if price is None:
        price = sale if sale > 0 else Decimal(product["wholesale_price"])
    return {
        "id": known["id"] if known else office.next_number("line_item"),
        "product": product["id"],
        "quantity": quantity(wanted.quantity),
        "ordered_unit_price": f"{price:.2f}",
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
        "batch": None,
        "package_tags": "",
        "notes": None,
        "frozen_data": {
            "product": {**{name: product[name] for name in FROZEN}, "price": product["wholesale_price"]}
        },
    }
