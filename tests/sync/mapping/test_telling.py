"""Telling the platform: an order's id in Flourish, and that it is paid; both in one call, each once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal.sync.decisions import Finding, MovePlatform
from portal.sync.domain import Stage
from portal.sync.drafts import TellPlatform
from portal.sync.mapping.agreement import after_creation
from portal.sync.mapping.plan import plan_order
from portal.sync.mapping.telling import after_gone
from portal.sync.platforms.leaflink.status import COURSE
from tests.sync.mapping.examples import decided, order, outbound, rules

# Late on the day before in Oakland.
PAID_AT = datetime(2026, 4, 2, 5, tzinfo=UTC)
BOTH = {"external_id_key": "erp", "write_paid": True}


def plan(source, target, base=None, **chosen):
    chosen_rules = rules(**chosen)
    agreed = {**after_creation(source, chosen_rules), **(base or {})}
    return decided(plan_order(source, target, base=agreed, rules=chosen_rules, facts={}, course=COURSE))


def paid(status="Created", **changed):
    return outbound(status, payment_status="Paid", updated_at=PAID_AT, **changed)


@pytest.mark.promise("LL-23")
@pytest.mark.parametrize(
    ("there", "key", "ids"),
    [
        ({}, "erp", {"erp": "SO-1"}),
        ({"other": "x"}, "erp", {"erp": "SO-1"}),
        # It is repaired when it differs, such as after a move.
        ({"erp": "SO-0"}, "erp", {"erp": "SO-1"}),
        ({"erp": "SO-1"}, "erp", None),
        ({}, "", None),
    ],
)
def test_the_id_in_flourish_is_written_once_under_the_companys_key(there, key, ids):
    decision = plan(order(external_ids=there), outbound(), external_id_key=key)

    if ids is None:
        assert (decision.code, decision.action) == ("agree", None)
    else:
        assert isinstance(decision.action, TellPlatform)
        assert (decision.action.external_ids, decision.action.paid_on) == (ids, "")


@pytest.mark.promise("LL-25")
@pytest.mark.parametrize(
    ("status", "switch", "told"),
    [
        ("Paid", True, "2026-04-01"),
        ("Paid", False, None),
        ("Partially Paid", True, None),
        ("Refunded", True, None),
        ("Awaiting Payment", True, None),
    ],
)
def test_paid_in_flourish_is_told_with_its_day_where_that_is_switched_on(status, switch, told):
    target = outbound(payment_status=status, updated_at=PAID_AT)

    decision = plan(order(), target, write_paid=switch)

    if told is None:
        assert decision.action is None
    else:
        assert isinstance(decision.action, TellPlatform)
        assert (decision.action.paid_on, decision.action.external_ids) == (told, {})
        assert decision.action.base is not None
        assert decision.action.base["paid"] == told


def test_both_go_in_one_call():
    decision = plan(order(), paid(), **BOTH)

    assert isinstance(decision.action, TellPlatform)
    assert (decision.action.external_ids, decision.action.paid_on) == ({"erp": "SO-1"}, "2026-04-01")


@pytest.mark.promise("LL-25")
def test_what_was_told_is_never_told_again_nor_taken_back():
    told = {"paid": "2026-04-01"}

    assert plan(order(paid=False), paid(), told, write_paid=True).action is None
    assert plan(order(paid=True), outbound(payment_status="Refunded"), told, write_paid=True).action is None


def test_what_somebody_marked_as_paid_there_is_kept_as_told_without_a_write():
    decision = plan(order(paid=True), paid(), write_paid=True)

    assert decision.action is None
    assert decision.base is not None
    assert decision.base["paid"] == "2026-04-01"


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (order(status="Cancelled", stage=Stage.CANCELLED), paid("Cancelled")),
        (order(status="Combined", stage=Stage.MERGED), paid("Cancelled")),
        (order(status="Cancelled", stage=Stage.CANCELLED), paid("Shipped")),
    ],
)
def test_of_what_is_over_nothing_is_told(source, target):
    assert plan(source, target, **BOTH).action is None


def test_a_status_goes_first():
    decision = plan(order(transitions=("accepted",)), paid("Partially Allocated"), **BOTH)

    assert isinstance(decision.action, MovePlatform)


def test_a_problem_keeps_nothing_from_being_told():
    decision = plan(order(transitions=()), paid("Allocated"), **BOTH)

    assert isinstance(decision.action, TellPlatform)
    assert [finding.code for finding in decision.findings] == ["move_not_offered"]


@pytest.mark.promise("LL-23")
@pytest.mark.parametrize(
    ("there", "key", "taken"), [("SO-1", "erp", True), ("SO-1", "", False), ("", "erp", False)]
)
def test_the_id_of_an_order_that_is_gone_for_good_is_taken_back(there, key, taken):
    finding = Finding("gone_in_flourish", "Flourish does not know it", "Enter it again.")
    source = order(external_ids={"erp": there} if there else {})

    decision = after_gone(source, finding, rules(external_id_key=key))

    assert decision.findings == (finding,)
    assert decision.action == (TellPlatform(source.number, {"erp": None}, "", None) if taken else None)
