"""The audit for pages: the acts of one chain, newest first, by filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from portal.models import AuditEvent

_SIZE = 50


@dataclass(frozen=True)
class Filters:
    """Which acts are wanted. `actions` of None are all of them."""

    actions: tuple[str, ...] | None = None
    person: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None


def page(
    session: Session, chain: UUID, filters: Filters, *, before: int | None = None, size: int = _SIZE
) -> tuple[Sequence[AuditEvent], bool]:
    """Read acts, newest first, and say whether there are older ones.

    Args:
        session: a session that sees the chain.
        chain: a tenant's id, or INSTALLATION_CHAIN.
        filters: which ones.
        before: only those with a lower number.
        size: how many at most.
    """
    query = select(AuditEvent).where(*_wanted(chain, filters)).order_by(AuditEvent.seq.desc())
    if before is not None:
        query = query.where(AuditEvent.seq < before)
    rows = session.scalars(query.limit(size + 1)).all()
    return rows[:size], len(rows) > size


def count(session: Session, chain: UUID, filters: Filters, *, most: int) -> int:
    """Count acts, up to `most` and one more."""
    some = select(AuditEvent.seq).where(*_wanted(chain, filters)).limit(most + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def newest(session: Session, chain: UUID, action: str) -> AuditEvent | None:
    """The last act of a kind."""
    rows, _ = page(session, chain, Filters(actions=(action,)), size=1)
    return rows[0] if rows else None


def _wanted(chain: UUID, filters: Filters) -> Iterator[ColumnElement[bool]]:
    yield AuditEvent.chain == chain
    if filters.actions is not None:
        yield AuditEvent.action.in_(filters.actions)
    if filters.person:
        yield AuditEvent.actor.icontains(filters.person, autoescape=True)
    if filters.subject:
        yield AuditEvent.subject.icontains(filters.subject, autoescape=True)
    if filters.since is not None:
        yield AuditEvent.at >= filters.since
    if filters.until is not None:
        yield AuditEvent.at < filters.until
