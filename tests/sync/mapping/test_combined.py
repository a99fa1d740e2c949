"""Combined orders: which earlier ones became this one, and when it may come in."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.sync.decisions import CancelOrder, CreateOrder, Inquiry
from portal.sync.domain import Original, Originals, OutboundLine, Stage
from portal.sync.mapping.combined import infer
from portal.sync.mapping.diff import shared_values
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink.status import COURSE
from portal.sync.questions import CombinedOriginals
from tests.sync.mapping.examples import answers, customer, decided, line, order, outbound, rules


def original(name, *, live=False, status="", **eaches):
    """An original with so many eaches of each SKU."""
    sums = {sku: Decimal(count) for sku, count in eaches.items()}
    return Original(name, name, is_live=live, flourish_status=status, eaches=sums)


def combination(**eaches):
    lines = tuple(line(sku, eaches=str(count), case=1) for sku, count in eaches.items())
    return order(is_combination=True, lines=lines)


def plan(source, known, **more):
    question = CombinedOriginals(source.number, source.customer.license, source.placed_at)
    facts = {**answers(source), question: known}
    return plan_order(source, None, base=None, rules=rules(), facts=facts, course=COURSE, **more)


@pytest.mark.promise("LL-16")
@pytest.mark.parametrize(
    ("candidates", "found"),
    [
        ((original("a", A=4), original("b", A=6)), "ab"),
        ((original("a", A=4, B=1), original("b", A=6), original("c", B=2)), "abc"),
        # One that does not fit is left out.
        ((original("a", A=4, B=1), original("b", A=6, B=2), original("x", A=1, C=1)), "ab"),
        ((original("a", A=10, B=3), original("x", A=11)), None),
        # One order alone is none that was combined.
        ((original("a", A=10, B=3),), None),
        ((), None),
        ((original("a", A=4), original("b", A=5, B=3)), None),
        # Two answers are no answer.
        ((original("a", A=5), original("b", A=5, B=3), original("c", A=5)), None),
        # An order without lines could be in any answer.
        ((original("a", A=4, B=3), original("b", A=6), original("empty")), "ab"),
    ],
)
def test_originals_are_inferred_only_where_there_is_one_answer(candidates, found):
    wanted = {"A": 10} if found == "ab" and len(candidates) == 2 else {"A": 10, "B": 3}

    inferred = infer(combination(**wanted), candidates)

    assert (None if inferred is None else "".join(one.label for one in inferred)) == found


def test_a_list_that_is_too_long_to_try_is_a_persons():
    assert infer(combination(A=2), tuple(original(str(number), A=1) for number in range(17))) is None


def test_what_our_rows_know_is_asked_for_first():
    source = order(is_combination=True)

    assert plan_order(source, None, base=None, rules=rules(), facts={}, course=COURSE) == Inquiry(
        (CombinedOriginals(source.number, "C10-0000001-LIC", source.placed_at),)
    )


def test_what_is_inferred_is_kept_and_the_order_comes_in():
    known = Originals(None, (original("a", A=4), original("b", A=6)))

    decision = decided(plan(combination(A=10), known))

    assert isinstance(decision.action, CreateOrder)
    assert decision.originals == ("a", "b")


@pytest.mark.parametrize("inferred", [True, False])
def test_it_waits_for_an_original_that_lives_in_flourish(inferred):
    both = (original("a", A=4, live=True, status="Allocated"), original("b", A=6))
    known = Originals(None, both) if inferred else Originals(both)

    decision = decided(plan(combination(A=10), known))

    assert (decision.code, decision.state, decision.action) == ("waits_for_originals", "waiting", None)
    assert "a (Allocated)" in decision.sentence
    assert decision.originals == (("a", "b") if inferred else ())


def test_an_original_that_is_being_written_is_waited_for():
    known = Originals((original("a", A=4, live=True), original("b", A=6)))

    assert "a (being written)" in decided(plan(combination(A=10), known)).sentence


@pytest.mark.promise("LL-16")
def test_where_it_is_not_clear_a_person_is_asked_with_the_candidates():
    known = Originals(None, (original("a", A=5), original("b", A=5), original("c", A=5)))

    decision = decided(plan(combination(A=10), known))

    (finding,) = decision.findings
    assert (finding.code, decision.action) == ("originals_unknown", None)
    assert finding.evidence == {"candidates": ["a", "b", "c"]}


def test_none_of_them_is_an_answer():
    decision = decided(plan(combination(A=10), Originals(())))

    assert isinstance(decision.action, CreateOrder)


def test_a_combined_order_that_was_cancelled_is_left_alone():
    source = order(is_combination=True, status="Cancelled", stage=Stage.CANCELLED)

    assert decided(plan(source, Originals(None))).code == "cancelled_before"


def follow(status, allocated="0"):
    lines = (OutboundLine("item-FL-1", "FL-1", "Item", Decimal(10), Decimal(allocated), Decimal(5)),)
    source = order(status="Combined", stage=Stage.MERGED, customer=customer())
    return decided(
        plan_order(
            source,
            outbound(status, lines=lines),
            base={"platform": shared_values(source), "finished": True},
            rules=rules(),
            facts={},
            course=COURSE,
        )
    )


@pytest.mark.promise("LL-16")
@pytest.mark.parametrize(
    ("status", "allocated", "code", "cancels"),
    [
        ("Created", "0", "cancel_merged", True),
        ("Created", "1", "combined_original", False),
        ("Partially Allocated", "5", "combined_original", False),
        ("Allocated", "10", "combined_original", False),
        ("Shipped", "10", "combined_original", False),
        ("Completed", "10", "combined_original", False),
        ("Cancelled", "0", "merged", False),
    ],
)
def test_an_original_is_cancelled_unless_goods_belong_to_it(status, allocated, code, cancels):
    decision = follow(status, allocated)

    assert decision.code == code
    assert decision.action == (CancelOrder("SO-1", "7", untouched=True) if cancels else None)
