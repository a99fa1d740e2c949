"""Flourish's customers, retail orders, discounts and labs are read, and written as it takes them."""

from datetime import date
from decimal import Decimal

import pytest

from portal.sync.errors import Unreadable
from portal.sync.flourish.customers import answers, read_customer, read_made, write_customer, write_update
from portal.sync.flourish.retail import read_discount, read_hint, read_lab, read_order, write_order
from portal.sync.reading import Fields
from portal.sync.retail import (
    CustomerDraft,
    CustomerLookup,
    CustomerUpdate,
    Fulfilment,
    KeptDiscount,
    Person,
    RetailLine,
)
from tests.sync.flourish.retail_examples import (
    CUSTOMER_DRAFT,
    DISCOUNT,
    DRAFT,
    LINE,
    PERSON,
    customer,
    lab,
    retail_order,
)


def silent(_resource: str, _name: str) -> None:
    """Nothing is new."""


def read(**changes):
    return read_order(Fields(retail_order(**changes)), silent)


def person_of(**changes):
    return read_customer(Fields(customer(**changes)), silent)


def test_a_customer_is_read():
    found = person_of()
    assert found.person == Person(
        "Nia",
        "Quist",
        "nia@guests.example",
        "4155550100",
        date(1990, 2, 3),
        "MMJ-1",
        "CA",
        date(2027, 12, 31),
    )
    assert (found.id, found.is_active, found.is_verified, found.merged_into, found.is_banned) == (
        "00000007",
        True,
        True,
        "",
        False,
    )
    assert person_of(customer_disciplinary_status="Banned").is_banned
    bare = person_of(email=None, phone=None, dob=None, patient_id=None, medical_card_expiration=None)
    assert bare.person == Person("Nia", "Quist", card_state="CA")


@pytest.mark.parametrize(
    "changes",
    [
        {"dob": "3 Feb 1990"},
        {"dob": 5.5},
        {"phone": ["4155550100"]},
        {"email": {"a": "nia@guests.example"}},
        {"medical_card_expiration": "never-4155550100"},
        {"patient_id": True},
        {"first_name": [1]},
    ],
    ids=str,
)
def test_a_field_of_a_person_that_is_wrong_is_named_and_its_value_is_not(changes):
    with pytest.raises(Unreadable) as refused:
        person_of(**changes)
    ((name, value),) = changes.items()
    assert refused.value.field == name
    for told in (str(value), "4155550100", "guests", "1990"):
        assert told not in str(refused.value)


LOOKUPS = [
    ("patient_id", "mmj-1", {}, True),
    ("patient_id", "MMJ-2", {}, False),
    ("phone", "4155550100", {}, True),
    ("phone", "4155550100", {"phone": "+1 (415) 555-0100"}, True),
    ("phone", "4155550101", {}, False),
    ("phone", "4155550100", {"phone": None}, False),
    ("email", "NIA@guests.example", {}, True),
    ("email", "nia@guests.exampl", {}, False),
    ("email", "nia@guests.example", {"email": "nia@guests.example-INACTIVE-00000007"}, True),
]


@pytest.mark.parametrize(("by", "value", "changes", "is_one"), LOOKUPS)
def test_what_a_filter_brought_is_compared_again(by, value, changes, is_one):
    assert answers(person_of(**changes), CustomerLookup(by, value)) is is_one


def test_a_customer_is_made_of_what_is_known_and_nothing_is_invented():
    assert write_customer(CUSTOMER_DRAFT) == {
        "first_name": "Nia",
        "last_name": "Quist",
        "email": "nia@guests.example",
        "dob": "1990-02-03",
        "phone": "4155550100",
        "patient_id": "MMJ-1",
        "state": "CA",
        "medical_card_state": "CA",
        "medical_card_expiration": "2027-12-31",
        "is_verified": False,
        "address": [
            {
                "first_name": "Nia",
                "last_name": "Quist",
                "address_line_1": "12 Fern Court",
                "address_line_2": None,
                "city": "Oakland",
                "state": "CA",
                "postcode": "94607",
                "country": "United States",
                "type": "shipping",
                "is_primary": True,
            }
        ],
    }
    bare = CustomerDraft(Person("Nia", "Quist", "nia@guests.example", born=date(1990, 2, 3)))
    assert write_customer(bare) == {
        "first_name": "Nia",
        "last_name": "Quist",
        "email": "nia@guests.example",
        "dob": "1990-02-03",
    }


@pytest.mark.promise("AQ-8")
@pytest.mark.parametrize("flag", [True, False])
def test_a_customer_is_changed_and_what_was_checked_or_decided_of_them_stays(flag):
    found = Fields(customer(is_verified=flag, customer_disciplinary_status="warning - level 1"))
    body = write_update(found, CustomerUpdate(phone="(510) 555-0111", card_expires=date(2028, 1, 1)))
    assert (body["phone"], body["medical_card_expiration"]) == ("5105550111", "2028-01-01")
    assert (body["is_verified"], body["customer_disciplinary_status"]) == (flag, "warning - level 1")
    assert body["address"][0]["type"] == "shipping"
    assert "address_type" not in body["address"][0]
    assert {"id", "customer_status", "merged_customer_id"}.isdisjoint(body)


