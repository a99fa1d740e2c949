"""Plans: which planner decides about an order, by whether a company or a person bought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.sync.decisions import Decision, Inquiry
from portal.sync.domain import Json, SourceOrder
from portal.sync.engine.accounts import Account
from portal.sync.mapping.intake import INTAKE
from portal.sync.mapping.plan import plan_order
from portal.sync.mapping.shop_orders import plan_shop_order
from portal.sync.questions import Facts
from portal.sync.retail import HubOrder, RetailOrder
from portal.sync.shopping import ShopOrder


def plan(
    account: Account,
    order: SourceOrder,
    made: HubOrder | None,
    *,
    base: Json | None,
    facts: Facts,
    is_moving: bool = False,
    choices: Mapping[str, Any] | None = None,
) -> Decision | Inquiry:
    """Decide what is to be done about an order now.

    Args:
        account: both sides, for the connection's rules.
        order: the order on its platform.
        made: the order in Flourish, None when it was never made.
        base: what both sides last agreed on, None when it was never made.
        facts: answers to questions that an earlier `Inquiry` asked.
        is_moving: `made` was cancelled by Trellis, to make the order anew in another facility.
        choices: what people said of the order, by the name of the question.
    """
    platform, rules, said = account.platform, account.rules, choices or {}
    if platform.admit is None:
        if isinstance(made, RetailOrder):
            raise TypeError(f"a company's order of {platform.label} is no retail order")
        return plan_order(
            order,
            made,
            base=base,
            rules=rules,
            facts=facts,
            course=platform.course,
            is_moving=is_moving,
            choice=said.get(INTAKE, ""),
        )
    if not isinstance(order, ShopOrder) or not isinstance(made, RetailOrder | None):
        raise TypeError(f"a person's order of {platform.label} is a retail order")
    return plan_shop_order(
        order,
        made,
        base=base,
        rules=rules,
        facts=facts,
        course=platform.course,
        admit=platform.admit,
        choices=said,
    )
