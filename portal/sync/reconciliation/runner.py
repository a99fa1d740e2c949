"""The runner: reports that somebody asks for or the night begins, worked on by one worker at a time, and what
they found corrected by the engine."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Reconciliation, ReconciliationRow, Tenant, new_id, utc_now
from portal.sync import audit, journal, leased
from portal.sync.daily import next_time
from portal.sync.domain import Hint
from portal.sync.engine import marks
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_work
from portal.sync.errors import Retryable
from portal.sync.leased import Leased
from portal.sync.mapping.outcomes import CORRECTED
from portal.sync.reconciliation.turn import Turn

REPORTS = Leased(Reconciliation, "report", ("orders", "items"))
# Orders placed within so many days are compared.
DAYS = 30
# Reports are kept for so long.
_KEPT = timedelta(days=60)
# Once the nightly check, at three, has had its time.
_NIGHT = time(4)
_NIGHTLY = "Trellis, every night"
# So many turns in a row may fail; then a person is told.
_MOST_FAILURES = 5
_MOST_AT_ONCE = 20

_log = logging.getLogger(__name__)


class CannotReconcile(Exception):
    """Why there can be no report, in words for the page."""


def start(session: Session, connection_id: UUID, *, by: str) -> Reconciliation:
    """Ask for a report. Whoever is a person records the act.

    Args:
        session: a session inside the connection's tenant.
        connection_id: the connection.
        by: who asks.

    Raises:
        CannotReconcile: the connection is not at work, or a report is being made.
    """
    connection = session.get_one(Connection, connection_id, with_for_update=True)
    if not may_work(connection) or connection.facility_id is None:
        raise CannotReconcile("Only a connection that is live or paused has two sides to compare.")
    of = Reconciliation.connection_id == connection_id
    if (
        session.scalar(select(Reconciliation.id).where(of, Reconciliation.state.in_(REPORTS.in_work)))
        is not None
    ):
        raise CannotReconcile("A report is being made already.")
    session.execute(delete(Reconciliation).where(of, Reconciliation.created_at < utc_now() - _KEPT))
    report = Reconciliation(id=new_id(), tenant_id=connection.tenant_id, connection_id=connection_id)
    report.started_by, report.orders_since = by, utc_now() - timedelta(days=DAYS)
    session.add(report)
    session.flush()
    journal.log(session, connection, "info", f"{by} had both sides compared")
    return report


def begin_nights(desk: Desk) -> None:
    """Begin the reports of connections whose night has come. Called by the schedule process at each sweep."""
    with desk.sessions.system() as session:
        taken = [row for row in _nights(session) if row is not None]
    for connection_id, tenant_id in taken:
        with desk.tenant(tenant_id) as session:
            try:
                start(session, connection_id, by=_NIGHTLY)
            except CannotReconcile as reason:
                _log.info("no report of connection %s tonight: %s", connection_id, reason)


def _nights(session: Session) -> list[tuple[UUID, UUID] | None]:
    """Move what is due on to its next night; a connection that never had one begins then."""
    due = or_(Connection.reconcile_due_at.is_(None), Connection.reconcile_due_at <= func.now())
    rows = session.execute(
        select(Connection.id, Connection.tenant_id, Connection.reconcile_due_at, Tenant.timezone)
        .join(Tenant, Tenant.id == Connection.tenant_id)
        .where(due, Connection.state.in_(("live", "paused")), Tenant.retired_at.is_(None))
        .limit(_MOST_AT_ONCE)
    ).all()
    return [_moved_on(session, *row) for row in rows]


def _moved_on(
    session: Session, connection_id: UUID, tenant_id: UUID, due_at: object, timezone: str
) -> tuple[UUID, UUID] | None:
    was = Connection.reconcile_due_at.is_(None) if due_at is None else Connection.reconcile_due_at == due_at
    moved = session.execute(
        update(Connection)
        .where(Connection.id == connection_id, was)
        .values(reconcile_due_at=next_time(utc_now(), ZoneInfo(timezone), _NIGHT))
        .returning(Connection.id)
        .execution_options(synchronize_session=False)
    ).first()
    return (connection_id, tenant_id) if moved is not None and due_at is not None else None


def work(desk: Desk, tenant_id: UUID, report_id: UUID) -> bool:
    """Take one turn at a report.

    Returns:
        Whether another turn is due now.
    """
    with desk.tenant(tenant_id) as session:
        if not REPORTS.claim(session, report_id, desk.settings.lease_seconds):
            return False
    done = REPORTS.attempt(report_id, lambda: Turn(desk, tenant_id, report_id).run())
    with desk.tenant(tenant_id) as session:
        report = session.get_one(Reconciliation, report_id)
        if isinstance(done, Exception):
            _failed(session, report, done)
            return False
        leased.let_go(report, more=done)
    return done


def _failed(session: Session, report: Reconciliation, error: Exception) -> None:
    """It is tried again soon, and a person is told after some times, or at once where that is no use."""
    reason = leased.put_off(report, error)
    # To wait for one's turn is no failure: orders go first.
    if not (isinstance(error, Retryable) and error.throttled):
        report.failures += 1
    if not isinstance(error, Retryable) or report.failures >= _MOST_FAILURES:
        report.state, report.finished_at = "failed", func.now()
        connection = session.get_one(Connection, report.connection_id)
        journal.log(session, connection, "stuck", f"Both sides could not be compared: {reason}")


def correct(
    session: Session,
    keys: Mapping[str, bytes],
    report: Reconciliation,
    conditions: tuple[ColumnElement[bool], ...],
    *,
    actor: audit.Actor,
) -> int:
    """Have the engine look at what a report says will be corrected. It writes what it then finds, as ever.

    Args:
        session: a session inside the tenant.
        keys: the installation's keys, for the audit.
        report: the report.
        conditions: which of its rows.
        actor: who asks.

    Returns:
        How many orders and products are looked at.
    """
    connection = session.get_one(Connection, report.connection_id)
    things = session.execute(
        select(ReconciliationRow.thing, ReconciliationRow.subject, func.min(ReconciliationRow.label))
        .where(
            ReconciliationRow.reconciliation_id == report.id,
            ReconciliationRow.outcome == CORRECTED,
            *conditions,
        )
        .group_by(ReconciliationRow.thing, ReconciliationRow.subject)
        .order_by(ReconciliationRow.thing, ReconciliationRow.subject)
    ).all()
    for thing, subject, label in things:
        marks.mark(session, connection, Hint(thing, subject, "reconciliation", label=label))
    if things:
        journal.log(session, connection, "info", f"{actor} had {len(things)} looked at that did not agree")
        about = audit.account(connection)
        audit.record(
            session,
            keys,
            connection.tenant_id,
            "reconciliation.corrected",
            actor=actor,
            subject=about,
            detail={"things": len(things)},
        )
    return len(things)
