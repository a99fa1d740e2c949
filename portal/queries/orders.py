"""Orders for pages: the list, one order, and its story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, exists, literal, or_, select, tuple_
from sqlalchemy.orm import Session, defer, joinedload, load_only

from portal.models import Connection, Delivery, Link, Operation, Problem, SearchTerm, TimelineEvent
from portal.queries import search

PLACES = ("in_flourish", "waiting", "skipped", "stuck")
# Of those that were not taken, the ones from before go-live about which somebody has to say something.
EARLIER = "earlier"
_IS_EARLIER: ColumnElement[bool] = Link.decision_code == "before_go_live"
# What a row of a list shows: the rest is long to read, and there are fifty of them.
_SHOWN = load_only(
    Link.connection_id,
    Link.kind,
    Link.label,
    Link.foreign_id,
    Link.foreign_status,
    Link.flourish_id,
    Link.flourish_status,
    Link.state,
    Link.state_since,
    Link.place,
    Link.decision_code,
    Link.decision_text,
    Link.next_step,
    Link.placed_at,
    Link.created_at,
    raiseload=True,
)
# So many hits of a search are sorted among themselves; of more, the list is read until a page is full.
_FEW = 2_000


@dataclass(frozen=True)
class Filters:
    """What the list shows; empty means everything."""

    q: str = ""
    place: str = ""
    platform: str = ""
    connection: UUID | None = None
    flourish: str = ""
    since: datetime | None = None

    @property
    def any(self) -> bool:
        """Say whether something is left out."""
        return self != Filters()


class Row(NamedTuple):
    """One order of a list, with what its snapshot says of the customer and of the total."""

    link: Link
    customer: str | None
    total: str | None


@dataclass(frozen=True)
class Page:
    """One page of a list, and whether there is more behind its last row."""

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
    """Read one page of orders, newest first, from behind the given row; not their connections."""
    query = (
        select(Link, Link.snapshot["customer"]["name"].astext, Link.snapshot["total"].astext)
        .where(Link.tenant_id == tenant_id, Link.kind == "order", *_conditions(session, tenant_id, filters))
        .options(_SHOWN)
        .order_by(Link.placed_at.desc(), Link.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Link.placed_at, Link.id) < after)
    rows = [Row(*row) for row in session.execute(query)]
    return Page(rows[:size], len(rows) > size)


def _conditions(session: Session, tenant_id: UUID, filters: Filters) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if filters.q:
        conditions.append(_found_by(session, tenant_id, filters.q))
    if filters.place:
        conditions.append(_IS_EARLIER if filters.place == EARLIER else Link.place == filters.place)
    if filters.platform:
        named = select(Connection.id).where(
            Connection.tenant_id == tenant_id, Connection.platform == filters.platform
        )
        conditions.append(Link.connection_id.in_(named))
    if filters.connection:
        conditions.append(Link.connection_id == filters.connection)
    if filters.flourish == "none":
        conditions.append(Link.flourish_id.is_(None))
    elif filters.flourish:
        conditions.append(Link.flourish_status == filters.flourish)
    if filters.since:
        conditions.append(Link.created_at >= filters.since)
    return conditions


def _found_by(session: Session, tenant_id: UUID, typed: str) -> ColumnElement[bool]:
    """Orders that a search finds. How many there are is asked first: no statistics tell the planner."""
    terms = search.found_by(tenant_id, "order", typed)
    hits = session.scalars(select(SearchTerm.link_id).where(terms).limit(_FEW + 1)).all()
    if len(hits) > _FEW:
        return exists(select(SearchTerm.link_id).where(SearchTerm.link_id == Link.id, terms))
    return Link.id == any_(literal(hits, ARRAY(Uuid())))


def numbered(session: Session, tenant_id: UUID, typed: str) -> UUID | None:
    """Find the order that has this very number, in whichever system; None where none has it, or several."""
    query = select(SearchTerm.link_id).where(search.is_number(tenant_id, "order", typed)).distinct().limit(2)
    found = session.scalars(query).all()
    return found[0] if len(found) == 1 else None


def any_order(session: Session, tenant_id: UUID) -> bool:
    """Say whether the tenant has ever had an order."""
    query = select(Link.id).where(Link.tenant_id == tenant_id, Link.kind == "order").limit(1)
    return session.scalar(query) is not None


def one(session: Session, tenant_id: UUID, link_id: UUID) -> Link | None:
    """Read one order with its connection, as it is in the database now."""
    return session.scalar(
        select(Link)
        .where(Link.tenant_id == tenant_id, Link.id == link_id, Link.kind == "order")
        .options(
            joinedload(Link.connection).joinedload(Connection.facility),
            joinedload(Link.connection).joinedload(Connection.hub),
        )
        .execution_options(populate_existing=True)
    )


def locked(session: Session, tenant_id: UUID, link_id: UUID) -> Link | None:
    """Read one order and lock it, so that no look at it is concluded meanwhile."""
    return session.scalar(
        select(Link)
        .where(Link.tenant_id == tenant_id, Link.id == link_id, Link.kind == "order")
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )


def story(
    session: Session, tenant_id: UUID, link_id: UUID, *, after: int = 0, size: int = 500
) -> Sequence[TimelineEvent]:
    """Read an order's story from behind a row, oldest first."""
    return session.scalars(
        select(TimelineEvent)
        .where(
            TimelineEvent.tenant_id == tenant_id, TimelineEvent.link_id == link_id, TimelineEvent.seq > after
        )
        .order_by(TimelineEvent.seq)
        .limit(size)
    ).all()


