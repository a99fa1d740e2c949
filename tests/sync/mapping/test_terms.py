"""Payment terms go both ways; what nobody can decide is a problem, never a guess."""

from __future__ import annotations

import pytest

from portal.sync.decisions import Inquiry, MovePlatform, SetTerm, UpdateOrder
from portal.sync.mapping.plan import plan_order
from portal.sync.mapping.terms import own_name, usual_word
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.platforms.leaflink.terms import TERMS
from portal.sync.platforms.leaflink.translate import STAGES
from portal.sync.questions import TermNamed
from tests.sync.mapping.examples import agreed, decided, made, order, rules

TWELVE = sorted(TERMS.values())
INTERNAL = {"term": "", "term_shown": "LeafLink Financial"}


def of(term, **changed):
    """An order with a term, as LeafLink shows it."""
    return order(**({"term": term, "term_shown": term} | changed))


def plan(source, target, *, before, facts=None, **chosen):
    known = {TermNamed(term): (term,) for term in TWELVE} if facts is None else facts
    base = agreed(before, **chosen)
    return plan_order(source, target, base=base, rules=rules(**chosen), facts=known, course=COURSE)


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize("term", TWELVE)
def test_each_term_that_leaflink_changed_is_written_to_flourish(term):
    before = of("Net 7" if term != "Net 7" else "Net 3")
    source = of(term, notes="Ring")

    action = decided(plan(source, made(before), before=before)).action

    assert isinstance(action, UpdateOrder)
    assert action.update.term == term
    assert {what for what, _before, _after in action.changes} == {"Note", "Payment term"}
    again = decided(
        plan_order(source, made(source), base=action.base, rules=rules(), facts={}, course=COURSE)
    )
    assert (again.code, again.base) == ("agree", action.base["sent"]["agreed"])


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize("term", TWELVE)
@pytest.mark.parametrize("offered", [None, tuple(TWELVE)])
@pytest.mark.parametrize("status", ["Created", "Shipped"])
def test_each_term_that_flourish_changed_is_set_in_leaflink_whatever_the_status(term, offered, status):
    before = of("Net 7" if term != "Net 7" else "Net 3", terms_offered=offered, status="Shipped")

    action = decided(plan(before, made(before, status, term=term), before=before)).action

    assert isinstance(action, SetTerm)
    assert (action.number, action.term, action.before) == (order().number, term, before.term)
    source = of(term, terms_offered=offered, status="Shipped")
    again = decided(
        plan_order(source, made(source, status), base=action.base, rules=rules(), facts={}, course=COURSE)
    )
    assert (again.code, again.base) == ("agree", action.base["sent"]["agreed"])


def test_the_status_goes_first():
    before = of("Net 7", transitions=("accepted",))

    decision = decided(plan(before, made(before, "Partially Allocated", term="Net 30"), before=before))

    assert isinstance(decision.action, MovePlatform)


def test_a_company_calls_its_terms_as_it_likes():
    own = {"terms": {"Net 30": "30 days", "Net 7": "a week"}}
    before = of("Net 7")
    there = made(before, term="A Week")

    asked = plan(of("Net 30"), there, before=before, facts={}, **own)
    to_flourish = decided(
        plan(of("Net 30"), there, before=before, facts={TermNamed("30 days"): ("30 DAYS",)}, **own)
    ).action
    to_leaflink = decided(plan(before, made(before, term="30 Days"), before=before, **own)).action

    assert asked == Inquiry((TermNamed("30 days"),))
    assert isinstance(to_flourish, UpdateOrder)
    assert to_flourish.update.term == "30 DAYS"
    assert isinstance(to_leaflink, SetTerm)
    assert to_leaflink.term == "Net 30"
    assert (own_name("Net 30", rules(**own)), usual_word(" 30 DAYS ", rules(**own))) == ("30 days", "Net 30")


