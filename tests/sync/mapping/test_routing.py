"""Routing: to whom an order is credited, which facility it goes to, and when it moves."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from portal.sync.decisions import CancelOrder, CancelToMove, CreateOrder, FinishOrder, Inquiry
from portal.sync.domain import OutboundLine, Stage
from portal.sync.mapping.diff import shared_values
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.questions import RepByEmail, RepEmail
from tests.sync.mapping.examples import (
    answers,
    customer,
    decided,
    facility,
    line,
    order,
    outbound,
    rep,
    rules,
)

OAKLAND = facility()
DENVER = facility(id="8", name="Denver", timezone="America/Denver")
SHUT = facility(id="9", name="Shut", active=False)
PLACES = {one.id: one for one in (OAKLAND, DENVER, SHUT)}
# Ref on the platform -> Flourish's rep of that e-mail.
REPS = {
    "1": rep(id="31", email="rae@acme.example", facility_id="7"),
    "2": rep(id="32", email="ray@acme.example", facility_id="7"),
    "3": rep(id="41", email="dee@acme.example", facility_id="8"),
    "4": rep(id="51", email="sal@acme.example", facility_id="9"),
    "5": rep(id="61", email="nora@acme.example", facility_id="404"),
}
FROM_OAKLAND = {"route": {"reps": ["1"], "facility": "7"}, "finished": True}


def known(source) -> dict[Any, Any]:
    """Answer everything, of all reps."""
    facts = dict(answers(source, email=""))
    for ref, found in REPS.items():
        facts |= {RepEmail(ref): found.email, RepByEmail(found.email): (found,)}
    return facts


def plan(source, target=None, *, base=None, by_rep=True, facts=None, is_moving=False, **changed):
    base = base if base is None or "platform" in base else {"platform": shared_values(source), **base}
    return plan_order(
        source,
        target,
        base=base,
        rules=rules(by_rep=by_rep, facilities=PLACES, **changed),
        facts=known(source) if facts is None else facts,
        course=COURSE,
        is_moving=is_moving,
    )


@pytest.mark.promise("LL-21")
@pytest.mark.promise("LL-22")
@pytest.mark.parametrize(
    ("reps", "defaults", "by_rep", "place", "credited"),
    [
        (("1",), (), True, "7", "31"),
        (("3",), (), True, "8", "41"),
        (("3",), ("1",), True, "8", "41"),
        ((), ("3",), True, "8", "41"),
        # Several reps of one facility are one address.
        (("2", "1"), (), True, "7", "32"),
        (("3",), (), False, "7", "41"),
        ((), ("3",), False, "7", "41"),
        ((), (), False, "7", ""),
    ],
)
def test_an_order_goes_where_its_rep_or_its_customers_rep_belongs(reps, defaults, by_rep, place, credited):
    source = order(reps=reps, customer=customer(reps=defaults))

    decision = decided(plan(source, by_rep=by_rep))

    assert isinstance(decision.action, CreateOrder)
    draft = decision.action.draft
    assert (draft.facility_id, draft.sales_rep_id) == (place, credited)
    assert decision.action.base["route"] == {"reps": list(reps or defaults), "facility": place}
    assert PLACES[place].name in decision.sentence


@pytest.mark.promise("LL-21")
def test_by_sales_rep_an_order_without_one_waits_and_its_page_says_so():
    decision = decided(plan(order()))

    assert (decision.code, decision.state, decision.action) == ("waits_for_rep", "waiting", None)
    assert decision.findings == ()
    assert "no sales rep" in decision.sentence


@pytest.mark.parametrize(
    ("reps", "by_rep", "code"),
    [
        (("1", "3"), True, "several_reps"),
        (("1", "3"), False, "several_reps"),
        (("4",), True, "rep_facility_unusable"),
        (("5",), True, "rep_facility_unusable"),
        (("404",), True, "rep_without_email"),
    ],
)
def test_where_nobody_knows_the_facility_the_order_is_held(reps, by_rep, code):
    source = order(reps=reps)

    decision = decided(plan(source, by_rep=by_rep, facts=known(source) | {RepEmail("404"): ""}))

    assert ([one.code for one in decision.findings], decision.action) == ([code], None)


def test_the_emails_of_all_reps_are_asked_for():
    source = order(reps=("1", "3"))
    facts = {key: value for key, value in known(source).items() if not isinstance(key, RepEmail | RepByEmail)}

    assert plan(source, facts=facts) == Inquiry((RepEmail("1"), RepEmail("3")))


def test_another_rep_of_another_facility_cancels_it_there_to_make_it_anew():
    decision = decided(plan(order(reps=("3",)), outbound(), base=FROM_OAKLAND))

    assert decision.action == CancelToMove("SO-1", "7", "Oakland", "Denver")
    assert (decision.state, decision.sentence) == (
        "waiting",
        "Move it from Oakland to Denver: its sales rep is another one now.",
    )


@pytest.mark.promise("LL-21")
@pytest.mark.parametrize(
    ("status", "allocated"),
    [
        ("Created", "3"),
        ("Partially Allocated", "3"),
        ("Allocated", "10"),
        ("Shipped", "10"),
        ("Completed", "10"),
    ],
)
def test_what_is_allocated_does_not_move_and_statuses_go_on_following(status, allocated):
    target = outbound(
        status,
        lines=(OutboundLine("item-FL-1", "FL-1", "Item", Decimal(10), Decimal(allocated), Decimal(5)),),
    )
    source = order(reps=("3",), status="Complete", stage=Stage.FINISHED)

    decision = decided(plan(source, target, base=FROM_OAKLAND))

    assert ([one.code for one in decision.findings], decision.action) == (["moved_after_allocation"], None)
    assert "Oakland" in decision.findings[0].title
    assert "Denver" in decision.findings[0].title


@pytest.mark.promise("LL-21")
@pytest.mark.parametrize(
    ("reps", "code"),
    [
        ((), "rep_removed"),
        (("1", "3"), "several_reps"),
        (("4",), "rep_facility_unusable"),
        (("5",), "rep_facility_unusable"),
    ],
)
def test_nothing_moves_to_nobody_knows_where(reps, code):
    decision = decided(plan(order(reps=reps), outbound(), base=FROM_OAKLAND))

    assert ([one.code for one in decision.findings], decision.action) == ([code], None)


@pytest.mark.promise("LL-22")
def test_a_removed_rep_is_followed_by_the_customers_default_one():
    source = order(reps=(), customer=customer(reps=("3",)))

    assert isinstance(decided(plan(source, outbound(), base=FROM_OAKLAND)).action, CancelToMove)


@pytest.mark.parametrize(
    ("source", "target", "base", "by_rep"),
    [
        (order(reps=("1",)), outbound(), FROM_OAKLAND, True),
        (order(reps=("3",)), outbound(), FROM_OAKLAND, False),
        # Its staff moved it in Flourish, and nobody changed the rep.
        (order(reps=("1",)), outbound(facility_id="8"), FROM_OAKLAND, True),
        # It is where it belongs already.
        (order(reps=("3",)), outbound(facility_id="8"), FROM_OAKLAND, True),
        # It came in before anybody kept its route.
        (order(reps=("3",)), outbound(), {"finished": True}, True),
    ],
)
def test_an_order_stays_where_it_is(source, target, base, by_rep):
    decision = decided(plan(source, target, base=base, by_rep=by_rep))

    assert (decision.code, decision.action, decision.findings) == ("agree", None, ())


def test_another_rep_of_the_same_facility_is_kept_and_not_asked_for_again():
    decision = decided(plan(order(reps=("2",)), outbound(), base=FROM_OAKLAND))

    assert decision.action is None
    assert decision.base is not None
    assert decision.base["route"] == {"reps": ["2"], "facility": "7"}
    assert decided(plan(order(reps=("2",)), outbound(), base=decision.base, facts={})).code == "agree"


@pytest.mark.promise("LL-21")
def test_nothing_is_cancelled_before_it_is_known_that_the_new_one_can_be_made():
    source = order(reps=("3",), lines=(line("GONE"),))
    facts = {**known(source), **answers(source, items=())}

    decision = decided(plan(source, outbound(), base=FROM_OAKLAND, facts={**facts, **known(order())}))

    assert decision.action is None
    assert "sku_unknown" in [one.code for one in decision.findings]


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"reps": ("3",)}, "8"),
        # From A to B to A: it ends where it began.
        ({"reps": ("1",)}, "7"),
        # What is so far along that it would not be brought in is made anew all the same.
        ({"reps": ("3",), "status": "Accepted"}, "8"),
        ({"reps": ("3",), "status": "Fulfilled", "stage": Stage.FINISHED}, "8"),
    ],
)
def test_what_was_cancelled_to_move_is_made_anew(changed, place):
    decision = decided(
        plan(
            order(**changed),
            outbound("Cancelled"),
            base=FROM_OAKLAND,
            is_moving=True,
            intake_statuses=frozenset({"Submitted"}),
        )
    )

    assert isinstance(decision.action, CreateOrder)
    assert decision.action.draft.facility_id == place
    assert "moves" in decision.sentence


def test_what_was_cancelled_to_move_and_lost_its_rep_is_a_problem():
    decision = decided(plan(order(), outbound("Cancelled"), base=FROM_OAKLAND, is_moving=True))

    assert ([one.code for one in decision.findings], decision.action) == (["rep_removed"], None)


@pytest.mark.parametrize("status", ["Cancelled", "Rejected"])
def test_what_is_cancelled_on_the_platform_while_it_moves_is_made_no_more(status):
    source = order(reps=("3",), status=status, stage=Stage.CANCELLED)

    decision = decided(plan(source, outbound("Cancelled"), base=FROM_OAKLAND, is_moving=True))

    assert (decision.state, decision.action) == ("settled", None)


def test_a_cancelled_order_is_cancelled_and_moves_nowhere():
    source = order(reps=("3",), status="Cancelled", stage=Stage.CANCELLED)

    assert decided(plan(source, outbound(), base=FROM_OAKLAND)).action == CancelOrder("SO-1", "7")


def test_the_requested_date_is_a_day_of_the_facility_that_the_order_is_in():
    # Half past midnight in Denver, still the day before in Oakland.
    source = order(reps=("3",), ship_at=datetime(2026, 4, 1, 6, 30, tzinfo=UTC))
    base = {"route": {"reps": ["3"], "facility": "8"}, "finished": False}

    decision = decided(plan(source, outbound(facility_id="8"), base=base))

    assert isinstance(decision.action, FinishOrder)
    assert decision.action.requested_date == date(2026, 4, 1)