def open_operation(session: Session, tenant_id: UUID, link_id: UUID) -> Operation | None:
    """Read the write whose result is not known yet, if there is one."""
    return session.scalar(
        select(Operation).where(
            Operation.tenant_id == tenant_id,
            Operation.link_id == link_id,
            Operation.status.in_(("intent", "unknown")),
        )
    )


def operations(session: Session, tenant_id: UUID, link_id: UUID, *, size: int = 200) -> Sequence[Operation]:
    """Read the last writes of an order, oldest first, without what they sent and got."""
    query = (
        select(Operation)
        .where(Operation.tenant_id == tenant_id, Operation.link_id == link_id)
        .options(defer(Operation.request), defer(Operation.response), defer(Operation.base))
        .order_by(Operation.intent_at.desc(), Operation.id.desc())
        .limit(size)
    )
    return session.scalars(query).all()[::-1]


def reached_at(session: Session, link: Link) -> datetime | None:
    """Read when an order came into the status that it has in Flourish, where its story tells it."""
    query = (
        select(TimelineEvent.at)
        .where(
            TimelineEvent.link_id == link.id,
            TimelineEvent.side == "flourish",
            TimelineEvent.title == link.flourish_status,
        )
        .order_by(TimelineEvent.seq.desc())
        .limit(1)
    )
    return session.scalar(query)


def open_problems(session: Session, tenant_id: UUID, link_id: UUID) -> Sequence[Problem]:
    """Read what holds an order up, oldest first."""
    return session.scalars(
        select(Problem)
        .where(Problem.tenant_id == tenant_id, Problem.link_id == link_id, Problem.closed_at.is_(None))
        .order_by(Problem.opened_at, Problem.id)
    ).all()


def deliveries(session: Session, tenant_id: UUID, link_id: UUID, *, size: int = 50) -> Sequence[Delivery]:
    """Read the webhook deliveries that concerned an order, newest first."""
    query = (
        select(Delivery)
        .where(Delivery.tenant_id == tenant_id, Delivery.link_id == link_id)
        .order_by(Delivery.received_at.desc(), Delivery.id.desc())
        .limit(size)
    )
    return session.scalars(query).all()


def platforms(session: Session, tenant_id: UUID) -> Sequence[Connection]:
    """Read the connections that the list can be narrowed to, by name."""
    return session.scalars(
        select(Connection)
        .where(Connection.tenant_id == tenant_id)
        .order_by(or_(Connection.state == "disconnected"), Connection.name)
    ).all()
