"""Polls: lists of changes, read from the watermark less an overlap. They only mark; shifts do the work."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from operator import attrgetter
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Stream
from portal.sync import journal
from portal.sync.contract import Page, Platform, PlatformClient
from portal.sync.domain import Hint
from portal.sync.engine import breaker, crash, marks, silence
from portal.sync.engine.accounts import (
    Tape,
    hub_turnstile,
    open_hub,
    open_platform,
    platform_turnstile,
)
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_read
from portal.sync.engine.pull import Pull
from portal.sync.engine.shop_orders import open_in_flourish
from portal.sync.engine.sources import INTERVALS, source_of
from portal.sync.engine.streams import called, claim_stream, connections_of, failed, put_off, worked
from portal.sync.errors import ConnectionBroken, Retryable, SyncError
from portal.sync.registry import platform as platform_by_key

FLOURISH_ORDERS, FLOURISH_RETAIL_ORDERS = "flourish.orders", "flourish.retail_orders"
_FLOURISH_OVERLAP_SECONDS = 900.0
# The setting of a connection that says how often its statuses are looked at (AQ-10).
_STATUS_MINUTES = "status_minutes"
# A list that changes while it is read is read again so often, for the rows that moved past us.
_MOST_PASSES = 4

_log = logging.getLogger(__name__)

Pages = Callable[[datetime | None], Iterator[Page]]


def hub_list_of(platform: Platform) -> str:
    """Name the list of a hub in which a platform's orders are."""
    return FLOURISH_RETAIL_ORDERS if platform.is_retail else FLOURISH_ORDERS


@dataclass(frozen=True)
class _Source:
    """Where a stream reads from, and since when."""

    pages: Pages
    since: datetime | None
    probe: Callable[[], object]


@dataclass
class _Pull:
    """What one pull has seen, in however many passes."""

    refs: set[str] = field(default_factory=set)
    versions: set[tuple[str, datetime | None]] = field(default_factory=set)
    # How many rows there are in all, by the last page that said so.
    total: int | None = None
    concerned: set[UUID] = field(default_factory=set)
    found: int = 0
    unannounced: int = 0
    latest: datetime | None = None

    def news(self, page: Page) -> list[Hint]:
        """Take a page in; returns what was not seen yet, in order of its ids: two polls that mark the same
        links must not wait for each other."""
        fresh = [hint for hint in page.hints if (hint.ref, hint.updated_at) not in self.versions]
        self.refs.update(hint.ref for hint in fresh)
        self.versions.update((hint.ref, hint.updated_at) for hint in fresh)
        self.total = page.total
        return sorted(fresh, key=attrgetter("ref"))

    @property
    def complete(self) -> bool:
        """Whether every row was seen that the list counts."""
        return self.total is None or len(self.refs) >= self.total


def poll(desk: Desk, tenant_id: UUID, stream_id: UUID) -> set[UUID]:
    """Read one stream once.

    Returns:
        The connections that have something to look at now.
    """
    with desk.tenant(tenant_id) as session:
        if not claim_stream(session, stream_id, lease_seconds=desk.settings.lease_seconds):
            return set()
        source = _open(desk, session, session.get_one(Stream, stream_id))
    if source is None:
        put_off(desk, tenant_id, stream_id)
        return set()
    try:
        if isinstance(source, Pull):
            return source.run()
        return _pull(desk, tenant_id, stream_id, source)
    except OperationalError as error:
        _log.warning("the database interrupted a poll: %s", type(error.orig).__name__)
        failed(desk, tenant_id, stream_id, Retryable("the database interrupted it"))
    except ConnectionBroken as error:
        with desk.tenant(tenant_id) as session:
            # The key may have been replaced meanwhile: the one that is stored now counts.
            source = _open(desk, session, session.get_one(Stream, stream_id)) or source
        failed(desk, tenant_id, stream_id, error, stop=breaker.refused_again(source.probe))
    except Exception as error:  # noqa: BLE001 - a bug is turned into a visible problem, as in a shift
        if not isinstance(error, SyncError):
            _log.exception("bug while polling", extra={"stream": str(stream_id)})
        failed(desk, tenant_id, stream_id, error)
    return set()


