"""Opening what a check reads: the live connections of a tenant, and their rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Stream
from portal.sync.addresses import WrongAddress
from portal.sync.checker.company import MARK, Owner
from portal.sync.checker.ledger import Books, open_books
from portal.sync.checker.orders import Case
from portal.sync.checker.place import Place, has_open_operation, has_open_problem, is_busy
from portal.sync.checker.reading import Reader, Sides
from portal.sync.checker.report import CounterExample, Report, Seen
from portal.sync.engine.accounts import Account, open_account
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import is_open, may_work, why_no_writes
from portal.sync.engine.poll import hub_list_of
from portal.sync.engine.streams import ORDERS
from portal.sync.registry import UnknownPlatform
from portal.sync.secrets import CannotOpen

# A change is looked at by the next poll; one poll may take so long.
_POLL_TAKES = timedelta(seconds=30)
# Of the links that are worked on at once, a check reads one in so many: the rate budget is shared with the
# workers, and theirs is the more urgent work. Two at once still use the whole budget when nobody else does.
_LEFT_TO_WORKERS = 4

Opener = Callable[[Desk, Session, Connection], Account]


@dataclass(frozen=True)
class Check:
    """What a check has at hand.

    Args:
        desk: what to work with.
        report: takes the verdicts in.
        tell: is told how far it is.
        opener: opens both sides of a connection.
        books: reads the sandbox's books, where there is a sandbox.
        pause: waits for the rate budget.
    """

    desk: Desk
    report: Report
    tell: Callable[[str], None]
    opener: Opener = open_account
    books: Callable[[Desk], Books | None] = open_books
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True)
class Opened:
    """One connection whose two sides are read. `may_write` is whether anything would be written now."""

    connection_id: UUID
    hub_id: UUID
    name: str
    live_since: datetime
    overlap: timedelta
    may_write: bool
    reader: Reader

    @property
    def account(self) -> Account:
        """Both sides."""
        return self.reader.account


def open_connections(check: Check, place: Place) -> list[list[Opened]]:
    """Open the connections of a tenant that are live, or paused, and tell of those that are not. Together are
    those whose orders are in one list of Flourish: of one hub, and of companies or of people."""
    opened: dict[tuple[UUID, bool], list[Opened]] = {}
    with check.desk.tenant(place.tenant_id) as session:
        now: datetime = session.execute(select(func.now())).scalar_one()
        query = select(Connection).where(Connection.live_since.is_not(None)).order_by(Connection.name)
        for connection in session.scalars(query):
            where = place.connection(connection.id)
            if not may_work(connection):
                state = connection.state.replace("_", " ")
                words = f"{connection.name} is {state}: not read ({where})"
                if connection.state == "disconnected":
                    check.report.add("live", Seen(0, (), (words,)))  # its history stays, nothing is promised
                else:
                    check.report.skip(words)
                continue
            try:
                one = _opened(check, session, connection, now)
            except (CannotOpen, WrongAddress, UnknownPlatform, ValueError) as error:
                wrong = CounterExample(connection.name, f"it cannot be opened: {error}", where)
                check.report.add("live", Seen(1, (wrong,)))
                continue
            opened.setdefault((connection.hub_id, one.account.platform.is_retail), []).append(one)
    return list(opened.values())


def _opened(check: Check, session: Session, connection: Connection, now: datetime) -> Opened:
    if is_open(connection.open_until, now):
        raise ValueError(f"it did not answer, and is left alone until {connection.open_until:%F %T} UTC")
    account = check.opener(check.desk, session, connection)
    overlap = max((stream.overlap_seconds for stream in account.platform.streams), default=0.0)
    return Opened(
        connection_id=connection.id,
        hub_id=connection.hub_id,
        name=connection.name,
        live_since=account.rules.live_since,
        overlap=timedelta(seconds=overlap),
        may_write=not why_no_writes(session, connection.id),
        reader=Reader(account, max(1, check.desk.settings.links_at_once // _LEFT_TO_WORKERS), check.pause),
    )


def owners_of(session: Session, one: Opened, ids: Collection[UUID] | None = None) -> list[Owner]:
    """The order links of a connection, oldest first; only those with these ids when given."""
    query = select(Link.id, Link.foreign_id, Link.label, Link.flourish_id, Link.former_ids).where(
        Link.connection_id == one.connection_id, Link.kind == "order"
    )
    if ids is not None:
        query = query.where(Link.id.in_(ids))
    return [
        Owner(
            link_id=row.id,
            connection_id=one.connection_id,
            number=row.foreign_id,
            name=f"order {row.label or row.foreign_id}",
            label=row.label,
            flourish_id=row.flourish_id,
            marker=f"{MARK}{one.connection_id} {row.foreign_id}",
            former_ids=frozenset(row.former_ids),
        )
        for row in session.execute(query.order_by(Link.id))
    ]


def polled_at(session: Session, one: Opened) -> tuple[datetime | None, datetime | None]:
    """When the platform's changes and Flourish's were last read to the end."""
    names = (ORDERS, hub_list_of(one.account.platform))
    rows = session.execute(
        select(Stream.connection_id, Stream.last_ok_at).where(
            Stream.source_id.in_((one.connection_id, one.hub_id)), Stream.name.in_(names)
        )
    )
    times = {row.connection_id is None: row.last_ok_at for row in rows}
    return times.get(False), times.get(True)


def may_be_news(updated_at: datetime | None, polled: datetime | None) -> bool:
    """Whether a change is so young that no poll had to see it yet."""
    return updated_at is None or polled is None or updated_at > polled - _POLL_TAKES


def cases_of(check: Check, place: Place, one: Opened, read: dict[UUID, Sides]) -> dict[UUID, Case]:
    """Our rows beside both sides that were just read, by link."""
    with check.desk.tenant(place.tenant_id) as session:
        platform_polled, flourish_polled = polled_at(session, one)
        rows = session.execute(
            select(
                Link,
                has_open_problem().label("told"),
                has_open_operation().label("writing"),
                is_busy().label("busy"),
            ).where(Link.id.in_(read))
        ).all()
    cases = {}
    for row in rows:
        link, sides = row.Link, read[row.Link.id]
        may_write = one.may_write and link.on_hold_since is None
        held_back = not may_write and link.state == "waiting"
        news = _is_new(link.foreign_version, sides.order, platform_polled) or _is_new(
            link.flourish_version, sides.made, flourish_polled
        )
        busy = bool(row.busy or row.writing)
        cases[link.id] = Case(
            account=one.account,
            link=link,
            order=sides.order,
            made=sides.made,
            has_problem=row.told,
            is_busy=busy,
            is_pending=busy or held_back or news,
        )
    return cases


def _is_new(version: str | None, side: object, polled: datetime | None) -> bool:
    """Whether a side was changed since Trellis read it, and that is no wonder yet."""
    updated_at: datetime | None = getattr(side, "updated_at", None)
    if updated_at is None or version == updated_at.isoformat():
        return False
    return may_be_news(updated_at, polled)
