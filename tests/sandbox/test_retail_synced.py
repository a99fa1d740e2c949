"""Our client of Flourish's retail side against the simulated one: what it writes is what it reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from portal.sync.errors import Rejected
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.identity import Make, Review, Said, Use, identify
from portal.sync.mapping.offers import carry_offers, compare
from portal.sync.retail import (
    CustomerLookup,
    CustomerUpdate,
    Fulfilment,
    Offer,
    OfferedLine,
    Person,
    RetailDraft,
    RetailDraftLine,
    Shopper,
)
from portal.sync.shopping import IdentityRules
from tests.sandbox.calls import DoorCalls
from tests.sandbox.doors import HOME, OTHER_SKU, SKU
from tests.sync.mapping.shoppers import who_is

GUEST = Person("Nia", "Quist", "nia@guests.example", "(415) 555-0100", date(1990, 2, 3), "MMJ-N-1")


@pytest.fixture
def ours(doors):
    calls = DoorCalls(doors, "/flourish/external/api", {"x-api-key": "fl-greenleaf-key"})
    return FlourishClient(calls).retail


@pytest.fixture
def nia(ours):
    return ours.create_customer(made_of(GUEST).draft).id


def shopper(person):
    return Shopper(person, is_patient=True, ordered_on=date(2026, 11, 28), state="CA")


def found_out(ours, person, **more):
    return who_is(ours, shopper(person), IdentityRules(), **more)


def made_of(person):
    end = identify(shopper(person), IdentityRules(), dict.fromkeys(lookups(person), ()))
    assert isinstance(end, Make)
    return end


def lookups(person):
    return (
        CustomerLookup("patient_id", person.patient_id), CustomerLookup("phone", "4155550100"),
        CustomerLookup("email", person.email),
    )  # fmt: skip


def draft(customer_id, lines=None, **changes):
    usual = RetailDraft(
        facility_id=HOME,
        original_order_id="20471883",
        customer_id=customer_id,
        fulfilment=Fulfilment.PICKUP,
        is_recreational=False,
        placed_at=datetime(2026, 11, 20, 10, tzinfo=UTC),
        lines=lines or (RetailDraftLine("", SKU, Decimal(2), Decimal("17.50")),),
        notes=("Trellis c1 n1", "Ring twice"),
    )
    return replace(usual, **changes)


def test_somebody_new_is_made_once_and_found_by_each_thing_afterwards(ours):
    made = found_out(ours, GUEST)
    assert isinstance(made, Make)
    nia = ours.create_customer(made.draft)
    assert nia.remark == "CUS0003"
    for lookup in lookups(GUEST):
        assert [each.id for each in ours.customers(lookup)] == [nia.id]
    assert found_out(ours, GUEST) == Use(
        nia.id, "Flourish has one customer with this patient id, birth date and last name."
    )
    with pytest.raises(Rejected) as refused:
        ours.create_customer(made.draft)
    assert "guests" not in str(refused.value)


@pytest.mark.promise("AQ-7")
def test_two_new_orders_of_one_person_at_once_end_at_one_customer(ours):
    """Both find nobody; the second is refused, looks once more, and finds who was made meanwhile."""
    first, second = found_out(ours, GUEST), found_out(ours, GUEST)
    assert isinstance(first, Make)
    assert isinstance(second, Make)
    made = ours.create_customer(first.draft)
    with pytest.raises(Rejected):
        ours.create_customer(second.draft)
    again = found_out(ours, GUEST)
    assert isinstance(again, Use)
    assert again.customer_id == made.id


@pytest.mark.promise("AQ-7")
def test_a_spouse_with_the_same_phone_is_a_person_s_decision(ours, nia):
    spouse = replace(
        GUEST, first_name="Bo", email="bo@guests.example", born=date(1988, 5, 6), patient_id="MMJ-N-2"
    )
    unclear = found_out(ours, spouse)
    assert isinstance(unclear, Review)
    assert unclear.finding.evidence == {"customers": [nia]}
    theirs = found_out(ours, spouse, said=Said(is_new=True))
    assert isinstance(theirs, Make)
    made = ours.create_customer(theirs.draft)
    found = found_out(ours, spouse)
    assert isinstance(found, Use)
    assert found.customer_id == made.id


@pytest.mark.promise("AQ-7")
def test_a_banned_customer_is_found_and_not_used(ours, doors, nia):
    banned = {"customer_disciplinary_status": "banned"}
    doors.control("POST", f"/flourish/retail/customers/{nia}", banned)
    unclear = found_out(ours, GUEST)
    assert isinstance(unclear, Review)
    assert unclear.finding.code == "customer_banned"


def test_a_merged_customer_is_the_one_that_was_kept(ours, doors, nia):
    kept = doors.buyer(0)
    doors.control("POST", f"/flourish/retail/customers/{nia}", {"merged_into": kept["id"]})
    assert [each.id for each in ours.customers(CustomerLookup("phone", GUEST.phone))] == [kept["id"]]


@pytest.mark.promise("AQ-8")
def test_a_change_of_a_customer_leaves_what_was_checked(ours, doors, nia):
    doors.control("POST", f"/flourish/retail/customers/{nia}", {"is_verified": True})
    ours.update_customer(nia, CustomerUpdate(phone="5105550111", card_expires=date(2028, 1, 1)))
    now = ours.customer(nia)
    assert now is not None
    assert (now.is_verified, now.person.phone, now.person.card_expires) == (
        True,
        "5105550111",
        date(2028, 1, 1),
    )
    assert now.person.email == GUEST.email


@pytest.mark.promise("AQ-6")
def test_an_order_is_made_as_submitted_and_read_in_each_form(ours, nia):
    order_id = ours.create_order(draft(nia))
    alone = ours.order(order_id)
    assert alone is not None
    assert (alone.status, alone.fulfilment, alone.original_order_id) == (
        "Submitted",
        Fulfilment.PICKUP,
        "20471883",
    )
    assert alone.notes == ("Trellis c1 n1", "Ring twice")
    since = alone.created_at - timedelta(seconds=1)
    assert list(ours.orders(customer_id=nia, created_from=since)) == [alone]
    first = next(ours.changed_orders(since, [order_id, "99"]))
    assert [hint.ref for hint in first.hints] == [order_id]
    assert list(ours.orders(customer_id=nia, created_from=alone.created_at + timedelta(seconds=1))) == []


def test_orders_are_told_of_as_staff_bring_them_on(ours, doors, nia):
    order_id = ours.create_order(draft(nia))
    later = ours.order(order_id).updated_at + timedelta(milliseconds=1)
    assert hints(ours, later) == set()
    doors.counter(order_id, "pack")
    assert hints(ours, later) == {order_id}
    doors.counter(order_id, "complete")
    assert ours.order(order_id).is_over
    assert {hint.marker for page in ours.changed_orders(None) for hint in page.hints} == {"Trellis c1 n1"}


def hints(ours, since):
    return {hint.ref for page in ours.changed_orders(since) for hint in page.hints}


OFFERS = [
    ([Offer("Half", Decimal("17.50"), Decimal("0.5"), is_percentage=True)], []),
    ([Offer("Half", Decimal("17.50"), Decimal("0.5"), is_percentage=True), Offer("Five", Decimal(5))], []),
    ([], [Offer("Tenth", Decimal("4.48"), Decimal("0.1"), is_percentage=True)]),
    ([Offer("Half", Decimal("17.50"), Decimal("0.5"), is_percentage=True)],
     [Offer("Tenth", Decimal("2.73"), Decimal("0.1"), is_percentage=True)]),
    ([Offer("BOGO", Decimal("17.50"))], [Offer("Ten", Decimal(10), Decimal(10))]),
]  # fmt: skip


@pytest.mark.promise("AQ-9")
@pytest.mark.parametrize(("of_line", "of_order"), OFFERS)
def test_flourish_takes_off_what_the_platform_does(ours, nia, of_line, of_order):
    lines = [
        OfferedLine(SKU, Decimal(2), Decimal("17.50"), tuple(of_line)),
        OfferedLine(OTHER_SKU, Decimal(1), Decimal("9.75")),
    ]
    carried = carry_offers(lines, of_order, {})
    sent = tuple(RetailDraftLine("", each.sku, each.eaches, each.list_price) for each in lines)
    made = ours.order(ours.create_order(draft(nia, sent, discounts=carried.discounts)))
    platform = sum((each.amount for each in (*of_line, *of_order)), Decimal(0))
    agreement = compare(platform, made.discount, lines)
    assert agreement.holds
    assert agreement.difference == 0
    assert made.subtotal == Decimal("44.75")


def test_discounts_and_labs_are_read(ours, doors):
    assert [each.name for each in ours.discounts()] == ["Happy Hour", "Loyalty reward", "Big basket"]
    lot = doors.item(SKU)["lot_number"]
    (lab,) = ours.labs([lot, "none"])
    assert (lab.lot, lab.is_final) == (lot, True)
    assert lab.percentages["thc"] > 10
    assert "ocimene" not in lab.percentages


def test_the_variations_of_an_item_are_read_with_their_prices(ours, doors):
    item_id = doors.item(SKU)["item_id"]
    assert ours.variations(item_id) == ()
    path = f"/flourish/items/{SKU}/variations"
    case = {"variation_name": "Case of ten", "unit_qty": 10, "unit_price": 150}
    assert doors.control("POST", path, case).status_code == 201
    doors.control("POST", path, case | {"unit_price": "80.50", "unit_qty": 5, "active": False})
    first, second = ours.variations(item_id)
    assert (first.eaches, first.price, first.is_active, first.ecommerce) == (10, 150, True, True)
    assert (second.eaches, second.price, second.is_active) == (5, Decimal("80.50"), False)
    for wrong in (
        {"unit_qty": 0},
        {"unit_price": -1},
        {"active": 1},
        {"variation_name": ""},
        {"colour": "red"},
    ):
        assert doors.control("POST", path, case | wrong).status_code == 400, wrong
    assert doors.control("POST", "/flourish/items/none/variations", case).status_code == 404
