"""Ordo's objects in Trellis's words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portal.sync.domain import Customer, Hint, Line, Stage
from portal.sync.drafts import DraftLine
from portal.sync.errors import Unreadable
from portal.sync.platforms.ordo.translate import read_hint, read_order, write_lines
from portal.sync.reading import Fields
from tests.sync.platforms.ordo.examples import NUMBER, line, order


def read(**changed):
    return read_order(order(**changed), lambda *_: None)


@pytest.mark.promise("OR-13")
def test_an_order_is_read_whole():
    found = read()

    assert (found.number, found.label) == (NUMBER, "ORD-1001")
    assert (found.status, found.stage) == ("Confirmed", Stage.OPEN)
    assert found.customer == Customer(
        ref="C10-0000217-LIC",
        name="Riverside",
        license="C10-0000217-LIC",
        license_shown="c10-0000217-lic",
        email="orders@riverside.example",
    )
    assert found.reps == ("Rae@acme.example",)
    assert found.seller_license == "C11-0000114-LIC"
    assert found.lines == (
        Line("1", "EM-FL35-BLUDRE", "Item EM-FL35-BLUDRE", Decimal(10), 1, Decimal("12.50")),
    )
    assert (found.total, found.notes) == (Decimal("125.00"), "Ring twice")
    assert (found.term, found.term_shown) == ("Net 30", "Net Terms, 30 days")
    assert found.placed_at == datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert found.updated_at == datetime(2026, 3, 1, 11, tzinfo=UTC)
    assert (found.external_ids, found.paid, found.transitions) == ({}, False, ())


@pytest.mark.parametrize(
    ("status", "stage"),
    [
        ("Pending", Stage.DRAFT),
        ("Confirmed", Stage.OPEN),
        ("Awaiting Delivery", Stage.OPEN),
        ("Delivered", Stage.FINISHED),
        ("Paid", Stage.FINISHED),
        ("Cancelled", Stage.CANCELLED),
    ],
)
def test_each_status_has_its_stage(status, stage):
    assert read(status=status).stage is stage
    assert read(status=status).paid is (status == "Paid")


def test_what_an_order_may_lack_is_read_as_nothing():
    names = ("payment_term", "net_days", "sales_rep", "notes", "total", "seller_license_number")
    bare = read(**dict.fromkeys(names), license_number="", lines=[line() | {"sku": None, "name": None}])

    assert (bare.term, bare.term_shown, bare.reps, bare.notes, bare.seller_license) == ("", "", (), "", "")
    assert (bare.customer.license, bare.customer.ref) == ("", "Riverside")
    assert bare.lines[0].sku == ""
    # What Ordo does not say the lines come to.
    assert bare.total == Decimal(125)


def test_its_id_in_flourish_is_known_by_the_platforms_key():
    assert read(external_order_id="00000042").external_ids == {"external_order_id": "00000042"}


@pytest.mark.promise("OR-13")
@pytest.mark.parametrize(
    ("lines", "told", "total"),
    [
        # Half a cent is rounded up by some and to the even one by others: that is no difference.
        ([line(quantity=1, unit_price="2.125")], "2.13", "2.12"),
        ([line(quantity=1, unit_price="2.125")] * 2, "4.26", "4.24"),
        # A cent where nothing is to be rounded is one.
        ([line(quantity=1, unit_price="2.12")], "2.13", "2.13"),
        ([line(quantity=1, unit_price="2.125")], "2.14", "2.14"),
    ],
)
def test_rounding_another_way_is_no_other_total(lines, told, total):
    assert read(lines=lines, total=told).total == Decimal(total)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"status": "Shipped"}, "status"),
        ({"status": None}, "status"),
        ({"lines": None}, "lines"),
        ({"customer": "Riverside"}, "customer"),
        ({"lines": [line(quantity="ten")]}, "lines[0].quantity"),
        ({"lines": [line(quantity=-1)]}, "lines[0].quantity"),
        ({"lines": [line(unit_price="-1.00")]}, "lines[0].unit_price"),
        ({"net_days": "14.5"}, "net_days"),
        ({"net_days": -3}, "net_days"),
        ({"created_at": "yesterday"}, "created_at"),
        ({"updated_at": "2026-03-01T10:00:00"}, "updated_at"),
        ({"number": ""}, "number"),
        ({"total": "much"}, "total"),
    ],
)
def test_what_cannot_be_understood_is_named_by_its_field(changed, field):
    with pytest.raises(Unreadable) as error:
        read(**changed)

    assert error.value.field == field


def test_a_field_that_no_table_names_is_told_of():
    told = []
    read_order(order(colour="green", lines=[line(mood="high")]), lambda *what: told.append(what))

    assert told == [("Ordo order", "colour"), ("Ordo order line", "mood")]


def test_a_row_of_the_list_is_a_hint():
    row = Fields.of(order())

    assert read_hint(row) == Hint(
        "order", NUMBER, "poll", datetime(2026, 3, 1, 11, tzinfo=UTC), label="ORD-1001"
    )


def test_lines_are_written_by_flourishs_id_and_by_sku():
    lines = (DraftLine("i1", "FL-1", Decimal("2.50"), Decimal("12.3400")),)

    assert write_lines(lines) == [
        {"sku": "FL-1", "item_external_id": "i1", "quantity": Decimal("2.50"), "unit_price": "12.34"}
    ]
