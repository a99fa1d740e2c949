import contextlib
import copy
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.domain import Address, FacilityFacts, Hint, OutboundOrder, SalesRep
from portal.sync.drafts import DestinationDraft
from portal.sync.errors import Unreadable
from portal.sync.flourish.translate import (
    ORDER_STATUSES,
    read_facility,
    read_hint,
    read_order,
    read_sales_rep,
    read_webhook,
    write_destination,
    write_order,
    write_update,
)
from portal.sync.reading import Fields
from tests.sync.flourish.examples import DRAFT, NOTE, ORDER, line, order


def read(payload, *, from_list: bool = False) -> OutboundOrder:
    return read_order(Fields(payload), lambda *_: None, from_list=from_list)


def test_an_order_is_read_in_the_words_of_trellis():
    found = read(order(payment_term="Net 30", requested_delivery_date="2026-12-01"))
    assert (found.id, found.status, found.facility_id, found.destination_id) == (
        "00000042",
        "Created",
        "00000001",
        "00000011",
    )
    assert (found.term, found.requested_date, found.notes) == (
        "Net 30",
        date(2026, 12, 1),
        ("Trellis c1 n1",),
    )
    assert found.created_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    (only,) = found.lines
    assert (only.item_id, only.eaches, only.allocated, only.unit_price) == (
        "00000328",
        Decimal(24),
        Decimal(0),
        Decimal("4.75"),
    )


@pytest.mark.parametrize("status", sorted(ORDER_STATUSES))
def test_every_status_is_read_as_it_is(status):
    assert read(order(order_status=status)).status == status


@pytest.mark.fault(48)
@pytest.mark.parametrize("status", ["created", "Canceled", "Packed", "", "Partially allocated"])
def test_an_unknown_status_is_never_taken_for_another(status):
    with pytest.raises(Unreadable) as caught:
        read(order(order_status=status))
    assert caught.value.field == "order_status"


NUMBERS = [(24, "24"), ("24.0000", "24"), (Decimal("3.5"), "3.5"), ("0", "0")]


@pytest.mark.parametrize(("written", "value"), NUMBERS)
def test_numbers_are_read_from_text_too(written, value):
    found = read(order(order_lines=[line(order_qty=written, unit_price=written)], total_price=written))
    assert (found.lines[0].eaches, found.lines[0].unit_price, found.total) == (Decimal(value),) * 3


def test_a_line_that_has_nothing_allocated_may_say_null():
    assert read(order(order_lines=[line(allocated_qty=None)])).lines[0].allocated == 0


NOTES = [
    # notes as answered, read alone, read from a list
    ([NOTE], ("Trellis c1 n1",), ("Trellis c1 n1",)),
    ([], (), None),
    (None, None, None),
]


@pytest.mark.parametrize(("notes", "alone", "listed"), NOTES)
def test_a_list_that_leaves_notes_out_says_nothing_about_them(notes, alone, listed):
    assert read(order(notes=notes)).notes == alone
    assert read(order(notes=notes), from_list=True).notes == listed


DATES = [
    ("2026-12-01", date(2026, 12, 1)),
    ("2026-12-01T00:00:00.000Z", date(2026, 12, 1)),
    ("", None),
    (None, None),
]


@pytest.mark.parametrize(("written", "day"), DATES)
def test_a_requested_date_is_a_day(written, day):
    assert read(order(requested_delivery_date=written)).requested_date == day


WRONG = [
    ("id", "", "id"),
    ("id", None, "id"),
    ("origin_facility", None, "origin_facility"),
    ("origin_facility", {"facility_name": "x"}, "origin_facility.id"),
    ("order_lines", None, "order_lines"),
    ("order_lines", [line(order_qty="many")], "order_lines[0].order_qty"),
    ("order_lines", [line(), line(item_id=None)], "order_lines[1].item_id"),
    ("created_timestamp", "now", "created_timestamp"),
    ("requested_delivery_date", "soon", "requested_delivery_date"),
    ("total_price", {}, "total_price"),
    ("notes", "text", "notes"),
]


@pytest.mark.parametrize(("name", "value", "field"), WRONG)
def test_a_field_of_the_wrong_type_is_named_by_its_path(name, value, field):
    with pytest.raises(Unreadable) as caught:
        read(order(**{name: value}))
    assert caught.value.field == field


_RUBBISH: st.SearchStrategy[object] = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just([]) | st.just({})
)


@given(st.sampled_from(sorted(ORDER)), _RUBBISH)
def test_any_field_may_be_rubbish_without_anything_but_unreadable(name, value):
    payload = {**copy.deepcopy(ORDER), name: value}
    with contextlib.suppress(Unreadable):
        read(payload)
    with contextlib.suppress(Unreadable):
        write_update(Fields(payload), {})


def test_fields_that_nobody_knows_are_told_of():
    told: list[tuple[str, str]] = []
    payload = order(brand_new=1, order_lines=[line(surprise=2)])
    read_order(Fields(payload), lambda resource, name: told.append((resource, name)))
    assert sorted(told) == [
        ("Flourish outbound order", "brand_new"),
        ("Flourish outbound order line", "surprise"),
    ]