def _open(desk: Desk, session: Session, stream: Stream) -> _Source | Pull | None:
    tape = Tape()

    # Lists of the catalogue are long, and orders do not wait for them (LL-27).
    yields = stream.name in INTERVALS

    def open_shop(inside: Session, connection: Connection) -> PlatformClient:
        return open_platform(desk, inside, connection, tape, platform_turnstile(desk, connection, yields))

    if stream.connection_id is None:
        hub = session.get_one(Hub, stream.hub_id)
        if hub.state not in ("live", "paused"):
            return None
        flourish = open_hub(desk, session, hub, tape, hub_turnstile(desk, hub, yields))
        if yields:
            return Pull(desk, stream, source_of(session, stream, flourish), open_shop)
        since = _since(stream, _FLOURISH_OVERLAP_SECONDS)
        if stream.name == FLOURISH_RETAIL_ORDERS:
            open_ids = open_in_flourish(session, Link.hub_id == stream.hub_id)
            pages = partial(flourish.retail.changed_orders, open_ids=open_ids)
            stream.interval_seconds = _status_seconds(desk, session, stream)
            return _Source(pages, since, flourish.company)
        return _Source(flourish.changed_orders, since, flourish.company)
    connection = session.get_one(Connection, stream.connection_id)
    if not may_read(connection) or not (connection.live_since or (yields and connection.catalogue_since)):
        return None
    client = open_shop(session, connection)
    if yields:
        return Pull(desk, stream, source_of(session, stream, client), open_shop)
    platform = platform_by_key(connection.platform)
    spec = next(spec for spec in platform.streams if spec.name == stream.name)
    # The first poll goes back behind go-live, so that earlier orders are listed too (LL-29).
    return _Source(client.changed_orders, _since(stream, spec.overlap_seconds), client.company)


def _status_seconds(desk: Desk, session: Session, stream: Stream) -> float:
    """How often statuses of retail orders are looked at: as often as the connection that wants it most."""
    chosen = (
        platform_by_key(one.platform).chosen(one.settings).get(_STATUS_MINUTES)
        for one in connections_of(session, stream)
    )
    wanted = [minutes * 60.0 for minutes in chosen if minutes]
    return min(wanted, default=desk.settings.poll_seconds)


def _since(stream: Stream, overlap_seconds: float) -> datetime | None:
    return stream.watermark - timedelta(seconds=overlap_seconds) if stream.watermark else None


def _pull(desk: Desk, tenant_id: UUID, stream_id: UUID, source: _Source) -> set[UUID]:
    """Page through the changes. Marks are committed page by page; the watermark only after the last one,
    so that a pull that breaks off is read again.

    Pages are cut by position. A row that changes while they are read leaves its place, and the next one moves
    past us: then fewer rows were seen than the list counts, and it is read once more.

    Raises:
        Retryable: rows were still missing after the last pass.
    """
    pull = _Pull()
    for _pass in range(_MOST_PASSES):
        for page in source.pages(source.since):
            _take(desk, tenant_id, stream_id, pull, page)
            crash.point("page_marked")
        if pull.complete:
            crash.point("before_watermark")
            _finish(desk, tenant_id, stream_id, pull)
            return pull.concerned
    raise Retryable(f"the list counts {pull.total} rows and shows {len(pull.refs)}")


def _take(desk: Desk, tenant_id: UUID, stream_id: UUID, pull: _Pull, page: Page) -> None:
    """Mark what a page tells of."""
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        stream.lease_until = func.now() + timedelta(seconds=desk.settings.lease_seconds)
        for hint in pull.news(page):
            marked = _mark(session, stream, hint)
            pull.concerned |= marked
            pull.found += bool(marked)
            pull.unannounced += bool(marked) and silence.unannounced(session, stream, hint)
            pull.latest = max(filter(None, (pull.latest, hint.updated_at)), default=None)


def _mark(session: Session, stream: Stream, hint: Hint) -> set[UUID]:
    if stream.connection_id is None:
        return {connection_id for _, connection_id in marks.mark_flourish(session, stream.hub_id, hint)}
    connection = session.get_one(Connection, stream.connection_id)
    return {connection.id} if marks.mark_if_changed(session, connection, hint) else set()


def _finish(desk: Desk, tenant_id: UUID, stream_id: UUID, pull: _Pull) -> None:
    with desk.tenant(tenant_id) as session:
        stream = session.get_one(Stream, stream_id)
        worked(session, stream, pull.latest)
        stream.last_found = pull.found
        for connection in connections_of(session, stream):
            silence.judge(session, stream, connection, pull.unannounced)
            if pull.found:
                text = f"Polled {called(stream, connection)}: {pull.found} changed since the last look"
                journal.log(session, connection, "info", text)
