"""Pulls: whole lists of items, stock and products, read into the mirrors and then compared.

A pull keeps its place with each page, so that one that is broken off goes on where it was; a page that is
read again counts once. The first pull of a list reads all of it, later ones what changed since; once a day
all of it again, as a list of changes never tells what is gone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.models import Connection, Stream
from portal.sync import journal
from portal.sync.contract import CatalogueClient, Rows
from portal.sync.decisions import Finding
from portal.sync.engine import comparison, crash, guard, lots, mirror, shop_reading
from portal.sync.engine.ahead import ahead
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import may_read
from portal.sync.engine.pull_place import Place
from portal.sync.engine.sources import INTERVALS, ITEMS, PRODUCTS, STOCK, Source
from portal.sync.engine.streams import called, connections_of, release, worked
from portal.sync.errors import Retryable

_OVERLAP = timedelta(seconds=900)
# One job reads for so long; the next one goes on.
_SLICE_SECONDS = 60.0
# Rows that are taken in together: a commit costs as much as a page, and memory grows with them.
_TOGETHER = 1_000
# What a pull that goes on must read as it did when it began.
_KINDS = ("by_lot", "for_shops")
# A list that changes while it is read is read again so often.
_MOST_PASSES = 4
# Statements over a whole mirror take longer than those over a row. What a pull has seen is there for minutes:
# to the planner's statistics it is one row, and to look through that once for each item seems cheap.
_OVER_ALL = text(
    "SELECT set_config('statement_timeout', '120s', true), set_config('enable_nestloop', 'off', true)"
)


class Pull:
    """One turn at a pull: as far as it comes in its time.

    Args:
        desk: what to work with.
        stream: the claimed stream.
        source: where to read.
        open_shop: opens the platform's side of a connection.
    """

    def __init__(
        self,
        desk: Desk,
        stream: Stream,
        source: Source[Any],
        open_shop: Callable[[Session, Connection], Any],
    ) -> None:
        self._open = open_shop
        self._desk = desk
        self._tenant_id = stream.tenant_id
        self._stream_id = stream.id
        self._source = source
        self.probe = source.probe
        self._ends = time.monotonic() + _SLICE_SECONDS

    def run(self) -> set[UUID]:
        """Read on, and when all is read compare both sides.

        Returns:
            The connections that have something to look at now.

        Raises:
            SyncError: the list could not be read; the place is kept.
        """
        place = self._begin()
        if not place.read and not self._read(place):
            self._go_on_later(place)
            return set()
        self._read_batches(place)
        if place.compared is None and not self._read_besides():
            self._go_on_later(place)
            return set()
        concerned = self._compare(place)
        if place.compared is None:
            self._finish(place)
        return concerned

    def _compare(self, place: Place) -> set[UUID]:
        """Compare the connections that this list concerns; the place says how far that came."""
        with self._desk.tenant(self._tenant_id) as session:
            served = connections_of(session, session.get_one(Stream, self._stream_id))
            # One that was never live is only read: its preview compares it, and its first sync.
            live = [one for one in served if one.live_since is not None and may_read(one)]
            ready = sorted(one.id for one in live if is_pulled(session, one))
            # A shop may hide what nobody could count for an hour, whatever this list shows of it.
            behind = {one.id for one in live if shop_reading.is_behind(session, one)}
        at, after = place.compared or ("", "")
        concerned: set[UUID] = set()
        for connection_id in (one for one in ready if str(one) >= at):
            after = after if str(connection_id) == at else ""
            done = comparison.compare(
                self._desk,
                self._tenant_id,
                connection_id,
                after=after,
                only_seen_by=None if place.full or connection_id in behind else self._stream_id,
                is_over=self._is_over,
                look_up=self._open_shop(connection_id).look_up,
            )
            concerned |= {connection_id} if done.marked else set()
            if not done.complete:
                place.compared = (str(connection_id), done.after)
                self._go_on_later(place)
                return concerned
        place.compared = None
        return concerned

    def _open_shop(self, connection_id: UUID) -> CatalogueClient:
        with self._desk.tenant(self._tenant_id) as session:
            shop = self._open(session, session.get_one(Connection, connection_id))
        if not isinstance(shop, CatalogueClient):
            raise TypeError("this platform has no catalogue")
        return shop

    def _is_over(self) -> bool:
        return self._desk.stopping.is_set() or time.monotonic() > self._ends

    def _begin(self) -> Place:
        """Take up the place that was kept, or begin anew."""
        with self._desk.tenant(self._tenant_id) as session:
            stream = self._locked(session)
            if self._is_of_this_kind(stream.position):
                return Place(**(stream.position or {}))
            now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
            full = stream.name == STOCK or stream.full_at is None or stream.full_at < now - guard.FULL_EVERY
            full = full or (self._source.for_shops and stream.shop_at is None)
            stream.asked_at = None
            since = None if full or stream.watermark is None else stream.watermark - _OVERLAP
            place = Place(full=since is None, begun=now.isoformat(), part_begun=now.isoformat())
            place.by_lot, place.for_shops = self._source.by_lot, self._source.for_shops
            place.since = since.isoformat() if since else None
            place.part = self._source.parts[0] if self._source.parts else ""
            mirror.forget_seen(session, stream.id)
            stream.position = asdict(place)
            return place

    def _is_of_this_kind(self, position: Mapping[str, Any] | None) -> bool:
        """Whether a place that was kept is of a pull that read what this one does."""
        source = self._source
        kinds = (source.by_lot, source.for_shops)
        return position is not None and kinds == tuple(position.get(one, False) for one in _KINDS)

    def _locked(self, session: Session) -> Stream:
        """The stream, so that whoever asks for it meanwhile waits: an ask is seen here, or comes after."""
        return session.get_one(Stream, self._stream_id, with_for_update={"key_share": True})

    def _read(self, place: Place) -> bool:
        """Read the parts that are left; False when the time was over before the end."""
        parts = self._source.parts
        place.read = not parts
        left = parts[parts.index(place.part) :] if place.part in parts else parts
        for part in left:
            if part != place.part:
                self._begin_part(place, part)
            while not self._read_part(place):
                if self._is_over():
                    return False
        return True

    def _read_batches(self, place: Place) -> None:
        """Read the batches that belong to a list of products, where they are due."""
        if self._source.batches is None or place.compared is not None:
            return
        found = self._source.batches()
        with self._desk.tenant(self._tenant_id) as session:
            session.execute(_OVER_ALL)
            lots.store_all(session, session.get_one(Stream, self._stream_id), found)

    def _read_besides(self) -> bool:
        """Read what belongs to the list and is due; False when the time was over before that."""
        if self._source.besides is None:
            return True
        with self._desk.tenant(self._tenant_id) as session:
            stream = session.get_one(Stream, self._stream_id)
        return self._source.besides(self._desk, stream, self._is_over)

    def _read_part(self, place: Place) -> bool:
        """Read one part from its place on; False when it has to be gone on with, or read again."""
        since = datetime.fromisoformat(place.since) if place.since else None
        if place.at != "":
            with ahead(self._source.pages(place.part, since, place.at or "")) as pages:
                for together in _together(pages):
                    self._take_in(place, together)
                    crash.point("page_stored")
                    if self._is_over() and place.at:
                        return False
        return self._end_part(place)

    def _take_in(self, place: Place, pages: list[Rows[Any]]) -> None:
        """Take pages in and keep the place behind them, in one commit."""
        rows = list(chain.from_iterable(page.rows for page in pages))
        unreadable = [ref for page in pages for ref, _error in page.unreadable]
        with self._desk.tenant(self._tenant_id) as session:
            stream = session.get_one(Stream, self._stream_id)
            self._source.store(session, stream, rows)
            seen = [self._source.seen_as(row) for row in rows]
            mirror.note_seen(session, stream, place.part, place.page, [*seen, *filter(None, unreadable)])
            place.move_behind(pages)
            stream.position = asdict(place)
            stream.lease_until = func.now() + timedelta(seconds=self._desk.settings.lease_seconds)

    def _end_part(self, place: Place) -> bool:
        """Take over what only a whole list says, unless the list changed while it was read.

        Raises:
            Retryable: it did so each time.
        """
        with self._desk.tenant(self._tenant_id) as session:
            session.execute(_OVER_ALL)
            stream = session.get_one(Stream, self._stream_id)
            if self._is_whole(session, stream, place):
                self._take_over(session, stream, place)
                return True
            if place.passes < _MOST_PASSES:
                self._again(session, stream, place)
                return False
            stream.position = None
        # Outside: an error would take back that the next pull begins anew.
        raise Retryable(f"the list counts {place.total} rows and shows others each time")

    def _take_over(self, session: Session, stream: Stream, place: Place) -> None:
        if stream.name == STOCK:
            mirror.apply_stock(session, stream, place.part, place.part_begun, by_lot=place.by_lot)
        elif place.full and not place.moved:
            guard.note_gone(session, stream, place.begun)
        place.read = place.part == self._source.parts[-1]
        if place.read and place.full:
            stream.full_at = func.now()
        if place.read and (place.full or not place.for_shops):
            stream.shop_at = func.now() if place.for_shops else None
        stream.position = asdict(place)

    def _is_whole(self, session: Session, stream: Stream, place: Place) -> bool:
        if place.total is None:
            return True
        if stream.name == STOCK:
            # A row that was seen twice would count twice: the list must have stood still.
            return not place.moved and place.rows == place.total
        return mirror.count_seen(session, stream.id, place.part) >= place.total

    def _again(self, session: Session, stream: Stream, place: Place) -> None:
        place.passes += 1
        place.at, place.rows, place.total, place.moved = None, 0, None, False
        if stream.name == STOCK:
            mirror.forget_seen(session, stream.id)
            place.part_begun = session.execute(select(func.clock_timestamp())).scalar_one().isoformat()
        stream.position = asdict(place)

    def _begin_part(self, place: Place, part: str) -> None:
        with self._desk.tenant(self._tenant_id) as session:
            stream = session.get_one(Stream, self._stream_id)
            place.part, place.at, place.page = part, None, 0
            place.rows, place.total, place.moved, place.passes = 0, None, False, 1
            place.part_begun = session.execute(select(func.now())).scalar_one().isoformat()
            mirror.forget_seen(session, stream.id)
            stream.position = asdict(place)

    def _go_on_later(self, place: Place) -> None:
        with self._desk.tenant(self._tenant_id) as session:
            stream = session.get_one(Stream, self._stream_id)
            stream.position = asdict(place)
            release(session, stream, 0.0)

    def _finish(self, place: Place) -> None:
        """The pull is over: what it did not show is gone, and the next one begins where this one began."""
        crash.point("before_pulled")
        with self._desk.tenant(self._tenant_id) as session:
            session.execute(_OVER_ALL)
            stream = self._locked(session)
            mirror.forget_seen(session, stream.id)
            stream.position = None
            stream.last_found = place.rows
            worked(session, stream, datetime.fromisoformat(place.latest) if place.latest else None)
            if place.full or place.unreadable:
                _tell_unreadable(session, stream, place)


def is_pulled(session: Session, connection: Connection) -> bool:
    """Whether both sides of a connection's catalogue were read whole once, so that they can be compared."""
    lists = (
        select(Stream.name)
        .where(
            Stream.hub_id == connection.hub_id,
            Stream.source_id.in_((connection.id, connection.hub_id)),
            Stream.name.in_(tuple(INTERVALS)),
            Stream.full_at.is_not(None),
        )
        .distinct()
    )
    if shop_reading.is_asked_by(connection):
        lists = lists.where((Stream.name != ITEMS) | Stream.shop_at.is_not(None))
    if lots.kept_by(connection):
        lists = lists.where((Stream.name != PRODUCTS) | Stream.batches_at.is_not(None))
    known = set(session.scalars(lists))
    return connection.catalogue_since is not None and known == set(INTERVALS)


def _together(pages: Iterator[Rows[Any]]) -> Iterator[list[Rows[Any]]]:
    """Pages in bundles that are worth a commit."""
    bundle: list[Rows[Any]] = []
    for page in pages:
        bundle.append(page)
        if sum(len(one.rows) for one in bundle) >= _TOGETHER or not page.position:
            yield bundle
            bundle = []
    if bundle:
        yield bundle


def _tell_unreadable(session: Session, stream: Stream, place: Place) -> None:
    """Say how many rows could not be read, and why the first; the others went on."""
    for connection in connections_of(session, stream):
        finding = Finding(
            "unreadable_rows",
            f"{place.unreadable} rows of {called(stream, connection)} could not be read",
            "Correct what is named where it is kept. If it looks right there, send this to support.",
            cause=stream.name,
            text=place.unreadable_first,
            who="support",
        )
        if connection.catalogue_since is not None:
            found = (finding,) if place.unreadable else ()
            journal.report(session, connection, found, subject_id=stream.id, code=finding.code)
