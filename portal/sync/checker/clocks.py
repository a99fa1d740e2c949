"""Numbers and times of stories and logs (I15)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from portal.models import Connection, Link, LogLine, TimelineEvent
from portal.sync.checker.place import Place, called
from portal.sync.checker.report import CounterExample, Seen, seen

# Rows get their number under a lock and their time when their transaction began: so far they may differ.
_TOLERANCE = timedelta(seconds=1)
_MOST = 10_000

_NAIVE = text(
    "SELECT table_name, column_name FROM information_schema.columns"
    " WHERE table_schema = 'public' AND data_type = 'timestamp without time zone' ORDER BY 1, 2"
)


def clocks(session: Session, place: Place) -> Seen:
    """I15: no time without a zone; each story and each log is numbered without a gap, in order of time."""
    wrong = [
        CounterExample(f"{row.table_name}.{row.column_name}", "holds times without a zone", place.page(""))
        for row in session.execute(_NAIVE)
    ]
    events = _numbering(TimelineEvent.link_id, TimelineEvent.seq, TimelineEvent.at)
    stories = session.execute(
        select(Link, events)
        .outerjoin(events, events.c.owner == Link.id)
        .where(_is_broken(events, Link.event_head))
        .limit(_MOST)
    )
    wrong += [
        CounterExample(
            f"story of {called(row.Link)}",
            _why(row, row.Link.event_head),
            place.link(row.Link),
        )
        for row in stories
    ]
    lines = _numbering(LogLine.connection_id, LogLine.number, LogLine.at)
    logs = session.execute(
        select(Connection, lines)
        .outerjoin(lines, lines.c.owner == Connection.id)
        .where(_is_broken(lines, Connection.log_head))
    )
    wrong += [
        CounterExample(
            f"log of {row.Connection.name}",
            _why(row, row.Connection.log_head),
            place.connection(row.Connection.id),
        )
        for row in logs
    ]
    tables: tuple[Any, ...] = (TimelineEvent, LogLine)
    looked = sum(session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)
    return seen(looked, wrong)


def _numbering(
    owner: InstrumentedAttribute[Any], number: InstrumentedAttribute[int], at: InstrumentedAttribute[Any]
) -> Any:
    """Per owner: how many numbers there are, from which to which, and how far time goes back at the most."""
    back = func.lag(at).over(partition_by=owner, order_by=number) - at
    rows = select(owner.label("owner"), number.label("number"), back.label("back")).subquery()
    return (
        select(
            rows.c.owner,
            func.count().label("many"),
            func.min(rows.c.number).label("first"),
            func.max(rows.c.number).label("last"),
            func.max(rows.c.back).label("back"),
        )
        .group_by(rows.c.owner)
        .subquery()
    )


def _is_broken(rows: Any, head: Any) -> Any:
    gap = rows.c.last - rows.c.first + 1 != rows.c.many
    return gap | (func.coalesce(rows.c.last, 0) != head) | (rows.c.back > _TOLERANCE)


def _why(row: Any, head: int) -> str:
    if not row.many or row.last != head:
        return f"the last number given is {head}, and the last row has {row.last or 'none'}"
    if row.last - row.first + 1 != row.many:
        return f"{row.many} rows carry the numbers {row.first} to {row.last}"
    return f"time goes back by {row.back.total_seconds():.1f} s from one row to the next"
