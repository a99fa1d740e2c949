"""The dashboard: where orders are, and what holds them up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, or_, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Stream
from portal.queries import bounded
from portal.queries.orders import PLACES
from portal.queries.scope import Scope

# An order that has not reached Flourish by then is late, whatever the reason.
WAITING_TOO_LONG = timedelta(minutes=15)
# A look that should have happened by then means that no worker is at work.
OVERDUE = timedelta(minutes=2)


@dataclass(frozen=True)
class Count:
    """How many, and since when the oldest of them has been there."""

    number: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True)
class Attention:
    """What must be nothing before a page may say that all is well, over all days."""

    stuck: Count
    late: Count
    overdue: Count

    @property
    def needed(self) -> bool:
        """Say whether anything is stuck, late or overdue."""
        return any(count.number for count in (self.stuck, self.late, self.overdue))


def seen_since(session: Session, scope: Scope, since: datetime) -> dict[str, Count]:
    """Count the orders first seen since then by the place they are in now; the counts sum to all of them."""
    rows = session.execute(
        select(Link.place, func.count(), func.min(Link.state_since))
        .where(*scope.of(Link), Link.kind == "order", Link.created_at >= since)
        .group_by(Link.place)
    )
    found = {name: Count(number, oldest) for name, number, oldest in rows}
    return {name: found.get(name, Count()) for name in PLACES}


def attention(session: Session, scope: Scope, now: datetime) -> Attention:
    """Count what is stuck, late or overdue, whenever it was first seen; to a bound (queries/bounded.py)."""
    since, due = Link.state_since, Link.due_at
    orders = select(since.label("since")).where(*scope.of(Link), Link.kind == "order")
    free = or_(Link.lease_until.is_(None), Link.lease_until < now)
    works = Connection.state.in_(("live", "paused"))
    overdue = orders.with_only_columns(due.label("since")).join(Link.connection)
    return Attention(
        stuck=_count(session, orders.where(Link.place == "stuck").order_by(since)),
        late=_count(
            session,
            orders.where(Link.place == "waiting", since < now - WAITING_TOO_LONG).order_by(since),
        ),
        overdue=_count(session, overdue.where(due < now - OVERDUE, free, works).order_by(due)),
    )


def _count(session: Session, oldest_first: Select[Any]) -> Count:
    few = oldest_first.limit(bounded.MOST + 1).subquery()
    number, oldest = session.execute(select(func.count(), func.min(few.c.since))).one()
    return Count(number, oldest)


def last_polls(session: Session, tenant_id: UUID) -> dict[UUID, Row[UUID, datetime | None, float, bool]]:
    """For each connection or hub: its last complete poll, its interval, and whether a stream is behind.

    Behind means that three polls in a row should have brought something complete, and none did.
    """
    behind = func.bool_or(
        func.coalesce(Stream.last_ok_at, Stream.due_at)
        < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, Stream.interval_seconds * 3 + 60)
    )
    rows = session.execute(
        select(Stream.source_id, func.max(Stream.last_ok_at), func.min(Stream.interval_seconds), behind)
        .where(Stream.tenant_id == tenant_id)
        .group_by(Stream.source_id)
    ).all()
    return {row[0]: row for row in rows}


def last_looks(session: Session, tenant_id: UUID) -> dict[UUID, datetime | None]:
    """For each connection: when one of its orders was last read on both sides."""
    # For each by itself: the newest is the end of an index.
    newest = select(func.max(Link.looked_at)).where(Link.connection_id == Connection.id, Link.kind == "order")
    rows = session.execute(
        select(Connection.id, newest.scalar_subquery()).where(Connection.tenant_id == tenant_id)
    )
    return {row[0]: row[1] for row in rows}
