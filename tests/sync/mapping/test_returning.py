"""Returning: lines that staff changed in Flourish, on a platform whose course takes them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from portal.sync.course import Course
from portal.sync.decisions import ReplaceLines, UpdateOrder
from portal.sync.domain import Amount, OutboundLine
from portal.sync.drafts import DraftLine
from portal.sync.mapping.agreement import arrived
from portal.sync.mapping.plan import plan_order
from portal.sync.questions import Facts, ItemBySku
from portal.sync.sameness import Sameness
from tests.sync.mapping.examples import agreed, decided, item, line, made, order, rules

COURSE = Course(lambda *_: None, takes_lines=True)
A, B = line("A", case=1, price="5.00"), line("B", case=1, eaches="20", price="2.50")
THEN = order(lines=(A, B), notes="Back door")
THERE = made(THEN)
FACTS: Facts = {ItemBySku(sku): (item(sku),) for sku in "ABC"}


def staff(*lines, **changed):
    """Flourish's order with these lines, given as SKU, eaches, price, and perhaps a lot."""
    made_of = (
        OutboundLine(f"item-{sku}", sku, sku, Decimal(eaches), Decimal(0), Decimal(price), *lot)
        for sku, eaches, price, *lot in lines
    )
    return replace(THERE, lines=tuple(made_of), **changed)


def plan(there, *, source=THEN, base=None, **chosen):
    base = agreed(THEN) if base is None else base
    answer = plan_order(source, there, base=base, rules=rules(**chosen), facts=FACTS, course=COURSE)
    return decided(answer)


def shown(action, source=THEN):
    """The platform's order once the lines are written."""
    lines = tuple(
        line(one.sku, eaches=str(one.eaches), case=1, price=str(one.unit_price)) for one in action.lines
    )
    return order(lines=lines, notes=source.notes)


CHANGES = {
    "a quantity": ([("A", 12, "5"), ("B", 20, "2.5")], [("A eaches", "10", "12")]),
    "a price": ([("A", 10, "5"), ("B", 20, "2.25")], [("B each", "2.5", "2.25")]),
    "a line less": ([("B", 20, "2.5")], [("A", "10 ea at 5", "removed")]),
    "a line more": (
        [("A", 10, "5"), ("B", 20, "2.5"), ("C", 1, "9")],
        [("C", "", "1 ea at 9")],
    ),
    "a line of nothing": ([("A", 10, "5"), ("B", 0, "2.5")], [("B eaches", "20", "0")]),
    "all of it": (
        [("C", 3, "7.125")],
        [("A", "10 ea at 5", "removed"), ("B", "20 ea at 2.5", "removed"), ("C", "", "3 ea at 7.125")],
    ),
}


@pytest.mark.promise("OR-6")
@pytest.mark.parametrize("status", ["Created", "Allocated", "Shipped"])
@pytest.mark.parametrize(("lines", "changes"), CHANGES.values(), ids=CHANGES)
def test_what_staff_changed_of_lines_is_written_whole_and_settles(lines, changes, status):
    there = staff(*lines, status=status)
    decision = plan(there)

    action = decision.action
    assert isinstance(action, ReplaceLines)
    assert list(action.changes) == changes
    assert action.lines == tuple(
        DraftLine(f"item-{sku}", sku, Decimal(eaches), Decimal(price))
        for sku, eaches, price in lines
        if eaches
    )
    # Once it shows there, nothing more is to be done.
    after = plan(there, source=shown(action), base=action.base)
    assert (after.action, after.findings, after.state) == (None, (), "settled")


@pytest.mark.promise("OR-6")
def test_a_read_from_before_the_write_is_not_taken_for_an_edit():
    there = staff(("A", 12, "5"), ("B", 20, "2.5"))
    first = plan(there).action
    again = plan(there, base=first.base).action

    assert again == first
    assert arrived(first.base, THEN, there) == agreed(THEN)


@pytest.mark.parametrize(
    ("there", "drift"),
    [
        (staff(("A", 10, "5", "LOT-1"), ("B", 20, "2.5")), ["A lot"]),
        (replace(THERE, charges=(Amount(Decimal(12)),)), ["Charges"]),
    ],
    ids=["a lot", "a charge"],
)
def test_what_has_no_place_on_the_platform_stays_and_is_shown(there, drift):
    decision = plan(there)

    assert decision.action is None
    assert [row[0] for row in decision.drift] == drift


def test_a_lot_beside_a_quantity_stays_in_flourish():
    decision = plan(staff(("A", 12, "5", "LOT-1"), ("B", 20, "2.5")))
    action = decision.action
    assert isinstance(action, ReplaceLines)
    assert [what for what, _was, _now in action.changes] == ["A eaches"]
    there = staff(("A", 12, "5", "LOT-1"), ("B", 20, "2.5"))

    after = plan(there, source=shown(action), base=action.base)

    assert (after.action, [row[0] for row in after.drift]) == (None, ["A lot"])


def test_an_edit_of_the_platforms_people_goes_first():
    edited = order(lines=(A, replace(B, eaches=Decimal(25))), notes="Back door")

    decision = plan(staff(("A", 12, "5"), ("B", 20, "2.5")), source=edited)

    assert isinstance(decision.action, UpdateOrder)


def test_the_same_value_changed_on_both_sides_is_a_persons():
    edited = order(lines=(replace(A, eaches=Decimal(11)), B), notes="Back door")

    decision = plan(staff(("A", 12, "5"), ("B", 20, "2.5")), source=edited)

    assert [finding.code for finding in decision.findings] == ["edited_on_both_sides"]
    assert decision.action is None


def test_an_item_goes_by_the_name_that_people_said_is_the_same():
    said = Sameness(aliases={"sku": {"A-old": "A"}})

    action = plan(staff(("A", 12, "5"), ("B", 20, "2.5")), said=said).action

    assert [one.sku for one in action.lines] == ["A-old", "B"]


def test_a_platform_that_takes_no_lines_gets_none():
    there = staff(("A", 12, "5"), ("B", 20, "2.5"))
    answer = plan_order(
        THEN, there, base=agreed(THEN), rules=rules(), facts=FACTS, course=replace(COURSE, takes_lines=False)
    )

    assert decided(answer).action is None
    assert [row[0] for row in decided(answer).drift or ()] == ["A eaches"]
