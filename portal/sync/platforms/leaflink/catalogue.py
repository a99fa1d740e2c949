"""LeafLink's products in Trellis's words, and back. Pure: every rule of products that is LeafLink's own.

Facts are from LeafLink's Marketplace V2 API description unless a line names another source.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from portal.sync.domain import Json, Product, StockKind
from portal.sync.drafts import ProductDraft
from portal.sync.errors import Unreadable
from portal.sync.mapping.keys import license_key
from portal.sync.platforms.leaflink.translate import CURRENCY, money, multiplier
from portal.sync.questions import Named
from portal.sync.reading import Fields, Notice, Shape, words

# Listing state -> whether buyers see the product (help centre: listing states).
LISTING_STATES = MappingProxyType(
    {
        "Available": True,
        "Backorder": True,
        "Archived": False,
        "Sample": False,
        "Internal": False,
        "Unavailable": False,
    }
)
ARCHIVED = "Archived"
# How the connection's defaults name the account's own company.
OWN_COMPANY = "own company"

# `inventory_management` is described as text and shown as a number; words were seen, too.
STOCK_KINDS = MappingProxyType(
    {
        "1": StockKind.MANAGED,
        "2": StockKind.UNLIMITED,
        "3": StockKind.INHERITED,
        "managed": StockKind.MANAGED,
        "unlimited": StockKind.UNLIMITED,
        "inherited": StockKind.INHERITED,
    }
)

# Unit of measure -> Flourish's unit.
UNITS = MappingProxyType(
    {
        "Milligram": "mg",
        "Gram": "g",
        "Kilogram": "kg",
        "Ounce": "oz",
        "Pound": "lb",
        "Unit": "ea",
        "Liter": "l",
        "Milliliter": "ml",
    }
)

# Unit denominations are asked for by id and answered as objects.
DENOMINATIONS = MappingProxyType(
    {
        1: "1", 2: "0.5", 3: "0.25", 4: "0.125", 5: "0.75", 6: "2", 7: "3.5", 8: "7", 9: "14", 10: "6",
        11: "28", 12: "5.25", 13: "4", 14: "2.5", 15: "8", 16: "3.75", 17: "0.1", 18: "1.2", 19: "1.5",
        20: "0.2", 21: "0.2", 22: "0.3333", 23: "0.1667", 24: "0.3", 25: "0.4",
    }
)  # fmt: skip

# Field of `domain.Product` -> LeafLink's field.
_NAMES = MappingProxyType(
    {
        "name": "name",
        "description": "description",
        "brand": "brand",
        "line": "product_line",
        "category": "category",
        "subcategory": "sub_category",
        "strains": "strains",
        "strain_class": "strain_classification",
        "price": "wholesale_price",
    }
)
_STOCK_NAMES = MappingProxyType({"available": "available_inventory", "quantity": "quantity"})
# Both times of one edit are taken within a moment of each other.
_ONE_EDIT = timedelta(seconds=5)
_REFS = frozenset({"brand", "line", "category", "subcategory"})

_PRODUCT = Shape(
    "LeafLink product",
    required=words("""
        id sku name listing_state inventory_management unit_of_measure quantity reserved_qty modified
    """),
    used=words("""
        description brand product_line category sub_category strains strain_classification wholesale_price
        sale_price unit_multiplier unit_denomination available_inventory allow_fractional_quantities parent
        children_count
    """),
    ignored=words("""
        created_on last_edit drop_date dropped display_name retail_price minimum_order maximum_order
        is_medical_line_item AVAILABLE_FOR_SAMPLES extern_acct_id extern_income_acct_id featured tagline
        featured_on_deals display_listing_state sell_in_unit_of_measure grow_type seller seller_internal_id
        manufacturer license price_schedule_price image_count is_ancillary s2s_conversion_amount
        extern_sts_ids strain_classification_display has_deals_eligible_children discount_percent
        base_units_per_unit external_ids threshold_value threshold_action reverse_threshold_value
        reverse_threshold_action show_quantity product_data_items images volume_discounts
    """),
)


def read_product(payload: Json, notice: Notice) -> Product:
    """Read a product.

    Args:
        payload: the object of the API, not a webhook's.
        notice: told of fields that no table above names.

    Raises:
        Unreadable: a field that is used is missing, has another type, or an unknown value.
    """
    product = Fields.of(payload).check(_PRODUCT, notice)
    state = product.choice("listing_state", frozenset(LISTING_STATES))
    quantity, reserved = product.number_or_zero("quantity"), product.number_or_zero("reserved_qty")
    available = product.number("available_inventory") if product.has("available_inventory") else None
    return Product(
        ref=product.ident("id"),
        sku=product.text_or_empty("sku"),
        name=product.text_or_empty("name"),
        listing_state=state,
        listed=LISTING_STATES[state],
        archived=state == ARCHIVED,
        unit=UNITS[product.choice("unit_of_measure", frozenset(UNITS))],
        denomination=_denomination(product),
        quantity=quantity,
        reserved=reserved,
        available=quantity - reserved if available is None else available,
        stock_kind=_stock_kind(product),
        updated_at=product.time("modified"),
        description=product.text_or_empty("description"),
        brand=_ref(product, "brand"),
        line=_ref(product, "product_line"),
        category=_ref(product, "category"),
        subcategory=_ref(product, "sub_category"),
        strains=_refs(product, "strains"),
        strain_class=product.text_or_empty("strain_classification"),
        multiplier=multiplier(product),
        price=_price(product, "wholesale_price"),
        sale_price=_price(product, "sale_price"),
        fractional=product.flag_or_no("allow_fractional_quantities"),
        parent=_ref(product, "parent"),
        children=int(product.number_or_zero("children_count")),
    )


def _stock_kind(product: Fields) -> StockKind:
    written = product.text("inventory_management").strip().lower()
    if written not in STOCK_KINDS:
        raise Unreadable(product.at("inventory_management"), f"has an unknown value: {written[:40]!r}")
    return STOCK_KINDS[written]


def _denomination(product: Fields) -> Decimal:
    """Read how much of its unit one sold unit holds: an object with its value, or the id alone."""
    value = product.value.get("unit_denomination")
    if value is None:
        return Decimal(1)
    if isinstance(value, Mapping):
        return product.child("unit_denomination").number("value")
    number = product.number("unit_denomination")
    if number not in DENOMINATIONS:
        raise Unreadable(product.at("unit_denomination"), f"has an unknown id: {number}")
    return Decimal(DENOMINATIONS[int(number)])


def _price(product: Fields, name: str) -> Decimal | None:
    return money(product, name) if product.has(name) else None


def _ref(fields: Fields, name: str) -> str:
    """Read the id of another thing, which is given as an id or as an object with it; empty for none."""
    value = fields.value.get(name)
    if isinstance(value, Mapping):
        return fields.child(name).ident("id")
    return fields.text_or_empty(name).strip()


def _refs(fields: Fields, name: str) -> tuple[str, ...]:
    found = fields.value.get(name)
    if found is None:
        return ()
    if not isinstance(found, list):
        raise Unreadable(fields.at(name), "should be a list")
    rows = (Fields({name: each}, fields.at(f"{name}[{place}]")) for place, each in enumerate(found))
    return tuple(sorted(filter(None, (_ref(row, name) for row in rows))))


def changed_by_program(row: Fields) -> bool:
    """Whether the last change of a product was none of a user's: LeafLink tells when a product changed, and
    when a user edited it last. Orders change stock, too: what they do is seen as a program's."""
    if not row.has("last_edit"):
        return False
    return row.time("modified") - row.time("last_edit") > _ONE_EDIT


