"""Jobs: what a ring runs. Arguments are ids; everything else is read from PostgreSQL."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from sqlalchemy.orm import configure_mappers

from portal import config
from portal.models import Connection, Stream
from portal.sync import nightly, queues
from portal.sync.engine import drain as drains
from portal.sync.engine import poll as polls
from portal.sync.engine.desk import Desk, open_desk


@cache
def desk() -> Desk:
    """The desk of this process: a work horse is forked for each job, so it opens its own."""
    return open_desk(config.from_environment())


def prepare() -> None:
    """Load what every job needs, once, before the worker forks its work horses."""
    configure_mappers()


def drain(connection_id: str) -> None:
    """Work on the due links of a connection."""
    queues.answered(desk().redis, "portal.sync.jobs.drain", connection_id)
    with desk().sessions.system() as session:
        tenant_id = session.query(Connection.tenant_id).filter(Connection.id == UUID(connection_id)).scalar()
    if tenant_id is not None and drains.drain(desk(), tenant_id, UUID(connection_id)):
        queues.ring(desk().redis, UUID(connection_id))


def check(tenant_id: str) -> None:
    """Check a tenant, and keep the proof."""
    queues.answered(desk().redis, queues.CHECK, tenant_id)
    nightly.check(desk(), UUID(tenant_id))


def purge(tenant_id: str) -> None:
    """Clear what a tenant need not keep, and ring again if there is more."""
    queues.answered(desk().redis, queues.PURGE, tenant_id)
    if nightly.purge(desk(), UUID(tenant_id)):
        queues.ring_purge(desk().redis, UUID(tenant_id))


def poll(stream_id: str) -> None:
    """Read one list of changes, and ring for what it marked."""
    queues.answered(desk().redis, "portal.sync.jobs.poll", stream_id)
    with desk().sessions.system() as session:
        tenant_id = session.query(Stream.tenant_id).filter(Stream.id == UUID(stream_id)).scalar()
    if tenant_id is None:
        return
    for connection_id in polls.poll(desk(), tenant_id, UUID(stream_id)):
        queues.ring(desk().redis, connection_id)
