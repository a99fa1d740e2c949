"""Problems for pages: by cause, and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select, true, tuple_
from sqlalchemy.orm import Session, joinedload

from portal.models import Link, Problem
from portal.queries import bounded


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


def open_count(session: Session, tenant_id: UUID, most: int = bounded.MOST) -> int:
    """Count the open problems, to a bound (queries/bounded.py)."""
    # In the order of an index, which is shorter than the rows.
    newest_first = (Problem.opened_at.desc(), Problem.id.desc())
    return bounded.count(session, select(Problem.id).where(*_open(tenant_id)).order_by(*newest_first), most)


def by_cause(session: Session, tenant_id: UUID, *, size: int | None = None) -> Sequence[Cause]:
    """Group the newest open problems, `bounded.MOST` of them, by cause: the one that holds up most first.

    They are counted in an index that holds no words; the words are those of the newest of each.

    Args:
        session: a session inside the tenant.
        tenant_id: the tenant.
        size: so many causes, or all.
    """
    few = (
        select(Problem.code, Problem.cause, Problem.link_id, Problem.opened_at)
        .where(*_open(tenant_id))
        .order_by(Problem.opened_at.desc(), Problem.id.desc())
        .limit(bounded.MOST)
        .subquery()
    )
    number, oldest = func.count().label("number"), func.min(few.c.opened_at).label("oldest")
    most = (
        select(few.c.code, few.c.cause, number, func.count(few.c.link_id).label("orders"), oldest)
        .group_by(few.c.code, few.c.cause)
        .order_by(number.desc(), oldest)
        .limit(size)
        .subquery()
    )
    newest = (
        select(Problem.title, Problem.next_step, Problem.who)
        .where(*_open(tenant_id), Problem.code == most.c.code, Problem.cause == most.c.cause)
        .order_by(Problem.opened_at.desc(), Problem.id.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(most, newest).join(newest, true()).order_by(most.c.number.desc(), most.c.oldest)
    )
    return [Cause(**row) for row in rows.mappings()]


def _open(tenant_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return Problem.tenant_id == tenant_id, Problem.closed_at.is_(None)


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
