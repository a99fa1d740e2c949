"""AIQ's orders, products and webhooks as they are read."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from portal.sync.domain import Address, Hint, Stage
from portal.sync.errors import Unreadable
from portal.sync.mapping.money import add_up
from portal.sync.platforms.aiq.products import read_product
from portal.sync.platforms.aiq.translate import read_hint, read_order, read_webhook
from portal.sync.reading import Fields
from portal.sync.retail import Offer
from tests.sync.platforms.aiq.examples import NOON, NUMBER, line, order, payload, product

HALF = {"name": "Half off", "value": Decimal("0.5"), "amount": Decimal("10.00"), "type": "PERCENT"}
FIVE = {"name": "Five", "value": 5, "amount": 5, "type": "FLAT", "appliesTo": "CART", "promoCode": "FIVE"}


@pytest.mark.promise("AQ-6")
def test_an_order_is_known_by_aiqs_id_and_shown_by_the_shoppers_number():
    found = order()

    assert (found.number, found.label, found.status, found.stage) == (NUMBER, "1001", "CONFIRMED", Stage.OPEN)
    assert (found.placed_at, found.updated_at) == (datetime(2026, 11, 20, 11, tzinfo=UTC), NOON)
    assert [(one.sku, one.eaches, one.case_price) for one in found.lines] == [
        ("GL-GM10", Decimal(2), Decimal(10))
    ]
    assert (found.external_ids, found.is_released, found.cancelled_by) == ({}, False, "")


def test_who_buys_is_read_and_never_shown_in_a_repr():
    found = order(
        medicalId=" MMJ-1 ", medicalExpiration="2027-12-31", deliveryAddress={"street": "12 Fern Court"}
    )

    person = found.person
    assert (person.first_name, person.last_name, person.born) == ("Ada", "Rowe", date(1988, 2, 29))
    assert (person.patient_id, person.card_expires) == ("MMJ-1", date(2027, 12, 31))
    shown = repr(found)
    assert not any(word in shown for word in ("Ada", "Rowe", "rowe", "1988", "MMJ", "555", "Fern"))


def test_what_aiq_does_not_say_of_a_shopper_is_empty():
    bare = dict.fromkeys(("firstName", "lastName", "email", "phone", "birthday", "user"))

    found = order(**bare)

    assert (found.person.email, found.person.born, found.customer.ref) == ("", None, NUMBER)
    assert found.customer.name == "Ada Rowe"


def test_an_address_is_read_for_a_delivery():
    place = {"number": "12", "street": "Fern Court", "city": "Oakland", "administrativeArea": "CA",
             "postalCode": "94601", "unit": "3"}  # fmt: skip

    assert order(deliveryAddress=place).customer.address == Address(
        "12 Fern Court", "3", "Oakland", "CA", "94601"
    )


@pytest.mark.promise("AQ-9")
def test_offers_stand_where_they_belong_and_the_sum_holds():
    of_line = {**HALF, "appliesTo": "ITEM"}
    found = order(
        items=[line(discounts=[of_line])],
        discounts=[of_line, FIVE],
        discountTotal=15,
        feeTotal=Decimal("4.00"),
        total=Decimal("12.00"),
    )

    assert found.offered[0].offers == (Offer("Half off", Decimal(10), Decimal("0.5"), is_percentage=True),)
    assert (found.offered[0].list_price, found.offered[0].price_paid) == (Decimal(10), Decimal(5))
    assert found.offers == (Offer("Five", Decimal(5), Decimal(5), promo_code="FIVE"),)
    assert add_up(found, 4).holds


@pytest.mark.promise("AQ-9")
def test_where_lines_tell_of_no_discounts_the_orders_list_is_all_there_is():
    found = order(discounts=[{**HALF, "appliesTo": "ITEM"}], discountTotal=10)

    assert [offer.name for offer in found.offers] == ["Half off"]


def test_what_is_sold_by_weight_is_counted_in_grams():
    assert order(items=[line(quantity=1, purchaseWeight=Decimal("3.5"))]).lines[0].eaches == Decimal("3.5")


@pytest.mark.parametrize("word", ["delivered", " DELIVERED "])
def test_a_status_is_read_however_it_is_written(word):
    assert (order(status=word).status, order(status=word).stage) == ("DELIVERED", Stage.FINISHED)


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"id": ""}, "id"),
        ({"orderId": None}, "orderId"),
        ({"status": None}, "status"),
        ({"items": None}, "items"),
        ({"items": [line(quantity=-1)]}, "quantity"),
        ({"items": [line(price="many")]}, "price"),
        ({"items": [line(discounts=[{**HALF, "amount": -1}])]}, "amount"),
        ({"total": "x"}, "total"),
        ({"modified": "yesterday"}, "modified"),
        ({"birthday": "29 February"}, "birthday"),
        ({"fullfilled": "maybe"}, "fullfilled"),
    ],
)
def test_what_cannot_be_is_unreadable_by_its_path(changed, path):
    with pytest.raises(Unreadable, match=path) as error:
        order(**changed)
    assert "February" not in str(error.value)


def test_a_field_that_no_table_names_is_told():
    seen = []

    read_order(payload(tip=3, items=[line(mood="fine")]), lambda *what: seen.append(what))

    assert seen == [("AIQ order", "tip"), ("AIQ order line", "mood")]


def test_a_row_of_a_list_says_only_which_order_changed():
    row = {"id": NUMBER, "modified": "2026-11-20T12:00:00.000Z", "orderId": 1001, "items": "unreadable"}

    assert read_hint(Fields.of(row)) == Hint("order", NUMBER, "poll", NOON, label="1001")


@pytest.mark.parametrize(
    "kind", ["ORDER_CONFIRMED", "order.confirmed", "Order-Confirmed", "ORDER_SOMETHING_NEW"]
)
def test_a_webhook_of_an_order_is_a_hint_whatever_its_type(kind):
    body = {"id": "e1", "type": kind, "data": payload(status="CLOSED"), "created": "2026-11-20T12:00:00Z"}

    assert read_webhook(body) == Hint("order", NUMBER, kind, NOON, label="1001")


def test_a_webhook_may_leave_out_when_its_order_changed():
    body = {"id": "e1", "type": "ORDER_UPDATED", "data": {"id": NUMBER}}

    assert read_webhook(body) == Hint("order", NUMBER, "ORDER_UPDATED")


@pytest.mark.parametrize("kind", ["PRODUCT_UPDATED", "", None, 3, "x" * 99])
def test_a_webhook_of_something_else_is_none_of_ours(kind):
    found = read_webhook({"id": "e1", "type": kind, "data": {"id": "p1"}})

    assert (found.kind, found.ref) == ("", "")
    assert len(found.topic) <= 60


@pytest.mark.parametrize(
    "body", [[], {"type": "ORDER_CREATED"}, {"type": "ORDER_CREATED", "data": {"id": " "}}]
)
def test_a_webhook_that_does_not_say_which_order_is_unreadable(body):
    with pytest.raises(Unreadable):
        read_webhook(body)


def read(**changed):
    return read_product(Fields.of(product(**changed)), lambda *_: None)


def test_a_product_is_read_with_what_aiq_keeps_back():
    found = read()

    assert (found.ref, found.sku, found.name, found.brand) == (
        "p1",
        "GL-GM10",
        "Gummies",
        "Greenleaf Kitchen",
    )
    assert (found.quantity, found.reserved, found.available) == (20, 8, 12)
    assert (found.category, found.price, found.unit, found.listed) == ("EDIBLES", Decimal("8.65"), "ea", True)


@pytest.mark.parametrize(
    ("changed", "name", "expected"),
    [
        ({"brand": "Kitchen"}, "brand", "Kitchen"),
        ({"brand": {"id": "b", "name": None}}, "brand", ""),
        ({"brand": None}, "brand", ""),
        ({"enable": False}, "listed", False),
        ({"enable": None}, "listed", True),
        ({"enable": False}, "listing_state", "Hidden"),
        ({"quantityTotal": None}, "quantity", 12),
        ({"quantityTotal": 3}, "reserved", 0),
        ({"priceType": "WEIGHT_TIER"}, "unit", "g"),
        ({"price": None}, "price", None),
        ({"sku": None}, "sku", ""),
        ({"cannabisStrain": "Blue Dream"}, "strains", ("Blue Dream",)),
    ],
)
def test_a_product_is_read_in_each_of_its_forms(changed, name, expected):
    assert getattr(read(**changed), name) == expected


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"id": None}, "id"),
        ({"quantity": -1}, "quantity"),
        ({"modified": 5}, "modified"),
        ({"brand": 3.5}, "brand"),
    ],
)
def test_a_product_that_cannot_be_is_unreadable(changed, path):
    with pytest.raises(Unreadable, match=path):
        read(**changed)
