"""The fields of Flourish's answers: needed, used, and known but not read. Pure data.

A field that is in none of the three is reported once, because it may be one that a rule should know.
"""

from __future__ import annotations

from portal.sync.reading import Shape, words

_STAMPS = "created_by created_timestamp last_updated_by last_updated_timestamp"
_PLACE = """
    alias company_email company_phone_number address_line_1 address_line_2 city state zip_code country billing
    local_license_number license_type external_id website notes contacts contact total_open_balance
    number_open_invoices
"""
_REFS = "ref_field_1 ref_field_2 ref_field_3 ref_field_4 ref_field_5"

ORDER = Shape(
    "Flourish outbound order",
    required=words(
        "id order_status origin_facility order_lines total_price created_timestamp last_updated_timestamp"
    ),
    used=words(f"""
        original_order_id payment_status destination notes payment_term requested_delivery_date origin_type
        order_timestamp invoice_date pretax_discounts distributor sales_rep charges discounts {_REFS}
    """),
    ignored=words("""
        shipment_id sub_total_price taxes excise_tax_rate total_discounts total_charges total_paid
        delivery_fee shipped_timestamp delivered_timestamp completed_timestamp created_by last_updated_by
        total_refund is_approved total_returns tax_type tax_payment_direction origin_facility_id
    """),
)

LINE = Shape(
    "Flourish outbound order line",
    required=words("item_id order_qty unit_price"),
    used=words(
        "sku item_name allocated_qty item_variation_pk strain_id lot_number discount_price order_line_dtls"
    ),
    ignored=words(f"""
        line_total_price qty_returned item_uom variation_name unit_qty strain_name order_line_status
        retail_display_name needs_fulfillment taxes {_STAMPS}
    """),
)

ITEM = Shape(
    "Flourish item",
    required=words("id sku active"),
    used=words(f"""
        item_name uom ecommerce_active item_description ecommerce_item_name retail_display_name brand
        item_category ecommerce_category_name ecommerce_sub_category_name strain_name strain_type_name
        item_strain_type_name strain_required price unit_weight weight_uom last_updated_timestamp leaflink_id
        {_REFS}
    """),
    ignored=words("""
        active_ingredient allergens amount_per_dose_active_ingredient barcode cbd_mg_per_day cbd_per_dose
        cbd_per_dose_uom cbd_per_dose_uom_description cbd_per_dose_uom_id cbd_per_unit cbd_per_unit_uom
        cbd_per_unit_uom_description cbd_ratio color color_desc color_sfx cost days_of_supply
        default_supplier dimension_uom dimension_uom_description dimension_uom_id dosage_amount
        dose_measurement doses_per_day_active_ingredient duration_high_minutes duration_low_minutes external
        finance_account_asset finance_account_expense finance_account_revenue helpful_tips intake_form_id
        integration_status_id inventory_type is_medical is_tax_exempt item_class item_ingredients
        leaflink_company lot_tracked metrc_administration_method metrc_item_ingredients
        ndc_number needs_fulfillment num_days_per_unit num_doses_per_unit number_of_servings
        onset_time_high_minutes onset_time_low_minutes part_number plant_additive product_code
        product_source_type reorder_point season season_year sellable serial_number_tracked serving_size
        serving_size_grams shelf_days single_unit_package special_instructions
        standard_daily_use_description standard_qty_uom_id storage_instructions strain_id style style_sfx
        sync_each_by_weight_or_volume_uom thc_mg_per_day thc_per_dose thc_per_dose_uom
        thc_per_dose_uom_description thc_per_dose_uom_id thc_per_unit thc_per_unit_uom
        thc_per_unit_uom_description thc_ratio total_cannabinoids_per_day total_cannabinoids_per_dose
        total_cannabinoids_per_unit unit_cannabinoids unit_cbd_content_uom_id unit_cbd_percent unit_days
        unit_height unit_length unit_measurement unit_thc_content_uom_id unit_thc_percent unit_volume
        unit_width uom_description usable_cannabis_qty usable_cannabis_qty_uom
        usable_cannabis_qty_uom_description usable_cannabis_qty_uom_id use_by_date_req version volume_uom
        volume_uom_description volume_uom_id warning weight_uom_description weight_uom_id created_by
        created_timestamp last_updated_by
    """),
)

STOCK = Shape(
    "Flourish inventory summary",
    required=words("item_id sku sellable_qty"),
    used=words("uom last_updated_timestamp lot_number"),
    ignored=words("""
        available_qty brand cbd_ratio cost external inventory_type is_tax_exempt item_category item_class
        item_description item_name item_retail_display_name item_variation_id non_available_qty
        on_order_qty price qty strain_id strain_name taxable thc_ratio unit_volume unit_weight
        uom_description variation_name variation_retail_display_name volume_uom volume_uom_description
        weight_uom weight_uom_description
    """),
)

DESTINATION = Shape(
    "Flourish destination",
    required=words("id active license_number"),
    used=words("name"),
    ignored=words(f"type timezone {_PLACE} {_STAMPS}"),
)

FACILITY = Shape(
    "Flourish facility",
    required=words("id facility_name timezone active sales_rep_required_for_outbound"),
    used=words("license_number"),
    ignored=words(f"facility_type synced_from_compliance {_PLACE} {_STAMPS}"),
)

SALES_REP = Shape(
    "Flourish sales rep",
    required=words("sales_rep_id email active facility_id"),
    used=words("first_name middle_name last_name"),
    ignored=words(f"phone_number {_STAMPS}"),
)
