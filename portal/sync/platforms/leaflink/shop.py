"""What a connection may choose about products and stock, and what LeafLink asks of a product. Pure.

Facts are from LeafLink's Marketplace V2 API description unless a line names another source.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from portal.sync.catalogues import Catalogue, FieldRow
from portal.sync.decisions import CatalogueRules
from portal.sync.domain import FacilityFacts, Shop
from portal.sync.entered import Setting
from portal.sync.mapping.description import folded
from portal.sync.platforms.leaflink.catalogue import DENOMINATIONS, OWN_COMPANY, UNITS

# Which side says what a product is (Flourish's article on the LeafLink integration: source of truth).
INVENTORY, DESCRIPTION, BOTH = "inventory only", "product description only", "both"

_STOCK, _WORDS = (INVENTORY, BOTH), (DESCRIPTION, BOTH)

FIELDS = (
    FieldRow("stock", "Stock", "what is sellable, less what is promised and the buffer", _STOCK),
    FieldRow(
        "name", "Name", "the e-commerce name, else the retail display name, else the item's name", _WORDS
    ),
    FieldRow("description", "Description", "the item's description", _WORDS),
    FieldRow("brand", "Brand", "the item's brand, by the table of brands", _WORDS),
    FieldRow("category", "Category", "the item's category, by the table of categories", _WORDS),
    FieldRow("subcategory", "Subcategory", "the item's category, by the table of categories", _WORDS),
    FieldRow("line", "Product line", "what the setting for product lines names", _WORDS),
    FieldRow("strains", "Strains", "the item's strain", _WORDS),
    FieldRow("strain_class", "Strain classification", "the type of the item's strain", _WORDS),
    FieldRow("price", "Wholesale price", "item price x multiplier x units per case", _WORDS, "write_prices"),
)

# Flourish's strain type -> strain_classification; an item without a strain has "na".
STRAIN_CLASSES = MappingProxyType(
    {"": "na", "sativa": "sativa", "indica": "indica", "hybrid": "hybrid", "cbd": "high-cbd"}
)

SHOP = Shop(
    units=tuple(UNITS.values()),
    strain_classes=STRAIN_CLASSES,
    required=MappingProxyType(
        {
            "name": ("name",),
            "description": ("description",),
            "brand": ("brand",),
            "category": ("category",),
            "subcategory": ("subcategory",),
            "strain classification": ("strain_class",),
            "unit of measure": ("unit",),
            "unit denomination": ("unit_denomination",),
            "wholesale price": ("price", "wholesale_price"),
            "retail price": ("retail_price",),
            "sale price": ("sale_price",),
            "minimum order": ("minimum_order",),
            "maximum order": ("maximum_order",),
            "manufacturer": ("manufacturer",),
            "license": ("license",),
        }
    ),
    required_each=MappingProxyType({"weight of one unit": ("unit_weight", "base_units_per_unit")}),
    required_strained=MappingProxyType({"strain": ("strains",)}),
    # Of others, such as edibles, one unit is stated in milligrams of cannabinoids, which no item has.
    weighed=("flower", "pre-rolls", "concentrates", "cartridges"),
    strained=("flower",),
    unfit_for_sku=",",
)

# What LeafLink takes for "none" in its description of the fields; the rest has no default.
_NO_LIMITS = MappingProxyType(
    {
        "minimum_order": "0.01",
        "maximum_order": "100000",
        "sale_price": "0.00",
        "unit_denomination": "1",
        "manufacturer": OWN_COMPANY,
    }
)

SETTINGS = (
    Setting(
        "source_of_truth",
        "Trellis writes to products",
        "Inventory only: stock. Product description only: name, description, brand, category, product line"
        " and strain. Both: all of these. The table of fields says which.",
        (INVENTORY, DESCRIPTION, BOTH),
        INVENTORY,
    ),
    Setting(
        "stock_field",
        "Stock is written as",
        "available_inventory: what buyers may order. quantity: that and what LeafLink has reserved. Another"
        " program that writes the other one would undo it.",
        ("available_inventory", "quantity"),
        "available_inventory",
    ),
    Setting(
        "stock_buffer",
        "Units that are never offered",
        "Taken off the stock of each product, in LeafLink's unit.",
        (),
        0,
    ),
    Setting(
        "stock_by_lot",
        "Products with batches get the stock of each lot",
        "On: a product to which LeafLink has assigned batches offers what each lot of the same number has in"
        " Flourish, batch by batch; every other product one quantity. Off: all products have one quantity.",
        (),
        False,
    ),
    Setting(
        "stock_facilities",
        "Facilities whose stock is offered",
        "Ids of facilities in Flourish, with commas between; their stock is summed. Empty: the connection's"
        " own.",
        (),
        "",
    ),
    Setting(
        "write_prices",
        "Trellis writes wholesale prices",
        "With product descriptions: item price in Flourish x multiplier x units per case, to the cent.",
        (),
        False,
        counts="prices",
    ),
    Setting(
        "price_multiplier",
        "Price multiplier",
        "1 is the item's price as it is.",
        (),
        1,
        most=1_000,
        counts="prices",
    ),
    Setting(
        "brands",
        "Brands",
        "Brand in Flourish = brand in LeafLink. Equal names need no row; an item whose brand is none of this"
        " account's is left alone.",
        (),
        {},
    ),
    Setting(
        "product_line_from",
        "Product line is",
        "Flourish has no product line: name the item's field that holds it. It must equal LeafLink's"
        " exactly.",
        (
            "none",
            "ref_field_1",
            "ref_field_2",
            "ref_field_3",
            "ref_field_4",
            "ref_field_5",
            "brand",
            "category",
        ),
        "none",
    ),
    Setting(
        "product_lines",
        "Product lines",
        "What the item's field says = product line in LeafLink. Equal names need no row.",
        (),
        {},
    ),
    Setting(
        "categories",
        "Categories",
        "Category in Flourish, custom category, or custom category > subcategory = category > subcategory in"
        " LeafLink.",
        (),
        {},
        counts="items without a category",
    ),
    Setting(
        "strain_case",
        "Strains of another case are other strains",
        "On: Gelato and GELATO are two strains, and the one that is missing in LeafLink is made there.",
        (),
        False,
    ),
    Setting(
        "create_products",
        "Trellis makes products",
        "With product descriptions: an item that LeafLink has no product for gets one, for sale at once. Look"
        " through the list of SKUs first.",
        (),
        False,
    ),
    Setting(
        "product_defaults",
        "New products have",
        "What no item in Flourish has and LeafLink asks for. Only for products that Trellis makes.",
        (),
        dict(_NO_LIMITS),
        keys=(
            "minimum_order",
            "maximum_order",
            "sale_price",
            "retail_price",
            "wholesale_price",
            "unit_denomination",
            "unit_multiplier",
            "base_units_per_unit",
            "manufacturer",
            "license",
        ),
    ),
)


def catalogue_rules(chosen: Mapping[str, Any], connection_id: str, facility: FacilityFacts) -> CatalogueRules:
    """Make the rules of a connection.

    Args:
        chosen: the value of each setting, its default where the connection chose none.
        connection_id: whose they are.
        facility: the connection's own.
    """
    written = {row.name for row in FIELDS if row.is_written(chosen)}
    facilities = (one.strip() for one in str(chosen["stock_facilities"]).split(","))
    return CatalogueRules(
        connection_id=connection_id,
        platform_label="LeafLink",
        fields=tuple(sorted(written - {"stock"})),
        writes_stock="stock" in written,
        creates=chosen["source_of_truth"] in _WORDS and chosen["create_products"] is True,
        stock_field="quantity" if chosen["stock_field"] == "quantity" else "available",
        stock_buffer=Decimal(str(chosen["stock_buffer"])),
        by_lot=chosen["stock_by_lot"] is True,
        stock_facilities=tuple(filter(None, facilities)),
        license=facility.license,
        price_multiplier=Decimal(str(chosen["price_multiplier"])),
        brands=chosen["brands"],
        line_from=str(chosen["product_line_from"]).removeprefix("ref_field_"),
        lines=chosen["product_lines"],
        categories={folded(left): right for left, right in chosen["categories"].items()},
        strain_case=chosen["strain_case"] is True,
        defaults=_defaults(chosen["product_defaults"]),
        shop=SHOP,
    )


_MOST_IN_A_CASE = 1_000_000


def _defaults(table: Mapping[str, str]) -> dict[str, Any]:
    """Those that can be sent: one that is no number, or no size that LeafLink has, is as good as missing."""
    return {name: value for name, value in {**_NO_LIMITS, **table}.items() if _can_be_sent(name, value)}


def _can_be_sent(name: str, value: str) -> bool:
    if name == "manufacturer" and value == OWN_COMPANY:
        return True
    if name == "unit_multiplier":
        return value.isascii() and value.isdigit() and 0 < int(value) <= _MOST_IN_A_CASE
    if name == "unit_denomination":
        return _is_number(value) and Decimal(value) in map(Decimal, DENOMINATIONS.values())
    return _is_number(value)


def _is_number(text: str) -> bool:
    whole, _, decimals = text.partition(".")
    return text.isascii() and whole.isdigit() and (not decimals or decimals.isdigit()) and len(text) <= 12


CATALOGUE = Catalogue(FIELDS, catalogue_rules)
