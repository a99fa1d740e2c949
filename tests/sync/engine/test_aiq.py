"""Orders of people: who buys is found or made, the order goes whole, and its status comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from portal.models import Link
from portal.sync.checker.orders import Case, wrongs
from portal.sync.errors import Rejected, Unsettled
from portal.sync.retail import Person
from tests.sync.engine.aiq_world import OTHER, SKU, aiq_line, aiq_order, open_aiq_shop, told_id
from tests.sync.engine.crashing import CrashNow, CrashPoints
from tests.sync.platforms.aiq.examples import NUMBER, line

LOST = Unsettled("It answered 502", http_status=502)
ADA = Person("Ada", "Rowe", "ada@rowe.example", "(415) 555-0101", date(1988, 2, 29))
# As in the examples: two of a thing for ten dollars.
FERN = {"street": "12 Fern Court", "city": "Oakland", "administrativeArea": "CA", "postalCode": "94601"}


@pytest.fixture
def shop(desk, tenant_id):
    """A live connection to AIQ with both worlds plugged in."""
    return open_aiq_shop(desk, tenant_id)


@pytest.fixture
def points(monkeypatch):
    """Crash points that a test plans with."""
    return CrashPoints(monkeypatch)


def place(shop, number=NUMBER, **changed):
    return shop.arrive(aiq_order(number, **changed))


def here(shop, number=NUMBER):
    return shop.leaflink.orders[number]


def kinds(shop):
    return [one.kind for one in shop.operations() if one.status == "ok"]


@pytest.mark.promise("AQ-6")
@pytest.mark.promise("AQ-7")
def test_somebody_new_is_made_and_their_order_is_sent_and_told(shop):
    link_id = place(shop)
    shop.look_until_quiet()

    assert kinds(shop) == ["make_customer", "create_order", "tell_platform"]
    (there,) = shop.flourish.orders.values()
    assert (there.status, there.original_order_id, there.is_recreational) == ("Submitted", "1001", True)
    assert there.customer_id == shop.flourish.people[0].id
    assert told_id(here(shop)) == there.id
    link = shop.link(link_id)
    assert (link.state, link.flourish_kind, link.flourish_id) == ("settled", "retail", there.id)
    assert shop.problems() == {}


@pytest.mark.promise("AQ-7")
def test_who_is_known_is_found_and_not_made_again(shop):
    shop.flourish.know("C-7", ADA)
    place(shop)
    shop.look_until_quiet()

    assert kinds(shop) == ["create_order", "tell_platform"]
    assert shop.flourish.live()[0].customer_id == "C-7"


@pytest.mark.promise("AQ-7")
def test_two_orders_of_somebody_new_make_one_customer_also_while_lists_lag(shop):
    place(shop)
    place(shop, "another", orderId=1002)
    shop.flourish.unlisted = {"C-1"}
    shop.look_until_quiet()

    assert [one.customer_id for one in shop.flourish.live()] == ["C-1", "C-1"]
    assert kinds(shop).count("make_customer") == 1


@pytest.mark.promise("AQ-7")
def test_while_a_customer_is_made_nobody_else_is_made_with_the_same_phone(shop, points):
    """Not before it is known what became of the worker who died over it."""
    place(shop)
    points.crash_at("after_intent")
    with pytest.raises(CrashNow):
        shop.look()
    points.clear()
    second = place(shop, "another", orderId=1002, email="ada@work.example")
    shop.look()

    assert shop.flourish.people == []
    assert shop.link(second).state == "waiting"
    shop.pass_time(shop.settle_seconds + 60)
    shop.look_until_quiet(most=20)
    assert (len(shop.flourish.people), len(shop.flourish.live())) == (1, 2)


@pytest.mark.promise("AQ-7")
@pytest.mark.parametrize("effect", [True, False])
def test_a_customer_whose_making_was_lost_is_looked_for_before_one_is_made(shop, effect):
    place(shop)
    shop.flourish.fail("create_customer", LOST, effect=effect)
    shop.look()
    assert shop.flourish.live() == []
    shop.pass_time(shop.settle_seconds + 1)
    shop.look_until_quiet()

    assert len(shop.flourish.people) == len(shop.flourish.live()) == 1


@pytest.mark.promise("AQ-7")
def test_what_flourish_refuses_to_make_is_a_persons(shop):
    link_id = place(shop)
    shop.flourish.fail("create_customer", Rejected("email is in use", field="email", http_status=400))
    shop.look()

    assert shop.link(link_id).decision_code == "customer_refused"


@pytest.mark.promise("AQ-7")
def test_a_spouse_with_the_same_phone_is_a_persons_to_decide(shop):
    shop.flourish.know("C-8", replace(ADA, first_name="Bo", email="bo@rowe.example", born=date(1990, 1, 1)))
    link_id = place(shop)
    shop.look()

    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("stuck", "customer_phone_of_another")
    assert shop.problems()["customer_phone_of_another"].evidence["customers"] == ["C-8"]
    choose(shop, link_id, "new")
    shop.look_until_quiet()
    assert shop.flourish.live()[0].customer_id == "C-2"
    assert shop.problems() == {}


def choose(shop, link_id, choice):
    with shop.desk.tenant(shop.tenant_id) as session:
        link = session.get_one(Link, link_id)
        link.choices = {**link.choices, "customer": choice}
        link.dirty_seq += 1
    shop.set_due(link_id)


@pytest.mark.promise("AQ-7")
@pytest.mark.parametrize(
    ("choice", "ends"),
    [("C-8", ("settled", "agree")), ("C-99", ("stuck", "customer_unknown"))],
)
def test_a_person_names_the_customer(shop, choice, ends):
    shop.flourish.know("C-8", replace(ADA, first_name="Bo", email="bo@rowe.example", born=date(1990, 1, 1)))
    link_id = place(shop)
    choose(shop, link_id, choice)
    shop.look_until_quiet()

    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ends


@pytest.mark.promise("AQ-7")
def test_nothing_that_says_who_somebody_is_stays_in_our_rows(shop):
    link_id = place(shop, pickUpType="DELIVERY", deliveryAddress=FERN, medicalId="MMJ-77")
    shop.look_until_quiet()

    shown = repr([(one.natural_key, one.request, one.response) for one in shop.operations()])
    shown += repr(shop.details(link_id)) + repr(shop.story(link_id)) + repr(shop.log())
    shown += repr(shop.link(link_id).snapshot)
    for secret in ("ada@rowe", "555-0101", "5550101", "1988", "MMJ-77", "Fern"):
        assert secret not in shown


@pytest.mark.promise("AQ-9")
def test_half_off_there_is_half_off_here(shop):
    half = {"type": "PERCENT", "appliesTo": "ITEM", "value": Decimal("0.5"), "amount": Decimal(10),
            "name": "Half off"}  # fmt: skip
    place(
        shop,
        items=[line(SKU, discounts=[half], priceWithDiscounts=Decimal(5))],
        discountTotal=Decimal(10),
        total=Decimal(13),
    )
    shop.look_until_quiet()

    (there,) = shop.flourish.live()
    assert (there.subtotal, there.discount) == (Decimal(20), Decimal(10))
    assert shop.problems() == {}
    shop.flourish.change(there.id, discount=Decimal(8))
    shop.mark(NUMBER)
    shop.look_until_quiet()
    assert "discount_differs" in shop.problems()
    shop.flourish.change(there.id, discount=Decimal(10))
    shop.mark(NUMBER)
    shop.look_until_quiet()
    assert shop.problems() == {}


@pytest.mark.promise("AQ-10")
@pytest.mark.parametrize(
    ("hand_over", "steps"),
    [
        ("IN_STORE", [("Packed", "READY_FOR_PICKUP"), ("Completed", "CLOSED")]),
        ("DELIVERY", [("Packed", "CONFIRMED"), ("Out for Delivery", "OUT_FOR_DELIVERY"),
                      ("Undeliverable", "CANCELLED")]),
        ("CURB_SIDE", [("Cancelled", "CANCELLED")]),
    ],
)  # fmt: skip
def test_what_staff_do_in_flourish_shows_in_aiq(shop, hand_over, steps):
    link_id = place(shop, pickUpType=hand_over, deliveryAddress=FERN)
    shop.look_until_quiet()
    for status, shown in steps:
        shop.flourish.change("RO-1", status=status)
        shop.mark(NUMBER)
        shop.look_until_quiet()
        assert here(shop).status == shown
        assert shop.link(link_id).state == "settled"
        assert ("waiting for route" in shop.link(link_id).decision_text) == (
            status == "Packed" and hand_over == "DELIVERY"
        )


@pytest.mark.promise("AQ-10")
def test_a_pickup_on_a_route_is_moved_and_somebody_is_told(shop):
    link_id = place(shop)
    shop.look_until_quiet()
    shop.flourish.change("RO-1", status="Out for Delivery")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert here(shop).status == "OUT_FOR_DELIVERY"
    assert shop.link(link_id).decision_code == "route_for_pickup"


@pytest.mark.promise("AQ-10")
def test_what_a_shopper_cancels_is_asked_of_staff_until_they_have_done_it(shop):
    link_id = place(shop)
    shop.look_until_quiet()
    shop.leaflink.put(here(shop), status="CANCELLED", cancelled_by="CUSTOMER")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert shop.link(link_id).decision_code == "cancel_in_flourish"
    shop.flourish.change("RO-1", status="Cancelled")
    shop.mark(NUMBER)
    shop.look_until_quiet()
    assert (shop.link(link_id).state, shop.problems()) == ("settled", {})


@pytest.mark.promise("AQ-6")
@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"items": [line("GONE")]}, "sku_unknown"),
        ({"items": []}, "no_lines"),
        ({"pickUpType": "SHIPPING"}, "hand_over_unknown"),
        ({"pickUpType": "DELIVERY"}, "delivery_address_missing"),
        ({"medicalId": "M-1", "medicalExpiration": "2026-01-01"}, "medical_card_expired"),
        ({"email": ""}, "customer_no_email"),
        ({"birthday": "2020-01-01"}, "customer_too_young"),
    ],
)
def test_an_order_goes_whole_or_not_at_all(shop, changed, code):
    link_id = place(shop, **changed)
    shop.look_until_quiet()

    assert (shop.link(link_id).state, shop.link(link_id).decision_code) == ("stuck", code)
    assert shop.flourish.orders == {}


def test_parts_of_one_are_sold_by_weight(shop):
    place(shop, items=[aiq_line(purchaseWeight=Decimal("3.5"))])
    shop.look_until_quiet()

    assert shop.flourish.live()[0].lines[0].eaches == Decimal("3.5")


@pytest.mark.promise("AQ-6")
def test_switched_off_no_order_is_sent_and_its_page_says_so(shop):
    shop.choose(sync_orders=False)
    link_id = place(shop)
    shop.look_until_quiet()
    assert (shop.link(link_id).decision_code, shop.flourish.calls) == ("orders_off", [])
    shop.choose(sync_orders=True)
    shop.mark(NUMBER)
    shop.look_until_quiet()
    assert len(shop.flourish.live()) == 1


@pytest.mark.promise("AQ-6")
def test_where_aiq_is_only_read_orders_are_sent_and_nothing_comes_back(shop):
    shop.choose(writes=False)
    link_id = place(shop)
    shop.look_until_quiet()
    shop.flourish.change("RO-1", status="Packed")
    shop.mark(NUMBER)
    shop.look_until_quiet()

    assert (shop.leaflink.count("move", "tell"), len(shop.flourish.live())) == (0, 1)
    assert shop.link(link_id).state == "settled"
    assert "only read" in shop.link(link_id).decision_text


@pytest.mark.promise("AQ-12")
def test_two_orders_of_one_number_are_both_sent_and_somebody_is_told(shop):
    place(shop)
    place(shop, "another")
    shop.look_until_quiet()

    assert len(shop.flourish.live()) == 2
    assert shop.problems()["duplicate_order_number"].cause == "1001"


@pytest.mark.parametrize("effect", [True, False])
def test_a_lost_answer_ends_with_one_order(shop, effect):
    place(shop)
    shop.flourish.fail("create_order", LOST, effect=effect)
    shop.look()
    shop.pass_time(shop.settle_seconds + 1)
    shop.look_until_quiet()

    assert len(shop.flourish.orders) == 1
    assert told_id(here(shop)) == "RO-1"


def test_lines_that_staff_change_stay_theirs_and_are_shown(shop):
    link_id = place(
        shop, items=[line(SKU, priceWithDiscounts=Decimal(10)), line(OTHER, priceWithDiscounts=Decimal(10))]
    )
    shop.look_until_quiet()
    there = shop.flourish.live()[0]
    shop.flourish.change(there.id, lines=(replace(there.lines[0], eaches=Decimal(1)),))
    shop.mark(NUMBER)
    shop.look_until_quiet()

    link = shop.link(link_id)
    assert link.snapshot["drift"] == [[SKU, "2 at 10", "1 at 10"], [OTHER, "2 at 10", ""]]
    assert (link.state, shop.problems()) == ("settled", {})


def wrong(shop, link_id):
    """What a check says of an order, by the promise that is broken."""
    link = shop.link(link_id)
    there = shop.flourish.orders[link.flourish_id]
    case = Case(shop.account, link, here(shop), there, has_problem=False, is_busy=False, is_pending=False)
    return {code: said for code, said in wrongs(case).items() if said}


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({}, []),
        ({"lines": ()}, []),
        ({"discount": Decimal(3)}, ["I6"]),
        ({"status": "Packed"}, ["I5", "I14"]),
        ({"facility_id": "8"}, ["I4"]),
    ],
    ids=str,
)
def test_a_check_finds_what_both_sides_do_not_share(shop, changed, codes):
    link_id = place(shop)
    shop.look_until_quiet()
    shop.flourish.change("RO-1", **changed)

    assert list(wrong(shop, link_id)) == codes
