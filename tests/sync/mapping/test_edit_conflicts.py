"""Edits that are not written: of what Flourish changed too, after allocation, or wrong in themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from portal.sync.decisions import Inquiry, MovePlatform, UpdateOrder
from portal.sync.domain import Amount, OutboundLine
from portal.sync.questions import ItemBySku
from tests.sync.mapping.editing import NOTES, THEN, THERE, A, B, edited, plan, there
from tests.sync.mapping.examples import customer, decided, item, line, made


@pytest.mark.promise("LL-14")
@pytest.mark.parametrize(
    ("changed", "target", "row"),
    [
        (
            {"lines": (line("A", eaches="40"), B)},
            there(on={0: {"eaches": Decimal(12)}}),
            ["A eaches", "10", "40", "12"],
        ),
        (
            {"lines": (B,)},
            there(on={0: {"eaches": Decimal(12)}}),
            ["A", "10 ea at 5", "removed", "12 ea at 5"],
        ),
        (
            {"lines": (A, line("B", eaches="40"))},
            there(lines=THERE.lines[:1]),
            ["B", "20 ea at 5", "40 ea at 5", "removed"],
        ),
        (
            {"lines": (A, B, line("C"))},
            there(lines=(*THERE.lines, OutboundLine("c", "C", "C", Decimal(3), Decimal(0), Decimal(2)))),
            ["C", "", "10 ea at 5", "3 ea at 2"],
        ),
        ({"notes": "Front door"}, there(notes=NOTES[:2]), ["Note", "Back door", "Front door", ""]),
        (
            {"ship_at": datetime(2026, 4, 3, 15, tzinfo=UTC)},
            there(requested_date=date(2026, 4, 9)),
            ["Requested date", "2026-04-01", "2026-04-03", "2026-04-09"],
        ),
        (
            {"shipping": Decimal(25)},
            there(charges=(Amount(Decimal(22)),)),
            ["Charges", "20", "25", "22"],
        ),
    ],
)
def test_the_same_field_changed_on_both_sides_is_a_problem_that_shows_the_difference(changed, target, row):
    decision = decided(plan(edited(**changed), target))

    assert (decision.code, decision.state, decision.action) == ("edited_on_both_sides", "stuck", None)
    (finding,) = decision.findings
    assert row in finding.evidence["difference"]
    assert decision.base is None


def test_a_conflict_is_over_once_both_sides_are_the_same():
    source = edited(lines=(line("A", eaches="40"), B))

    decision = decided(plan(source, there(on={0: {"eaches": Decimal(40)}})))

    assert (decision.code, decision.findings) == ("agree", ())
    assert decision.base is not None
    assert decision.base["flourish"]["lines"][0][1] == "40"


def test_nothing_of_an_edit_is_written_while_a_part_of_it_conflicts():
    source = edited(lines=(line("A", eaches="40"), line("B", eaches="60")))

    decision = decided(plan(source, there(on={0: {"eaches": Decimal(12)}})))

    assert decision.action is None
    assert [row[0] for row in decision.findings[0].evidence["difference"]] == ["A eaches", "B eaches"]


@pytest.mark.promise("LL-14")
@pytest.mark.fault(53)
@pytest.mark.parametrize("status", ["Partially Allocated", "Allocated", "Shipped", "Completed"])
def test_an_edit_after_allocation_is_a_problem_and_statuses_go_on(status):
    source = replace(
        edited(lines=(line("A", eaches="40"), B)),
        transitions=("accepted", "fulfilled", "shipped", "complete"),
    )

    moving = decided(plan(source, made(THEN, status)))
    there_already = decided(plan(replace(source, status="Complete"), made(THEN, status)))

    assert isinstance(moving.action, MovePlatform)
    for decision in (moving, there_already):
        (finding,) = decision.findings
        assert finding.code == "edited_after_allocation"
        assert finding.evidence["difference"] == [["A eaches", "10", "40", "10"]]


def test_a_line_that_is_allocated_while_the_order_is_still_created_counts_too():
    target = there(on={1: {"allocated": Decimal(1)}})

    decision = decided(plan(edited(notes="Front door"), target))

    assert decision.code == "edited_after_allocation"


@pytest.mark.parametrize("status", ["Allocated", "Shipped"])
def test_an_edit_that_staff_have_made_by_hand_after_allocation_is_agreed(status):
    source = replace(edited(lines=(line("A", eaches="40"), B)), status="Shipped")
    target = replace(made(THEN, status), lines=there(on={0: {"eaches": Decimal(40)}}).lines)

    decision = decided(plan(source, target))

    assert (decision.code, decision.findings) == ("agree", ())


def test_a_date_that_leaflink_sets_when_it_ships_is_nobodys_edit():
    source = replace(edited(ship_at=datetime(2026, 4, 3, 15, tzinfo=UTC)), status="Shipped")

    assert decided(plan(source, made(THEN, "Shipped"))).code == "agree"


@pytest.mark.parametrize("status", ["Allocated", "Shipped", "Completed"])
def test_a_tax_that_changes_after_allocation_is_nobodys_problem(status):
    source = replace(edited(tax=Decimal(7)), status="Complete")

    decision = decided(plan(source, made(THEN, status)))

    assert (decision.code, decision.findings) == ("agree", ())


@pytest.mark.parametrize("status", ["Shipped", "Completed"])
def test_a_customers_other_license_after_shipping_is_nobodys_problem(status):
    source = replace(edited(customer=customer(license="C9-2")), status="Complete")

    assert decided(plan(source, made(THEN, status))).findings == ()


def test_a_term_that_comes_too_late_is_told_apart_from_a_conflict():
    source = replace(
        edited(lines=(line("A", eaches="40"), B)), term="Net 30", term_shown="Net 30", status="Fulfilled"
    )
    target = replace(made(THEN, "Allocated"), lines=there(on={0: {"eaches": Decimal(12)}}).lines)

    decision = decided(plan(source, target))

    differences = {one.code: one.evidence["difference"] for one in decision.findings}
    assert differences == {
        "edited_on_both_sides": [["A eaches", "10", "40", "12"]],
        "edited_after_allocation": [["Payment term", "", "Net 30", ""]],
    }


def test_edits_of_an_order_that_flourish_cancelled_are_left():
    decision = decided(plan(replace(edited(notes="Front door"), status="Rejected"), made(THEN, "Cancelled")))

    assert (decision.code, decision.findings) == ("agree", ())


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"total": Decimal("1.00")}, "sum_does_not_hold"),
        ({"lines": (line("A", eaches="15"), B)}, "quantity_does_not_divide"),
        ({"lines": ()}, "no_lines"),
        ({"lines": (A, B, line("GONE"))}, "sku_unknown"),
        (
            {"lines": (line("A", eaches="40"), B), "unsupported": (("a batch", "Choose it."),)},
            "not_supported",
        ),
    ],
)
def test_an_edit_that_could_not_have_come_in_is_not_written(changed, code):
    facts = {ItemBySku(sku): (item(sku),) for sku in "ABC"} | {ItemBySku("GONE"): ()}

    decision = decided(plan(edited(**changed), THERE, facts=facts))

    assert decision.action is None
    assert [finding.code for finding in decision.findings] == [code]
    assert (decision.state, decision.base) == ("stuck", None)


def test_only_the_items_of_new_lines_are_asked_for():
    source = edited(lines=(line("A", eaches="40"), B, line("C")))

    assert plan(source, THERE, facts={}) == Inquiry((ItemBySku("C"),))


def test_another_customer_cannot_be_written_and_is_said():
    source = edited(customer=customer(license="C9-2"), notes="Front door")

    carried = decided(plan(source, THERE))
    left = decided(plan(replace(source, notes="Back door"), THERE))

    assert isinstance(carried.action, UpdateOrder)
    assert carried.action.base["sent"]["agreed"]["platform"]["customer"] == "C10-0000001-LIC"
    for decision in (carried, left):
        assert [finding.code for finding in decision.findings] == ["customer_changed"]
