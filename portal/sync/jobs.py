"""Jobs: what a ring runs. Arguments are ids; everything else is read from PostgreSQL."""

from __future__ import annotations

import gc
from functools import cache
from uuid import UUID

from sqlalchemy.orm import configure_mappers

from portal import config, logs
from portal.models import Stream
from portal.sync import nightly, queues
from portal.sync.engine import poll as polls
from portal.sync.engine import shift
from portal.sync.engine.desk import Desk, open_desk
from portal.sync.mail import delivery
from portal.sync.notices import sending
from portal.sync.preview import runner as previews
from portal.sync.readiness import assessing, schedule
from portal.sync.reconciliation import runner as reports


@cache
def desk() -> Desk:
    """The desk of this process; a work horse, which is forked for each job, inherits its worker's."""
    return open_desk(config.from_environment())


def prepare() -> None:
    """Load what every job needs, once, before the worker forks its work horses: to load the database's driver
    anew cost a fifth of their time. The desk has no connection yet: those may not be shared by processes."""
    configure_mappers()
    desk()
    # Else each work horse copies every page of memory that the collector touches (Python's docs, gc.freeze).
    gc.collect()
    gc.freeze()


def stop() -> None:
    """Have the job of this process hand back what it holds, and end."""
    desk().stopping.set()


def work() -> None:
    """Take up whatever is due, in turns."""
    queues.answered(desk().redis, queues.WORK)
    if shift.work(desk()):
        queues.ring(desk().redis)


def work_alone(link_id: str) -> None:
    """Work on one link, and on nothing beside it."""
    queues.answered(desk().redis, queues.WORK_ALONE, link_id)
    shift.work_alone(desk(), UUID(link_id))


def check(tenant_id: str) -> None:
    """Check a tenant, and keep the proof."""
    queues.answered(desk().redis, queues.CHECK, tenant_id)
    nightly.check(desk(), UUID(tenant_id))


def assess(tenant_id: str, run_id: str) -> None:
    """Carry a run of a connection's checks out; one that is broken off is begun anew soon."""
    queues.answered(desk().redis, queues.ASSESS, tenant_id, run_id)
    with logs.about(run=run_id):
        if not assessing.assess(desk(), UUID(tenant_id), UUID(run_id)):
            schedule.again(desk(), UUID(tenant_id), UUID(run_id))


def purge(tenant_id: str) -> None:
    """Clear what a tenant need not keep, and ring again if there is more."""
    queues.answered(desk().redis, queues.PURGE, tenant_id)
    if nightly.purge(desk(), UUID(tenant_id)):
        queues.ring_purge(desk().redis, UUID(tenant_id))


def preview(preview_id: str) -> None:
    """Take a turn at a preview, and ring again while there is more."""
    queues.answered(desk().redis, queues.PREVIEW, preview_id)
    with desk().sessions.system() as session:
        tenant_id = previews.PREVIEWS.tenant_of(session, UUID(preview_id))
    with logs.about(preview=preview_id):
        if tenant_id is not None and previews.work(desk(), tenant_id, UUID(preview_id)):
            queues.ring_preview(desk().redis, UUID(preview_id))


def reconcile(report_id: str) -> None:
    """Take a turn at a report, and ring again while there is more."""
    queues.answered(desk().redis, queues.RECONCILE, report_id)
    with desk().sessions.system() as session:
        tenant_id = reports.REPORTS.tenant_of(session, UUID(report_id))
    if tenant_id is not None and reports.work(desk(), tenant_id, UUID(report_id)):
        queues.ring_reconciliation(desk().redis, UUID(report_id))


def deliver_mail() -> None:
    """Send the mail that is due."""
    queues.answered(desk().redis, queues.MAIL)
    delivery.deliver_due(desk())


def deliver_notices() -> None:
    """Send the messages that are due. Its ring counts until it is over: one worker at a time waits for
    programs that may not answer."""
    try:
        sending.deliver_due(desk())
    finally:
        queues.answered(desk().redis, queues.NOTICES)


def poll(stream_id: str) -> None:
    """Read one list of changes, and ring if it marked anything."""
    queues.answered(desk().redis, queues.POLL, stream_id)
    with desk().sessions.system() as session:
        tenant_id = session.query(Stream.tenant_id).filter(Stream.id == UUID(stream_id)).scalar()
    with logs.about(stream=stream_id):
        if tenant_id is not None and polls.poll(desk(), tenant_id, UUID(stream_id)):
            queues.ring(desk().redis)
