"""Claims: who works on a link. One conditional update decides; a fence keeps late writers out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Link


class LostLease(Exception):
    """Somebody else has the link by now; whatever this worker still wanted to record is void."""


@dataclass(frozen=True)
class Claim:
    """One link, held until its lease runs out. `dirty_seq` is what the look will have seen."""

    link_id: UUID
    tenant_id: UUID
    connection_id: UUID
    fence: int
    dirty_seq: int
    run_id: UUID | None = None


def claim_due(
    session: Session, connection_id: UUID, *, worker: str, most: int, lease_seconds: float
) -> list[Claim]:
    """Claim links of a connection that are due, most urgent first, by the database's clock.

    Args:
        session: a session inside the tenant.
        connection_id: whose links.
        worker: who claims.
        most: how many at the most.
        lease_seconds: for how long.
    """
    due = (
        select(Link.id)
        .where(
            Link.connection_id == connection_id,
            Link.due_at <= func.now(),
            or_(Link.lease_until.is_(None), Link.lease_until < func.now()),
        )
        .order_by(Link.priority, Link.due_at)
        .limit(most)
        .with_for_update(key_share=True, skip_locked=True)
        # Materialised: a plain subquery may be run anew for each row, and its limit would be none.
        .cte("due")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    rows = session.execute(
        update(Link)
        .where(Link.id == due.c.id)
        .values(
            lease_owner=worker,
            lease_until=func.now() + timedelta(seconds=lease_seconds),
            fence=Link.fence + 1,
            # A lease that ran out was never handed back: its worker died or hung.
            crashes=Link.crashes + case((Link.lease_until.is_not(None), 1), else_=0),
        )
        .returning(Link.id, Link.tenant_id, Link.connection_id, Link.fence, Link.dirty_seq)
        .execution_options(synchronize_session=False)
    )
    return [Claim(row.id, row.tenant_id, row.connection_id, row.fence, row.dirty_seq) for row in rows]


def renew(session: Session, claims: Iterable[Claim], lease_seconds: float) -> None:
    """Extend the leases that are still ours."""
    for claim in claims:
        session.execute(
            update(Link)
            .where(Link.id == claim.link_id, Link.fence == claim.fence, Link.lease_until.is_not(None))
            .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
            .execution_options(synchronize_session=False)
        )


def hold(session: Session, claim: Claim) -> Link:
    """Lock the claimed link for this transaction.

    Raises:
        LostLease: the fence has moved on.
    """
    link = session.execute(
        select(Link)
        .where(Link.id == claim.link_id, Link.fence == claim.fence, Link.lease_until.is_not(None))
        # Not FOR UPDATE: that would wait for every row that merely refers to this one.
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if link is None:
        raise LostLease(str(claim.link_id))
    return link


def hand_back(link: Link, claim: Claim, *, due_at: datetime | None) -> None:
    """End a claim: what was marked up to the claim is done, and the link is due again then, or at once if
    it was marked meanwhile.

    Args:
        link: the link, locked by `hold`.
        claim: the claim.
        due_at: when to look again by itself; None for not before the next mark.
    """
    link.done_seq = max(link.done_seq, claim.dirty_seq)
    link.lease_owner = None
    link.lease_until = None
    link.crashes = 0
    link.due_at = func.now() if link.dirty_seq > claim.dirty_seq else due_at
