"""Blame: whose failure a problem is, by its code alone. Pure.

A page must not let "our worker died" look like "the platform said no", nor either like a wrong SKU: they are
seen to by different people in different places.
"""

from __future__ import annotations

from collections.abc import Mapping

# trellis: Trellis itself failed. refused: the other side said no to a write. account: a key, a webhook or the
# other side's API does not work. data: something on either side has to be corrected. decision: both sides are
# as they are, and a person says how it goes on.
BLAMES = ("trellis", "refused", "account", "data", "decision")

_CODES: Mapping[str, tuple[str, ...]] = {
    "trellis": ("bug", "loop", "proof_failed", "unknown_status", "worker_died"),
    "refused": ("move_not_offered", "refused", "term_not_offered"),
    "account": (
        "check_regressed",
        "credentials.missing",
        "credentials.unusable",
        "flourish_webhook_silent",
        "needs_credentials",
        "not_answering",
        "notices_off",
        "permission",
        "poll_fails",
        "test_failed",
        "test_refused",
        "unreadable",
        "unreadable_rows",
        "unreadable_webhook",
        "webhook_silent",
    ),
    "data": (
        "batch_missing",
        "brand_orphaned",
        "category_unknown",
        "customer_incomplete",
        "customer_no_email",
        "delivery_address_missing",
        "destination_inactive",
        "destination_incomplete",
        "duplicate_order_number",
        "item_gone",
        "item_inactive",
        "license_twice",
        "line_unknown",
        "lot_missing",
        "lot_twice",
        "many_items",
        "medical_card_expired",
        "medical_card_missing",
        "names_shared",
        "no_license",
        "no_lines",
        "no_quantity",
        "no_rep",
        "no_sku",
        "price_missing",
        "product_gone",
        "product_incomplete",
        "product_sku_twice",
        "quantity_does_not_divide",
        "rep_facility_unusable",
        "rep_inactive",
        "rep_removed",
        "rep_twice",
        "rep_unknown",
        "rep_without_email",
        "rep_without_facility",
        "rounding_too_large",
        "several_reps",
        "sku_changed",
        "sku_twice",
        "sku_unfit",
        "sku_unknown",
        "strain_missing",
        "strain_twice",
        "strain_type_unknown",
        "sum_does_not_hold",
        "term_missing",
        "unit_mismatch",
    ),
    "decision": (
        "allocated_before_finished",
        "cancel_in_flourish",
        "cancelled_after_delivery",
        "cancelled_after_shipping",
        "candidate_without_note",
        "combined_original",
        "customer_banned",
        "customer_changed",
        "customer_differs",
        "customer_other_patient",
        "customer_phone_of_another",
        "customer_refused",
        "customer_unknown",
        "customer_several",
        "customer_too_young",
        "discount_differs",
        "edited_after_allocation",
        "edited_after_joining",
        "edited_on_both_sides",
        "ended_otherwise",
        "gone_in_flourish",
        "gone_on_platform",
        "hand_over_unknown",
        "mass_drop",
        "mass_gone",
        "moved_after_allocation",
        "not_supported",
        "order_not_sent",
        "originals_unknown",
        "oversold",
        "refunded_after_paid",
        "reopened_in_flourish",
        "route_for_pickup",
        "samples_held",
        "shipping_unknown",
        "term_changed_twice",
        "twins",
        "two_writers",
        "unshipped_after_delivery",
    ),
}
_BLAMES = {code: blame for blame, codes in _CODES.items() for code in codes}


def blame_of(code: str) -> str:
    """Say whose failure a problem is; one of a code that nobody has sorted is Trellis's own."""
    return _BLAMES.get(code, "trellis")


def codes_of(blame: str) -> tuple[str, ...]:
    """The codes that are one's failure; none when there is no such blame."""
    return _CODES.get(blame, ())
