"""Claims: who works on a link. One conditional update decides; a fence keeps late writers out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, cast
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, bindparam, case, func, not_, select, true, update
from sqlalchemy.orm import Session

from portal.models import Link

# A time, an expression that the database works out, or None for "not by itself".
DueAt: TypeAlias = datetime | ColumnElement[datetime] | None


# Built once, as all that each look asks: to build a statement costs more than to run it.
_HELD = (
    select(Link)
    .where(Link.id == bindparam("link"), Link.fence == bindparam("fence"), Link.lease_until.is_not(None))
    # Not FOR UPDATE: that would wait for every row that merely refers to this one.
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


class LostLease(Exception):
    """Somebody else has the link by now; whatever this worker still wanted to record is void."""


@dataclass(frozen=True)
class Claim:
    """One link, held until its lease runs out. `dirty_seq` is what the look will have seen, `at` when it was
    claimed, by the database's clock."""

    link_id: UUID
    tenant_id: UUID
    connection_id: UUID
    fence: int
    dirty_seq: int
    at: datetime
    # How many workers died while they had this link alone.
    crashes: int = 0
    kind: str = "order"
    run_id: UUID | None = None


def is_free() -> ColumnElement[bool]:
    """Whether a link is due and nobody has it."""
    return and_(Link.due_at <= func.now(), Link.lease_until.is_(None))


def claim_due(
    session: Session, connection_id: UUID, *, worker: str, most: int, lease_seconds: float
) -> list[Claim]:
    """Claim links of a connection that are due, most urgent first, by the database's clock. Those that are
    worked on alone are left out.

    Args:
        session: a session inside the tenant, or the system's.
        connection_id: whose links.
        worker: who claims.
        most: how many at the most.
        lease_seconds: for how long.
    """
    due = (
        select(Link.id)
        .where(Link.connection_id == connection_id, is_free(), not_(Link.alone))
        .order_by(Link.priority, Link.due_at)
        .limit(most)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return _take(session, due, worker, lease_seconds)


def claim_alone(session: Session, link_id: UUID, *, worker: str, lease_seconds: float) -> Claim | None:
    """Claim one link that is worked on alone; None when it is not due, or somebody has it."""
    due = (
        select(Link.id)
        .where(Link.id == link_id, is_free(), Link.alone)
        .with_for_update(key_share=True, skip_locked=True)
    )
    claims = _take(session, due, worker, lease_seconds)
    return claims[0] if claims else None


def _take(session: Session, due: Select[UUID], worker: str, lease_seconds: float) -> list[Claim]:
    # Materialised: a plain subquery may be run anew for each row, and its limit would be none.
    chosen = due.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    rows = session.execute(
        update(Link)
        .where(Link.id == chosen.c.id)
        .values(
            lease_owner=worker,
            lease_until=func.now() + timedelta(seconds=lease_seconds),
            fence=Link.fence + 1,
        )
        .returning(
            Link.id,
            Link.tenant_id,
            Link.connection_id,
            Link.fence,
            Link.dirty_seq,
            # Not the transaction's beginning: what came since then is in `dirty_seq`, too.
            func.clock_timestamp(),
            Link.crashes,
            Link.kind,
            Link.priority,
            Link.due_at,
        )
        .execution_options(synchronize_session=False)
    )
    # An update answers in any order, and an order holds stock that an item's look should know of.
    by_urgency = sorted(rows, key=lambda row: (row.priority, row.due_at))
    return [Claim(*of_claim) for *of_claim, _priority, _due_at in map(tuple[Any, ...], by_urgency)]


def take_back_lost(session: Session) -> int:
    """Take links back from workers that let their lease run out: they died, or hang. The fence keeps a late
    one out. Each is worked on alone from now on; if it was already, its worker's death is counted against it.

    Args:
        session: the system's session.

    Returns:
        How many there were.
    """
    expired = _unlocked(Link.lease_until < func.now())
    lost = session.execute(
        update(Link)
        .where(Link.id == expired.c.id)
        .values(
            lease_owner=None,
            lease_until=None,
            fence=Link.fence + 1,
            crashes=Link.crashes + case((Link.alone, 1), else_=0),
            alone=true(),
        )
        .returning(Link.id)
        .execution_options(synchronize_session=False)
    )
    return len(lost.all())


def renew(session: Session, claims: Iterable[Claim], lease_seconds: float) -> None:
    """Extend the leases that are still ours. One whose look is being recorded needs none."""
    for claim in claims:
        ours = _unlocked(Link.id == claim.link_id, Link.fence == claim.fence, Link.lease_until.is_not(None))
        session.execute(
            update(Link)
            .where(Link.id == ours.c.id)
            .values(lease_until=func.now() + timedelta(seconds=lease_seconds))
            .execution_options(synchronize_session=False)
        )


def _unlocked(*conditions: ColumnElement[bool]) -> CTE:
    """Links that nobody has locked at the moment, locked: who waited for one and held others would have two
    wait for each other. What is locked is being recorded, and its worker lives."""
    found = select(Link.id).where(*conditions).with_for_update(key_share=True, skip_locked=True)
    return found.cte("unlocked").prefix_with("MATERIALIZED", dialect="postgresql")


def hold(session: Session, claim: Claim) -> Link:
    """Lock the claimed link for this transaction.

    Raises:
        LostLease: the fence has moved on.
    """
    held = {"link": claim.link_id, "fence": claim.fence}
    link = session.execute(_HELD, held).scalar_one_or_none()
    if link is None:
        raise LostLease(str(claim.link_id))
    return link


def hand_back(link: Link, claim: Claim, *, due_at: DueAt, echoes: int = 0) -> None:
    """End a claim: what was marked up to the claim is done, and the link is due again then, or at once if
    it was marked meanwhile.

    Args:
        link: the link, locked by `hold`.
        claim: the claim.
        due_at: when to look again by itself; None for not before the next mark.
        echoes: how many of the marks since the claim told of nothing new.
    """
    marked = link.dirty_seq > claim.dirty_seq + echoes
    link.done_seq = max(link.done_seq, claim.dirty_seq if marked else link.dirty_seq)
    link.lease_owner = None
    link.lease_until = None
    # Nothing else of its connection is worked on while one link of it is tried.
    link.alone = link.is_tried
    link.crashes = 0
    # A column that takes an expression as well as a time, which its type cannot say.
    link.due_at = cast("datetime | None", func.now() if marked else due_at)


def in_seconds(seconds: float) -> ColumnElement[datetime]:
    """So many seconds from now, by the database's clock."""
    return func.now() + timedelta(seconds=seconds)
