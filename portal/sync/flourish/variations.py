"""Variations of Flourish's items: the same goods in another quantity, at a price of their own. Pure."""

from __future__ import annotations

from portal.sync.reading import Fields, Notice, Shape, words
from portal.sync.retail import Variation

VARIATION = Shape(
    "Flourish item variation",
    required=words("id unit_qty"),
    used=words("variation_name retail_display_name unit_price active ecommerce_active"),
    ignored=words("""
        item_id variation_description unit_cost sku version season style color ref_field_1 ref_field_2
        ref_field_3 ref_field_4 ref_field_5 total_cannabinoids_per_dose total_cannabinoids_per_dose_uom
        total_cannabinoids_per_day total_cannabinoids_per_day_uom total_cannabinoids_per_unit
        total_cannabinoids_per_unit_uom thc_per_dose thc_per_dose_uom cbd_per_dose cbd_per_dose_uom
        thc_per_day thc_per_day_uom cbd_per_day cbd_per_day_uom thc_per_unit thc_per_unit_uom cbd_per_unit
        cbd_per_unit_uom standard_daily_use_description active_ingredient onset_time_low_minutes
        onset_time_high_minutes duration_low_minutes duration_high_minutes taxable storage_instructions
        helpful_tips warning part_number ecommerce_item ecommerce_category ecommerce_sub_category
        created_by created_timestamp last_updated_by last_updated_timestamp
    """),
)


def read_variation(variation: Fields, notice: Notice) -> Variation:
    """Read a variation of an item."""
    variation.check(VARIATION, notice)
    name = variation.text_or_empty("retail_display_name") or variation.text_or_empty("variation_name")
    return Variation(
        id=variation.ident("id"),
        name=name.strip(),
        eaches=variation.number("unit_qty"),
        price=variation.number("unit_price") if variation.has("unit_price") else None,
        is_active=variation.flag_or_no("active"),
        ecommerce=variation.flag_or_no("ecommerce_active"),
    )
