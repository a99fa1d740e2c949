"""Flourish's answers on its retail side, and ways to change them for a test. All names are invented."""

import copy
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from portal.sync.domain import Address
from portal.sync.retail import (
    AppliedDiscount,
    CustomerDraft,
    Fulfilment,
    Person,
    RetailDraft,
    RetailDraftLine,
)
from tests.sync.flourish.examples import STAMP

ADDRESS_ROW: dict[str, Any] = {
    "id": 5, "first_name": "Nia", "last_name": "Quist", "address_line_1": "12 Fern Court",
    "address_line_2": None, "city": "Oakland", "state": "CA", "postcode": "94607",
    "country": "United States", "address_type": "shipping", "active": True, "is_primary": True,
}  # fmt: skip
CUSTOMER: dict[str, Any] = {
    "id": "00000007", "first_name": "Nia", "last_name": "Quist", "email": "nia@guests.example",
    "phone": "4155550100", "dob": "1990-02-03", "state": "CA", "patient_id": "MMJ-1",
    "medical_card_state": "CA", "medical_card_expiration": "2027-12-31T00:00:00Z", "is_active": True,
    "is_verified": True, "merged_customer_id": None, "customer_disciplinary_status": "no issues",
    "customer_group": "veteran", "address": [ADDRESS_ROW], "available_credit": None,
}  # fmt: skip
LINE: dict[str, Any] = {
    "item_id": "00000328", "item_name": "Pre-Roll", "order_qty": 2, "allocated_qty": None,
    "unit_price": 20, "line_total_price": 20, "order_line_status": "Created",
}  # fmt: skip
ORDER: dict[str, Any] = {
    "order_id": "00000042", "original_order_id": "20471883", "facility_id": "00000001",
    "customer_id": "00000007", "order_status": "Submitted", "payment_status": "Awaiting Payment",
    "order_fulfillment_type": "In-Store", "order_lines": [LINE], "sub_total_price": 40,
    "total_discounts": 20, "taxes": 3, "delivery_fee": 0, "total_price": Decimal("23.00"),
    "order_notes": "Trellis c1 n1\nRing twice", "created_timestamp": STAMP, "last_updated_timestamp": STAMP,
    "submitted_timestamp": STAMP, "packed_timestamp": None, "completed_timestamp": None,
    "customer": CUSTOMER,
}  # fmt: skip
LAB: dict[str, Any] = {
    "lab_test_result_id": 11, "lot_number": "LOT-1", "is_final": 1, "status": "Pass",
    "sample_analyzed_timestamp": STAMP, "thc_percentage": Decimal("20.7"),
    "thca_percentage": Decimal("23.33"),
    "cbd_percentage": 0, "myrcene_percentage": None,
}  # fmt: skip
DISCOUNT: dict[str, Any] = {
    "discount_id": 2, "discount_name": "Loyalty reward", "method": "dollar", "amount": 5,
    "promo_code": "LOYAL5", "applied_automatically": False,
}  # fmt: skip
HOME = Address("12 Fern Court", "", "Oakland", "CA", "94607")
PERSON = Person(
    "Nia",
    "Quist",
    "nia@guests.example",
    "+1 (415) 555-0100",
    date(1990, 2, 3),
    "MMJ-1",
    "CA",
    date(2027, 12, 31),
)
CUSTOMER_DRAFT = CustomerDraft(PERSON, "CA", is_verified=False, address=HOME)
DRAFT = RetailDraft(
    facility_id="00000001",
    original_order_id="20471883",
    customer_id="00000007",
    fulfilment=Fulfilment.DELIVERY,
    is_recreational=True,
    placed_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
    lines=(RetailDraftLine("00000328", "PR-1", Decimal(2), Decimal(20), strain_id="00000007"),),
    notes=("Trellis c1 n1", "Ring twice"),
    discounts=(
        AppliedDiscount(Decimal(50), is_percentage=True, sku="PR-1", promo_code="HALF"),
        AppliedDiscount(Decimal(5), discount_id="2"),
    ),
    delivery_fee=Decimal(5),
    address=HOME,
    phone="4155550100",
    email="nia@guests.example",
)


def customer(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**CUSTOMER, **changes})


def retail_order(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**ORDER, **changes})


def lab(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy({**LAB, **changes})
