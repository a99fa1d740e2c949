"""Retention: what need not be kept any longer is cleared, in small batches that can be broken off.

Bodies of webhooks hold what buyers wrote, and go first. Their keys stay for another 90 days, so that a
delivery that is sent again is known (reliability.md, row 82); after that it costs a look, and no write.
Orders, their stories, writes and problems stay. Nothing that is open is touched: a delivery without an
outcome, one whose order has an open problem or an open write, a run that is going on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, exists, func, not_, or_, select, tuple_, update
from sqlalchemy.orm import Session

from portal.models import (
    Connection,
    Delivery,
    HeldLine,
    LogLine,
    Notice,
    Operation,
    Problem,
    ProblemChoice,
    Proof,
    ResetToken,
    Run,
    Tenant,
    UserSession,
)
from portal.sync import webhook_screen
from portal.sync.engine.desk import Desk
from portal.sync.notices import rules

_BATCH = 500
# A job's time, well below what RQ gives it.
_SLICE_SECONDS = 60.0
# How long a delivery is known by its key after its body is gone.
KEYS = timedelta(days=90)
# So many lines of each log stay, however old: a quiet connection's page is not empty.
LINES = 500
# Every proof is kept for so long; after that those that held are one a day.
PROOFS = timedelta(days=2)
# Sessions that are over, and tokens of reset passwords: the audit keeps what was done with them.
IDENTITY = timedelta(days=90)
# What was chosen for an act at once: the act itself stays with each problem.
CHOICES = timedelta(days=30)
# What orders kept back of items, once Flourish's own figures have it: the order's story tells of it.
HOLDS = timedelta(days=30)

_Step = Callable[[Desk, UUID], int]


def purge(desk: Desk, tenant_id: UUID, *, seconds: float = _SLICE_SECONDS) -> bool:
    """Clear what a tenant need not keep.

    Args:
        desk: what to work with; its settings say how long things are kept.
        tenant_id: whose.
        seconds: for how long at the most.

    Returns:
        Whether there is more to do.
    """
    ends = time.monotonic() + seconds
    steps: tuple[_Step, ...] = (
        clear_bodies,
        drop_deliveries,
        thin_logs,
        drop_runs,
        thin_proofs,
        drop_notices,
        drop_secrets,
        drop_choices,
        drop_holds,
    )
    for step in steps:
        while step(desk, tenant_id):
            if desk.stopping.is_set() or time.monotonic() > ends:
                return True
    return False


def clear_bodies(desk: Desk, tenant_id: UUID) -> int:
    """Clear the oldest bodies that may go; return how many."""
    with desk.tenant(tenant_id) as session:
        own = session.scalar(select(Tenant.keep_bodies_days).where(Tenant.id == tenant_id))
        kept = timedelta(days=own or desk.settings.keep_bodies_days)
        old = (
            select(Delivery.id)
            .where(
                Delivery.tenant_id == tenant_id,
                Delivery.body.is_not(None),
                Delivery.received_at < func.now() - kept,
                _is_over(),
            )
            .order_by(Delivery.received_at)
            .limit(_BATCH)
        )
        cleared = session.execute(
            update(Delivery)
            .where(Delivery.id.in_(old))
            .values(body=None, cleared_at=func.now())
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        return len(cleared.all())


def drop_deliveries(desk: Desk, tenant_id: UUID) -> int:
    """Drop the rows whose key need not be known any longer; return how many."""
    query = select(Delivery.id).where(Delivery.cleared_at < func.now() - KEYS, _is_over())
    return _drop(desk, tenant_id, Delivery, query.order_by(Delivery.id))


def _is_over() -> ColumnElement[bool]:
    """Whether nothing about a delivery is open."""
    told = exists().where(
        Problem.closed_at.is_(None),
        or_(Problem.subject_id == Delivery.id, Problem.link_id == Delivery.link_id),
    )
    writing = exists().where(Operation.link_id == Delivery.link_id, Operation.finished_at.is_(None))
    return and_(
        Delivery.outcome.is_not(None), not_(told.correlate(Delivery)), not_(writing.correlate(Delivery))
    )


def thin_logs(desk: Desk, tenant_id: UUID) -> int:
    """Drop the oldest lines of each log, but for its last ones; return how many.

    Lines go from the first one on, so that the numbers of those that stay have no gap.
    """
    with desk.tenant(tenant_id) as session:
        connections = session.execute(select(Connection.id, Connection.log_head)).all()
        old = [
            line for row in connections for line in _old_lines(desk, session, row.id, row.log_head - LINES)
        ]
    with desk.sessions.system() as session:
        session.execute(delete(LogLine).where(tuple_(LogLine.connection_id, LogLine.number).in_(old)))
    return len(old)


def _old_lines(desk: Desk, session: Session, connection_id: UUID, until: int) -> list[tuple[UUID, int]]:
    first = (
        select(LogLine.number, (LogLine.at < _logs_from(desk)).label("old"))
        .where(LogLine.connection_id == connection_id, LogLine.number <= until)
        .order_by(LogLine.number)
        .limit(_BATCH)
    )
    lines: list[tuple[UUID, int]] = []
    for number, old in session.execute(first):
        if not old:
            break
        lines.append((connection_id, number))
    return lines


def drop_runs(desk: Desk, tenant_id: UUID) -> int:
    """Drop old runs of which no log line is left; return how many."""
    query = select(Run.id).where(
        Run.tenant_id == tenant_id,
        Run.started_at < _logs_from(desk),
        Run.finished_at < _logs_from(desk),
        not_(exists().where(LogLine.run_id == Run.id).correlate(Run)),
    )
    return _drop(desk, tenant_id, Run, query.order_by(Run.started_at))


def thin_proofs(desk: Desk, tenant_id: UUID) -> int:
    """Drop all but one of each day's older proofs that held, and every one that is very old but the last;
    return how many."""
    day = func.date_trunc("day", Proof.at)
    ranked = select(
        Proof.id,
        Proof.at,
        Proof.outcome,
        func.row_number().over(order_by=(Proof.at.desc(), Proof.id.desc())).label("rank"),
        func.row_number().over(partition_by=day, order_by=(Proof.at.desc(), Proof.id.desc())).label("of_day"),
    ).subquery()
    beside = and_(ranked.c.at < func.now() - PROOFS, ranked.c.outcome == "held", ranked.c.of_day > 1)
    query = select(ranked.c.id).where(ranked.c.rank > 1, or_(beside, ranked.c.at < _logs_from(desk)))
    return _drop(desk, tenant_id, Proof, query)


def drop_notices(desk: Desk, tenant_id: UUID) -> int:
    """Drop old messages that are over, with the tries to send them; return how many."""
    query = select(Notice.id).where(Notice.due_at.is_(None), Notice.created_at < _logs_from(desk))
    return _drop(desk, tenant_id, Notice, query.order_by(Notice.created_at))


def drop_secrets(desk: Desk, tenant_id: UUID) -> int:
    """Drop secrets of notifications and webhooks that were replaced and are over; return how many."""
    with desk.tenant(tenant_id) as session:
        return rules.forget_overlaps(session) + webhook_screen.forget_overlaps(session)


def drop_choices(desk: Desk, tenant_id: UUID) -> int:
    """Drop old choices of problems, carried out or not; return how many."""
    query = select(ProblemChoice.id).where(
        ProblemChoice.tenant_id == tenant_id, ProblemChoice.created_at < func.now() - CHOICES
    )
    return _drop(desk, tenant_id, ProblemChoice, query.order_by(ProblemChoice.created_at))


def drop_holds(desk: Desk, tenant_id: UUID) -> int:
    """Drop what orders kept back once and count no more; return how many."""
    query = select(HeldLine.id).where(
        HeldLine.tenant_id == tenant_id, HeldLine.released_at < func.now() - HOLDS
    )
    return _drop(desk, tenant_id, HeldLine, query.order_by(HeldLine.released_at))


def _logs_from(desk: Desk) -> ColumnElement[Any]:
    return func.now() - timedelta(days=desk.settings.keep_logs_days)


def _drop(desk: Desk, tenant_id: UUID, table: Any, query: Any) -> int:
    """Choose rows inside the tenant, and delete them by their ids from above: nothing inside may delete."""
    with desk.tenant(tenant_id) as session:
        ids: Sequence[UUID] = session.scalars(query.limit(_BATCH)).all()
    if ids:
        with desk.sessions.system() as session:
            session.execute(delete(table).where(table.id.in_(ids)))
    return len(ids)


def drop_old_proofs_of_identity(desk: Desk) -> None:
    """Drop sessions and tokens that let nobody in for long: they last for hours."""
    with desk.sessions.system() as session:
        for table in (UserSession, ResetToken):
            session.execute(
                delete(table)
                .where(table.created_at < func.now() - IDENTITY)
                .execution_options(synchronize_session=False)
            )
