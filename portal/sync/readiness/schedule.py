"""When checks are run again: each live connection's every few hours, one connection at a time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Run
from portal.sync import queues
from portal.sync.engine.desk import Desk
from portal.sync.readiness import assessing

_RUNS_IN = ("live", "paused")
# After a ring that nobody took, or a run that was broken off.
_SOON = timedelta(minutes=5)


def run_due(desk: Desk) -> None:
    """Have the checks run of the connection that is due for longest, unless some are running: workers are
    there for orders first. Called by the schedule process at each sweep."""
    with desk.sessions.system() as session:
        due = _take(session, desk.settings.health_seconds)
    if due is None:
        return
    connection_id, tenant_id = due
    with desk.tenant(tenant_id) as session:
        run_id = assessing.begin(session, session.get_one(Connection, connection_id))
    if run_id is not None and not queues.ring_assessment(desk.redis, tenant_id, run_id):
        with desk.tenant(tenant_id) as session:
            assessing.give_up(session, run_id)
        again(desk, tenant_id, run_id)


def again(desk: Desk, tenant_id: UUID, run_id: UUID) -> None:
    """Have the checks of a live connection, whose run came to no end, run again soon."""
    with desk.tenant(tenant_id) as session:
        of_run = select(Run.connection_id).where(Run.id == run_id).scalar_subquery()
        session.execute(
            update(Connection)
            .where(Connection.id == of_run, Connection.assess_due_at.is_not(None))
            .values(assess_due_at=func.now() + _SOON)
            .execution_options(synchronize_session=False)
        )


def _take(session: Session, every_seconds: float) -> tuple[UUID, UUID] | None:
    """Take up the connection that is due for longest, and say when it is due again."""
    running = select(Run.id).where(Run.kind == "assessment", Run.state == "running")
    if session.scalar(running.limit(1)) is not None:
        return None
    is_due = (Connection.assess_due_at <= func.now(), Connection.state.in_(_RUNS_IN))
    found = session.scalar(select(Connection.id).where(*is_due).order_by(Connection.assess_due_at).limit(1))
    taken = session.execute(
        update(Connection)
        .where(Connection.id == found, *is_due)
        .values(assess_due_at=func.now() + timedelta(seconds=every_seconds))
        .returning(Connection.id, Connection.tenant_id)
        .execution_options(synchronize_session=False)
    ).first()
    return (taken.id, taken.tenant_id) if taken else None
