"""Intake: which orders are brought in, with what, and why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from portal.sync.course import Course, Move
from portal.sync.decisions import CreateDestination, CreateOrder, Inquiry
from portal.sync.domain import Address, Stage
from portal.sync.mapping.plan import plan_order
from portal.sync.questions import DestinationByLicense, ItemBySku, RepByEmail, RepEmail
from tests.sync.mapping.examples import (
    GO_LIVE,
    answers,
    customer,
    decided,
    destination,
    facility,
    item,
    line,
    order,
    rep,
    rules,
)


def plan(source, facts=None, **changed):
    return plan_order(
        source,
        None,
        base=None,
        rules=rules(**changed),
        facts=answers(source) if facts is None else facts,
        course=Course(lambda order, target: Move("never", "asked")),
    )


@pytest.mark.parametrize(
    ("changed", "code", "state"),
    [
        ({"stage": Stage.DRAFT, "status": "Draft"}, "draft", "waiting"),
        ({"stage": Stage.CANCELLED, "status": "Cancelled"}, "cancelled_before", "skipped"),
        ({"stage": Stage.CANCELLED, "status": "Rejected"}, "cancelled_before", "skipped"),
        ({"stage": Stage.MERGED, "status": "Combined"}, "merged_before", "skipped"),
        ({"stage": Stage.FINISHED, "status": "Shipped"}, "finished_before", "skipped"),
        ({"stage": Stage.FINISHED, "status": "Complete"}, "finished_before", "skipped"),
        ({"placed_at": GO_LIVE - timedelta(seconds=1)}, "before_go_live", "skipped"),
        ({"status": "Fulfilled"}, "status_not_chosen", "waiting"),
    ],
)
@pytest.mark.promise("LL-30")
def test_an_order_is_not_taken_and_its_page_says_why(changed, code, state):
    decision = decided(plan(order(**changed), facts={}))

    assert (decision.code, decision.state, decision.action) == (code, state, None)
    assert decision.findings == ()


@pytest.mark.parametrize("status", ["Submitted", "Accepted", "Backorder"])
@pytest.mark.parametrize("chosen", [{"Submitted"}, {"Accepted"}, {"Backorder"}, {"Submitted", "Accepted"}])
@pytest.mark.promise("LL-12")
def test_only_the_chosen_statuses_bring_orders_in(status, chosen):
    decision = decided(plan(order(status=status), intake_statuses=frozenset(chosen)))

    assert decision.code == ("bring_in" if status in chosen else "status_not_chosen")


def test_an_order_placed_at_the_moment_of_going_live_is_taken():
    assert decided(plan(order(placed_at=GO_LIVE))).code == "bring_in"


@pytest.mark.fault(60, 61, 62, 63)
@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"unsupported": (("a sample line", "Enter it by hand."),)}, ["not_supported"]),
        ({"lines": ()}, ["no_lines"]),
        ({"customer": customer(license="")}, ["no_license"]),
        ({"lines": (line(sku="  "),)}, ["no_sku"]),
        ({"lines": (line(eaches="0"),)}, ["no_quantity"]),
        ({"lines": (line(eaches="-10"),)}, ["no_quantity"]),
        ({"lines": (line(eaches="15", case=10),)}, ["quantity_does_not_divide"]),
        ({"total": Decimal("51")}, ["sum_does_not_hold"]),
        (
            {"customer": customer(license=""), "lines": (line(sku=""), line("B", eaches="0"))},
            ["no_license", "no_sku", "no_quantity"],
        ),
    ],
)
def test_what_is_wrong_with_an_order_by_itself_holds_it_before_anything_is_asked(changed, codes):
    decision = decided(plan(order(**changed), facts={}))

    assert [finding.code for finding in decision.findings] == codes
    assert (decision.state, decision.action) == ("stuck", None)


@pytest.mark.promise("LL-20")
def test_a_sample_may_be_a_single_unit_of_what_is_sold_by_the_case():
    source = order(lines=(line(), line("S", eaches="1", case=10, price="0.01", is_sample=True)))

    assert decided(plan(source)).code == "bring_in"


def test_several_causes_are_counted_in_one_sentence_and_each_is_a_problem_of_its_own():
    decision = decided(plan(order(lines=(line("A", eaches="0"), line("B", eaches="0"))), facts={}))

    assert "(and 1 more)" in decision.sentence
    assert len({(finding.code, finding.cause) for finding in decision.findings}) == 2


def test_questions_are_asked_once_each_and_a_reps_email_before_the_rep():
    source = order(lines=(line("A"), line("B"), line(" A ", ref="again")), reps=("77",))
    facts: dict[Any, Any] = {}

    first = plan(source, facts=facts)

    assert first == Inquiry(
        (DestinationByLicense("C10-0000001-LIC"), ItemBySku("A"), ItemBySku("B"), RepEmail("77"))
    )
    facts = {
        DestinationByLicense("C10-0000001-LIC"): (destination(),),
        ItemBySku("A"): (item("A"),),
        ItemBySku("B"): (item("B"),),
        RepEmail("77"): "rae@acme.example",
    }
    assert plan(source, facts=facts) == Inquiry((RepByEmail("rae@acme.example"),))
    facts[RepByEmail("rae@acme.example")] = (rep(),)
    assert decided(plan(source, facts=facts)).code == "bring_in"


@pytest.mark.promise("LL-2")
def test_a_missing_destination_is_made_before_the_order():
    source = order()

    decision = decided(plan(source, answers(source, destinations=())))

    assert isinstance(decision.action, CreateDestination)
    assert decision.action.draft.license == "C10-0000001-LIC"
    assert decision.state == "waiting"


@pytest.mark.promise("LL-13")
def test_an_order_goes_in_with_destination_rep_items_and_a_base():
    source = order(reps=("77",))

    decision = decided(plan(source))

    assert isinstance(decision.action, CreateOrder)
    draft = decision.action.draft
    assert (draft.destination_id, draft.sales_rep_id, draft.facility_id) == ("d1", "31", "7")
    assert [(one.item_id, one.eaches, one.unit_price) for one in draft.lines] == [
        ("item-FL-1", Decimal(10), Decimal(5))
    ]
    assert decision.action.base["finished"] is True
    assert decision.action.base["platform"]["lines"] == [["FL-1", "10", "50", "10", ""]]
    assert decision.action.base["flourish"]["lines"] == [["FL-1", "10", "5", ""]]


@pytest.mark.parametrize("changed", [{"ship_at": GO_LIVE}, {"term": "Net 30"}])
def test_an_order_with_a_date_or_a_term_is_not_finished_by_its_creation(changed):
    decision = decided(plan(order(**changed)))

    assert isinstance(decision.action, CreateOrder)
    assert decision.action.base["finished"] is False


@pytest.mark.fault(56)
@pytest.mark.parametrize(
    ("items", "code"),
    [
        ((), "sku_unknown"),
        ((item("fl 1"),), "sku_unknown"),
        ((item(active=False),), "item_inactive"),
        ((item(), item(id="other")), "sku_twice"),
        ((item(), item(id="old", active=False)), None),
    ],
)
def test_a_line_goes_in_when_exactly_one_live_item_has_its_sku(items, code):
    decision = decided(plan(order(), answers(order(), items=items)))

    assert [finding.code for finding in decision.findings] == ([code] if code else [])
    assert (decision.action is None) is (code is not None)


@pytest.mark.fault(56)
@pytest.mark.promise("LL-1")
def test_a_near_sku_is_shown_and_never_taken():
    decision = decided(plan(order(), answers(order(), items=(item("fl 1"),))))

    assert decision.findings[0].evidence == {"near": ["fl 1"]}
    assert "fl 1" in decision.findings[0].text


@pytest.mark.fault(55)
def test_all_lines_that_fail_are_named_and_the_whole_order_is_held():
    source = order(lines=(line("A"), line("B"), line("C")))
    facts = {**answers(source), ItemBySku("A"): (), ItemBySku("C"): (item("C", active=False),)}

    decision = decided(plan(source, facts))

    assert [(finding.code, finding.cause) for finding in decision.findings] == [
        ("sku_unknown", "A"),
        ("item_inactive", "C"),
    ]
    assert decision.action is None


@pytest.mark.fault(59)
@pytest.mark.parametrize(
    ("email", "reps", "code"),
    [
        ("", (), "rep_without_email"),
        ("rae@acme.example", (), "rep_unknown"),
        ("rae@acme.example", (rep(active=False),), "rep_inactive"),
        ("rae@acme.example", (rep(), rep(id="32")), "rep_twice"),
        ("rae@acme.example", (rep(facility_id=""),), "rep_without_facility"),
        ("rae@acme.example", (rep(), rep(id="32", active=False)), None),
    ],
)
@pytest.mark.promise("LL-3")
def test_a_sales_rep_is_one_active_person_with_the_email_and_a_facility(email, reps, code):
    source = order(reps=("77",))

    decision = decided(plan(source, answers(source, email=email, reps=reps)))

    assert [finding.code for finding in decision.findings] == ([code] if code else [])
    assert (decision.action is None) is (code is not None)


@pytest.mark.fault(59)
@pytest.mark.parametrize(("required", "code"), [(True, "no_rep"), (False, "bring_in")])
def test_an_order_without_a_sales_rep_is_held_where_the_facility_requires_one(required, code):
    assert decided(plan(order(), facility=facility(sales_rep_required=required))).code == code


@pytest.mark.fault(61)
@pytest.mark.parametrize(
    ("destinations", "changed", "code"),
    [
        ((destination(), destination(id="d2")), {}, "license_twice"),
        ((destination(active=False),), {}, "destination_inactive"),
        ((), {"address": Address("1 Main St", "", "Oakland", "CA", "")}, "destination_incomplete"),
        ((), {"license_type": "Event Organizer"}, "destination_incomplete"),
        # A destination that is there needs nothing of the customer but its license.
        ((destination(),), {"address": Address(), "license_type": ""}, None),
    ],
)
def test_a_destination_is_one_active_place_with_the_license_or_can_be_made(destinations, changed, code):
    source = replace(order(), customer=customer(**changed))

    decision = decided(plan(source, answers(source, destinations=destinations)))

    assert [finding.code for finding in decision.findings] == ([code] if code else [])
    assert (decision.action is None) is (code is not None)


def test_no_destination_is_made_for_an_order_that_is_held_for_another_reason():
    decision = decided(plan(order(), answers(order(), destinations=(), items=())))

    assert decision.action is None
    assert [finding.code for finding in decision.findings] == ["sku_unknown"]
