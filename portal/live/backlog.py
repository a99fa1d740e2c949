"""The backlog of a connection: how much waits, and when it is done at the rate that its platform allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Connection, utc_now
from portal.queries import backlog
from portal.sync import registry

# Calls of the platform for one of them, at the most (LL-27): an order is read, moved twice and noted.
_CALLS = {"order": 4, "item": 1}
# Below this nobody has to wait for it.
_WORTH_SAYING = 10


@dataclass(frozen=True)
class Backlog:
    """What of a connection waits to be looked at, and when that is done, if nothing is added."""

    connection: Connection
    orders: int
    items: int
    done_at: datetime


def backlogs(session: Session, tenant_id: UUID, connections: Mapping[UUID, Connection]) -> list[Backlog]:
    """The backlogs that take long enough to be told of.

    Args:
        session: a session inside the tenant.
        tenant_id: the tenant.
        connections: those of the tenant, by id.
    """
    counted = backlog.due(session, tenant_id)
    return [
        _of(connections[connection_id], counts)
        for connection_id, counts in counted.items()
        if connection_id in connections
        and connections[connection_id].state == "live"
        and sum(counts.values()) >= _WORTH_SAYING
    ]


def _of(connection: Connection, counts: Mapping[str, int]) -> Backlog:
    throttle = registry.platform(connection.platform).throttle.agreed(connection.calls_per_second)
    calls = sum(_CALLS.get(kind, 1) * count for kind, count in counts.items())
    seconds = max(0.0, calls - throttle.burst) / throttle.per_second
    return Backlog(
        connection, counts.get("order", 0), counts.get("item", 0), utc_now() + timedelta(seconds=seconds)
    )
