"""Trends: what happened in stretches of time, of a company or of one of its connections.

Each is one range of one index that holds all it needs, so that it costs what happened in that time, however
long the history is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, DateTime, cast, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Operation, Problem
from portal.queries.orders import PLACES
from portal.queries.scope import Scope

# The writes by which lag is measured: an order comes into Flourish, a status goes back.
ORDER_IN, STATUS_OUT = "create_order", "move"


@dataclass(frozen=True)
class Lag:
    """How long so many changes took to the other system, in seconds: half of them, and 95 of 100."""

    number: int
    median: float
    p95: float


def orders_seen(session: Session, scope: Scope, starts: Sequence[datetime]) -> dict[str, list[int]]:
    """Count the orders first seen in each stretch, by the place that they are in now.

    Args:
        session: a session inside the tenant.
        scope: whose.
        starts: when each stretch begins, oldest first; the last one is still going on.
    """
    slot = _slot(Link.created_at, starts)
    rows = session.execute(
        select(slot, Link.place, func.count())
        .where(*scope.of(Link), Link.kind == "order", Link.created_at >= starts[0])
        .group_by(slot, Link.place)
    )
    counts = {place: [0] * len(starts) for place in PLACES}
    for which, place, number in rows:
        counts[place][which - 1] = number
    return counts


def problems(session: Session, scope: Scope, starts: Sequence[datetime]) -> tuple[list[int], list[int]]:
    """Count the problems that were opened in each stretch, and those that were closed in it."""
    return (
        _counted(session, scope, Problem.opened_at, starts),
        _counted(session, scope, Problem.closed_at, starts),
    )


def _counted(session: Session, scope: Scope, at: Any, starts: Sequence[datetime]) -> list[int]:
    slot = _slot(at, starts)
    rows = session.execute(
        select(slot, func.count()).where(*scope.of(Problem), at >= starts[0]).group_by(slot)
    )
    counts = [0] * len(starts)
    for which, number in rows:
        counts[which - 1] = number
    return counts


def lags(
    session: Session, scope: Scope, kinds: Sequence[str], starts: Sequence[datetime]
) -> dict[str, list[Lag | None]]:
    """Measure, by kind, how long the writes took that worked in each stretch; None where there was none.

    From the thing's last change before the write, by the clock of the side that changed, until the other side
    had taken the write. What was changed before the connection went live is left out: it waited for that.
    """
    slot = _slot(Operation.finished_at, starts)
    # Two clocks: what was changed a little in the future took no time.
    seconds = func.greatest(0, func.extract("epoch", Operation.finished_at - Operation.prompted_at))
    narrowed = [] if scope.connection_id is None else [Connection.id == scope.connection_id]
    rows = session.execute(
        select(
            Operation.kind,
            slot,
            func.count(),
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.95).within_group(seconds),
        )
        .select_from(Connection)
        .join(Operation, Operation.connection_id == Connection.id)
        .where(
            Connection.tenant_id == scope.tenant_id,
            *narrowed,
            Operation.kind.in_(kinds),
            Operation.status == "ok",
            Operation.finished_at >= starts[0],
            Operation.prompted_at >= Connection.live_since,
        )
        .group_by(Operation.kind, slot)
    )
    found: dict[str, list[Lag | None]] = {kind: [None] * len(starts) for kind in kinds}
    for kind, which, number, median, p95 in rows:
        found[kind][which - 1] = Lag(number, float(median), float(p95))
    return found


def _slot(at: Any, starts: Sequence[datetime]) -> Any:
    """In which stretch a time is, counted from 1."""
    return func.width_bucket(at, cast(list(starts), ARRAY(DateTime(timezone=True))))
