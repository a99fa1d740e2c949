"""Variations of an item: the same goods in another quantity and at a price of their own. No item has one from
the beginning."""

from decimal import Decimal
from typing import Any

from sandbox import reading
from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.flourish.seed import padded
from sandbox.money import decimal, number
from sandbox.office import Office
from sandbox.store import Body, Record

FIELDS = ("variation_name", "unit_qty", "unit_price", "active", "ecommerce_active")
FLAGS = ("active", "ecommerce_active")
EMPTY = (
    "variation_description", "unit_cost", "sku", "version", "season", "style", "color", "ref_field_1",
    "ref_field_2", "ref_field_3", "ref_field_4", "ref_field_5", "total_cannabinoids_per_dose",
    "total_cannabinoids_per_dose_uom", "total_cannabinoids_per_day", "total_cannabinoids_per_day_uom",
    "total_cannabinoids_per_unit", "total_cannabinoids_per_unit_uom", "thc_per_dose", "thc_per_dose_uom",
    "cbd_per_dose", "cbd_per_dose_uom", "thc_per_day", "thc_per_day_uom", "cbd_per_day", "cbd_per_day_uom",
    "thc_per_unit", "thc_per_unit_uom", "cbd_per_unit", "cbd_per_unit_uom", "standard_daily_use_description",
    "active_ingredient", "onset_time_low_minutes", "onset_time_high_minutes", "duration_low_minutes",
    "duration_high_minutes", "storage_instructions", "helpful_tips", "warning", "part_number",
    "ecommerce_item", "ecommerce_category", "ecommerce_sub_category",
)  # fmt: skip


def add(office: Office, item: Record, asked: Body, who: str) -> Body:
    """Make a variation of an item.

    Args:
        office: the company.
        item: the item.
        asked: `variation_name`, `unit_qty`, `unit_price`; `active` and `ecommerce_active`, true unless said.
        who: who does it.

    Raises:
        BadValue: a field is unknown, missing or not valid.
    """
    reading.known(asked, FIELDS)
    for name in FLAGS:
        if not isinstance(asked.get(name, True), bool):
            raise BadValue(f"{name} is true or false.", name)
    key, moment = padded(office.next_number("variation")), stamp()
    variation = {
        "id": key, "item_id": item["id"], "variation_name": reading.text(asked, "variation_name"),
        "unit_qty": reading.quantity(asked, "unit_qty", above=True),
        "unit_price": str(decimal(asked.get("unit_price"), "unit_price", Decimal(0))),
        **{name: asked.get(name, True) for name in FLAGS},
        "retail_display_name": item["retail_display_name"] or item["item_name"], "taxable": True,
        "created_by": who, "created_timestamp": moment, "last_updated_by": who,
        "last_updated_timestamp": moment,
    }  # fmt: skip
    office.put("variation", key, variation)
    return variation


def shown(_office: Office, body: Record) -> dict[str, Any]:
    """Return a variation in the API's form."""
    numbers = {name: number(body[name]) for name in ("unit_qty", "unit_price")}
    return {**dict.fromkeys(EMPTY), **body, **numbers}
