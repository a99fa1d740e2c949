"""Writes for pages: everything that Trellis did to either system, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, exists, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from portal.models import Link, Operation, SearchTerm
from portal.queries import search

# What became of a write -> the states that this covers.
OUTCOMES = {
    "done": ("ok",),
    "refused": ("refused",),
    "unclear": ("intent", "unknown"),
    "abandoned": ("abandoned",),
}
# Writes of so many things are sorted among themselves; of more, the list is read until a page is full.
_FEW = 500


@dataclass(frozen=True)
class Filters:
    """What the list shows; empty means everything. `link` is one thing, `thing` the beginning of a number of
    orders or of a SKU."""

    system: str = ""
    connection: UUID | None = None
    kind: str = ""
    outcome: str = ""
    link: UUID | None = None
    thing: str = ""
    since: datetime | None = None
    until: datetime | None = None


class Thing(NamedTuple):
    """What was written to: an order or a product."""

    id: UUID
    kind: str
    label: str
    foreign_id: str

    @property
    def called(self) -> str:
        """What people call it."""
        return self.label or self.foreign_id


class Write(NamedTuple):
    """One write (see `Operation`), without what is long to read and shown nowhere in a list."""

    id: UUID
    link_id: UUID
    connection_id: UUID
    kind: str
    system: str
    request: dict[str, Any]
    changes: list[Any]
    why: str
    prompted_by: str
    status: str
    intent_at: datetime
    error: str | None
    response_ref: str | None
    http_status: int | None


_LISTED = tuple(getattr(Operation, name) for name in Write._fields)


@dataclass(frozen=True)
class Row:
    """One write, and what it was made to."""

    write: Write
    thing: Thing


@dataclass(frozen=True)
class Page:
    """One page of the list, and whether there is more behind its last row."""

    rows: Sequence[Row]
    more: bool


def page(
    session: Session,
    tenant_id: UUID,
    filters: Filters,
    *,
    after: tuple[datetime, UUID] | None,
    size: int = 50,
) -> Page:
    """Read one page of writes, newest first, from behind the given row. What they were made to is asked for
    apart: joined under row-level security, the planner would sort all writes."""
    query = (
        select(*_LISTED)
        .where(Operation.tenant_id == tenant_id, *_conditions(session, tenant_id, filters))
        .order_by(Operation.intent_at.desc(), Operation.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Operation.intent_at, Operation.id) < after)
    writes = [Write(*row) for row in session.execute(query)]
    things = _things(session, tenant_id, {write.link_id for write in writes[:size]})
    return Page([Row(write, things[write.link_id]) for write in writes[:size]], len(writes) > size)


def thing(session: Session, tenant_id: UUID, link_id: UUID) -> Thing | None:
    """Read what a list of writes is narrowed to; None when the company has no such thing."""
    return _things(session, tenant_id, {link_id}).get(link_id)


def _things(session: Session, tenant_id: UUID, ids: set[UUID]) -> dict[UUID, Thing]:
    query = select(Link.id, Link.kind, Link.label, Link.foreign_id).where(
        Link.tenant_id == tenant_id, Link.id == any_(literal(list(ids), ARRAY(Uuid())))
    )
    return {row.id: Thing(*row) for row in session.execute(query)}


def _conditions(session: Session, tenant_id: UUID, filters: Filters) -> Iterator[ColumnElement[bool]]:
    asked = {
        Operation.system: filters.system,
        Operation.connection_id: filters.connection,
        Operation.kind: filters.kind,
        Operation.link_id: filters.link,
    }
    yield from (column == value for column, value in asked.items() if value)
    if filters.outcome:
        yield Operation.status.in_(OUTCOMES[filters.outcome])
        if filters.outcome != "done":
            # Said to the planner, which has an index of these.
            yield Operation.status != "ok"
    if filters.thing:
        yield _of(session, tenant_id, filters.thing)
    if filters.since:
        yield Operation.intent_at >= filters.since
    if filters.until:
        yield Operation.intent_at < filters.until


def _of(session: Session, tenant_id: UUID, typed: str) -> ColumnElement[bool]:
    """Writes to orders with such a number, and to products that are found so."""
    orders, products = (search.found_by(tenant_id, kind, typed) for kind in ("order", "item"))
    terms = or_(orders & SearchTerm.is_number, products)
    hits = session.scalars(select(SearchTerm.link_id).where(terms).limit(_FEW + 1)).all()
    if len(hits) > _FEW:
        return exists(select(SearchTerm.link_id).where(SearchTerm.link_id == Operation.link_id, terms))
    return Operation.link_id == any_(literal(hits, ARRAY(Uuid())))
