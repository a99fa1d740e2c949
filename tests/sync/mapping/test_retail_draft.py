"""The retail order that Flourish is to get: each field of the payload, and what Flourish would refuse."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from portal.sync.decisions import Rules
from portal.sync.domain import Address, FacilityFacts
from portal.sync.mapping.offers import CarriedOffers
from portal.sync.mapping.retail_draft import retail_draft, without_strain
from portal.sync.retail import AppliedDiscount, Fulfilment, RetailDraftLine
from tests.sync.platforms.aiq.examples import NUMBER, SKU, line, order, shop_item

pytestmark = pytest.mark.promise("AQ-6")
FERN = {"street": "12 Fern Court", "city": "Oakland", "administrativeArea": "CA", "postalCode": "94601"}
RULES = Rules(
    connection_id="c1",
    platform_label="AIQ Ecommerce",
    intake_statuses=frozenset({"CONFIRMED"}),
    status_table={},
    facility=FacilityFacts("00000001", "Oakland", "", "America/Los_Angeles", sales_rep_required=False),
    live_since=datetime(2026, 1, 1, tzinfo=UTC),
)
HALF = CarriedOffers((AppliedDiscount(Decimal(50), True, SKU),), ("GL-GM10: $5 off for A, B",))


NOTHING_OFF = CarriedOffers(())


def draft(carried=NOTHING_OFF, *, is_recreational=True, items=None, **changed: Any):
    return retail_draft(
        order(**changed),
        RULES,
        customer_id="00000700",
        is_recreational=is_recreational,
        carried=carried,
        items=items or {SKU: shop_item(strain_id="12").item},
    )


def test_it_has_the_shoppers_number_and_in_its_first_note_aiqs_own_id():
    sent = draft()

    assert (sent.original_order_id, sent.notes) == ("1001", (f"Trellis c1 {NUMBER}",))
    assert (sent.facility_id, sent.customer_id) == ("00000001", "00000700")


@pytest.mark.parametrize("is_recreational", [True, False])
def test_for_whom_it_is_is_said_either_way(is_recreational):
    assert draft(is_recreational=is_recreational).is_recreational is is_recreational


@pytest.mark.promise("AQ-9")
def test_lines_have_the_list_price_and_what_comes_off_stands_beside_them():
    sent = draft(HALF, items={SKU: shop_item(strain_id="12").item})

    assert sent.lines == (RetailDraftLine("00000345", SKU, Decimal(2), Decimal("10.00"), "12"),)
    assert sent.discounts == HALF.discounts
    assert sent.notes[1:] == HALF.notes


@pytest.mark.parametrize(
    ("hand_over", "fulfilment"),
    [
        ("DELIVERY", Fulfilment.DELIVERY),
        ("IN_STORE", Fulfilment.PICKUP),
        ("CURB_SIDE", Fulfilment.PICKUP),
        ("DRIVE_THROUGH", Fulfilment.PICKUP),
    ],
)
def test_it_changes_hands_as_the_shopper_chose(hand_over, fulfilment):
    assert draft(pickUpType=hand_over, deliveryAddress=FERN).fulfilment is fulfilment


def test_a_delivery_has_its_address_its_fee_and_whom_to_call():
    sent = draft(pickUpType="DELIVERY", deliveryAddress=FERN, feeTotal=5)

    assert sent.address == Address("12 Fern Court", "", "Oakland", "CA", "94601")
    assert (sent.delivery_fee, sent.phone, sent.email) == (Decimal(5), "(415) 555-0101", "ada@rowe.example")
    assert len(sent.notes) == 1


def test_what_is_picked_up_has_none_of_them_and_its_fees_are_a_note():
    sent = draft(deliveryAddress=FERN, feeTotal=5)

    assert (sent.address, sent.delivery_fee, sent.phone, sent.email) == (None, Decimal(0), "", "")
    assert sent.notes[1:] == ("Fees in the shop: $5.00",)


def test_goods_that_are_sent_have_no_draft():
    with pytest.raises(ValueError, match="SHIPPING"):
        draft(pickUpType="SHIPPING")


def test_an_order_with_an_item_that_lacks_its_strain_is_not_sent_at_all():
    items = {
        SKU: shop_item(strain_required=True).item,
        "B": shop_item(sku="B", strain_required=True, strain_id="9").item,
        "C": shop_item(sku="C").item,
    }

    found = without_strain(order(items=[line(), line("B"), line("C"), line()]), items)

    assert [(one.code, one.cause) for one in found] == [("strain_missing", SKU)]
