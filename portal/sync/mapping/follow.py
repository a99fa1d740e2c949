"""Follow: an order that both sides have is kept agreeing, each field by its owner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from portal.sync.decisions import (
    Blocked,
    CancelOrder,
    Decision,
    Facts,
    Finding,
    FinishOrder,
    Inquiry,
    MovePlatform,
    NextMove,
    Rules,
    TermNamed,
)
from portal.sync.domain import Json, OutboundOrder, SourceOrder, Stage
from portal.sync.mapping.diff import changes, shared_values
from portal.sync.mapping.draft import requested_date
from portal.sync.mapping.findings import stuck

CREATED = "Created"
CANCELLED = "Cancelled"
SENT = frozenset({"Shipped", "Completed"})

# Who owes the next step, by Flourish's status (flourish.md, Outbound order).
_NEXT_STEPS = {
    "Created": "Staff allocate it in Flourish.",
    "Partially Allocated": "Staff allocate the rest in Flourish.",
    "Allocated": "Staff ship it in Flourish.",
    "Shipped": "Staff complete it in Flourish.",
    "Completed": "Nothing: the order is complete.",
    "Cancelled": "Nothing: the order is cancelled on both sides.",
}


def plan(
    order: SourceOrder,
    outbound: OutboundOrder,
    *,
    base: Json,
    rules: Rules,
    facts: Facts,
    next_move: NextMove,
) -> Decision | Inquiry:
    """Decide about an order that both sides have."""
    if order.stage is Stage.CANCELLED:
        return _follow_cancelled(order, outbound, rules)
    if order.stage is Stage.MERGED and outbound.status != CANCELLED:
        title = f"The order was combined into another one in {rules.platform_label}"
        step = "Cancel this order in Flourish: combining is not carried over yet."
        return stuck((Finding("combined_original", title, step),))
    findings: tuple[Finding, ...] = ()
    if not base.get("finished") and outbound.status != CANCELLED:
        finishing = _finish(order, outbound, base, rules, facts)
        if isinstance(finishing, Finding):
            findings = (finishing,)
        elif finishing is not None:
            return finishing
    decision = _follow_flourish(order, outbound, rules, next_move)
    if base and not base.get("finished") and not findings:
        # Finished after all, by a write whose answer was lost: what staff change from now on stays.
        decision = replace(decision, base={**base, "finished": True})
    return with_findings(decision, (*findings, *_edits(order, base, rules)))


def with_findings(decision: Decision, findings: tuple[Finding, ...]) -> Decision:
    """Findings that do not hold up the statuses: those go on following."""
    if not findings or decision.action is not None:
        return replace(decision, findings=(*decision.findings, *findings))
    first = findings[0]
    return replace(
        decision,
        code=first.code,
        sentence=f"{first.title}. Statuses go on following.",
        next_step=first.next_step,
        state="stuck",
        findings=(*decision.findings, *findings),
    )


def _follow_cancelled(order: SourceOrder, outbound: OutboundOrder, rules: Rules) -> Decision:
    """LL-15: cancelled or rejected there cancels here, but never what has been shipped."""
    where = rules.platform_label
    if outbound.status == CANCELLED:
        sentence = f"It is {order.status} in {where} and Cancelled in Flourish."
        return Decision("cancelled", sentence, _NEXT_STEPS[CANCELLED], "settled")
    if outbound.status in SENT:
        title = f"It was {order.status} in {where} after Flourish had it {outbound.status}"
        step = "Agree with the buyer: take the goods back in Flourish, or leave it as shipped."
        return stuck((Finding("cancelled_after_shipping", title, step),))
    return Decision(
        "cancel",
        f"Cancel it in Flourish: it is {order.status} in {where}.",
        "Trellis cancels the order in Flourish.",
        "waiting",
        action=CancelOrder(outbound.id, outbound.facility_id),
    )


def _finish(
    order: SourceOrder, outbound: OutboundOrder, base: Json, rules: Rules, facts: Facts
) -> Decision | Inquiry | Finding | None:
    """LL-13: requested date and payment term go in a second write; only an update takes them."""
    shown_date = requested_date(order, rules)
    day = date.fromisoformat(shown_date) if shown_date else None
    term = rules.terms.get(order.term, order.term)
    if (day is None or day == outbound.requested_date) and (not term or term == outbound.term):
        return None
    if outbound.status != CREATED:
        return _too_late(day, term, outbound)
    if term and term != outbound.term:
        if TermNamed(term) not in facts:
            return Inquiry((TermNamed(term),))
        own: tuple[str, ...] = facts[TermNamed(term)]
        if not own:
            return _term_finding(term)
        term = own[0]
    return Decision(
        "finish",
        "Created, finishing: the requested date and the payment term follow in a second write.",
        "Trellis writes them to Flourish.",
        "waiting",
        action=FinishOrder(outbound.id, outbound.facility_id, day, term, base={**base, "finished": True}),
    )


def _too_late(day: date | None, term: str, outbound: OutboundOrder) -> Finding:
    wanted = ", ".join(
        filter(None, (f"requested date {day}" if day else "", f"payment term {term}" if term else ""))
    )
    return Finding(
        "allocated_before_finished",
        f"Flourish had the order {outbound.status} before Trellis could write its {wanted}",
        "Enter them in Flourish by hand: it takes no update once something is allocated.",
    )


def _term_finding(term: str) -> Finding:
    return Finding(
        "term_missing",
        f"Flourish has no payment term {term}",
        f"Add the term {term} in Flourish; the order is there and only its term is missing.",
        cause=term,
    )


def _edits(order: SourceOrder, base: Json, rules: Rules) -> tuple[Finding, ...]:
    """An edit on the platform since both sides agreed: shown, as edits are not carried over yet (LL-14)."""
    found = changes(base["platform"], shared_values(order)) if "platform" in base else []
    if not found:
        return ()
    where = rules.platform_label
    return (
        Finding(
            "edited_after_intake",
            f"The order was edited in {where} after it was brought in",
            f"Make the same change in Flourish, or undo it in {where}: edits are not carried over yet.",
            text="; ".join(
                f"{name}: {before or 'none'} to {after or 'none'}" for name, before, after in found
            ),
            evidence={"changes": found},
        ),
    )


def _follow_flourish(
    order: SourceOrder, outbound: OutboundOrder, rules: Rules, next_move: NextMove
) -> Decision:
    """LL-17: Flourish's status moves the platform by the table, one step at a time, never back."""
    where = rules.platform_label
    target = rules.status_table.get(outbound.status, "")
    move = next_move(order, target) if target else None
    if isinstance(move, Blocked):
        title = f"{where} does not let the order become {target}: {move.reason.rstrip('.')}"
        step = f"Move it in {where} by hand, or change the status table of the connection."
        return stuck((Finding("move_not_offered", title, step, cause=target),))
    if move is not None:
        through = "" if move.to == target else f", {move.to} first"
        return Decision(
            "move",
            f"Move {where} to {target}{through}: Flourish has it {outbound.status}.",
            f"Trellis moves the order in {where}.",
            "waiting",
            action=MovePlatform(order.number, move.action, move.to),
        )
    sentence = f"Both sides agree: {order.status} in {where}, {outbound.status} in Flourish."
    return Decision("agree", sentence, _NEXT_STEPS.get(outbound.status, "Nothing."), "settled")
