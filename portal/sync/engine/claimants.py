"""Claimants: Flourish orders that carry a link's note though the link has another one, or none. A create took
effect later than the settle time, or twice; or staff copied an order with its note."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Link, Operation
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.domain import CANCELLED
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim, hold
from portal.sync.engine.desk import Desk
from portal.sync.engine.operate import take_effect
from portal.sync.engine.writes import created
from portal.sync.mapping.draft import marker
from portal.sync.retail import HubOrder, RetailOrder


def hear(
    desk: Desk, claim: Claim, account: Account, *, number: str, flourish_id: str | None, ids: Sequence[str]
) -> tuple[Finding, ...]:
    """See which Flourish order is this link's: the one that it has, unless there is none, or that one is
    cancelled, and a claimant lives. Claimants that are cancelled, or carry the note no more, are forgotten.

    Args:
        desk: what to work with.
        claim: the claimed link.
        account: both sides, open.
        number: the platform's id of the order.
        flourish_id: the Flourish order that the link has.
        ids: the claimants.

    Returns:
        A problem that names every living twin, if there are any.

    Raises:
        SyncError: Flourish could not be asked.
    """
    note = marker(account.rules, number)
    own = account.hub_orders.one(flourish_id) if flourish_id else None
    claimants = [account.hub_orders.one(one) for one in ids if one != flourish_id]
    marked = [order for order in claimants if order is not None and note in (order.notes or ())]
    orders = [own, *marked] if own is not None else marked
    alive = [order for order in orders if order.status != CANCELLED]
    living = [order.id for order in alive]
    with desk.tenant(claim.tenant_id) as session:
        link = hold(session, claim)
        # Those that were heard of meanwhile are the next look's.
        link.claimants = living[1:] + [one for one in link.claimants if one not in ids]
        if living and living[0] != flourish_id:
            _adopt(session, link, alive[0])
    return (twins(living),) if len(living) > 1 else ()


def twins(ids: Sequence[str]) -> Finding:
    """Flourish has one order more than once."""
    return Finding(
        "twins",
        f"Flourish has this order {len(ids)} times",
        f"Cancel all but one of {', '.join(ids)} in Flourish, then look again.",
        evidence={"ids": list(ids)},
    )


def _adopt(session: Session, link: Link, order: HubOrder) -> None:
    sent = select(Operation.base).where(Operation.link_id == link.id, Operation.kind == "create_order")
    latest = sent.order_by(Operation.intent_at.desc()).limit(1)
    # What was agreed on in the facility that the order has left holds no more.
    has_left = link.flourish_id in link.former_ids
    agreed = None if has_left else link.base
    found = created(order.id, order.facility_name, is_retail=isinstance(order, RetailOrder))
    take_effect(link, found, agreed or session.scalar(latest))
    why = "It carries this order's note: it was created after all, later than Trellis waited for it."
    entry = journal.Entry("flourish", "Trellis", f"Found {order.id}", why, "looked", "ok")
    journal.tell(session, link, entry)
    journal.log(session, link, "done", f"Found {order.id}: {why}")
