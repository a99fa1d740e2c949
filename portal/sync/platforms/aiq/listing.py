"""What AIQ's menu shows of a Flourish item: whether at all, under which name, in which place, and which of
its fields (AQ-2 to AQ-5, AQ-14). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from html import escape
from typing import Any

from portal.sync.catalogues import FieldRow
from portal.sync.platforms.aiq.categories import category_text, kind_of
from portal.sync.platforms.aiq.labs import Labs
from portal.sync.platforms.aiq.terms import STRAIN_TYPES, WEIGHT_UNITS
from portal.sync.shopping import ShopItem

# What AIQ takes of a name.
LONGEST_NAME = 255
# The setting that holds the store's own table of categories.
CATEGORY_TABLE = "category_table"
_UNKNOWN_UNIT = "UNKNOWN"

FIELDS = (
    FieldRow("stock", "Quantity", "what is sellable, less what orders hold and the buffer"),
    FieldRow("name", "Name", "the e-commerce item name, else the retail display name, else the item's name"),
    FieldRow(
        "category", "Category", "the e-commerce subcategory, else the item category, by the store's table"
    ),
    FieldRow("price", "Price", "the item's price, else that of its variation", switch="sync_price"),
    FieldRow("brand", "Brand", "the item's brand", switch="sync_brand"),
    FieldRow("description", "Description", "the item's description", switch="sync_description"),
    FieldRow("strain", "Strain and type", "the item's strain, and its type", switch="sync_strain"),
    FieldRow("weight", "Weight", "the item's unit weight, and its unit", switch="sync_weight"),
    FieldRow("labs", "Cannabinoids", "the lab result of the lot that most is left of", switch="sync_labs"),
    FieldRow("terpenes", "Terpenes", "the same lab result", switch="sync_terpenes"),
)
# Terpenes are synced where a store says so, everything else unless it says otherwise.
SWITCHES: Mapping[str, bool] = {row.switch: row.name != "terpenes" for row in FIELDS if row.switch}


@dataclass(frozen=True)
class Unlisted:
    """Why an item is not on the menu, and what would bring it there."""

    code: str
    sentence: str
    next_step: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """What is written of a product that AIQ has of it already: it is hidden, and keeps all else. What its
        orders hold stays held."""
        return {"enable": False}


@dataclass(frozen=True)
class Listing:
    """An item as the menu shows it.

    Args:
        sku: the item's.
        fields: by AIQ's names; without the quantity.
        warnings: what a person should know of it, as sentences.
        dropped: substances of its lab that AIQ has no place for, which the report of a sync counts.
    """

    sku: str
    fields: Mapping[str, Any]
    warnings: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()


@dataclass
class _Making:
    """Collects an item's fields and warnings."""

    shop_item: ShopItem
    chosen: Mapping[str, Any]
    fields: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def is_on(self, switch: str) -> bool:
        return self.chosen.get(switch, SWITCHES[switch]) is True


def listing(shop_item: ShopItem, labs: Labs, chosen: Mapping[str, Any]) -> Listing | Unlisted:
    """Say what the menu shows of an item.

    Args:
        shop_item: the item.
        labs: what `labs.labs_of` says of it.
        chosen: the connection's settings by name; the usual where it has none.
    """
    left_out = _left_out(shop_item)
    if left_out is not None:
        return left_out
    text = category_text(shop_item.item)
    kind = kind_of(text, chosen.get(CATEGORY_TABLE) or {})
    if not kind:
        return _unmapped(text)
    making = _Making(shop_item, chosen)
    making.fields |= {"sku": shop_item.item.sku.strip(), "enable": True, "cannabisComplianceType": kind}
    _name(making)
    _price(making)
    _texts(making)
    _weight(making)
    _labs(making, labs)
    return Listing(making.fields["sku"], making.fields, tuple(making.warnings), labs.dropped)


