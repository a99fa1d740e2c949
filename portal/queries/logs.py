"""Log lines for pages, streams and files: by number, so that none is skipped or shown twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, select, true
from sqlalchemy.orm import Session

from portal.models import Connection, Link, LogLine, SearchTerm
from portal.queries import search

LEVELS = ("info", "done", "wait", "stuck", "bug")
# What somebody who looks for errors stops at.
ERRORS = ("stuck", "bug")
# Words inside sentences are looked for in the newest lines only: a log has no index over its text.
TEXT_REACH = 50_000
PAGE_LINES = 100
# Orders that one number may stand for: more are not looked for.
_MOST_LINKS = 50


class Line(NamedTuple):
    """One line of a log (see `LogLine`), and the kind of the thing that it is about."""

    number: int
    at: datetime
    level: str
    entity: str
    text: str
    raw: dict[str, Any]
    run_id: UUID | None
    link_id: UUID | None
    kind: str | None


_LINE = (*(getattr(LogLine, name) for name in Line._fields[:-1]), Link.kind)


@dataclass(frozen=True)
class LogFilters:
    """What a log shows; empty means everything."""

    levels: tuple[str, ...] = ()
    entity: str = ""
    text: str = ""
    run: UUID | None = None
    # The things that `entity` is the number of: all lines about them are found, however old.
    links: tuple[UUID, ...] = ()

    @property
    def searches(self) -> bool:
        """Whether words are looked for, and so in the newest lines only."""
        return bool(self.text or (self.entity and not self.links))

    @property
    def has_errors(self) -> bool:
        """Whether an error would be shown."""
        return not self.levels or any(level in ERRORS for level in self.levels)


@dataclass(frozen=True)
class Log:
    """The log of one connection, or of one run in it, as the filters show it."""

    tenant_id: UUID
    connection_id: UUID
    filters: LogFilters


@dataclass(frozen=True)
class Stretch:
    """Lines beside each other, oldest first."""

    rows: Sequence[Line]
    # Whether there are lines before and behind them.
    older: bool
    newer: bool
    # No line up to this number is missing at the end.
    last: int


def with_links(session: Session, log: Log) -> Log:
    """Find the things that the entity looked for is a number of: an order's, an item's SKU, or our own id."""
    entity = log.filters.entity
    word = entity.removeprefix("order ").removeprefix("item ").strip()
    if not word:
        return log
    orders = (
        select(SearchTerm.link_id)
        .join(Link, Link.id == SearchTerm.link_id)
        .where(search.is_number(log.tenant_id, "order", word), Link.connection_id == log.connection_id)
        .limit(_MOST_LINKS)
    )
    items = select(Link.id).where(
        Link.tenant_id == log.tenant_id,
        Link.connection_id == log.connection_id,
        Link.kind == "item",
        Link.foreign_id.in_({word, word.casefold(), word.upper()}),
    )
    found = (*session.scalars(orders), *session.scalars(items)) or _by_id(session, log, word)
    return replace(log, filters=replace(log.filters, links=found))


def _by_id(session: Session, log: Log, word: str) -> tuple[UUID, ...]:
    try:
        link_id = UUID(word)
    except ValueError:
        return ()
    query = select(Link.id).where(Link.tenant_id == log.tenant_id, Link.id == link_id)
    return tuple(session.scalars(query))


def head(session: Session, log: Log) -> int:
    """The number of the connection's newest line. Lines are committed in the order of their numbers, so
    whoever reads this before the lines knows up to where they have read."""
    query = select(Connection.log_head).where(
        Connection.tenant_id == log.tenant_id, Connection.id == log.connection_id
    )
    return session.scalar(query) or 0


def lines(session: Session, log: Log, *, after: int, size: int = PAGE_LINES) -> Sequence[Line]:
    """Read the lines behind a number, oldest first."""
    return _read(session, log, LogLine.number > after, size)


def tail(
    session: Session, log: Log, *, before: int | None = None, size: int = PAGE_LINES
) -> tuple[Sequence[Line], bool]:
    """Read the newest lines, or those before a number, oldest first; and whether there are older ones."""
    until = LogLine.number < before if before is not None else true()
    rows = _read(session, log, until, size + 1, backwards=True)
    return rows[:size][::-1], len(rows) > size


def newest(session: Session, log: Log) -> Stretch:
    """Read the end of a log."""
    last = head(session, log)
    rows, older = tail(session, log)
    return Stretch(rows, older, newer=False, last=_end(rows, last))


def before(session: Session, log: Log, number: int) -> Stretch:
    """Read the lines before a number."""
    rows, older = tail(session, log, before=number)
    return Stretch(rows, older, newer=True, last=_end(rows, 0))


def behind(session: Session, log: Log, number: int) -> Stretch:
    """Read the lines behind a number."""
    last = head(session, log)
    rows = lines(session, log, after=number, size=PAGE_LINES + 1)
    _, older = tail(session, log, before=rows[0].number if rows else number + 1, size=0)
    return _forward(rows, older, last)


def around(session: Session, log: Log, number: int) -> Stretch:
    """Read the lines before and behind one, with that one."""
    last = head(session, log)
    back, older = tail(session, log, before=number, size=PAGE_LINES // 2)
    rows = lines(session, log, after=number - 1, size=PAGE_LINES - len(back) + 1)
    return _forward([*back, *rows], older, last)


def error(session: Session, log: Log, *, before: int | None = None, after: int | None = None) -> int | None:
    """Find an error: the first one behind a number, else the last one before a number, or of all."""
    wanted = [level for level in ERRORS if level in (log.filters.levels or ERRORS)]
    if not wanted:
        return None
    errors = replace(log, filters=replace(log.filters, levels=tuple(wanted)))
    if after is not None:
        rows = lines(session, errors, after=after, size=1)
    else:
        rows, _ = tail(session, errors, before=before, size=1)
    return rows[0].number if rows else None


def _forward(rows: Sequence[Line], older: bool, last: int) -> Stretch:
    """A stretch of rows that were read to the end, or one more than a page holds."""
    newer = len(rows) > PAGE_LINES
    rows = rows[:PAGE_LINES]
    return Stretch(rows, older, newer, _end(rows, 0 if newer else last))


def _end(rows: Sequence[Line], last: int) -> int:
    return max(last, rows[-1].number) if rows else last


def _read(
    session: Session, log: Log, bound: ColumnElement[bool], size: int, *, backwards: bool = False
) -> list[Line]:
    """Read so many lines. Each level is asked for by itself, along the index that has it: one that is rare
    is found as quickly as any."""
    if log.filters.searches:
        # A value, not a query inside the query: of that the planner would not know how little it leaves.
        bound = and_(bound, LogLine.number > head(session, log) - TEXT_REACH)
    order = LogLine.number.desc() if backwards else LogLine.number
    rows: list[Line] = []
    for level in log.filters.levels or ("",):
        query = _lines(log, level).where(bound).order_by(order).limit(size)
        rows += (Line(*row) for row in session.execute(query))
    rows.sort(key=lambda row: row.number, reverse=backwards)
    return rows[:size]


def _lines(log: Log, level: str) -> Select[*tuple[Any, ...]]:
    return (
        select(*_LINE)
        .outerjoin(Link, Link.id == LogLine.link_id)
        .where(
            LogLine.tenant_id == log.tenant_id,
            LogLine.connection_id == log.connection_id,
            *_conditions(log, level),
        )
    )


def _conditions(log: Log, level: str) -> Iterator[ColumnElement[bool]]:
    filters = log.filters
    if filters.run:
        yield LogLine.run_id == filters.run
    if level:
        # Written out, so that every plan may use the index of the levels that are rare.
        yield LogLine.level == bindparam(None, level, type_=Text, literal_execute=True)
    if filters.links:
        yield LogLine.link_id.in_(filters.links)
    elif filters.entity:
        yield LogLine.entity.icontains(filters.entity, autoescape=True)
    if filters.text:
        yield LogLine.text.icontains(filters.text, autoescape=True)
