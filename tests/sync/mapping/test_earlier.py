"""Orders from before go-live, and those that a person joined with what Flourish has already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.sync.decisions import MovePlatform
from portal.sync.domain import Stage
from portal.sync.mapping.intake import BRING_IN, LEAVE_ALONE
from portal.sync.mapping.plan import plan_order
from portal.sync.platforms.leaflink.status import COURSE
from tests.sync.mapping.examples import GO_LIVE, PLACED, answers, decided, order, outbound, rules

EARLY = GO_LIVE - timedelta(days=3)


def plan(source, choice="", target=None, base=None):
    return decided(
        plan_order(
            source,
            target,
            base=base,
            rules=rules(),
            facts=answers(source),
            course=COURSE,
            choice=choice,
        )
    )


@pytest.mark.promise("LL-29")
@pytest.mark.parametrize(
    ("placed_at", "choice", "code", "state"),
    [
        (EARLY, "", "before_go_live", "skipped"),
        (EARLY, LEAVE_ALONE, "left_alone", "skipped"),
        (EARLY, BRING_IN, "bring_in", "waiting"),
        # What was placed later needs nobody's word, and is left alone all the same when somebody says so.
        (PLACED, "", "bring_in", "waiting"),
        (PLACED, LEAVE_ALONE, "left_alone", "skipped"),
    ],
)
def test_an_order_from_before_go_live_is_listed_until_a_person_says_what_becomes_of_it(
    placed_at, choice, code, state
):
    decision = plan(order(placed_at=placed_at), choice)

    assert (decision.code, decision.state) == (code, state)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"status": "Draft", "stage": Stage.DRAFT}, "draft"),
        ({"status": "Complete", "stage": Stage.FINISHED}, "finished_before"),
        ({"status": "Cancelled", "stage": Stage.CANCELLED}, "cancelled_before"),
        ({"status": "Combined", "stage": Stage.MERGED}, "merged_before"),
    ],
)
def test_bringing_in_overrules_no_other_reason(changed, code):
    assert plan(order(placed_at=EARLY, **changed), BRING_IN).code == code


def test_what_was_joined_by_hand_agrees_as_it_is_and_its_statuses_follow():
    source = order(placed_at=EARLY, status="Submitted", ship_at=PLACED, term="Net 30", reps=("77",))

    first = plan(source, target=outbound("Created"))
    assert (first.code, first.action) == ("agree", None)
    assert first.base is not None
    assert first.base["joined"]
    assert first.base["route"] == {"reps": ["77"], "facility": "7"}

    edited = plan(replace(source, notes="Ring twice"), target=outbound("Created"), base=first.base)
    assert [finding.code for finding in edited.findings] == ["edited_after_joining"]
    assert edited.action is None

    moved = plan(source, target=outbound("Partially Allocated"), base=first.base)
    assert isinstance(moved.action, MovePlatform)
