"""Edits as Flourish is told of them: what changes is changed, and all else stays as it was."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from portal.sync.domain import Amount
from portal.sync.drafts import DraftLine, LineUpdate, NoteSwap, OutboundUpdate, Swap
from portal.sync.errors import Retryable
from portal.sync.flourish.client import FlourishClient
from portal.sync.flourish.translate import changes_of, read_order, write_order
from portal.sync.questions import LotNumbered
from portal.sync.reading import Fields
from tests.sync.fakes import FakeCalls
from tests.sync.flourish.examples import DRAFT, NOTE, line, many, one, order
from tests.sync.flourish.test_contract import CONTRACT, schema, unlisted

ONE, SUMMARY = "/v1/outbound-orders/00000042", "/v1/inventory/summary"
BUYERS = {"subject": "Order note", "note": "Back door", "internal_only": 0}
LINES = [line(), line(item_id="00000329", sku="PR-2", lot_number="L-1", discount_price=Decimal("4.50"))]
KEPT_LINE = {
    "item_id": "00000328",
    "strain_id": "00000007",
    "order_qty": Decimal(24),
    "unit_price": Decimal("4.75"),
    "discount_price": Decimal(0),
}
OTHER_LINE = KEPT_LINE | {
    "item_id": "00000329",
    "lot_number": "L-1",
    "discount_price": Decimal("4.50"),
}
THERE = order(
    order_lines=LINES,
    notes=[NOTE, {**NOTE, "note": "shipping +12.50"}, BUYERS],
    charges=[
        {"amount": 5, "value": 10, "method": "percentage"},
        {"amount": Decimal("12.50"), "value": Decimal("12.50"), "method": "dollar"},
    ],
)


def changed(**update):
    return changes_of(Fields(THERE), OutboundUpdate(**update))


def note(text, *, internal):
    subject = "Trellis" if internal else "Order note"
    return {"subject": subject, "note": text, "internal_only": internal}


@pytest.mark.parametrize(
    ("update", "changes"),
    [
        ({}, {}),
        (
            {"kept_lines": (LineUpdate(0, eaches=Decimal(48)), LineUpdate(1))},
            {"order_lines": [KEPT_LINE | {"order_qty": Decimal(48)}, OTHER_LINE]},
        ),
        (
            {"kept_lines": (LineUpdate(1, unit_price=Decimal(4), lot="L-2"),)},
            {
                "order_lines": [
                    OTHER_LINE | {"unit_price": Decimal(4), "discount_price": Decimal(0), "lot_number": "L-2"}
                ]
            },
        ),
        (
            {
                "kept_lines": (LineUpdate(0), LineUpdate(1)),
                "new_lines": (DraftLine("9", "N", Decimal(2), Decimal(3), "L-9"),),
            },
            {
                "order_lines": [
                    KEPT_LINE,
                    OTHER_LINE,
                    {"item_id": "9", "order_qty": 2, "unit_price": 3, "lot_number": "L-9"},
                ]
            },
        ),
        (
            {"charges": Swap((Decimal("12.5"),), (Decimal(20),))},
            {
                "charges": [
                    {"amount": Decimal(10), "method": "percentage"},
                    {"amount": Decimal(20), "method": "dollar"},
                ]
            },
        ),
        (
            {"charges": Swap((Decimal("12.5001"),), ())},
            {"charges": [{"amount": Decimal(10), "method": "percentage"}]},
        ),
        (
            {"discounts": Swap((), (Decimal(2),))},
            {
                "discounts": [
                    {"amount": Decimal("1.50"), "method": "dollar"},
                    {"amount": Decimal(2), "method": "dollar"},
                ]
            },
        ),
        (
            {"notes": (NoteSwap("shipping +12.50", "", True), NoteSwap("Back door", "Front door", False))},
            {"notes": [note("Trellis c1 n1", internal=True), note("Front door", internal=False)]},
        ),
        (
            {"notes": (NoteSwap("", "tax +1", True), NoteSwap("gone since", "Ring", False))},
            {
                "notes": [
                    note("Trellis c1 n1", internal=True),
                    note("shipping +12.50", internal=True),
                    note("Back door", internal=False),
                    note("tax +1", internal=True),
                    note("Ring", internal=False),
                ]
            },
        ),
        (
            {"date_changes": True, "requested_date": date(2026, 12, 1)},
            {"requested_delivery_date": "2026-12-01"},
        ),
        ({"date_changes": True}, {"requested_delivery_date": None}),
        ({"term": "Net 30"}, {"payment_term": "Net 30"}),
    ],
)
def test_an_update_changes_what_it_names_and_keeps_the_rest(update, changes):
    assert changed(**update) == changes


def update_of_all():
    return OutboundUpdate(
        kept_lines=(LineUpdate(0), LineUpdate(1, eaches=Decimal(48))),
        new_lines=(DraftLine("9", "N", Decimal(2), Decimal(3), "L-9"),),
        charges=Swap((), (Decimal(20),)),
        notes=(NoteSwap("Back door", "Front door", False),),
        date_changes=True,
        requested_date=date(2026, 12, 1),
        term="Net 30",
    )


@pytest.mark.promise("LL-14")
def test_an_update_is_one_put_that_names_all_that_the_order_holds():
    calls = FakeCalls({ONE: one(THERE), f"PUT {ONE}": one({"id": "00000042"})})
    flourish = FlourishClient(calls, lambda *_: None)
    found = flourish.outbound_order("00000042")
    assert found is not None

    flourish.update_order(found, update_of_all())

    put = calls.calls[-1]
    assert (put.method, put.headers) == ("PUT", {"FacilityID": "00000001"})
    assert put.body["ref_field_1"] == "kept"
    assert put.body["notes"][0]["note"] == "Trellis c1 n1"
    assert put.body["payment_term"] == "Net 30"
    if CONTRACT.exists():
        assert unlisted(put.body, schema("PUT", "/v1/outbound-orders/{order_id}", "request")) == []


@pytest.mark.fault(39)
def test_an_order_that_was_changed_since_the_edit_was_planned_is_not_written():
    calls = FakeCalls({ONE: one(order(last_updated_timestamp="2026-11-20T10:00:01.000Z"))})
    flourish = FlourishClient(calls, lambda *_: None)
    planned = read_order(Fields(order()), lambda *_: None)

    with pytest.raises(Retryable) as asked:
        flourish.update_order(planned, update_of_all())

    assert (asked.value.throttled, asked.value.after) == (True, 1)
    assert [call.method for call in calls.calls] == ["GET"]


def test_an_order_that_flourish_does_not_show_is_not_written():
    planned = read_order(Fields(order()), lambda *_: None)
    with pytest.raises(Retryable):
        FlourishClient(FakeCalls({}), lambda *_: None).update_order(planned, update_of_all())


@pytest.mark.promise("LL-18")
def test_lots_prices_and_amounts_are_read_as_flourish_has_them():
    found = read_order(Fields(THERE), lambda *_: None)

    assert [(one.lot, one.price) for one in found.lines] == [("", Decimal("4.75")), ("L-1", Decimal("4.50"))]
    assert found.charges == (Amount(Decimal(10), is_percentage=True), Amount(Decimal("12.50")))
    # A discount of one line is in that line's discount price.
    assert found.discounts == (Amount(Decimal("1.50")),)


@pytest.mark.promise("LL-7")
def test_a_line_of_one_lot_names_it():
    lotted = replace(DRAFT, lines=(replace(DRAFT.lines[0], lot="L-1"),))

    assert write_order(lotted)["order_lines"][0]["lot_number"] == "L-1"
    assert "lot_number" not in write_order(DRAFT)["order_lines"][0]


@pytest.mark.promise("LL-7")
def test_a_lot_is_looked_for_by_item_and_exact_number_in_the_facility():
    rows = [
        {"item_id": "328", "lot_number": "gl-1-a"},
        {"item_id": "329", "lot_number": "GL-1-A"},
        {"item_id": "328", "lot_number": None},
        {"item_id": "328", "lot_number": "GL-1-A"},
    ]
    calls = FakeCalls({SUMMARY: many(*rows)})
    flourish = FlourishClient(calls, lambda *_: None)

    assert flourish.answer(LotNumbered("328", "GL-1-A", "00000001")) == ("GL-1-A",)
    assert flourish.answer(LotNumbered("328", "GL-1-B", "00000001")) == ()
    asked = calls.calls[0]
    assert asked.headers == {"FacilityID": "00000001"}
    assert (asked.query["group_by"], asked.query["lot_number"]) == ("lot_number", "GL-1-A")
