"""Intake: whether an order that Flourish does not have yet is brought in, and with what."""

from __future__ import annotations

from dataclasses import replace

from portal.sync.decisions import CreateDestination, CreateOrder, Decision, Inquiry, Rules
from portal.sync.domain import Destination, SourceOrder, Stage
from portal.sync.mapping import combined, findings, routing
from portal.sync.mapping.agreement import after_creation
from portal.sync.mapping.draft import destination_draft, outbound_draft
from portal.sync.mapping.findings import stuck
from portal.sync.mapping.keys import sku_key
from portal.sync.questions import (
    CombinedOriginals,
    DestinationByLicense,
    Facts,
    ItemBySku,
    LicenseType,
    Question,
)

# What a person may say of an order from before go-live, under this name in `Link.choices` (LL-29).
INTAKE, BRING_IN, LEAVE_ALONE = "intake", "bring_in", "leave_alone"
# And how it is kept that it was joined with a Flourish order, which then follows.
JOINED = "joined with "
# While it is decided so, a person may say it, or something else.
EARLIER = ("before_go_live", "left_alone")

# Stages in which an order is left where it is: code, sentence, next step, state (LL-15, LL-16, LL-30).
_LEFT_ALONE = {
    Stage.DRAFT: (
        "draft",
        "It is still {status} in {where}.",
        "It comes in once it is submitted or confirmed in {where}.",
        "waiting",
    ),
    Stage.CANCELLED: (
        "cancelled_before",
        "It was {status} in {where} before it was brought in.",
        "Nothing: there is nothing to send.",
        "skipped",
    ),
    Stage.MERGED: (
        "merged_before",
        "It became part of another order in {where} before it was brought in.",
        "Nothing: the combined order has a page of its own.",
        "skipped",
    ),
    Stage.FINISHED: (
        "finished_before",
        "It was already {status} in {where} when Trellis first saw it.",
        "Nothing: an order that was fulfilled elsewhere is not brought in.",
        "skipped",
    ),
}


def plan(
    order: SourceOrder, *, rules: Rules, facts: Facts, moving: bool = False, choice: str = ""
) -> Decision | Inquiry:
    """Decide about an order that is not in Flourish.

    Args:
        order: the order on its platform.
        rules: the connection's rules.
        facts: answers to questions that were asked.
        moving: it was in Flourish, and is made anew in another facility: whether it is to be brought in was
            decided then.
        choice: what a person said of it, where it is from before go-live.
    """
    stays = None if moving else left_alone(order, rules, choice)
    if stays is not None:
        return stays
    if not order.is_combination or moving:
        return _take(order, rules, facts, moving=moving)
    asked = CombinedOriginals(order.number, order.customer.license, order.placed_at)
    if asked not in facts:
        return Inquiry((asked,))
    waits, inferred = combined.plan(order, facts[asked], rules)
    answer = waits or _take(order, rules, facts, moving=False)
    return replace(answer, originals=inferred) if isinstance(answer, Decision) else answer


def _take(order: SourceOrder, rules: Rules, facts: Facts, *, moving: bool) -> Decision | Inquiry:
    wrong = findings.in_order(order, rules)
    if wrong:
        return stuck(wrong)
    questions = _open_questions(order, rules, facts)
    if questions:
        return Inquiry(questions)
    return _bring_in(order, rules, facts, moving=moving)


def left_alone(order: SourceOrder, rules: Rules, choice: str) -> Decision | None:
    """Why an order is left where it is; None when it is to be brought in."""
    where = rules.platform_label
    if order.stage in _LEFT_ALONE:
        code, sentence, next_step, state = _LEFT_ALONE[order.stage]
        words = {"where": where, "status": order.status}
        return Decision(code, sentence.format(**words), next_step.format(**words), state)
    if choice == LEAVE_ALONE:
        earlier = (
            "It was placed before this connection went live, and s"
            if order.placed_at < rules.live_since
            else "S"
        )
        sentence = f"{earlier}omebody said to leave it alone."
        return Decision("left_alone", sentence, "Nothing: it can still be brought in.", "skipped")
    if rules.said.is_left_out("license", order.customer.license):
        sentence = f"Somebody left the customer {order.customer.name} out."
        step = "Nothing, until somebody includes the customer's license number again."
        return Decision("customer_left_out", sentence, step, "skipped")
    if order.placed_at < rules.live_since and choice != BRING_IN:
        return Decision(
            "before_go_live",
            "It was placed before this connection went live, so it is listed and not sent.",
            "Say on this page whether to bring it in, join it with its Flourish order, or leave it alone.",
            "skipped",
        )
    if order.status not in rules.intake_statuses:
        chosen = sorted(rules.intake_statuses)
        return Decision(
            "status_not_chosen",
            f"{order.status} is not a status that brings orders in (chosen: {', '.join(chosen)}).",
            f"It comes in when it becomes {' or '.join(chosen)} in {where}.",
            "waiting",
        )
    return None