def test_a_term_that_flourish_does_not_have_is_asked_for_and_the_rest_is_written():
    before, facts = of("Net 7"), {TermNamed("Net 30"): ()}

    rest = decided(plan(of("Net 30", notes="Ring"), made(before), before=before, facts=facts))
    alone = decided(plan(of("Net 30"), made(before), before=before, facts=facts))

    assert isinstance(rest.action, UpdateOrder)
    assert (rest.action.update.term, rest.action.base["sent"]["agreed"]["flourish"]["term"]) == ("", "Net 7")
    assert (alone.code, alone.state, alone.action, alone.again_in) == ("term_missing", "waiting", None, 600)
    assert [finding.is_of_connection for finding in alone.findings] == [True]


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize("status", ["Created", "Allocated"])
def test_changed_on_both_sides_is_a_problem_and_nothing_is_written(status):
    before = of("Net 7", status="Fulfilled", stage=STAGES["Fulfilled"])
    source = of("Net 30", status="Fulfilled", stage=STAGES["Fulfilled"])

    decision = decided(plan(source, made(before, status, term="Net 15"), before=before))

    assert (decision.code, decision.state, decision.action) == ("term_changed_twice", "stuck", None)
    assert decision.findings[0].evidence["difference"] == [["Payment term", "Net 7", "Net 30", "Net 15"]]


def test_changed_on_both_sides_to_the_same_term_is_agreed():
    before = of("Net 7")

    decision = decided(plan(of("Net 30"), made(before, term="net 30"), before=before))

    assert (decision.code, decision.findings) == ("agree", ())
    assert decision.base is not None
    assert decision.base["platform"]["term"] == "Net 30"


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize("status", ["Partially Allocated", "Allocated", "Shipped", "Completed"])
def test_changed_in_leaflink_after_allocation_is_a_problem(status):
    before = of("Net 7", status="Complete")

    decision = decided(plan(of("Net 30", status="Complete"), made(before, status), before=before))

    assert (decision.code, decision.action) == ("edited_after_allocation", None)
    assert decision.findings[0].evidence["difference"] == [["Payment term", "Net 7", "Net 30", "Net 7"]]


def test_a_term_that_leaflink_does_not_offer_for_the_order_is_a_problem():
    before = of("Net 7", terms_offered=("Net 7", "Cash on Delivery"))

    decision = decided(plan(before, made(before, term="Net 30"), before=before))

    assert (decision.code, decision.action) == ("term_not_offered", None)


@pytest.mark.promise("LL-19")
@pytest.mark.parametrize(
    ("before", "source", "there", "drift"),
    [
        # LeafLink's own terms are kept, and never written over, or into Flourish.
        (of("Net 7"), order(**INTERNAL), "Net 7", ()),
        (order(**INTERNAL), order(**INTERNAL), "Net 30", (("Payment term", "", "Net 30"),)),
        (of("Net 7"), order(**INTERNAL), "Net 30", (("Payment term", "Net 7", "Net 30"),)),
        # Flourish's own are kept there.
        (of("Net 7"), of("Net 7"), "Net 45", (("Payment term", "Net 7", "Net 45"),)),
        (of("Net 7"), of("Net 7"), "", (("Payment term", "Net 7", "nothing"),)),
        (of("Net 7"), order(), "Net 7", ()),
    ],
)
def test_what_only_one_side_knows_is_kept_there_and_shown(before, source, there, drift):
    decision = decided(plan(source, made(before, term=there), before=before))

    assert (decision.action, decision.findings, decision.drift) == (None, (), drift)


def test_a_term_that_flourish_gives_each_new_order_is_nobodys_edit():
    source = order()
    base = agreed(source) | {}
    base["flourish"] = {**base["flourish"], "term": None, "requested_date": None}

    decision = decided(
        plan_order(source, made(source, term="Net 15"), base=base, rules=rules(), facts={}, course=COURSE)
    )

    assert decision.action is None
    assert decision.base is not None
    assert decision.base["flourish"]["term"] == "Net 15"


@pytest.mark.parametrize("shown", ["net30", "Net 30"])
def test_another_shape_of_the_same_term_is_no_edit(shown):
    before = of("Net 30")

    decision = decided(plan(order(term="Net 30", term_shown=shown), made(before), before=before))

    assert (decision.code, decision.base) == ("agree", None)
