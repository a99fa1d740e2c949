"""What may not go back, by our own history: the statuses that we set (I5), and who wrote (I15)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Operation, TimelineEvent
from portal.sync.checker.place import Place, called
from portal.sync.checker.report import CounterExample, Seen, seen
from portal.sync.registry import platform as platform_by_key

_MOST = 10_000


def moves_go_forward(session: Session, place: Place) -> Seen:
    """I5: what Trellis made of an order on its platform never went back, but for what the platform did itself
    in between, such as an order that its staff un-accepted."""
    wrong, looked = [], 0
    for link, rows in groupby(_moves(session), key=lambda row: row[0]):
        moves = list(rows)
        looked += len(moves)
        ladder = platform_by_key(moves[0].platform).status_ladder
        for earlier, later in pairwise(moves):
            before, after = _target(earlier), _target(later)
            if _rank(ladder, after) >= _rank(ladder, before):
                continue
            if not _went_back(session, link.id, ladder, earlier.finished_at, later.finished_at):
                text = f"Trellis moved it to {after} after it had been moved to {before}"
                wrong.append(CounterExample(called(link), text, place.link(link)))
                break
    return seen(looked, wrong)


def _moves(session: Session) -> Sequence[Row[*tuple[Any, ...]]]:
    """The moves that took effect, order by order, oldest first."""
    return session.execute(
        select(Link, Connection.platform, Operation.natural_key, Operation.finished_at)
        .join(Operation, Operation.link_id == Link.id)
        .join(Connection, Connection.id == Link.connection_id)
        .where(Operation.kind == "move", Operation.status == "ok")
        .order_by(Link.id, Operation.finished_at, Operation.id)
    ).all()


def _target(move: Row[*tuple[Any, ...]]) -> str:
    """The status that a move led to: the end of its natural key."""
    target: str = move.natural_key.split(":", 2)[2]
    return target


def _rank(ladder: Sequence[str], status: str) -> int:
    """A status that is no step of the ladder is an end: nothing comes after it."""
    return ladder.index(status) if status in ladder else len(ladder)


def _went_back(
    session: Session, link_id: UUID, ladder: Sequence[str], earlier: datetime, later: datetime
) -> bool:
    """Whether the platform itself said in between that the order had gone back."""
    events = session.scalars(
        select(TimelineEvent.detail).where(
            TimelineEvent.link_id == link_id,
            TimelineEvent.side == "platform",
            TimelineEvent.at.between(earlier, later),
        )
    )
    return any(
        what == "Status" and _rank(ladder, after) < _rank(ladder, before)
        for detail in events
        for what, before, after in detail.get("changes", ())
    )


def writers_go_forward(session: Session, place: Place) -> Seen:
    """I15: the fences of an order's writes never go back: nobody wrote whose turn was over."""
    before = func.lag(Operation.fence).over(
        partition_by=Operation.link_id, order_by=(Operation.intent_at, Operation.id)
    )
    fences = select(Operation.link_id, Operation.kind, Operation.fence, before.label("before")).subquery()
    rows = session.execute(
        select(Link, fences.c.kind, fences.c.fence, fences.c.before)
        .join(fences, fences.c.link_id == Link.id)
        .where(fences.c.before > fences.c.fence)
        .limit(_MOST)
    )
    wrong = [
        CounterExample(
            called(row[0]),
            f"the write {row[1]} carries fence {row[2]}, and the one before it {row[3]}",
            place.link(row[0]),
        )
        for row in rows
    ]
    return seen(session.scalar(select(func.count()).select_from(Operation)), wrong)