def _open_questions(order: SourceOrder, rules: Rules, facts: Facts) -> tuple[Question, ...]:
    """What has to be looked up and was not yet; lots last, when it is known of which items and where."""
    asked: list[Question] = [DestinationByLicense(order.customer.license)]
    asked += [ItemBySku(sku_key(line.sku)) for line in order.lines]
    asked += routing.questions(order, facts)
    if _needs_license_type(order, facts):
        asked.append(LicenseType(order.customer.license_type_ref))
    if all(question in facts for question in asked):
        route, _wrong = routing.route(order, rules, facts)
        there = rules.within(route.facility.id) if route else rules
        asked += findings.lot_questions(order.lines, there, facts)
    return tuple(dict.fromkeys(question for question in asked if question not in facts))


def _needs_license_type(order: SourceOrder, facts: Facts) -> bool:
    """Only a destination that must be made needs to know what kind of license it has."""
    customer = order.customer
    missing = facts.get(DestinationByLicense(customer.license)) == ()
    return missing and not customer.license_type and bool(customer.license_type_ref)


def _with_license_type(order: SourceOrder, facts: Facts) -> SourceOrder:
    told = facts.get(LicenseType(order.customer.license_type_ref), "")
    return replace(order, customer=replace(order.customer, license_type=told)) if told else order


def _bring_in(order: SourceOrder, rules: Rules, facts: Facts, *, moving: bool) -> Decision:
    """Every answer is there: make the destination if it is missing, else the order."""
    order = _with_license_type(order, facts)
    destinations: tuple[Destination, ...] = facts[DestinationByLicense(order.customer.license)]
    items, wrong_items = findings.match_items(order, rules, facts)
    route, wrong_route = routing.route(order, rules, facts)
    wrong_lots = findings.in_lots(order.lines, items, rules.within(route.facility.id), facts) if route else []
    wrong = [
        *wrong_items,
        *wrong_lots,
        *wrong_route,
        *findings.in_destinations(order, destinations, rules),
    ]
    if wrong:
        return stuck(wrong)
    if route is None:
        return stuck((routing.removed(rules),)) if moving else _without_rep(rules)
    rules = rules.within(route.facility.id)
    if not destinations:
        return Decision(
            "create_destination",
            f"Flourish has no destination with license {order.customer.license}:"
            f" {order.customer.name} is made first.",
            "Trellis makes the destination, then the order.",
            "waiting",
            action=CreateDestination(destination_draft(order)),
        )
    draft = outbound_draft(
        order, rules, destination_id=destinations[0].id, sales_rep_id=route.rep_id, items=items
    )
    base = {**after_creation(order, rules), "route": routing.kept(order, route.facility.id)}
    return Decision(
        "bring_in",
        _why(order, rules, moving=moving),
        "Trellis creates the order in Flourish.",
        "waiting",
        action=CreateOrder(draft, base=base),
    )


def _why(order: SourceOrder, rules: Rules, *, moving: bool) -> str:
    where = rules.facility.name
    if moving:
        return f"Bring it in again: it moves to {where}, its sales rep's facility."
    if rules.by_rep:
        to = f"its sales rep's facility is {where}"
    elif routing.is_sold_under(order, rules.facility):
        to = f"it is sold under the license of {where}"
    else:
        to = f"orders of this connection go to {where}"
    return f"Bring it in: {order.status} is a status that brings orders in, and {to}."


def _without_rep(rules: Rules) -> Decision:
    """LL-21: without a rep nobody knows the facility."""
    where = rules.platform_label
    return Decision(
        "waits_for_rep",
        f"It has no sales rep in {where}, and orders of this connection go to their rep's facility.",
        f"Set a sales rep on the order in {where}, or a default one on its customer and look again.",
        "waiting",
    )
