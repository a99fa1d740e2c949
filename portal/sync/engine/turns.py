"""Turns: whose links a worker takes up next. Tenants take turns, and within a tenant its connections, so that
a long queue makes only its owner wait."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link
from portal.sync.engine.breaker import OPENS_AFTER
from portal.sync.engine.claim import Claim, claim_due, is_free
from portal.sync.engine.gate import TRIES

_WORKING = ("live", "paused")
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Ready:
    """A connection with due links, and when it last had its turn. `half_open`: one link tries whether its
    accounts answer again."""

    connection_id: UUID
    tenant_id: UUID
    turn_at: datetime | None = None
    half_open: bool = False


def ready(session: Session) -> list[Ready]:
    """List the connections that have due links and may work now.

    Args:
        session: the system's session.
    """
    due = exists(Link.id).where(Link.connection_id == Connection.id, is_free(), not_(Link.alone))
    rows = session.execute(
        select(Connection.id, Connection.tenant_id, Connection.turn_at, Connection.failures >= OPENS_AFTER)
        .join(Hub, Hub.id == Connection.hub_id)
        .where(_may_work(), due)
        .order_by(Connection.id)
    )
    return [Ready(*row) for row in rows]


def lonely(session: Session) -> list[UUID]:
    """List the due links that are worked on alone, one job each.

    Args:
        session: the system's session.
    """
    query = (
        select(Link.id)
        .join(Connection, Connection.id == Link.connection_id)
        .join(Hub, Hub.id == Connection.hub_id)
        .where(or_(_may_work(), _is_tried()), is_free(), Link.alone)
        .order_by(Link.priority, Link.due_at)
    )
    return list(session.scalars(query))


def _may_work() -> ColumnElement[bool]:
    """Whether a connection's links are looked at: it and its hub are on, and no breaker is open."""
    return and_(
        Connection.state.in_(_WORKING),
        Hub.state.in_(_WORKING),
        or_(Connection.open_until.is_(None), Connection.open_until <= func.now()),
    )


def _is_tried() -> ColumnElement[bool]:
    """Whether a link is tried before its connection goes live: then it alone is looked at."""
    return and_(Connection.state.in_(TRIES), Hub.state.in_(_WORKING), Link.tried_until > func.now())


def dealt(waiting: Sequence[Ready], *, free: int, most: int, busy: Mapping[UUID, int]) -> Counter[UUID]:
    """Deal the free places of a worker out: one for each tenant in turn, within a tenant one for each
    connection in turn, until none is left or nobody may take more. Whose last turn was longest ago begins.

    Args:
        waiting: the connections with due links.
        free: how many more links the worker can take up.
        most: how many links of one connection may be worked on at once.
        busy: how many it works on already, by connection.
    """
    shares: Counter[UUID] = Counter()
    tenants: defaultdict[UUID, deque[Ready]] = defaultdict(deque)
    for one in sorted(waiting, key=_last_turn):
        tenants[one.tenant_id].append(one)
    queue = deque(sorted(tenants.values(), key=lambda connections: _last_turn(connections[-1])))
    while queue and free > 0:
        connections = queue.popleft()
        one = connections.popleft()
        if busy.get(one.connection_id, 0) + shares[one.connection_id] < (1 if one.half_open else most):
            shares[one.connection_id] += 1
            free -= 1
            connections.append(one)
        if connections:
            queue.append(connections)
    return +shares


def _last_turn(one: Ready) -> datetime:
    return one.turn_at or _NEVER


def claim_in_turn(
    session: Session, shares: Mapping[UUID, int], *, worker: str, lease_seconds: float
) -> list[Claim]:
    """Claim what each connection's share allows; those that got something have had their turn.

    Args:
        session: the system's session.
        shares: how many links of each connection, from `dealt`.
        worker: who claims.
        lease_seconds: for how long.
    """
    claims: list[Claim] = []
    for connection_id, most in shares.items():
        claims += claim_due(session, connection_id, worker=worker, most=most, lease_seconds=lease_seconds)
    served = {claim.connection_id for claim in claims}
    if served:
        _note_turn(session, served)
    return claims


def _note_turn(session: Session, served: set[UUID]) -> None:
    # One by one, in one order: two workers that serve the same connections must not wait for each other.
    for connection_id in sorted(served):
        session.execute(
            update(Connection)
            .where(Connection.id == connection_id)
            .values(turn_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )
