"""Reports for pages: those of a connection, and the rows of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, tuple_
from sqlalchemy.orm import Session

from portal.models import Reconciliation, ReconciliationRow

THINGS = ("item", "order")
# What a row can be; what agrees is counted only.
ROW_OUTCOMES = ("conflict", "corrected", "expected")
_PAGE = 500
# Thing, subject and number of a row: the order of every list.
Place = tuple[str, str, int]


@dataclass(frozen=True)
class Filters:
    """What a list shows; empty means everything. `q` is an order's number or a SKU, or how it begins."""

    q: str = ""
    outcome: str = ""
    thing: str = ""
    field: str = ""

    @property
    def any(self) -> bool:
        """Say whether something is left out."""
        return self != Filters()


@dataclass(frozen=True)
class Page:
    """One page of rows, and whether there is more behind its last row."""

    rows: Sequence[ReconciliationRow]
    more: bool


def of_connection(
    session: Session, tenant_id: UUID, connection_id: UUID, *, most: int = 60
) -> Sequence[Reconciliation]:
    """Read the reports of a connection, newest first."""
    query = select(Reconciliation).where(
        Reconciliation.tenant_id == tenant_id, Reconciliation.connection_id == connection_id
    )
    return session.scalars(query.order_by(Reconciliation.created_at.desc()).limit(most)).all()


def one(session: Session, tenant_id: UUID, connection_id: UUID, report_id: UUID) -> Reconciliation | None:
    """Read one report of a connection."""
    query = select(Reconciliation).where(
        Reconciliation.tenant_id == tenant_id, Reconciliation.connection_id == connection_id
    )
    return session.scalar(query.where(Reconciliation.id == report_id))


def page(session: Session, report_id: UUID, filters: Filters, *, after: Place | None, size: int = 50) -> Page:
    """Read one page of rows, products before orders, from behind the given place."""
    order = (ReconciliationRow.thing, ReconciliationRow.subject, ReconciliationRow.number)
    query = select(ReconciliationRow).where(*conditions(report_id, filters)).order_by(*order)
    if after is not None:
        query = query.where(tuple_(*order) > after)
    rows = session.scalars(query.limit(size + 1)).all()
    return Page(rows[:size], len(rows) > size)


def every(session: Session, report_id: UUID, filters: Filters) -> Iterator[ReconciliationRow]:
    """Read all rows, page by page."""
    after: Place | None = None
    while True:
        found = page(session, report_id, filters, after=after, size=_PAGE)
        yield from found.rows
        if not found.more:
            return
        last = found.rows[-1]
        after = last.thing, last.subject, last.number


def correctable(session: Session, report_id: UUID, filters: Filters) -> int:
    """Count the orders and products of which something will be corrected, by the same filters."""
    things = (
        select(ReconciliationRow.thing, ReconciliationRow.subject)
        .where(*conditions(report_id, filters), ReconciliationRow.outcome == "corrected")
        .distinct()
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(things)) or 0


def conditions(report_id: UUID, filters: Filters) -> tuple[ColumnElement[bool], ...]:
    """The rows of a report that filters leave."""
    found: list[ColumnElement[bool]] = [ReconciliationRow.reconciliation_id == report_id]
    for column, value in (
        (ReconciliationRow.outcome, filters.outcome),
        (ReconciliationRow.thing, filters.thing),
        (ReconciliationRow.field, filters.field),
    ):
        if value:
            found.append(column == value)
    if filters.q:
        typed = filters.q.casefold()
        begins = [
            func.lower(column).startswith(typed, autoescape=True)
            for column in (ReconciliationRow.label, ReconciliationRow.subject)
        ]
        found.append(begins[0] | begins[1])
    return tuple(found)
