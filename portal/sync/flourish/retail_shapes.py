"""The fields of Flourish's answers on its retail side: needed, used, and known but not read. Pure data."""

from __future__ import annotations

from portal.sync.reading import Shape, words

_STAMPS = "created_by created_timestamp last_updated_by last_updated_timestamp"
_TENDERS = """
    change_given canpay_amount cash_amount linx_amount credit_card_amount manual_amount account_credit_used
"""
_CONTACT = """
    delivery_contact_no delivery_contact_no_checked delivery_text_contact_no delivery_text_contact_no_checked
    delivery_email delivery_email_checked
"""

CUSTOMER = Shape(
    "Flourish customer",
    required=words("id is_active is_verified"),
    used=words("""
        first_name last_name email phone dob patient_id medical_card_state medical_card_expiration
        merged_customer_id customer_disciplinary_status
    """),
    ignored=words(f"""
        middle_name preferred_name state address allergies available_credit state_id
        state_id_expiration_timestamp merged_timestamp customer_group customer_type customer_origin
        customer_status physician {_STAMPS}
    """),
)

RETAIL_ORDER = Shape(
    "Flourish retail order",
    required=words("order_status customer_id order_lines total_price created_timestamp"),
    used=words("""
        id order_id payment_status facility_id original_order_id fulfillment_type order_fulfillment_type
        sub_total_price total_discounts taxes delivery_fee last_updated_timestamp notes order_notes
        submitted_timestamp packed_timestamp completed_timestamp is_recreational
    """),
    ignored=words(f"""
        facility_name original_customer_id is_backorder is_preorder is_quicksale is_replacement needs_review
        order_timestamp total_paid total_refund total_returns delivery_timestamp delivery_backup_timestamp
        delivery_address_id shipped_timestamp tax_type tax_payment_direction submitted_by packed_by
        completed_by delivered_by delivered_timestamp customer order_origin applied_discounts transactions
        created_by last_updated_by {_CONTACT} {_TENDERS}
    """),
)

RETAIL_LINE = Shape(
    "Flourish retail order line",
    required=words("item_id order_qty unit_price"),
    used=words("sku item_name allocated_qty"),
    ignored=words(f"""
        strain_id item_variation_pk discount_price line_total_price qty_returned taxes inventory_type_id
        item_uom variation_name unit_qty strain_name order_line_status retail_display_name order_line_dtls
        needs_fulfillment {_STAMPS}
    """),
)

KEPT_DISCOUNT = Shape(
    "Flourish discount",
    required=words("discount_id discount_name method amount"),
    used=words("promo_code applied_automatically"),
    ignored=words("""
        description eligible_items ineligible_items end_date end_date_time end_time level
        max_redemptions_per_order order_minimum_amount promo_code_required start_date start_date_time
        start_time
    """),
)

# Its substances are named by what they end in, and are not listed here.
LAB = Shape(
    "Flourish lab result",
    required=words("lab_test_result_id lot_number is_final"),
    used=words("status lab_test_result_status sample_analyzed_timestamp"),
    ignored=words(f"""
        source_package_id sample_package_id laboratory_id lab_test_id has_pesticides has_solvents
        has_heavymetals lab_test_result_status_id origin_facility_id origin_id origin_type_id
        origin_type_description pdf_url_1 {_STAMPS}
    """),
)
