"""The plan for an order: both sides in, one decision out. Pure, and the same for every platform.

`plan_order` never acts: it answers with what it must know first (`Inquiry`) or with at most one action
and the reason (`Decision`). After each action both sides are read again and planned again.
"""

from __future__ import annotations

from portal.sync.decisions import Decision, Facts, Inquiry, NextMove, Rules
from portal.sync.domain import Json, OutboundOrder, SourceOrder
from portal.sync.mapping import follow, intake


def plan_order(
    order: SourceOrder,
    outbound: OutboundOrder | None,
    *,
    base: Json | None,
    rules: Rules,
    facts: Facts,
    next_move: NextMove,
) -> Decision | Inquiry:
    """Decide what is to be done about an order now.

    Args:
        order: the order as its platform has it.
        outbound: the order as Flourish has it, None when it was never made.
        base: what both sides last agreed on, None when it was never made.
        rules: the connection's rules.
        facts: answers to questions that an earlier `Inquiry` asked.
        next_move: the platform's next step towards a status.
    """
    if outbound is None:
        return intake.plan(order, rules=rules, facts=facts)
    return follow.plan(order, outbound, base=base or {}, rules=rules, facts=facts, next_move=next_move)
