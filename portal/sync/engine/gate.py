"""The gate: what a connection's state allows (design.md, Engine)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Installation, Link, Tenant

_READS = frozenset({"checking", "ready", "live", "paused"})
_WRITES = frozenset({"live"})
# One thing may be tried alone before everything else is written.
TRIES = frozenset({"ready"})
_TAKES_DELIVERIES = frozenset({"checking", "ready", "live", "paused", "needs_credentials"})
_WORKS = frozenset({"live", "paused"})


def may_take_deliveries(state: str) -> bool:
    """Whether webhooks of a connection or hub in this state are kept."""
    return state in _TAKES_DELIVERIES


def may_read(connection: Connection) -> bool:
    """Whether both sides may be read for this connection."""
    return connection.state in _READS and connection.hub.state in _READS


def may_be_read() -> ColumnElement[bool]:
    """The same, as a condition on connections joined with their hubs."""
    return and_(Connection.state.in_(_READS), Hub.state.in_(_READS))


def may_work(connection: Connection) -> bool:
    """Whether links of this connection are looked at: while it is live or paused."""
    return connection.state in _WORKS and connection.hub.state in _READS


_STOPS = (
    select(
        select(Installation.stopped_at).scalar_subquery(),
        Tenant.stopped_at,
        Tenant.delete_at,
        Connection.state,
        Hub.state,
    )
    .select_from(Connection)
    .join(Hub, Hub.id == Connection.hub_id)
    .join(Tenant, Tenant.id == Connection.tenant_id)
    .where(Connection.id == bindparam("connection"))
)


def why_no_writes(session: Session, connection_id: UUID, *, is_tried: bool = False) -> str:
    """Why nothing may be written now, in a clause; empty when writing is allowed. One query: it is asked anew
    before each write.

    Args:
        session: a session inside the connection's tenant.
        connection_id: the connection.
        is_tried: it is about one link that a person has tried before the connection goes live (LL-26).
    """
    operator, company, deletion, connection, hub = session.execute(
        _STOPS, {"connection": connection_id}
    ).one()
    if operator is not None:
        return "the operator of Trellis has stopped all writing"
    if company is not None:
        return "the company's stop switch is on"
    if deletion is not None:
        return "the company is to be deleted"
    if connection not in _WRITES and not (is_tried and connection in TRIES):
        return f"the connection is {connection.replace('_', ' ')}"
    if hub not in _WRITES:
        return f"the Flourish connection is {hub.replace('_', ' ')}"
    return ""


def on_hold(link: Link) -> str:
    """Why nothing may be written for this one link, in a clause; empty when a person does not hold it.

    Args:
        link: the link, locked: who puts it on hold waits for the look that is going on.
    """
    return f"{link.on_hold_by} has put it on hold ({link.on_hold_because})" if link.on_hold_since else ""


def is_open(open_until: datetime | None, now: datetime) -> bool:
    """Whether a breaker is open: the foreign account is left alone until then."""
    return open_until is not None and open_until > now
