"""The runner: previews that are asked for, and worked on by one worker at a time until they are over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Preview, Run, new_id
from portal.sync import audit, journal, leased
from portal.sync.engine import catalogue
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_read
from portal.sync.errors import Retryable
from portal.sync.leased import Leased
from portal.sync.preview.turn import Turn
from portal.sync.registry import platform as platform_by_key

PREVIEWS = Leased(Preview, "preview", ("reading", "orders", "items"))
# So many turns in a row may fail; then a person is told.
_MOST_FAILURES = 5

_log = logging.getLogger(__name__)


class CannotPreview(Exception):
    """Why there can be no preview, in words for the page."""


def start(
    session: Session,
    keys: Mapping[str, bytes],
    connection_id: UUID,
    *,
    actor: audit.Actor,
    since: datetime | None = None,
) -> Preview:
    """Ask for a preview of a connection's first sync. Earlier ones that nobody approved are dropped.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's keys, for the audit.
        connection_id: the connection.
        actor: who asks.
        since: from when on orders would be sent; by default those from now on.

    Raises:
        CannotPreview: it is live or was, may not be read, has no facility, or one is in work.
    """
    connection = session.get_one(Connection, connection_id, with_for_update=True)
    _refuse(session, connection)
    earlier = (Preview.connection_id == connection_id, Preview.approved_at.is_(None))
    session.execute(delete(Preview).where(*earlier))
    preview = Preview(id=new_id(), tenant_id=connection.tenant_id, connection_id=connection_id)
    preview.started_by = actor.name
    preview.orders_since = since or session.execute(select(func.now())).scalar_one()
    session.add(preview)
    if platform_by_key(connection.platform).catalogue is not None:
        catalogue.read(session, connection)
    session.flush()
    journal.log(session, connection, "info", f"{actor} asked for a preview of the first sync")
    about = audit.account(connection)
    audit.record(session, keys, connection.tenant_id, "preview.started", actor=actor, subject=about)
    return preview


def _refuse(session: Session, connection: Connection) -> None:
    if connection.live_since is not None:
        raise CannotPreview(f"{connection.name} was live already: what a look would do is on each page.")
    if not may_read(connection):
        raise CannotPreview(
            f"{connection.name} is {connection.state.replace('_', ' ')}: nothing is read for it."
        )
    if connection.facility_id is None:
        raise CannotPreview("Choose the facility first: what is sent depends on it.")
    busy = select(Preview.id).where(
        Preview.connection_id == connection.id, Preview.state.in_(PREVIEWS.in_work)
    )
    if session.scalar(busy) is not None:
        raise CannotPreview("A preview is being made already.")


def work(desk: Desk, tenant_id: UUID, preview_id: UUID) -> bool:
    """Take one turn at a preview.

    Returns:
        Whether another turn is due now.
    """
    with desk.tenant(tenant_id) as session:
        if not PREVIEWS.claim(session, preview_id, desk.settings.lease_seconds):
            return False
        _open_run(session, session.get_one(Preview, preview_id), desk.worker)
    done = PREVIEWS.attempt(preview_id, lambda: Turn(desk, tenant_id, preview_id).run())
    with desk.tenant(tenant_id) as session:
        preview = session.get_one(Preview, preview_id)
        if isinstance(done, Exception):
            _failed(session, preview, done)
            return False
        leased.let_go(preview, more=done)
    return done


def _open_run(session: Session, preview: Preview, worker: str) -> None:
    """Give the preview a run that its log lines belong to; one that was given up for lost has ended."""
    run = session.get(Run, preview.run_id) if preview.run_id else None
    if run is not None and run.state == "running":
        run.heartbeat_at = func.now()
        return
    run = Run(
        id=new_id(),
        tenant_id=preview.tenant_id,
        connection_id=preview.connection_id,
        kind="preview",
        worker=worker,
    )
    session.add(run)
    session.flush()
    preview.run_id = run.id


def _failed(session: Session, preview: Preview, error: Exception) -> None:
    """It is tried again soon, and a person is told after some times, or at once where that is no use."""
    reason, again = leased.put_off(preview, error), isinstance(error, Retryable)
    preview.failures += 1
    connection = session.get_one(Connection, preview.connection_id)
    level = "wait" if again else "stuck"
    journal.log(session, connection, level, f"The preview did not go on: {reason}", run_id=preview.run_id)
    if again and preview.failures < _MOST_FAILURES:
        return
    preview.state, preview.finished_at = "failed", func.now()
    if preview.run_id is not None:
        run = session.get_one(Run, preview.run_id)
        run.state, run.finished_at = "failed", func.now()
