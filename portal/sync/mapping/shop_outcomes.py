"""How both sides of a shop's order stand, field by field, each with its owner (MO-6). Pure, as
`order_outcomes` is for orders of companies."""

from __future__ import annotations

from portal.sync.decisions import Decision, Finding, MovePlatform, Rules
from portal.sync.drafts import TellPlatform
from portal.sync.mapping.outcomes import (
    CONFLICT,
    CORRECTED,
    EXPECTED,
    FLOURISH,
    ORDER,
    Standing,
    Standings,
)
from portal.sync.retail import RetailOrder
from portal.sync.shopping import ShopOrder

_STATUS, _LINES, _DISCOUNTS, _ID = "Status", "Lines", "Discounts", "Id in Flourish"
# Which field a finding is about; any other is about the order as a whole.
_OF_STATUS = frozenset(
    {
        *("unknown_status", "route_for_pickup", "shipping_unknown", "ended_otherwise"),
        *("reopened_in_flourish", "cancel_in_flourish", "move_not_offered"),
    }
)


def of_shop_order(order: ShopOrder, made: RetailOrder, *, rules: Rules, decision: Decision) -> Standings:
    """Compare an order that both sides have.

    Args:
        order: the order in the shop.
        made: the order in Flourish.
        rules: the connection's rules.
        decision: what the planner decided of the same two.
    """
    rows = [_asked(finding, order, made) for finding in decision.findings if not finding.is_of_connection]
    action = decision.action
    if isinstance(action, MovePlatform):
        rows.append(_corrected(_STATUS, decision, order.status, made.status))
    if isinstance(action, TellPlatform):
        there = order.external_ids.get(rules.external_id_key) or ""
        rows.append(_corrected(_ID, decision, there, made.id))
    rows += [
        Standing(
            _LINES,
            what,
            FLOURISH,
            EXPECTED,
            agreed,
            agreed,
            there,
            "Changed in Flourish, which stays: its staff's own changes are never written over.",
            "Nothing.",
        )
        for what, agreed, there in decision.drift or ()
    ]
    compared = [_STATUS, _LINES, _DISCOUNTS, *([_ID] if rules.external_id_key else [])]
    named = {row.field for row in rows}
    return Standings(tuple(rows), tuple(one for one in compared if one not in named))


def _asked(finding: Finding, order: ShopOrder, made: RetailOrder) -> Standing:
    if finding.code in _OF_STATUS:
        field, here, there = _STATUS, order.status, made.status
    elif finding.code == "discount_differs":
        field, here, there = _DISCOUNTS, str(order.discount), str(made.discount)
    else:
        field, here, there = ORDER, "", ""
    return Standing(
        field, field, FLOURISH, CONFLICT, "", here, there, why=finding.title, next_step=finding.next_step
    )


def _corrected(field: str, decision: Decision, here: str, there: str) -> Standing:
    step = "Trellis writes it at its next look."
    return Standing(field, field, FLOURISH, CORRECTED, "", here, there, why=decision.sentence, next_step=step)
