"""What was matched by a key, for its page: one state at a time, in the order of values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import Session

from portal.models import Alias, MatchedKey, MatchedRow
from portal.queries.search import starts_with

_PAGE = 50
_BATCHES = 10


@dataclass(frozen=True)
class Wish:
    """Which rows of a key are asked for."""

    connection_id: UUID
    key: str
    state: str
    q: str = ""


@dataclass(frozen=True)
class Page:
    """Rows, and whether more follow."""

    rows: Sequence[MatchedRow]
    more: bool


@dataclass(frozen=True)
class Batch:
    """Aliases that were made at once and still hold."""

    id: UUID
    count: int
    made_by: str
    made_at: datetime


def head(session: Session, tenant_id: UUID, connection_id: UUID, key: str) -> MatchedKey | None:
    """Read when a key was matched, and how many rows are in which state; None before the first time."""
    return session.scalar(
        select(MatchedKey).where(
            MatchedKey.tenant_id == tenant_id,
            MatchedKey.connection_id == connection_id,
            MatchedKey.key == key,
        )
    )


def page(session: Session, tenant_id: UUID, wish: Wish, *, after: tuple[str, UUID] | None = None) -> Page:
    """Read a page of rows.

    Args:
        session: a session inside the tenant.
        tenant_id: the tenant.
        wish: which rows.
        after: sort value and id of the last row before.
    """
    query = _rows(tenant_id, wish)
    if after is not None:
        query = query.where(tuple_(MatchedRow.sort, MatchedRow.id) > after)
    found = session.scalars(query.limit(_PAGE + 1)).all()
    return Page(found[:_PAGE], len(found) > _PAGE)


def count(session: Session, tenant_id: UUID, wish: Wish) -> int:
    """Count the rows that are asked for."""
    found = _rows(tenant_id, wish).order_by(None).with_only_columns(func.count())
    return session.scalar(found) or 0


def all_of(session: Session, tenant_id: UUID, wish: Wish) -> Sequence[MatchedRow]:
    """Read every row that is asked for."""
    return session.scalars(_rows(tenant_id, wish)).all()


def chosen(
    session: Session, tenant_id: UUID, connection_id: UUID, key: str, ids: Sequence[UUID]
) -> Sequence[MatchedRow]:
    """Read rows by their ids; those that are gone are left out."""
    return session.scalars(
        select(MatchedRow)
        .where(
            MatchedRow.tenant_id == tenant_id,
            MatchedRow.connection_id == connection_id,
            MatchedRow.key == key,
            MatchedRow.id.in_(ids),
        )
        .order_by(MatchedRow.sort, MatchedRow.id)
    ).all()


def every(session: Session, tenant_id: UUID, connection_id: UUID, key: str) -> Iterator[MatchedRow]:
    """Read all rows of a key, state by state, without holding them all."""
    query = (
        select(MatchedRow)
        .where(
            MatchedRow.tenant_id == tenant_id,
            MatchedRow.connection_id == connection_id,
            MatchedRow.key == key,
        )
        .order_by(MatchedRow.state, MatchedRow.sort, MatchedRow.id)
        .execution_options(yield_per=1_000)
    )
    yield from session.scalars(query)


def batches(session: Session, tenant_id: UUID, connection_id: UUID, key: str) -> Sequence[Batch]:
    """Read which aliases were made at once, the latest first."""
    made_at = func.max(Alias.created_at)
    rows = session.execute(
        select(Alias.batch_id, func.count(), func.max(Alias.made_by), made_at)
        .where(
            Alias.tenant_id == tenant_id,
            Alias.connection_id == connection_id,
            Alias.key == key,
            Alias.undone_at.is_(None),
        )
        .group_by(Alias.batch_id)
        .having(func.count() > 1)
        .order_by(made_at.desc())
        .limit(_BATCHES)
    )
    return [Batch(*row) for row in rows]


def _rows(tenant_id: UUID, wish: Wish) -> Select[MatchedRow]:
    query = select(MatchedRow).where(
        MatchedRow.tenant_id == tenant_id,
        MatchedRow.connection_id == wish.connection_id,
        MatchedRow.key == wish.key,
        MatchedRow.state == wish.state,
    )
    if wish.q:
        query = query.where(_begins(wish.q.casefold()))
    return query.order_by(MatchedRow.sort, MatchedRow.id)


def _begins(word: str) -> ColumnElement[bool]:
    """Values and names of either side that begin so, whatever their case."""
    named = (MatchedRow.right_value, MatchedRow.left_name, MatchedRow.right_name)
    return or_(
        starts_with(MatchedRow.sort, word), *(func.starts_with(func.lower(column), word) for column in named)
    )
