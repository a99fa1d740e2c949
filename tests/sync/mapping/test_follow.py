"""Follow: an order that both sides have is kept agreeing, each field by its owner."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from portal.sync.course import Blocked, Course, Move, Wanted
from portal.sync.decisions import CancelOrder, Finding, FinishOrder, Inquiry, MovePlatform
from portal.sync.domain import Stage
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.platforms.leaflink.translate import STAGES
from portal.sync.questions import TermNamed
from tests.sync.mapping.examples import agreed, decided, order, outbound, rules

SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)
DAY = date(2026, 4, 1)
OFFERED = ("submitted", "accepted", "fulfilled", "shipped", "complete", "cancelled", "rejected")


def plan(source, target, *, base=None, facts=None, course=COURSE, **changed):
    base = agreed(source) if base is None else base
    return plan_order(source, target, base=base, rules=rules(**changed), facts=facts or {}, course=course)


def at(status, transitions=OFFERED, **changed):
    return order(status=status, stage=STAGES[status], transitions=transitions, **changed)


@pytest.mark.fault(39)
@pytest.mark.parametrize(
    ("flourish", "platform", "to"),
    [
        ("Created", "Submitted", None),
        ("Created", "Accepted", None),
        ("Created", "Backorder", None),
        ("Created", "Shipped", None),
        ("Partially Allocated", "Submitted", "Accepted"),
        ("Partially Allocated", "Backorder", "Accepted"),
        ("Partially Allocated", "Accepted", None),
        ("Partially Allocated", "Fulfilled", None),
        # Two steps are made one after the other.
        ("Allocated", "Submitted", "Accepted"),
        ("Allocated", "Accepted", "Fulfilled"),
        ("Allocated", "Fulfilled", None),
        ("Allocated", "Shipped", None),
        ("Shipped", "Submitted", "Accepted"),
        ("Shipped", "Accepted", "Fulfilled"),
        ("Shipped", "Fulfilled", "Shipped"),
        ("Shipped", "Shipped", None),
        ("Shipped", "Complete", None),
        ("Completed", "Accepted", "Fulfilled"),
        ("Completed", "Shipped", "Complete"),
        ("Completed", "Complete", None),
        ("Cancelled", "Submitted", "Cancelled"),
        ("Cancelled", "Accepted", "Cancelled"),
        ("Cancelled", "Fulfilled", "Cancelled"),
        ("Something new", "Submitted", None),
    ],
)
@pytest.mark.promise("LL-17")
def test_flourishs_status_moves_leaflink_by_one_step_and_never_back(flourish, platform, to):
    decision = decided(plan(at(platform), outbound(flourish)))

    if to is None:
        assert (decision.code, decision.state, decision.action) == ("agree", "settled", None)
    else:
        assert isinstance(decision.action, MovePlatform)
        assert (decision.action.to, decision.state) == (to, "waiting")


def test_a_move_over_two_steps_makes_both_and_says_so():
    first = decided(plan(at("Accepted"), outbound("Shipped")))
    second = decided(plan(at("Fulfilled"), outbound("Shipped")))
    third = decided(plan(at("Shipped"), outbound("Shipped")))

    assert "Fulfilled first" in first.sentence
    number = order().number
    assert first.action == MovePlatform(number, "fulfill", "Fulfilled")
    assert second.action == MovePlatform(number, "ship", "Shipped")
    assert third.action is None


def test_a_step_that_leaflink_does_not_offer_is_a_problem_in_words():
    decision = decided(plan(at("Submitted", ("rejected",)), outbound("Allocated")))

    assert (decision.code, decision.state, decision.action) == ("move_not_offered", "stuck", None)
    assert "Accepted" in decision.findings[0].title


def test_a_cancelled_order_is_rejected_where_leaflink_does_not_offer_to_cancel():
    decision = decided(plan(at("Submitted", ("accepted", "rejected")), outbound("Cancelled")))

    assert decision.action == MovePlatform(order().number, "reject", "Rejected")


def test_a_status_that_the_table_leaves_empty_moves_nothing():
    decision = decided(plan(at("Submitted"), outbound("Shipped"), status_table={"Shipped": ""}))

    assert decision.code == "agree"


@pytest.mark.parametrize("status", ["Cancelled", "Rejected"])
@pytest.mark.parametrize("flourish", ["Created", "Partially Allocated", "Allocated"])
@pytest.mark.promise("LL-15")
def test_cancelled_on_leaflink_cancels_in_flourish_before_it_is_shipped(status, flourish):
    decision = decided(plan(at(status), outbound(flourish)))

    assert decision.action == CancelOrder("SO-1", "7")


@pytest.mark.fault(54)
@pytest.mark.parametrize("status", ["Cancelled", "Rejected"])
@pytest.mark.parametrize("flourish", ["Shipped", "Completed"])
@pytest.mark.promise("LL-15")
def test_cancelled_on_leaflink_after_shipping_is_a_problem_and_never_a_cancel(status, flourish):
    decision = decided(plan(at(status), outbound(flourish)))

    assert (decision.code, decision.action) == ("cancelled_after_shipping", None)


def test_cancelled_on_both_sides_is_settled():
    assert decided(plan(at("Cancelled"), outbound("Cancelled"))).state == "settled"


@pytest.mark.fault(60)
# --- Finishing: what only an update may carry. ---


@pytest.mark.parametrize(
    ("changed", "there", "written"),
    [
        ({"ship_at": SHIP_AT}, {}, (DAY, "")),
        ({"ship_at": SHIP_AT}, {"requested_date": date(2026, 4, 2)}, (DAY, "")),
        ({"ship_at": SHIP_AT}, {"requested_date": DAY}, None),
        ({"term": "Net 30"}, {}, (None, "Net 30")),
        ({"term": "Net 30"}, {"term": "Net 30"}, None),
        ({"term": "Net 30", "ship_at": SHIP_AT}, {"term": "Net 30"}, (DAY, "")),
        ({}, {}, None),
    ],
)
def test_a_created_order_is_finished_with_what_it_still_lacks(changed, there, written):
    source = order(**changed)
    base = agreed(source, finished=False)

    decision = decided(plan(source, outbound(**there), base=base, facts={TermNamed("Net 30"): ("Net 30",)}))

    if written is None:
        assert decision.code == "agree"
    else:
        assert isinstance(decision.action, FinishOrder)
        assert (decision.action.requested_date, decision.action.term) == written
        assert decision.action.base["sent"]["agreed"]["finished"] is True


def test_a_term_is_written_by_the_companys_own_name_for_it():
    source = order(term="Net 30")
    base = agreed(source, finished=False)
    chosen = {"terms": {"Net 30": "30 days"}}

    asked = plan(source, outbound(), base=base, **chosen)
    decision = decided(
        plan(source, outbound(), base=base, facts={TermNamed("30 days"): ("30 Days",)}, **chosen)
    )

    assert asked == Inquiry((TermNamed("30 days"),))
    assert isinstance(decision.action, FinishOrder)
    assert decision.action.term == "30 Days"


def test_a_missing_term_is_asked_for_once_and_statuses_go_on():
    source = at("Submitted", term="Net 45")
    base = agreed(source, finished=False)
    facts = {TermNamed("Net 45"): ()}

    waiting = decided(plan(source, outbound(), base=base, facts=facts))
    moving = decided(plan(source, outbound("Allocated"), base=base, facts=facts))

    assert (waiting.code, waiting.state, waiting.again_in) == ("term_missing", "waiting", 600)
    assert waiting.findings[0].is_of_connection
    assert waiting.sentence.endswith("Statuses go on following.")
    assert isinstance(moving.action, MovePlatform)


@pytest.mark.fault(53)
@pytest.mark.parametrize("flourish", ["Partially Allocated", "Allocated", "Shipped", "Completed"])
def test_an_order_allocated_before_it_was_finished_names_what_is_missing(flourish):
    source = at("Shipped", ship_at=SHIP_AT, term="Net 30")
    base = agreed(source, finished=False)

    decision = decided(plan(source, outbound(flourish), base=base))

    finding = next(one for one in decision.findings if one.code == "allocated_before_finished")
    assert "2026-04-01" in finding.title
    assert "Net 30" in finding.title


def test_an_order_that_was_finished_is_not_finished_again_when_staff_changed_it():
    source = order(ship_at=SHIP_AT)

    decision = decided(plan(source, outbound(requested_date=date(2026, 4, 9))))

    assert decision.code == "agree"


def test_a_finish_whose_answer_was_lost_is_known_by_what_flourish_has():
    source = at("Submitted", ship_at=SHIP_AT)

    decision = plan(source, outbound(requested_date=DAY), base=agreed(source, finished=False))

    assert decision.action is None
    assert decision.base["finished"] is True
    assert decision.base["flourish"]["requested_date"] == "2026-04-01"


def test_what_flourish_changed_itself_is_left_alone():
    changed = outbound(total=0, lines=())

    assert decided(plan(order(), changed)).code == "agree"


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.FINISHED])
def test_a_platform_that_offers_nothing_leaves_a_reason(stage):
    decision = decided(
        plan(
            order(stage=stage),
            outbound("Shipped"),
            course=Course(lambda *_: Blocked("it is closed for the year.")),
        )
    )

    assert "closed for the year" in decision.findings[0].title


def test_the_platforms_own_words_are_sent_back_to_it():
    course = Course(lambda *_: Move("do-ship", "Gone"))
    decision = decided(plan(order(), outbound("Shipped"), course=course))

    assert decision.action == MovePlatform(order().number, "do-ship", "Gone")


def test_a_platform_may_say_by_both_sides_where_its_order_is_to_be():
    course = Course(
        lambda _order, target: Move(f"do-{target}", target),
        target=lambda here, there, _rules: Wanted(f"{here.status} {there.payment_status}"),
    )
    decision = decided(plan(order(), outbound("Created", payment_status="Paid"), course=course))

    assert decision.action == MovePlatform(order().number, "do-Submitted Paid", "Submitted Paid")


def test_what_no_step_of_the_platform_leads_to_is_a_persons_to_see_to():
    no_way = Finding("refused", "There is no way back", "Agree with the buyer.")
    course = Course(lambda *_: Move("never", "asked"), target=lambda *_: Wanted(finding=no_way))
    decision = decided(plan(order(), outbound("Created"), course=course))

    assert (decision.state, decision.findings, decision.action) == ("stuck", (no_way,), None)


@pytest.mark.promise("LL-30")
@pytest.mark.parametrize("status", ["Draft", "Submitted", "Accepted", "Backorder", "Fulfilled"])
def test_an_order_whose_status_leaves_the_chosen_ones_keeps_its_order(status):
    decision = decided(plan(at(status), outbound("Created"), intake_statuses=frozenset({"Submitted"})))

    assert (decision.state, decision.action) == ("settled", None)
