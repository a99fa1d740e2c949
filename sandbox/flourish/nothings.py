"""The many fields of an item that this company leaves empty; the API shows them all."""

EMPTY_ITEM_FIELDS = (
    "part_number", "ndc_number", "product_code", "barcode", "season", "season_year", "style", "style_sfx",
    "color", "color_sfx", "color_desc", "version", "special_instructions", "ref_field_2", "ref_field_3",
    "ref_field_4", "ref_field_5", "shelf_days", "reorder_point", "unit_volume", "volume_uom_id", "volume_uom",
    "volume_uom_description", "unit_height", "unit_width", "unit_length", "dimension_uom_id", "dimension_uom",
    "dimension_uom_description", "days_of_supply", "default_supplier", "unit_cbd_percent", "unit_thc_percent",
    "thc_ratio", "cbd_ratio", "cbd_mg_per_day", "thc_mg_per_day", "cbd_per_dose", "cbd_per_dose_uom_id",
    "cbd_per_dose_uom", "cbd_per_dose_uom_description", "thc_per_dose", "thc_per_dose_uom_id",
    "thc_per_dose_uom", "thc_per_dose_uom_description", "cbd_per_unit", "unit_cbd_content_uom_id",
    "cbd_per_unit_uom", "cbd_per_unit_uom_description", "thc_per_unit", "unit_thc_content_uom_id",
    "thc_per_unit_uom", "thc_per_unit_uom_description", "total_cannabinoids_per_dose",
    "total_cannabinoids_per_day", "total_cannabinoids_per_unit", "number_of_servings", "num_doses_per_unit",
    "num_days_per_unit", "dose_measurement", "unit_measurement", "usable_cannabis_qty",
    "usable_cannabis_qty_uom_id", "usable_cannabis_qty_uom", "usable_cannabis_qty_uom_description",
    "unit_days", "unit_cannabinoids", "metrc_administration_method", "metrc_item_ingredients",
    "item_ingredients", "allergens", "serving_size", "serving_size_grams", "standard_daily_use_description",
    "intake_form_id", "amount_per_dose_active_ingredient", "doses_per_day_active_ingredient",
    "active_ingredient", "onset_time_low_minutes", "onset_time_high_minutes", "duration_low_minutes",
    "duration_high_minutes", "dosage_amount", "storage_instructions", "helpful_tips", "warning",
    "leaflink_id", "leaflink_company",
)  # fmt: skip

EMPTY_BILLING = dict.fromkeys(("address_line_1", "address_line_2", "city", "state", "zip_code", "country"))
