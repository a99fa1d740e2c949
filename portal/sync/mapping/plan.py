"""The plan for an order: both sides in, one decision out. Pure, and the same for every platform.

`plan_order` never acts: it answers with what it must know first (`Inquiry`) or with at most one action
and the reason (`Decision`). After each action both sides are read again and planned again.
"""

from __future__ import annotations

from dataclasses import replace

from portal.sync.course import Course
from portal.sync.decisions import Decision, Inquiry, Rules
from portal.sync.domain import CANCELLED, OVER, Json, OutboundOrder, SourceOrder
from portal.sync.mapping import follow, intake, moving, telling
from portal.sync.mapping.agreement import arrived
from portal.sync.mapping.diff import shared_values
from portal.sync.mapping.routing import kept
from portal.sync.questions import Facts


def joined(order: SourceOrder, outbound: OutboundOrder) -> Json:
    """The base of an order that a person joined with its Flourish order."""
    route = kept(order, outbound.facility_id)
    return {"platform": shared_values(order), "finished": True, "route": route, "joined": True}


def plan_order(  # noqa: PLR0913 - all that is known of one order
    order: SourceOrder,
    outbound: OutboundOrder | None,
    *,
    base: Json | None,
    rules: Rules,
    facts: Facts,
    course: Course,
    is_moving: bool = False,
    choice: str = "",
) -> Decision | Inquiry:
    """Decide what is to be done about an order now.

    Args:
        order: the order as its platform has it.
        outbound: the order as Flourish has it, None when it was never made.
        base: what both sides last agreed on, None when it was never made.
        rules: the connection's rules.
        facts: answers to questions that an earlier `Inquiry` asked.
        course: how the platform's order follows Flourish's.
        is_moving: `outbound` was cancelled by Trellis, to make the order anew in another facility.
        choice: what a person said of an order from before go-live.
    """
    if outbound is None:
        return intake.plan(order, rules=rules, facts=facts, choice=choice)
    if is_moving and outbound.status == CANCELLED and order.stage not in OVER:
        return intake.plan(order, rules=rules, facts=facts, moving=True)
    # Without a base it was joined with its Flourish order by hand: what both have now is what they agree on.
    agreed = joined(order, outbound) if base is None else base
    stays = moving.plan(order, outbound, arrived(agreed, order, outbound), rules, facts)
    if isinstance(stays, Decision | Inquiry):
        return stays
    here = rules.within(outbound.facility_id)
    decision = follow.plan(order, outbound, base=stays.base, rules=here, facts=facts, course=course)
    if isinstance(decision, Inquiry):
        return decision
    if decision.base is None and stays.base != (base or {}):
        decision = replace(decision, base=stays.base)
    decision = follow.with_findings(decision, stays.findings)
    return telling.plan(decision, order, outbound, base=stays.base, rules=here)
