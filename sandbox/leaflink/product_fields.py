"""The fields of a product that may be written, each with its reader; what is not here, LeafLink ignores."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.errors import BadValue
from sandbox.leaflink.denominations import LABELS, denomination
from sandbox.leaflink.filters import LISTING_STATES
from sandbox.leaflink.stock import quantity
from sandbox.money import decimal
from sandbox.office import Office

Reader = Callable[[Office, str, Any], dict[str, Any]]

UNITS = ("Milligram", "Gram", "Kilogram", "Ounce", "Pound", "Unit", "Liter", "Milliliter")
CLASSES = ("sativa", "indica", "hybrid", "na", "11-cbd", "high-cbd", "sativa-hybrid", "indica-hybrid")
MANAGED, UNLIMITED, INHERITED = 1, 2, 3
MAX_SKU, MAX_NAME = 255, 255


def _text(limit: int | None = None, *, needed: bool = False) -> Reader:
    def read(_office: Office, name: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, str):
            raise BadValue("Not a valid string.", name)
        if needed and not value.strip():
            raise BadValue("This field may not be blank.", name)
        if limit is not None and len(value) > limit:
            raise BadValue(f"Ensure this field has no more than {limit} characters.", name)
        return {name: value}

    return read


def _sku(office: Office, name: str, value: Any) -> dict[str, Any]:
    if isinstance(value, str) and "," in value:
        raise BadValue("SKUs cannot contain commas.", name)
    return _text(MAX_SKU)(office, name, value)


def _money(_office: Office, name: str, value: Any) -> dict[str, Any]:
    amount = value.get("amount") if isinstance(value, dict) else value
    return {name: f"{decimal(amount, name, least=Decimal(0)):.2f}"}


def _quantity(_office: Office, name: str, value: Any) -> dict[str, Any]:
    return {name: quantity(decimal(value, name, least=Decimal(0)))}


def _amount(_office: Office, name: str, value: Any) -> dict[str, Any]:
    return {name: None if value is None else str(decimal(value, name, least=Decimal(0)))}


def _whole(least: int) -> Reader:
    def read(_office: Office, name: str, value: Any) -> dict[str, Any]:
        found = decimal(value, name, least=Decimal(least))
        if found != found.to_integral_value():
            raise BadValue("A valid integer is required.", name)
        return {name: int(found)}

    return read


def _choice(known: tuple[Any, ...], *, empty: bool = False) -> Reader:
    def read(_office: Office, name: str, value: Any) -> dict[str, Any]:
        if value not in known and not (empty and value is None):
            raise BadValue(f'"{value}" is not a valid choice.', name)
        return {name: value}

    return read


def _stock_kind(_office: Office, name: str, value: Any) -> dict[str, Any]:
    if str(value) not in ("1", "2", "3"):
        raise BadValue(f'"{value}" is not a valid choice.', name)
    return {name: int(value)}


def _flag(_office: Office, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, bool):
        raise BadValue("Must be a valid boolean.", name)
    return {name: value}


def _ref(kind: str, *, empty: bool = False) -> Reader:
    def read(office: Office, name: str, value: Any) -> dict[str, Any]:
        if value is None and empty:
            return {name: None}
        if isinstance(value, bool) or not isinstance(value, int):
            raise BadValue(f"Incorrect type. Expected pk value, received {type(value).__name__}.", name)
        if office.get(kind, value) is None:
            raise BadValue(f'Invalid pk "{value}" - object does not exist.', name)
        return {name: value}

    return read


def _license(office: Office, name: str, value: Any) -> dict[str, Any]:
    number = value.get("id") if isinstance(value, dict) else value
    _ref("license")(office, name, number)
    return {name: office.need("license", number)}


def _strains(office: Office, name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, list):
        raise BadValue('Expected a list of items but got type "str".', name)
    read = _ref("strain")
    return {name: [read(office, name, each)[name] for each in value]}


def _denomination(_office: Office, name: str, value: Any) -> dict[str, Any]:
    number = value.get("id") if isinstance(value, dict) else value
    if number not in LABELS:
        raise BadValue(f'Invalid pk "{number}" - object does not exist.', name)
    return {name: denomination(number)}


def _parent(office: Office, name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {name: None}
    number = value.get("id") if isinstance(value, dict) else None
    _ref("product")(office, name, number)
    return {name: {"id": number}}


def _listing_state(office: Office, name: str, value: Any) -> dict[str, Any]:
    return _choice(LISTING_STATES)(office, name, value) | {"display_listing_state": value}


def _class(office: Office, name: str, value: Any) -> dict[str, Any]:
    shown = "N/A" if value == "na" else str(value).title()
    return _choice(CLASSES)(office, name, value) | {"strain_classification_display": shown}


READERS: dict[str, Reader] = {
    "name": _text(MAX_NAME, needed=True),
    "sku": _sku,
    "description": _text(needed=True),
    "retail_price": _money,
    "wholesale_price": _money,
    "sale_price": _money,
    "minimum_order": _amount,
    "maximum_order": _amount,
    "listing_state": _listing_state,
    "inventory_management": _stock_kind,
    "unit_of_measure": _choice(UNITS),
    "unit_denomination": _denomination,
    "category": _ref("category"),
    "sub_category": _ref("subcategory"),
    "seller": _ref("company"),
    "brand": _ref("brand"),
    "manufacturer": _ref("company"),
    "strain_classification": _class,
    "license": _license,
    "quantity": _quantity,
    "available_inventory": _quantity,
    "unit_multiplier": _whole(1),
    "sell_in_unit_of_measure": _choice(("Case",), empty=True),
    "base_units_per_unit": _amount,
    "product_line": _ref("line", empty=True),
    "strains": _strains,
    "parent": _parent,
    "allow_fractional_quantities": _flag,
    "featured": _flag,
    "AVAILABLE_FOR_SAMPLES": _flag,
    "show_quantity": _flag,
    "seller_internal_id": _text(),
    "external_ids": lambda _office, name, value: {name: dict(value or {})},
}

# What the API description names as needed, in its order.
NEEDED = (
    "name", "description", "retail_price", "wholesale_price", "sale_price", "minimum_order", "maximum_order",
    "listing_state", "inventory_management", "unit_of_measure", "unit_denomination", "category",
    "sub_category", "seller", "brand", "manufacturer", "strain_classification", "sku", "license",
)  # fmt: skip
