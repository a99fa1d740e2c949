"""Problems for pages: by cause, and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from portal.models import Link, Problem


@dataclass(frozen=True)
class Cause:
    """One cause that holds up some things."""

    code: str
    cause: str
    title: str
    next_step: str
    who: str
    number: int
    orders: int
    oldest: datetime


def open_count(session: Session, tenant_id: UUID) -> int:
    """Count the open problems."""
    query = select(func.count()).where(Problem.tenant_id == tenant_id, Problem.closed_at.is_(None))
    return session.scalar(query) or 0


def by_cause(session: Session, tenant_id: UUID) -> Sequence[Cause]:
    """Group the open problems by cause, the one that holds up most first."""
    number = func.count()
    rows = session.execute(
        select(
            Problem.code,
            Problem.cause,
            func.max(Problem.title),
            func.max(Problem.next_step),
            func.max(Problem.who),
            number,
            func.count(Problem.link_id.distinct()),
            func.min(Problem.opened_at),
        )
        .where(Problem.tenant_id == tenant_id, Problem.closed_at.is_(None))
        .group_by(Problem.code, Problem.cause)
        .order_by(number.desc(), func.min(Problem.opened_at))
    ).all()
    return [Cause(*row) for row in rows]


def page(
    session: Session,
    tenant_id: UUID,
    *,
    closed: bool,
    cause: tuple[str, str] | None = None,
    after: tuple[datetime, UUID] | None = None,
    size: int = 50,
) -> tuple[Sequence[Problem], bool]:
    """Read one page of open or closed problems, newest first, and whether there is more."""
    at = Problem.closed_at if closed else Problem.opened_at
    query = (
        select(Problem)
        .where(
            Problem.tenant_id == tenant_id,
            Problem.closed_at.is_not(None) if closed else Problem.closed_at.is_(None),
        )
        .options(joinedload(Problem.link).joinedload(Link.connection))
        .order_by(at.desc(), Problem.id.desc())
        .limit(size + 1)
    )
    if cause is not None:
        query = query.where(Problem.code == cause[0], Problem.cause == cause[1])
    if after is not None:
        query = query.where(tuple_(at, Problem.id) < after)
    rows = session.scalars(query).all()
    return rows[:size], len(rows) > size


def one(session: Session, tenant_id: UUID, problem_id: UUID) -> Problem | None:
    """Read one problem with its link."""
    return session.scalar(
        select(Problem)
        .where(Problem.tenant_id == tenant_id, Problem.id == problem_id)
        .options(joinedload(Problem.link))
    )


def links_held_up(session: Session, tenant_id: UUID, code: str, cause: str) -> Sequence[Row[UUID, UUID]]:
    """Read the links that one cause holds up now, each with its connection."""
    return session.execute(
        select(Link.id, Link.connection_id)
        .where(
            Link.tenant_id == tenant_id,
            Link.id.in_(
                select(Problem.link_id).where(
                    Problem.tenant_id == tenant_id,
                    Problem.code == code,
                    Problem.cause == cause,
                    Problem.closed_at.is_(None),
                )
            ),
        )
        .order_by(Link.placed_at, Link.id)
    ).all()