def read_named(row: Fields) -> Named:
    """Read a brand, product line or strain."""
    return Named(row.ident("id"), row.text("name"))


def read_slug(row: Fields) -> str:
    """Read the short name of a category, the same in every environment; empty when it has none."""
    return row.text_or_empty("slug")


def read_license(row: Fields) -> Named:
    """Read a license of the account; its number normalised, as everywhere in Trellis."""
    return Named(row.ident("id"), license_key(row.text_or_empty("number")))


def write_changes(changes: Json) -> dict[str, Any]:
    """Make the body that changes a product.

    Args:
        changes: fields of `domain.Product`, as plain JSON.
    """
    return {_NAMES[name]: _written(name, value) for name, value in changes.items()}


def write_stock(field: str, value: Decimal) -> dict[str, Any]:
    """Make the body that sets a product's stock; LeafLink writes quantities as texts."""
    return {_STOCK_NAMES[field]: f"{value:f}"}


def write_draft(draft: ProductDraft, seller: str) -> dict[str, Any]:
    """Make the body that creates a product.

    Args:
        draft: what the planner made.
        seller: the id of the account's own company.
    """
    units = {unit: name for name, unit in UNITS.items()}
    case = int(draft.fields.get("multiplier") or 1)
    body = {
        **{name: _default(name, value, seller) for name, value in draft.more.items()},
        **write_changes({name: value for name, value in draft.fields.items() if name in _NAMES}),
        "sku": draft.sku,
        "seller": _id(seller),
        "listing_state": "Available",
        "inventory_management": 1,
        "unit_of_measure": units[draft.fields["unit"]],
        "quantity": draft.fields.get("quantity", "0"),
        "unit_multiplier": case,
    }
    if "license" in draft.fields:
        body["license"] = _id(draft.fields["license"])
    if "unit_weight" in draft.fields:
        body["base_units_per_unit"] = draft.fields["unit_weight"]
    return body | ({"sell_in_unit_of_measure": "Case"} if case > 1 else {})


def _default(name: str, value: Any, seller: str) -> Any:
    """Write what a connection gives all products: prices as money, ids as numbers."""
    if name == "manufacturer" and value == OWN_COMPANY:
        return _id(seller)
    if name == "unit_denomination":
        return _denomination_id(str(value))
    if name.endswith("_price"):
        return {"amount": value, "currency": CURRENCY}
    return _id(value) if name in ("manufacturer", "license") else value


def _denomination_id(size: str) -> int:
    return next(number for number, value in DENOMINATIONS.items() if Decimal(value) == Decimal(size))


def write_strain(name: str, strain_class: str, company: str) -> dict[str, Any]:
    """Make the body that creates a strain of the account's own."""
    return {"name": name, "strain_classification": strain_class, "parents": [], "company": _id(company)}


def _written(name: str, value: Any) -> Any:
    if name == "price":
        return {"amount": value, "currency": CURRENCY}
    if name == "strains":
        return [_id(ref) for ref in value]
    return (_id(value) if value else None) if name in _REFS else value


def _id(ref: str) -> int | str:
    return int(ref) if ref.isascii() and ref.isdigit() else ref