def _left_out(shop_item: ShopItem) -> Unlisted | None:
    """AQ-2: only what is active, active for e-commerce, and sellable."""
    item = shop_item.item
    rules = (
        (item.active, "item_not_active", "The item is not active in Flourish.", "Activate it in Flourish."),
        (
            item.ecommerce,
            "not_for_ecommerce",
            "The item is not active for e-commerce in Flourish.",
            "Switch E-commerce Active on in Flourish.",
        ),
        (
            shop_item.is_sellable,
            "not_sellable",
            "The item is not marked as sellable in Flourish.",
            "Mark it as sellable in Flourish.",
        ),
        (
            bool(item.sku.strip()),
            "sku_missing",
            "The item has no SKU, and orders name items by it.",
            "Give it one in Flourish.",
        ),
    )
    return next((Unlisted(*words) for is_so, *words in rules if not is_so), None)


def _unmapped(text: str) -> Unlisted:
    named = f"The category {text} has no place on AIQ's menu yet." if text else "The item has no category."
    step = (
        "Give it its row in the connection's table of categories."
        if text
        else "Give the item a category or an e-commerce subcategory in Flourish."
    )
    return Unlisted("needs_mapping", named, step)


def _name(making: _Making) -> None:
    """AQ-4: a name of blanks is none."""
    shop_item = making.shop_item
    name = shop_item.shop_name.strip() or shop_item.retail_name.strip()
    if not name:
        name = shop_item.item.name.strip() or shop_item.item.sku.strip()
        making.warnings.append(
            "It has neither an e-commerce item name nor a retail display name: the item's own name is shown."
        )
    if len(name) > LONGEST_NAME:
        making.warnings.append(f"Its name is longer than {LONGEST_NAME} characters, and is cut.")
        name = name[:LONGEST_NAME].rstrip()
    making.fields["name"] = name


def _price(making: _Making) -> None:
    if not making.is_on("sync_price"):
        return
    price = making.shop_item.item.price
    if price is None:
        price = making.shop_item.variation_price
    if price is None or price < 0:
        making.warnings.append("Neither the item nor a variation of it has a price: AIQ keeps its own.")
        return
    making.fields["price"] = price


def _texts(making: _Making) -> None:
    item = making.shop_item.item
    if making.is_on("sync_brand"):
        making.fields["brand"] = item.brand.strip() or None
    if making.is_on("sync_description"):
        making.fields["description"] = _as_html(item.description)
    if making.is_on("sync_strain"):
        making.fields["cannabisStrain"] = item.strain.strip() or None
        making.fields["cannabisType"] = _strain_type(making)


def _as_html(text: str) -> str | None:
    """AIQ's description is HTML and Flourish's is text: marks of it are shown, and never obeyed."""
    return escape(text.strip(), quote=False).replace("\n", "<br>") or None


def _strain_type(making: _Making) -> str | None:
    shown = " ".join(making.shop_item.item.strain_type.replace("-", " ").split())
    if not shown:
        return None
    found = STRAIN_TYPES.get(shown.casefold())
    if found is None:
        making.warnings.append(f"AIQ has no strain type {shown}: none is shown.")
    return found


def _weight(making: _Making) -> None:
    item = making.shop_item.item
    if not making.is_on("sync_weight"):
        return
    weight = item.unit_weight if item.unit_weight is not None and item.unit_weight > Decimal(0) else None
    making.fields["weight"] = weight
    unit = WEIGHT_UNITS.get(item.weight_uom.strip().casefold(), _UNKNOWN_UNIT)
    making.fields["weightUnit"] = unit if weight is not None else None
    if weight is not None and unit == _UNKNOWN_UNIT:
        making.warnings.append(f"AIQ has no unit of weight {item.weight_uom or 'of no name'}.")


def _labs(making: _Making, labs: Labs) -> None:
    """Both kinds stand in one block, which a write replaces whole."""
    wanted = {
        **(labs.cannabinoids if making.is_on("sync_labs") else {}),
        **(labs.terpenes if making.is_on("sync_terpenes") else {}),
    }
    if making.is_on("sync_labs") or making.is_on("sync_terpenes"):
        making.fields["labs"] = wanted
        making.warnings += labs.warnings
