"""Telling the platform what it cannot know: an order's id in Flourish, and that it is paid (LL-23, LL-25)."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from portal.sync.decisions import Decision, Finding, Rules
from portal.sync.domain import CANCELLED, OVER, Json, SourceOrder
from portal.sync.drafts import TellPlatform
from portal.sync.mapping.findings import stuck
from portal.sync.retail import HubOrder

PAID = "Paid"


def plan(decision: Decision, order: SourceOrder, outbound: HubOrder, *, base: Json, rules: Rules) -> Decision:
    """Add what is to be told to a decision that writes nothing; both go in one call.

    Args:
        decision: what was decided otherwise.
        order: the order on its platform.
        outbound: the order in Flourish.
        base: what both sides agree on.
        rules: the connection's rules.
    """
    if decision.action is not None or order.stage in OVER or outbound.status == CANCELLED:
        return decision
    agreed = decision.base if decision.base is not None else base
    ids, is_paid = lacking(order, outbound, agreed, rules)
    if is_paid and order.paid:
        # Somebody said so there already. That it is taken back there later stays theirs.
        agreed, is_paid = _paid(agreed, outbound, rules), False
        decision = replace(decision, base=agreed)
    if not ids and not is_paid:
        return decision
    after = _paid(agreed, outbound, rules) if is_paid else agreed
    paid_on = after["paid"] if is_paid else ""
    return replace(_telling(order, ids, paid_on, rules, after), findings=decision.findings)


def lacking(
    order: SourceOrder, outbound: HubOrder, base: Json, rules: Rules
) -> tuple[dict[str, str | None], bool]:
    """What of an order nobody told its platform yet: ids by their key, and whether that it is paid."""
    key = rules.external_id_key
    is_paid = rules.write_paid and outbound.payment_status == PAID and "paid" not in base
    return ({key: outbound.id} if key and order.external_ids.get(key) != outbound.id else {}), is_paid


def after_gone(order: SourceOrder, finding: Finding, rules: Rules) -> Decision:
    """The order is gone from Flourish for good: its id is taken back from the platform."""
    decision = stuck((finding,))
    if not rules.external_id_key or rules.external_id_key not in order.external_ids:
        return decision
    action = TellPlatform(order.number, {rules.external_id_key: None}, "", None)
    where = rules.platform_label
    return Decision(
        "take_back_id",
        f"Take its id of Flourish back from {where}: Flourish does not have the order any more.",
        f"Trellis removes the id in {where}.",
        "waiting",
        action=action,
        findings=decision.findings,
    )


def _paid(base: Json, outbound: HubOrder, rules: Rules) -> Json:
    """Flourish does not say when it was paid: the day of the order's last change there, in its time zone."""
    day = outbound.updated_at.astimezone(ZoneInfo(rules.facility.timezone)).date()
    return {**base, "paid": day.isoformat()}


def _telling(order: SourceOrder, ids: Json, paid_on: str, rules: Rules, after: Json) -> Decision:
    where = rules.platform_label
    what = " and ".join(
        filter(None, ("its id in Flourish" if ids else "", "that it is paid" if paid_on else ""))
    )
    return Decision(
        "tell_platform",
        f"Tell {where} {what}.",
        f"Trellis writes it to {where}.",
        "waiting",
        action=TellPlatform(order.number, ids, paid_on, after),
    )
