"""An order as LeafLink answers it, and ways to change it for a test."""

import copy
from typing import Any

NUMBER = "0f0d3c1e-1111-4222-8333-444455556666"

CUSTOMER: dict[str, Any] = {
    "id": 148,
    "display_name": "Riverside Dispensary",
    "name": "Riverside Dispensary LLC",
    "license_number": "RE000123  Adult Use Retailer (NJ)",
    "license_type": {"id": 4, "type": "adult", "display_type": "Retail Dispensary"},
    "email": "buyer@riverside.example",
    "phone": "555-0101",
    "address": "1 River Street",
    "unit_number": "2B",
    "city": "Camden",
    "state": "NJ",
    "zipcode": "08101",
}

LINE: dict[str, Any] = {
    "id": 1,
    "product": 501,
    "quantity": "24.0000",
    "unit_multiplier": 24,
    "ordered_unit_price": {"amount": "114.00", "currency": "USD"},
    "sale_price": {"amount": "0.00", "currency": "USD"},
    "on_sale": False,
    "is_sample": False,
    "is_backorder": False,
    "batch": None,
    "frozen_data": {"product": {"sku": "PR-1", "name": "Pre-Roll"}},
}

ORDER: dict[str, Any] = {
    "number": NUMBER,
    "short_id": "55556666",
    "created_on": "2026-11-20T08:15:03.776119-07:00",
    "modified": "2026-11-20T09:14:49.494713-07:00",
    "user": "james.g",
    "customer": CUSTOMER,
    "status": "Submitted",
    "discount": 0,
    "discount_type": "%",
    "tax_amount": 0,
    "tax_type": "%",
    "final_tax": "0.00",
    "shipping_charge": {"amount": 0, "currency": "USD"},
    "total": {"amount": 342, "currency": "USD"},
    "credits": "0.00",
    "payment_term": "Net 7",
    "selected_payment_option": None,
    "ship_date": None,
    "notes": "",
    "sales_reps": [{"id": 13, "user": "John Doe"}],
    "available_transitions": ["accepted", "rejected"],
    "is_combination": False,
    "external_ids": {},
    "line_items": [LINE],
}


def order(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**ORDER, **changes})


def line(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**LINE, **changes})


def customer(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**CUSTOMER, **changes})


def without(payload: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if name not in names}


PRODUCT: dict[str, Any] = {
    "id": 501,
    "sku": "PR-1",
    "name": "Pre-Roll",
    "description": "<p>One gram</p>",
    "listing_state": "Available",
    "inventory_management": "1",
    "unit_of_measure": "Unit",
    "unit_denomination": {"id": 1, "value": "1.00000", "name": "One", "label": "1"},
    "unit_multiplier": 24,
    "quantity": "120.0000",
    "reserved_qty": "24.0000",
    "available_inventory": "96.0000",
    "wholesale_price": {"amount": "114.00", "currency": "USD"},
    "sale_price": {"amount": 0, "currency": "USD"},
    "brand": 31,
    "product_line": None,
    "category": {"id": 4, "name": "Pre-Rolls", "slug": "pre-rolls"},
    "sub_category": 9,
    "strains": [12, 7],
    "strain_classification": "hybrid",
    "allow_fractional_quantities": False,
    "parent": None,
    "children_count": "0",
    "modified": "2026-11-20T09:14:49.494713-07:00",
}


def product(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**PRODUCT, **changes})