@pytest.mark.parametrize(
    ("answer", "remark"),
    [({"code": "CUS0003"}, "CUS0003"), ({"code": "CUS0001"}, ""), ({}, ""), ("text", "")],
)
def test_a_remark_is_told_and_other_codes_are_not(answer, remark):
    assert read_made(answer, "7").remark == remark


def test_a_retail_order_is_read():
    found = read()
    assert (found.id, found.status, found.fulfilment, found.customer_id) == (
        "00000042",
        "Submitted",
        Fulfilment.IN_STORE,
        "00000007",
    )
    assert found.lines == (RetailLine("00000328", "Pre-Roll", Decimal(2), Decimal(0), Decimal(20)),)
    assert (found.subtotal, found.discount, found.taxes, found.total) == (40, 20, 3, Decimal("23.00"))
    assert (found.is_recreational, found.packed_at, found.is_over) == (None, None, False)
    assert found.notes == ("Trellis c1 n1", "Ring twice")


def test_the_answer_to_a_write_names_some_fields_differently():
    body = retail_order(
        id="00000043", notes="Trellis c1 n1", fulfillment_type="pickup", is_recreational=False
    )
    for name in ("order_id", "order_notes", "order_fulfillment_type"):
        del body[name]
    found = read_order(Fields(body), silent)
    assert (found.id, found.notes, found.fulfilment) == ("00000043", ("Trellis c1 n1",), Fulfilment.PICKUP)
    assert found.is_recreational is False


STATUSES = [
    ("Submitted", "Submitted", True),
    (" out for delivery ", "Out for Delivery", True),
    ("CANCELED", "Cancelled", True),
    ("cancelled", "Cancelled", True),
    ("Packed", "Packed", True),
    ("On the moon", "On the moon", False),
]


@pytest.mark.parametrize(("written", "status", "is_known"), STATUSES)
def test_a_status_is_known_whatever_its_case_and_a_new_one_stays_as_it_came(written, status, is_known):
    found = read(order_status=written)
    assert (found.status, found.is_known) == (status, is_known)


@pytest.mark.parametrize(
    "name", ["order_id", "customer_id", "order_status", "total_price", "created_timestamp"]
)
def test_an_order_without_what_is_needed_is_unreadable(name):
    with pytest.raises(Unreadable):
        read(**{name: None})
    assert read(order_fulfillment_type="Shipping").fulfilment is None


def test_an_order_is_hinted_at_by_its_first_note():
    hint = read_hint(Fields(retail_order()))
    assert (hint.kind, hint.ref, hint.label, hint.marker) == (
        "order",
        "00000042",
        "20471883",
        "Trellis c1 n1",
    )
    assert read_hint(Fields({"order_id": "1"})).updated_at is None


@pytest.mark.promise("AQ-6")
def test_an_order_is_sent_as_submitted_at_list_prices_with_its_flag():
    assert write_order(DRAFT) == {
        "original_order_id": "20471883",
        "customer_id": "00000007",
        "order_status": "submitted",
        "order_timestamp": "2026-11-20T10:00:00.000Z",
        "fulfillment_type": "delivery",
        "is_recreational": True,
        "is_preorder": False,
        "notes": "Trellis c1 n1\nRing twice",
        "delivery_fee": Decimal(5),
        "delivery_contact_no": "4155550100",
        "delivery_email": "nia@guests.example",
        "delivery_address": {
            "address_line_1": "12 Fern Court",
            "address_line_2": None,
            "city": "Oakland",
            "state": "CA",
            "postcode": "94607",
            "country": "United States",
        },
        "order_lines": [
            {
                "item_id": "00000328",
                "sku": "PR-1",
                "strain_id": "00000007",
                "order_qty": Decimal(2),
                "unit_price": Decimal(20),
            }
        ],
        "applied_discounts": [
            {"method": "percentage", "amount": Decimal(50), "sku": "PR-1", "promo_code": "HALF"},
            {"method": "dollar", "amount": Decimal(5), "discount_id": "2"},
        ],
    }


def test_a_discount_is_read():
    assert read_discount(Fields(DISCOUNT), silent) == KeptDiscount(
        "2", "Loyalty reward", Decimal(5), False, "LOYAL5"
    )


def test_a_lab_result_is_read_and_what_was_not_measured_is_not_zero():
    found = read_lab(Fields(lab()), silent)
    assert found.percentages == {"thc": Decimal("20.7"), "thca": Decimal("23.33"), "cbd": 0}
    assert (found.id, found.lot, found.is_final, found.has_passed) == ("11", "LOT-1", True, True)
    second = read_lab(Fields(lab(status=None, lab_test_result_status="Fail")), silent)
    assert (second.status, second.has_passed) == ("Fail", False)


def test_a_substance_is_no_new_field_and_another_field_is():
    told = []
    read_lab(Fields(lab(moonrock_percentage=1, moonrock=1)), lambda _resource, name: told.append(name))
    assert told == ["moonrock"]


def test_nothing_shows_who_somebody_is():
    shown = repr([person_of(), CUSTOMER_DRAFT, DRAFT, PERSON, read(), CustomerLookup("phone", "4155550100")])
    for told in ("Nia", "Quist", "guests", "415", "MMJ", "1990", "Fern"):
        assert told not in shown


def test_lines_of_one_order_are_all_read():
    assert len(read(order_lines=[LINE, LINE]).lines) == 2
