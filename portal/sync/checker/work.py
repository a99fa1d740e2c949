"""The rows of the work itself: webhooks (I7), what is due (I8) and writes (I10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, and_, cast, func, not_, or_, select
from sqlalchemy.dialects.postgresql import DOUBLE_PRECISION, distinct_on
from sqlalchemy.orm import Session

from portal.models import Connection, Delivery, Hub, Link, Operation, Run, Stream
from portal.sync.checker.place import (
    GRACE,
    Place,
    called,
    has_open_problem,
    is_busy,
    is_worked_on,
    waiting_since,
    waits_in_line,
)
from portal.sync.checker.report import CounterExample, Seen, seen
from portal.sync.mapping.intake import INTAKE, JOINED

# The sweeper calls a run lost after five minutes without a sign of life.
_SILENT = timedelta(minutes=5) + GRACE
# More counter-examples of one kind are not fetched.
_MOST = 10_000

_Query = TypeVar("_Query", bound=Select[*tuple[Any, ...]])


def inbox_closed(session: Session, place: Place) -> Seen:
    """I7: every webhook that was taken has an outcome, in words, or its link is about to give it one."""
    without = and_(
        Delivery.outcome.is_(None),
        Delivery.received_at < func.now() - GRACE,
        not_(func.coalesce(is_busy(), False)),
    )
    mute = and_(Delivery.outcome.is_not(None), func.coalesce(func.trim(Delivery.outcome_text), "") == "")
    rows = session.scalars(
        select(Delivery).outerjoin(Link, Link.id == Delivery.link_id).where(or_(without, mute)).limit(_MOST)
    )
    wrong = (
        CounterExample(
            f"webhook {row.topic} {row.foreign_ref} {row.id}",
            "its outcome has no text" if row.outcome else f"no outcome since {row.received_at:%F %T} UTC",
            place.order(row.link_id) if row.link_id else place.page("connections"),
        )
        for row in rows
    )
    return seen(session.scalar(select(func.count()).select_from(Delivery)), wrong)


def work_closed(session: Session, place: Place) -> Seen:
    """I8: no link, poll, lease, write or run is left lying while its connection works."""
    wrong = [
        *_links_left(session, place),
        *_polls_left(session, place),
        *_writes_left(session, place),
        *_runs_left(session, place),
    ]
    tables: tuple[Any, ...] = (Link, Operation, Run, Stream)
    looked = sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    return seen(looked, wrong)


def _links_left(session: Session, place: Place) -> list[CounterExample]:
    before = func.now() - GRACE
    free = or_(Link.lease_until.is_(None), Link.lease_until < func.now())
    overdue = and_(Link.due_at.is_not(None), waiting_since(Link.due_at) < before)
    due = and_(overdue, free, not_(waits_in_line()))
    rows = session.scalars(_at_work(select(Link)).where(or_(due, Link.lease_until < before)).limit(_MOST))
    return [
        CounterExample(
            called(link),
            f"the lease of {link.lease_owner} ran out at {link.lease_until:%F %T} UTC"
            if link.lease_until
            else f"due since {link.due_at:%F %T} UTC, and nobody looked",
            place.link(link),
        )
        for link in rows
    ]


def _at_work(query: _Query) -> _Query:
    """Only what belongs to connections whose links are worked on now."""
    return (
        query.join(Connection, Connection.id == Link.connection_id)
        .join(Hub, Hub.id == Connection.hub_id)
        .where(is_worked_on())
    )


def _polls_left(session: Session, place: Place) -> list[CounterExample]:
    """Each platform's own poll, and a hub's where one of its connections is live."""
    before = func.now() - GRACE
    rows = session.execute(
        select(Stream, Connection.id)
        .join(Connection, or_(Connection.id == Stream.connection_id, Connection.hub_id == Stream.source_id))
        .join(Hub, Hub.id == Connection.hub_id)
        .where(
            is_worked_on(),
            waiting_since(Stream.due_at) < before,
            or_(Stream.lease_until.is_(None), Stream.lease_until < before),
        )
        .ext(distinct_on(Stream.id))
        .order_by(Stream.id, Connection.id)
    )
    return [
        CounterExample(
            f"poll {stream.name}",
            f"due since {stream.due_at:%F %T} UTC, and nobody polled",
            place.connection(connection_id),
        )
        for stream, connection_id in rows
    ]


def _writes_left(session: Session, place: Place) -> list[CounterExample]:
    """Writes without an outcome after the time to settle; one that a person was asked about may wait."""
    own = cast(Connection.settings["settle_seconds"].astext, DOUBLE_PRECISION)
    settle = func.make_interval(0, 0, 0, 0, 0, 0, func.coalesce(own, place.settle_seconds))
    sent = func.coalesce(Operation.sent_at, Operation.intent_at)
    ends = func.coalesce(Operation.settle_at, sent + settle)
    rows = session.execute(
        _at_work(select(Operation, Link).join(Link, Link.id == Operation.link_id))
        .where(
            Operation.finished_at.is_(None),
            waiting_since(ends) < func.now() - GRACE,
            not_(and_(func.coalesce(Link.due_at <= func.now(), False), waits_in_line())),
            not_(has_open_problem()),
        )
        .limit(_MOST)
    )
    return [
        CounterExample(
            called(link),
            f"the write {operation.kind} of {operation.intent_at:%F %T} UTC is still {operation.status}",
            place.link(link),
        )
        for operation, link in rows
    ]


def _runs_left(session: Session, place: Place) -> list[CounterExample]:
    rows = session.scalars(
        select(Run).where(Run.state == "running", Run.heartbeat_at < func.now() - _SILENT).limit(_MOST)
    )
    return [
        CounterExample(
            f"{run.kind} of {run.worker}",
            f"running without a sign of life since {run.heartbeat_at:%F %T} UTC",
            place.run(run.id),
        )
        for run in rows
    ]


def no_write_without_intent(session: Session, place: Place) -> Seen:
    """I10: every Flourish order of ours came from a recorded write, and writes that worked say when."""
    made = (
        select(Operation.id)
        .where(
            Operation.link_id == Link.id,
            Operation.kind == "create_order",
            Operation.status == "ok",
            Operation.response_ref == Link.flourish_id,
        )
        .exists()
    )
    has_order = and_(Link.kind == "order", Link.flourish_id.is_not(None))
    said = Link.choices[INTAKE].astext == func.concat(JOINED, Link.flourish_id)
    unrecorded = session.scalars(select(Link).where(has_order, not_(made), said.isnot(True)).limit(_MOST))
    timeless = session.execute(
        select(Operation, Link)
        .join(Link, Link.id == Operation.link_id)
        .where(Operation.status == "ok", or_(Operation.sent_at.is_(None), Operation.finished_at.is_(None)))
        .limit(_MOST)
    )
    wrong = [
        CounterExample(
            called(link),
            f"no recorded write made Flourish order {link.flourish_id}",
            place.link(link),
        )
        for link in unrecorded
    ]
    wrong += [
        CounterExample(
            called(link),
            f"the write {operation.kind} worked and was never sent",
            place.link(link),
        )
        for operation, link in timeless
    ]
    links = session.scalar(select(func.count()).select_from(Link).where(has_order)) or 0
    return seen(links + (session.scalar(select(func.count()).select_from(Operation)) or 0), wrong)
