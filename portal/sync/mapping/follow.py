"""Follow: an order that both sides have is kept agreeing, each field by its owner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from portal.sync.course import Blocked, Course
from portal.sync.decisions import (
    CancelOrder,
    Decision,
    Finding,
    FinishOrder,
    Inquiry,
    MovePlatform,
    ReplaceLines,
    Rules,
    SetTerm,
)
from portal.sync.domain import CANCELLED, CREATED, SENT, Json, OutboundOrder, SourceOrder, Stage
from portal.sync.mapping import carrying, older
from portal.sync.mapping.agreement import after_finishing, after_write
from portal.sync.mapping.diff import changes, shared_values
from portal.sync.mapping.draft import requested_date
from portal.sync.mapping.findings import stuck, term_missing
from portal.sync.mapping.terms import own_name
from portal.sync.questions import Facts, TermNamed
from portal.sync.retail import HubOrder

# How long an order waits for what is asked for once for the whole connection, before it looks again.
ASK_AGAIN_SECONDS = 600.0

# Who owes the next step, by Flourish's status (flourish.md, Outbound order; retail order).
_NEXT_STEPS = {
    "Created": "Staff allocate it in Flourish.",
    "Partially Allocated": "Staff allocate the rest in Flourish.",
    "Allocated": "Staff ship it in Flourish.",
    "Shipped": "Staff complete it in Flourish.",
    "Completed": "Nothing: the order is complete.",
    "Cancelled": "Nothing: the order is cancelled on both sides.",
    "Submitted": "Staff pack it in Flourish.",
    "Packed": "Staff hand it over, or put it on a route, in Flourish.",
    "Out for Delivery": "Staff deliver it, and complete it in Flourish.",
    "Undeliverable": "Nothing: it could not be delivered.",
}


def plan(
    order: SourceOrder,
    outbound: OutboundOrder,
    *,
    base: Json,
    rules: Rules,
    facts: Facts,
    course: Course,
) -> Decision | Inquiry:
    """Decide about an order that both sides have."""
    if order.stage in (Stage.CANCELLED, Stage.MERGED):
        return by_status(order, outbound, rules, course)
    if outbound.status == CANCELLED or base.get("joined"):
        decision = by_status(order, outbound, rules, course)
        return with_findings(decision, _edited_after_joining(order, outbound, base, rules))
    agreed = older.raised(base, order, outbound, rules)
    finishing = _finish(order, outbound, agreed, rules, facts)
    if isinstance(finishing, Decision | Inquiry):
        return finishing
    edited = carrying.plan(
        order, outbound, base=finishing.base, rules=rules, facts=facts, takes_lines=course.takes_lines
    )
    if isinstance(edited, Inquiry):
        return edited
    if isinstance(edited, Decision):
        return replace(edited, findings=(*finishing.findings, *edited.findings))
    decision = by_status(order, outbound, rules, course)
    if decision.action is None and edited.to_platform is not None:
        decision = _to_platform(edited.to_platform, rules)
    decision = replace(_with_drift(decision, edited.drift), base=edited.base if edited.base != base else None)
    return with_findings(decision, (*finishing.findings, *edited.findings))


def by_status(order: SourceOrder, outbound: OutboundOrder, rules: Rules, course: Course) -> Decision:
    """What follows of both sides' statuses alone."""
    if order.stage is Stage.CANCELLED:
        return _follow_cancelled(order, outbound, rules)
    if order.stage is Stage.MERGED:
        return _follow_merged(outbound, rules)
    return by_flourish(order, outbound, rules, course)


def with_findings(decision: Decision, findings: tuple[Finding, ...]) -> Decision:
    """Findings that do not hold up the statuses: those go on following."""
    if not findings or decision.action is not None:
        return replace(decision, findings=(*decision.findings, *findings))
    own = [finding for finding in (*decision.findings, *findings) if not finding.is_of_connection]
    first = (own or findings)[0]
    return replace(
        decision,
        code=first.code,
        sentence=f"{first.title}. Statuses go on following.",
        next_step=first.next_step,
        state="stuck" if own else "waiting",
        findings=(*decision.findings, *findings),
        # What is asked for once for all orders is not told to each of them when it is there.
        again_in=None if own else ASK_AGAIN_SECONDS,
    )


def _edited_after_joining(
    order: SourceOrder, outbound: OutboundOrder, base: Json, rules: Rules
) -> tuple[Finding, ...]:
    """LL-29: nobody knows which line of a joined order is which in Flourish, so edits stay a person's."""
    if outbound.status == CANCELLED or not (found := changes(base["platform"], shared_values(order))):
        return ()
    where = rules.platform_label
    return (
        Finding(
            "edited_after_joining",
            f"The order was edited in {where} after it was joined with its Flourish order by hand",
            f"Make the same change in Flourish, or undo it in {where}: edits of such an order are not"
            " carried over.",
            text="; ".join(
                f"{name}: {before or 'none'} to {after or 'none'}" for name, before, after in found
            ),
            evidence={"changes": found},
        ),
    )


def _with_drift(decision: Decision, drift: tuple[tuple[str, str, str], ...]) -> Decision:
    """What Flourish changed by itself stays, and is said (LL-18)."""
    decision = replace(decision, drift=drift)
    if not drift or decision.action is not None or decision.findings:
        return decision
    told = ", ".join(what for what, _agreed, _there in drift)
    return replace(decision, sentence=f"{decision.sentence} Changed in Flourish, which stays: {told}.")


