"""Runs and log lines for pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_
from sqlalchemy.orm import Session, joinedload

from portal.models import Connection, Link, LogLine, Run

LEVELS = ("info", "done", "wait", "stuck", "bug")
# Words inside sentences are looked for in the newest lines only: a log has no index over its text.
TEXT_REACH = 50_000

# A line, and the kind of the link that it is about.
LogRow = Row[LogLine, str | None]


@dataclass(frozen=True)
class LogFilters:
    """What a log shows; empty means everything."""

    levels: tuple[str, ...] = ()
    entity: str = ""
    text: str = ""
    run: UUID | None = None


def page(
    session: Session, tenant_id: UUID, *, after: tuple[datetime, UUID] | None, size: int = 50
) -> tuple[Sequence[Run], bool]:
    """Read one page of runs, newest first, and whether there is more."""
    query = (
        select(Run)
        .where(Run.tenant_id == tenant_id)
        .options(joinedload(Run.connection))
        .order_by(Run.started_at.desc(), Run.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Run.started_at, Run.id) < after)
    rows = session.scalars(query).all()
    return rows[:size], len(rows) > size


def one(session: Session, tenant_id: UUID, run_id: UUID) -> Run | None:
    """Read one run with its connection."""
    return session.scalar(
        select(Run).where(Run.tenant_id == tenant_id, Run.id == run_id).options(joinedload(Run.connection))
    )


def last_of(session: Session, tenant_id: UUID, connection_id: UUID) -> Run | None:
    """Read the newest run of a connection."""
    return session.scalar(
        select(Run)
        .where(Run.tenant_id == tenant_id, Run.connection_id == connection_id)
        .order_by(Run.started_at.desc())
        .limit(1)
    )


def lines(
    session: Session,
    tenant_id: UUID,
    connection_id: UUID,
    filters: LogFilters,
    *,
    after: int,
    size: int = 200,
) -> Sequence[LogRow]:
    """Read log lines from behind a number, oldest first, each with the kind of its link."""
    query = _lines(tenant_id, connection_id, filters).where(LogLine.number > after)
    return session.execute(query.order_by(LogLine.number).limit(size)).all()


def tail(
    session: Session,
    tenant_id: UUID,
    connection_id: UUID,
    filters: LogFilters,
    *,
    before: int | None = None,
    size: int = 100,
) -> tuple[Sequence[LogRow], bool]:
    """Read the newest log lines, or those before a number, oldest first; and whether there are older ones."""
    query = _lines(tenant_id, connection_id, filters)
    if before is not None:
        query = query.where(LogLine.number < before)
    rows = session.execute(query.order_by(LogLine.number.desc()).limit(size + 1)).all()
    return rows[:size][::-1], len(rows) > size


def head(session: Session, tenant_id: UUID, connection_id: UUID) -> int:
    """The number of a connection's newest line: 0 when it has none."""
    query = select(func.max(LogLine.number)).where(
        LogLine.tenant_id == tenant_id, LogLine.connection_id == connection_id
    )
    return session.scalar(query) or 0


def _lines(tenant_id: UUID, connection_id: UUID, filters: LogFilters) -> Select[LogLine, str | None]:
    return (
        select(LogLine, Link.kind)
        .outerjoin(Link, Link.id == LogLine.link_id)
        .where(
            LogLine.tenant_id == tenant_id,
            LogLine.connection_id == connection_id,
            *_conditions(connection_id, filters),
        )
    )


def _conditions(connection_id: UUID, filters: LogFilters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.run:
        conditions.append(LogLine.run_id == filters.run)
    if filters.levels:
        conditions.append(LogLine.level.in_(filters.levels))
    if filters.entity:
        conditions.append(LogLine.entity.icontains(filters.entity, autoescape=True))
    if filters.text:
        conditions.append(LogLine.text.icontains(filters.text, autoescape=True))
    if filters.text or filters.entity:
        newest = select(Connection.log_head).where(Connection.id == connection_id).scalar_subquery()
        conditions.append(LogLine.number > newest - TEXT_REACH)
    return conditions
