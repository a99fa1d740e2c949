"""Before an order goes to Flourish: for whom it is, how its goods change hands, and whether its number is its
own."""

from __future__ import annotations

from datetime import date

import pytest

from portal.sync.decisions import Finding
from portal.sync.platforms.aiq.intake import Purpose, as_sent, hindrance, purpose
from portal.sync.retail import Fulfilment
from portal.sync.shopping import Store
from tests.sync.platforms.aiq.examples import order

DAY = date(2026, 11, 20)
MEDICAL, ADULTS, PATIENTS = Store("CA", True), Store("CA", False), "for patients alone"
CARD = {"medicalId": "MMJ-1", "medicalExpiration": "2026-12-31"}
FERN = {"street": "12 Fern Court", "city": "Oakland", "administrativeArea": "CA", "postalCode": "94601"}


def look(store, **changed):
    alone = store == PATIENTS
    found = purpose(order(**changed), MEDICAL if alone else store, DAY, for_patients_alone=alone)
    return found.code if isinstance(found, Finding) else found.is_recreational


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize(
    ("store", "changed", "expected"),
    [
        (ADULTS, {}, True),
        (ADULTS, CARD, False),
        # AIQ has the store as a medical one, and adults may shop there.
        (MEDICAL, {}, True),
        (MEDICAL, CARD, False),
        (MEDICAL, {"medicalId": "  "}, True),
        (PATIENTS, CARD, False),
        (PATIENTS, {}, "medical_card_missing"),
        (PATIENTS, {"medicalId": " "}, "medical_card_missing"),
        # The last day of a card is good.
        (ADULTS, {**CARD, "medicalExpiration": "2026-11-20"}, False),
        (ADULTS, {**CARD, "medicalExpiration": "2026-11-19"}, "medical_card_expired"),
        (ADULTS, {**CARD, "medicalExpiration": None}, False),
        (ADULTS, {**CARD, "medicalExpiration": "2026-11-19T23:00:00.000Z"}, "medical_card_expired"),
        # A card that an adult's order does not use.
        (ADULTS, {"medicalId": None, "medicalExpiration": "2020-01-01"}, True),
    ],
)
def test_each_order_says_for_whom_it_is(store, changed, expected):
    assert look(store, **changed) == expected


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize(("state", "warned"), [("NV", True), ("ca", False), ("", False)])
def test_a_card_of_another_state_is_said(state, warned):
    found = purpose(order(**CARD, medicalState=state), ADULTS, DAY)

    assert isinstance(found, Purpose)
    assert bool(found.warnings) == warned


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize(
    ("hand_over", "fulfilment", "code"),
    [
        ("DELIVERY", Fulfilment.DELIVERY, ""),
        ("IN_STORE", Fulfilment.PICKUP, ""),
        ("CURB_SIDE", Fulfilment.PICKUP, ""),
        ("DRIVE_THROUGH", Fulfilment.PICKUP, ""),
        ("SHIPPING", None, "hand_over_unknown"),
        ("BALLOON", None, "hand_over_unknown"),
    ],
)
def test_each_way_to_hand_over_has_flourishs_word_or_is_refused(hand_over, fulfilment, code):
    found = order(pickUpType=hand_over, deliveryAddress=FERN)

    assert found.fulfilment is fulfilment
    refused = hindrance(found)
    assert (refused.code if refused else "") == code


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize(
    ("kind", "hand_over", "said", "expected"),
    [
        ("PRE_ORDER", "IN_STORE", Fulfilment.IN_STORE, Fulfilment.PICKUP),
        ("WALK_UP_ORDER", "IN_STORE", Fulfilment.PICKUP, Fulfilment.PICKUP),
        ("WALK_UP_ORDER", "IN_STORE", Fulfilment.IN_STORE, Fulfilment.IN_STORE),
        ("KIOSK_ORDER", "IN_STORE", Fulfilment.IN_STORE, Fulfilment.IN_STORE),
        # Ordered at a kiosk, and brought to somebody.
        ("KIOSK_ORDER", "DELIVERY", Fulfilment.IN_STORE, Fulfilment.DELIVERY),
        (None, "IN_STORE", Fulfilment.IN_STORE, Fulfilment.PICKUP),
    ],
)
def test_an_order_of_a_kiosk_or_a_walk_in_is_what_the_setting_says(kind, hand_over, said, expected):
    assert as_sent(order(type=kind, pickUpType=hand_over), at_counter=said).fulfilment is expected


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize(
    ("address", "is_enough"),
    [
        (FERN, True),
        ({**FERN, "city": None}, True),
        ({**FERN, "street": " "}, False),
        ({"street": "12 Fern Court"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_a_delivery_needs_its_address(address, is_enough):
    assert (hindrance(order(pickUpType="DELIVERY", deliveryAddress=address)) is None) == is_enough
