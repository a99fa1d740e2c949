"""Figures over all companies, for whoever watches this installation: counts and ages, no names.

Read as the system role. Each count ends at `MOST`, so that reading it costs the same however much is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select, text, true
from sqlalchemy.orm import Session, aliased

from portal.models import (
    Connection,
    Delivery,
    Installation,
    Link,
    Mail,
    Notice,
    Operation,
    Problem,
    Proof,
    Tenant,
)

MOST = 100_000
# Of one connection, so that one with a long backlog does not hide the others.
MOST_DUE = 10_000
# How far back deliveries are counted.
RECENT = text("interval '1 hour'")


@dataclass(frozen=True)
class Group:
    """So many of one kind, and since when the oldest of them stands."""

    name: str
    number: int
    oldest: datetime | None = None


@dataclass(frozen=True)
class Proven:
    """The last proof of each company, taken together."""

    # By outcome; "none" are companies that were never checked.
    outcomes: dict[str, int]
    lost: int
    doubled: int
    # The proof that is longest ago.
    oldest: datetime | None


@dataclass(frozen=True)
class Figures:
    """How this installation stands by its database."""

    now: datetime
    due: Sequence[Group]
    problems: Sequence[Group]
    deliveries: Sequence[Group]
    unsettled: Sequence[Group]
    mail: Group
    notices: Group
    # (platform, state, how many)
    connections: Sequence[tuple[str, str, int]]
    proven: Proven
    companies_stopped: int
    everybody_stopped: bool
    last_swept_at: datetime | None


def read(system: Session) -> Figures:
    """Read all of them.

    Args:
        system: a system session.
    """
    installed = system.execute(select(Installation.last_swept_at, Installation.stopped_at)).first()
    stopped = select(func.count(Tenant.id)).where(Tenant.stopped_at.is_not(None), Tenant.retired_at.is_(None))
    return Figures(
        now=system.execute(select(func.clock_timestamp())).scalar_one(),
        due=_groups(system, _due()),
        problems=_groups(system, _problems()),
        deliveries=_groups(system, _deliveries()),
        unsettled=_groups(system, _unsettled()),
        mail=_groups(system, _mail())[0],
        notices=_groups(system, _notices())[0],
        connections=_connections(system),
        proven=_proven(system),
        companies_stopped=system.scalar(stopped) or 0,
        everybody_stopped=installed is not None and installed.stopped_at is not None,
        last_swept_at=installed.last_swept_at if installed else None,
    )


def _groups(system: Session, query: Select[str, int, datetime]) -> list[Group]:
    return [Group(name, number, oldest) for name, number, oldest in system.execute(query)]


def _due() -> Select[str, int, datetime]:
    """Links that should have been looked at by now, by kind: the oldest of each connection, by an index."""
    oldest = (
        select(Link.kind, Link.due_at)
        .where(Link.connection_id == Connection.id, Link.due_at <= func.now())
        .order_by(Link.due_at)
        .limit(MOST_DUE)
        .lateral()
    )
    return (
        select(oldest.c.kind, func.count(), func.min(oldest.c.due_at))
        .select_from(Connection)
        .join(oldest, true())
        .group_by(oldest.c.kind)
    )


def _problems() -> Select[str, int, datetime]:
    rows = select(Problem.code, Problem.opened_at).where(Problem.closed_at.is_(None)).limit(MOST).subquery()
    return select(rows.c.code, func.count(), func.min(rows.c.opened_at)).group_by(rows.c.code)


def _deliveries() -> Select[str, int, datetime]:
    rows = (
        select(func.coalesce(Delivery.outcome, "waiting").label("outcome"), Delivery.received_at)
        .where(Delivery.received_at > func.now() - RECENT)
        .limit(MOST)
        .subquery()
    )
    return select(rows.c.outcome, func.count(), func.min(rows.c.received_at)).group_by(rows.c.outcome)


def _unsettled() -> Select[str, int, datetime]:
    """Writes of which nobody knows yet whether they took effect: at most one of each link."""
    rows = (
        select(Operation.status, Operation.intent_at)
        .where(Operation.status.in_(("intent", "unknown")))
        .limit(MOST)
        .subquery()
    )
    return select(rows.c.status, func.count(), func.min(rows.c.intent_at)).group_by(rows.c.status)


def _mail() -> Select[str, int, datetime]:
    rows = select(Mail.created_at).where(Mail.sealed.is_not(None)).limit(MOST).subquery()
    return select(text("'mail'"), func.count(), func.min(rows.c.created_at)).select_from(rows)


def _notices() -> Select[str, int, datetime]:
    rows = select(Notice.created_at).where(Notice.due_at.is_not(None)).limit(MOST).subquery()
    return select(text("'notice'"), func.count(), func.min(rows.c.created_at)).select_from(rows)


def _connections(system: Session) -> list[tuple[str, str, int]]:
    rows = system.execute(
        select(Connection.platform, Connection.state, func.count(Connection.id)).group_by(
            Connection.platform, Connection.state
        )
    )
    return [(platform, state, number) for platform, state, number in rows]


def _proven(system: Session) -> Proven:
    newest = (
        select(Proof.outcome, Proof.at, Proof.lost, Proof.doubled)
        .where(Proof.tenant_id == Tenant.id)
        .order_by(Proof.at.desc(), Proof.id.desc())
        .limit(1)
        .lateral()
    )
    last = aliased(newest)
    outcome = func.coalesce(last.c.outcome, "none")
    rows = system.execute(
        select(outcome, func.count(), func.sum(last.c.lost), func.sum(last.c.doubled), func.min(last.c.at))
        .select_from(Tenant)
        .outerjoin(last, true())
        .where(Tenant.retired_at.is_(None))
        .group_by(outcome)
    ).all()
    return Proven(
        outcomes={row[0]: row[1] for row in rows},
        lost=sum(row[2] or 0 for row in rows),
        doubled=sum(row[3] or 0 for row in rows),
        oldest=min((row[4] for row in rows if row[4]), default=None),
    )
