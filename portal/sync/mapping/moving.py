"""Moving: an order whose sales rep is another one now goes to that rep's facility (LL-21).

It is cancelled where it is, and made anew where it belongs. Nothing is cancelled before it is known that the
new one can be made.
"""

from __future__ import annotations

from dataclasses import dataclass

from portal.sync.decisions import CancelToMove, Decision, Finding, Inquiry, Rules
from portal.sync.domain import CANCELLED, OVER, SENT, Json, OutboundOrder, SourceOrder
from portal.sync.mapping import intake
from portal.sync.mapping.routing import kept, questions, removed, reps_of, route
from portal.sync.questions import Facts


@dataclass(frozen=True)
class Stays:
    """The order stays where it is: what both sides agree on now, and why it does not move if it should."""

    base: Json
    findings: tuple[Finding, ...] = ()


def plan(
    order: SourceOrder, outbound: OutboundOrder, base: Json, rules: Rules, facts: Facts
) -> Decision | Inquiry | Stays:
    """Decide whether an order that both sides have must move; the decision begins the move."""
    if not rules.by_rep or "route" not in base or outbound.status == CANCELLED or order.stage in OVER:
        return Stays(base)
    if list(reps_of(order)) == base["route"]["reps"]:
        return Stays(base)
    if not reps_of(order):
        return Stays(base, (removed(rules),))
    asked = tuple(question for question in questions(order, facts) if question not in facts)
    if asked:
        return Inquiry(asked)
    chosen, wrong = route(order, rules, facts)
    if chosen is None:
        return Stays(base, tuple(wrong))
    if chosen.facility.id == outbound.facility_id:
        # Another rep of the same facility.
        return Stays({**base, "route": kept(order, chosen.facility.id)})
    if outbound.is_touched:
        return Stays(base, (_too_late(outbound, chosen.facility.name, rules),))
    begin = _begin(order, outbound, chosen.facility.name, rules, facts)
    return begin if isinstance(begin, Decision | Inquiry) else Stays(base, begin)


def _begin(
    order: SourceOrder, outbound: OutboundOrder, to: str, rules: Rules, facts: Facts
) -> Decision | Inquiry | tuple[Finding, ...]:
    """Cancel it where it is, if it could be made where it goes."""
    next_one = intake.plan(order, rules=rules, facts=facts, moving=True)
    if isinstance(next_one, Inquiry):
        return next_one
    if next_one.action is None:
        return next_one.findings
    here = outbound.facility_name or rules.within(outbound.facility_id).facility.name
    return Decision(
        "move_facility",
        f"Move it from {here} to {to}: its sales rep is another one now.",
        f"Trellis cancels {outbound.id} in {here}, then creates the order in {to}.",
        "waiting",
        action=CancelToMove(outbound.id, outbound.facility_id, here, to),
    )


def _too_late(outbound: OutboundOrder, to: str, rules: Rules) -> Finding:
    here = outbound.facility_name or rules.within(outbound.facility_id).facility.name
    if outbound.status in SENT:
        step = (
            f"What was shipped stays where it is: set the former sales rep again in {rules.platform_label}."
        )
    else:
        step = (
            f"Take the allocation back in Flourish and the order moves, or set the former sales rep again"
            f" in {rules.platform_label}."
        )
    return Finding(
        "moved_after_allocation",
        f"Its sales rep is now one of {to}, and {here} has the order {outbound.status} already",
        step,
        evidence={"flourish": outbound.id, "from": here, "to": to},
    )