def test_a_facility_and_a_sales_rep_are_read():
    facility = {
        "id": "00000001",
        "facility_name": "Oakland",
        "timezone": "America/Los_Angeles",
        "active": True,
        "sales_rep_required_for_outbound": True,
        "license_number": "C11-0000114-LIC",
    }
    assert read_facility(Fields(facility), lambda *_: None) == FacilityFacts(
        "00000001", "Oakland", "C11-0000114-LIC", "America/Los_Angeles", sales_rep_required=True
    )
    rep = {
        "sales_rep_id": 3,
        "first_name": "Priya",
        "middle_name": None,
        "last_name": "Raman",
        "email": None,
        "facility_id": None,
        "active": True,
    }
    found = read_sales_rep(Fields(rep), lambda *_: None)
    assert found == SalesRep("3", "Priya Raman", "", "", active=True)


def test_a_hint_of_a_list_needs_little_of_the_order():
    row = {"id": "7", "last_updated_timestamp": "2026-11-20T10:00:00", "order_status": "Newly invented"}
    assert read_hint(Fields(row)) == Hint("order", "7", "poll", datetime(2026, 11, 20, 10, tzinfo=UTC))


DATA = {"id": "7", "original_order_id": "s1", "notes": [{"note": "other"}, {"note": "Trellis c1 n1"}]}
WEBHOOKS = [
    # resource type, action, data, hint
    ("order", "create", DATA, Hint("order", "7", "order/create", label="s1", marker="Trellis c1 n1")),
    ("order", "update", {"order_id": 7}, Hint("order", "7", "order/update")),
    ("item", "update", {"id": "9", "sku": "S"}, Hint("item", "9", "item/update", label="S")),
    (
        "inventory_summary",
        "update",
        {"item_id": "9", "id": "row"},
        Hint("item", "9", "inventory_summary/update", is_stock=True),
    ),
    (
        "retail_order",
        "create",
        {"id": "1", "notes": "Trellis c1 n1\nRing twice"},
        Hint("order", "1", "retail_order/create", marker="Trellis c1 n1"),
    ),
    ("vehicle", "create", {"id": "1"}, Hint("", "", "vehicle/create")),
    (["order"], "create", {"id": "1"}, Hint("", "", "['order']/create")),
    (None, None, None, Hint("", "", "None/None")),
]


@pytest.mark.parametrize(("resource", "action", "data", "hint"), WEBHOOKS)
def test_a_webhook_says_only_what_to_look_at(resource, action, data, hint):
    assert read_webhook({"resource_type": resource, "action": action, "data": data}) == hint


@pytest.mark.parametrize("data", [{}, {"id": ""}, {"id": None, "sku": "S"}])
def test_a_webhook_about_an_order_without_its_id_is_unreadable(data):
    with pytest.raises(Unreadable, match=r"data\.id"):
        read_webhook({"resource_type": "order", "action": "create", "data": data})


@pytest.mark.promise("LL-3")
def test_a_new_order_is_written_with_the_fields_that_creation_takes():
    assert write_order(DRAFT) == {
        "original_order_id": "55556666",
        "order_timestamp": "2026-11-20T10:00:00.000Z",
        "destination": {"id": "00000011"},
        "sales_rep": {"id": 3},
        "order_lines": [{"item_id": "00000328", "order_qty": Decimal(24), "unit_price": Decimal("4.75")}],
        "charges": [{"amount": Decimal("12.50"), "method": "dollar"}],
        "discounts": [{"amount": Decimal("0.01"), "method": "dollar"}],
        "notes": [
            {"subject": "Trellis", "note": "Trellis c1 n1", "internal_only": True},
            {"subject": "Trellis", "note": "rounding +0.01", "internal_only": True},
            {"subject": "Order note", "note": "Leave at the back", "internal_only": False},
        ],
    }
    assert "sales_rep" not in write_order(replace(DRAFT, sales_rep_id=""))


def test_an_update_keeps_all_that_the_order_holds():
    body = write_update(Fields(order()), {"payment_term": "Net 30"})
    assert body == {
        "original_order_id": "55556666",
        "order_timestamp": "2026-11-20T10:00:00.000Z",
        "invoice_date": "2026-11-20",
        "pretax_discounts": False,
        "ref_field_1": "kept",
        "destination": {"id": "00000011"},
        "sales_rep": {"id": 3},
        "order_lines": [
            {
                "item_id": "00000328",
                "strain_id": "00000007",
                "order_qty": Decimal(24),
                "unit_price": Decimal("4.75"),
                "discount_price": Decimal(0),
            }
        ],
        "charges": [{"amount": Decimal(10), "method": "percentage"}],
        "discounts": [{"amount": Decimal("1.50"), "method": "dollar"}],
        "notes": [{"subject": "Trellis", "note": "Trellis c1 n1", "internal_only": True}],
        "payment_term": "Net 30",
    }


def test_a_destination_is_written_with_what_is_known_and_nothing_more():
    draft = DestinationDraft(
        "Riverside", "RE000123", "Dispensary", "", "555", Address("1 River", "", "Camden", "NJ", "08101")
    )
    assert write_destination(draft) == {
        "name": "Riverside",
        "type": "Dispensary",
        "license_number": "RE000123",
        "company_phone_number": "555",
        "address_line_1": "1 River",
        "city": "Camden",
        "state": "NJ",
        "zip_code": "08101",
        "country": "United States",
        "active": True,
    }