def _to_platform(action: SetTerm | ReplaceLines, rules: Rules) -> Decision:
    """What was changed in Flourish goes to the platform: a term (LL-19), lines where it takes them (OR-6)."""
    where = rules.platform_label
    if isinstance(action, ReplaceLines):
        return Decision(
            "replace_lines",
            f"Give {where} the lines that Flourish has:"
            f" {', '.join(what for what, _was, _now in action.changes)} changed there.",
            f"Trellis writes all of them to {where}.",
            "waiting",
            action=action,
        )
    return Decision(
        "set_term",
        f"Set the payment term in {where} to {action.term}: it was changed in Flourish.",
        f"Trellis writes it to {where}.",
        "waiting",
        action=action,
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


def _follow_merged(outbound: OutboundOrder, rules: Rules) -> Decision:
    """LL-16: what became part of another order is cancelled, but never what has goods to it."""
    where = rules.platform_label
    if outbound.status == CANCELLED:
        sentence = f"It became part of another order in {where} and is Cancelled in Flourish."
        return Decision("merged", sentence, "Nothing: the combined order goes on.", "settled")
    if not outbound.is_touched:
        return Decision(
            "cancel_merged",
            f"Cancel it in Flourish: it became part of another order in {where}.",
            "Trellis cancels the order in Flourish, then the combined one comes in.",
            "waiting",
            action=CancelOrder(outbound.id, outbound.facility_id, untouched=True),
        )
    if outbound.status in SENT:
        step = "Agree with the buyer what is still to be sent, then say so on the combined order's page."
    else:
        step = (
            "Take the allocation back in Flourish and Trellis cancels it; the combined order waits for that."
        )
    title = f"It became part of another order in {where} after Flourish had it {outbound.status}"
    return stuck((Finding("combined_original", title, step),))


@dataclass(frozen=True)
class _Finished:
    """What both sides agree on, where nothing can be finished now, and why not."""

    base: Json
    findings: tuple[Finding, ...] = ()


def _finish(
    order: SourceOrder, outbound: OutboundOrder, base: Json, rules: Rules, facts: Facts
) -> Decision | Inquiry | _Finished:
    """LL-13: requested date and payment term go in a second write; only an update takes them."""
    if base["finished"]:
        return _Finished(base)
    shown_date = requested_date(order, rules)
    there = outbound.requested_date.isoformat() if outbound.requested_date else ""
    day = date.fromisoformat(shown_date) if shown_date and shown_date != there else None
    term = own_name(order.term, rules)
    lacks_term = bool(term) and term.casefold() != outbound.term.casefold()
    if day is None and not lacks_term:
        # Finished after all, by a write whose answer was lost: what staff change from now on stays.
        return _Finished(_after(base, order, shown_date))
    if outbound.status != CREATED:
        return _Finished(base, (_too_late(day, term if lacks_term else "", outbound),))
    if lacks_term and TermNamed(term) not in facts:
        return Inquiry((TermNamed(term),))
    own: tuple[str, ...] = facts[TermNamed(term)] if lacks_term else ()
    if lacks_term and not own and day is None:
        return _Finished(base, (term_missing(term),))
    after = _after(base, order, shown_date) if own or not lacks_term else base
    return Decision(
        "finish",
        "Created, finishing: the requested date and the payment term follow in a second write.",
        "Trellis writes them to Flourish.",
        "waiting",
        action=FinishOrder(
            outbound.id,
            outbound.facility_id,
            day,
            next(iter(own), ""),
            base=after_write(base, after, outbound),
        ),
    )


def _after(base: Json, order: SourceOrder, day: str) -> Json:
    return after_finishing(base, order, requested_date=day or None, term=order.term or None)


def _too_late(day: date | None, term: str, outbound: OutboundOrder) -> Finding:
    wanted = ", ".join(
        filter(None, (f"requested date {day}" if day else "", f"payment term {term}" if term else ""))
    )
    return Finding(
        "allocated_before_finished",
        f"Flourish had the order {outbound.status} before Trellis could write its {wanted}",
        "Enter them in Flourish by hand: it takes no update once something is allocated.",
    )


def by_flourish(order: SourceOrder, made: HubOrder, rules: Rules, course: Course) -> Decision:
    """Flourish's side moves the platform, one step at a time, never back (LL-17, OR-6 to OR-12, AQ-10).

    Args:
        order: the order on its platform.
        made: the order in Flourish.
        rules: the connection's rules.
        course: how the platform's order follows Flourish's.
    """
    where = rules.platform_label
    wanted = course.target(order, made, rules)
    asked = (wanted.finding,) if wanted.finding is not None else ()
    move = course.next_move(order, wanted.status) if wanted.status else None
    if asked and move is None:
        return stuck(asked)
    if isinstance(move, Blocked):
        title = f"{where} does not let the order become {wanted.status}: {move.reason.rstrip('.')}"
        table = ", or change the status table of the connection" if rules.status_table else ""
        step = f"Move it in {where} by hand{table}."
        return stuck((Finding("move_not_offered", title, step, cause=wanted.status),))
    if move is not None:
        through = "" if move.to == wanted.status else f", {move.to} first"
        return Decision(
            "move",
            f"Move {where} to {wanted.status}{through}: Flourish has it {made.status}.",
            f"Trellis moves the order in {where}.",
            "waiting",
            action=MovePlatform(order.number, move.action, move.to),
            findings=asked,
        )
    sides = f"{order.status} in {where}, {made.status} in Flourish"
    sentence = f"Both sides agree: {sides}." if not wanted.note else f"{sides}: {wanted.note}."
    return Decision("agree", sentence, _NEXT_STEPS.get(made.status, "Nothing."), "settled")
