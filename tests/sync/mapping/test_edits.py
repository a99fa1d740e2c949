"""Edits after intake: who changed what since both sides agreed, field by field, and what is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from portal.sync.decisions import UpdateOrder
from portal.sync.domain import Amount, OutboundLine
from portal.sync.drafts import DraftLine, LineUpdate, NoteSwap, OutboundUpdate, Swap
from tests.sync.mapping.editing import KEPT, NOTES, THEN, THERE, A, B, after, edited, plan, there, written
from tests.sync.mapping.examples import agreed, decided, line, made, order, rules


@pytest.mark.promise("LL-14")
@pytest.mark.parametrize(
    ("changed", "update", "told"),
    [
        (
            {"lines": (line("A", eaches="40"), B)},
            OutboundUpdate(kept_lines=(LineUpdate(0, eaches=Decimal(40)), LineUpdate(1))),
            [("A eaches", "10", "40")],
        ),
        (
            {"lines": (line("A", price="48.00"), B)},
            OutboundUpdate(kept_lines=(LineUpdate(0, unit_price=Decimal("4.8000")), LineUpdate(1))),
            [("A each", "5", "4.8")],
        ),
        (
            {"lines": (A,)},
            OutboundUpdate(kept_lines=(LineUpdate(0),)),
            [("B", "20 ea at 5", "removed")],
        ),
        (
            {"lines": (A, B, line("C", eaches="30"))},
            OutboundUpdate(
                kept_lines=KEPT, new_lines=(DraftLine("item-C", "C", Decimal(30), Decimal("5.0000")),)
            ),
            [("C", "", "30 ea at 5")],
        ),
        (
            {"notes": "Front door"},
            OutboundUpdate(notes=(NoteSwap("Back door", "Front door", False),)),
            [("Note", "Back door", "Front door")],
        ),
        (
            {"ship_at": datetime(2026, 4, 3, 15, tzinfo=UTC)},
            OutboundUpdate(date_changes=True, requested_date=date(2026, 4, 3)),
            [("Requested date", "2026-04-01", "2026-04-03")],
        ),
        ({"ship_at": None}, OutboundUpdate(date_changes=True), [("Requested date", "2026-04-01", "")]),
        (
            {"shipping": Decimal(25)},
            OutboundUpdate(
                charges=Swap((Decimal(20),), (Decimal("25.00"),)),
                notes=(NoteSwap("shipping +20.00; discount -5.00", "shipping +25.00; discount -5.00", True),),
            ),
            [("Charges", "20", "25")],
        ),
        (
            {"discount": Decimal(0)},
            OutboundUpdate(
                discounts=Swap((Decimal(5),), ()),
                notes=(NoteSwap("shipping +20.00; discount -5.00", "shipping +20.00", True),),
            ),
            [("Discounts", "5", "")],
        ),
        (
            {"tax": Decimal(7)},
            OutboundUpdate(
                notes=(
                    NoteSwap(
                        "shipping +20.00; discount -5.00",
                        "shipping +20.00; discount -5.00; tax on the platform, not in this order +7.00",
                        True,
                    ),
                )
            ),
            [
                (
                    "Internal note",
                    "shipping +20.00; discount -5.00",
                    "shipping +20.00; discount -5.00; tax on the platform, not in this order +7.00",
                )
            ],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_what_changed_on_leaflink_alone_is_written_and_nothing_else(changed, update, told):
    action = written(edited(**changed))

    assert action.update == update
    assert list(action.changes) == told
    assert (action.flourish_id, action.facility_id) == ("SO-1", "7")


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": (line("A", eaches="40"), B, line("C", eaches="30"))},
        {"lines": (line("B", eaches="60", price="10.01", case=3),)},
        {"notes": "", "ship_at": None, "shipping": Decimal(0), "discount": Decimal("1.23")},
        {"credits": Decimal(3), "tax": Decimal(7)},
    ],
)
def test_once_it_is_written_both_sides_agree_and_nothing_more_is_written(changed):
    source = edited(**changed)
    action = written(source)

    decision = decided(plan(source, after(action), base=action.base))

    assert (decision.code, decision.state, decision.drift) == ("agree", "settled", ())
    assert decision.base == action.base["sent"]["agreed"]


def test_a_write_whose_answer_was_lost_is_known_by_what_flourish_has():
    source = edited(lines=(line("A", eaches="40"), B), notes="Front door")
    action = written(source)

    decision = decided(plan(source, after(action)))

    assert (decision.code, decision.action) == ("agree", None)
    assert decision.base == action.base["sent"]["agreed"]


@pytest.mark.promise("LL-18")
@pytest.mark.parametrize(
    ("target", "drift"),
    [
        (there(on={0: {"eaches": Decimal(12)}}), [("A eaches", "10", "12")]),
        (there(on={1: {"unit_price": Decimal("4.5")}}), [("B each", "5", "4.5")]),
        (there(on={1: {"discount_price": Decimal("4.5")}}), [("B each", "5", "4.5")]),
        (there(on={0: {"lot": "L-9"}}), [("A lot", "", "L-9")]),
        (there(lines=THERE.lines[:1]), [("B", "20 ea at 5", "removed")]),
        (
            there(lines=(*THERE.lines, OutboundLine("x", "X", "X", Decimal(3), Decimal(0), Decimal(2)))),
            [("X", "", "3 ea at 2")],
        ),
        (there(notes=NOTES[:2]), [("Note", "Back door", "nothing")]),
        (there(requested_date=date(2026, 4, 9)), [("Requested date", "2026-04-01", "2026-04-09")]),
        (there(charges=(Amount(Decimal(20)), Amount(Decimal(15)))), [("Charges", "20", "20 + 15")]),
        (there(discounts=(Amount(Decimal(5)), Amount(Decimal(2), True))), [("Discounts", "5", "5 + 2%")]),
    ],
)
def test_what_flourish_changed_itself_is_shown_and_stays(target, drift):
    decision = decided(plan(THEN, target))

    assert (decision.state, decision.action, decision.findings) == ("settled", None, ())
    assert decision.drift == tuple(drift)
    assert drift[0][0] in decision.sentence


@pytest.mark.promise("LL-18")
@pytest.mark.parametrize(
    "target",
    [
        there(on={0: {"unit_price": Decimal("5.0001")}}),
        there(notes=tuple(f"  {note.replace(' ', '  ')} " for note in NOTES)),
        there(lines=tuple(reversed(THERE.lines))),
        there(charges=(Amount(Decimal("20.00")),)),
        replace(THERE, notes=None),
    ],
    ids=["rounded", "trimmed", "other order", "more zeros", "notes left out"],
)
def test_what_flourish_made_of_our_own_write_is_no_change(target):
    decision = decided(plan(THEN, target))

    assert (decision.code, decision.drift, decision.base) == ("agree", (), None)


@pytest.mark.promise("LL-14")
def test_staffs_own_changes_stay_beside_an_edit_of_something_else():
    target = there(
        on={0: {"eaches": Decimal(12)}},
        notes=(*NOTES, "Staff: packed"),
        charges=(*THERE.charges, Amount(Decimal(15))),
        lines=(
            replace(THERE.lines[0], eaches=Decimal(12)),
            THERE.lines[1],
            OutboundLine("x", "X", "X", Decimal(3), Decimal(0), Decimal(2)),
        ),
    )

    action = written(edited(lines=(A, line("B", eaches="40")), shipping=Decimal(25)), target)

    assert action.update.kept_lines == (LineUpdate(0), LineUpdate(1, eaches=Decimal(40)), LineUpdate(2))
    assert action.update.charges == Swap((Decimal(20),), (Decimal("25.00"),))
    assert [what for what, _before, _after in action.changes] == ["B eaches", "Charges"]


# --- Lines of one SKU, made anew. ---

TWICE = order(lines=(line("A", ref="1"), line("A", ref="2", eaches="20")))


@pytest.mark.promise("LL-14")
@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((line("A", ref="8"), line("A", ref="9", eaches="20")), []),
        ((line("A", ref="9", eaches="20"), line("A", ref="8")), []),
        ((line("A", ref="9", eaches="20"),), [("A", "10 ea at 5", "removed")]),
        ((line("A", ref="8"), line("A", ref="9", eaches="30")), [("A eaches", "20", "30")]),
        (
            (line("A", ref="8"), line("A", ref="9", eaches="20"), line("A", ref="7", eaches="50")),
            [("A", "", "50 ea at 5")],
        ),
    ],
)
def test_lines_of_one_sku_that_leaflink_made_anew_are_told_apart_by_what_they_are(lines, told):
    source, target = order(lines=lines), made(TWICE)

    decision = decided(plan(source, target, base=agreed(TWICE)))

    changes = decision.action.changes if isinstance(decision.action, UpdateOrder) else ()
    assert list(changes) == told


# --- Money. ---


@pytest.mark.promise("LL-13")
def test_the_rounding_is_worked_out_anew_with_the_lines():
    before = order(lines=(line("A", eaches="3", case=3, price="10.00"),))
    source = order(lines=(line("A", eaches="6", case=3, price="10.00"),))

    action = written(source, made(before), base=agreed(before))

    assert action.update.charges == Swap((Decimal("0.0001"),), (Decimal("0.0002"),))
    assert action.update.notes == (NoteSwap("rounding +0.0001", "rounding +0.0002", True),)


@pytest.mark.promise("LL-13")
def test_another_number_of_decimals_is_no_edit_of_orders_that_are_there():
    before = order(lines=(line("A", eaches="3", case=3, price="10.00"),))

    decision = decided(plan(before, made(before), base=agreed(before), price_places=2))

    assert (decision.code, decision.base) == ("agree", None)


def test_a_time_zone_that_was_corrected_is_no_edit_of_orders_that_are_there():
    zone = replace(rules().facility, timezone="Asia/Tokyo")

    assert decided(plan(THEN, THERE, facility=zone)).code == "agree"
