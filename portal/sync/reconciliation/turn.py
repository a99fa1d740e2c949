"""A turn at a report: orders that both systems have are read and compared, then SKUs by the mirrors.

Each batch is one commit with the place behind it, so that a worker that dies costs a batch. Its calls let
everybody else's go first.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, joinedload

from portal.models import Connection, Hub, Link, Reconciliation
from portal.sync import journal
from portal.sync.engine.accounts import catalogue_rules_of
from portal.sync.engine.desk import Desk
from portal.sync.engine.shelves import keys_after
from portal.sync.preview.items import Seen
from portal.sync.preview.shelf import gather
from portal.sync.preview.sides import Sides, open_sides
from portal.sync.reconciliation import looks, rows
from portal.sync.reconciliation.rows import Found
from portal.sync.registry import platform as platform_by_key

# So long a turn goes on at the most; a job may take three times of it.
SLICE_SECONDS = 60.0
_ORDERS, _SKUS = 50, 200
# What was found is kept so often: well within a lease.
_BATCH_SECONDS = 5.0
_Thing = TypeVar("_Thing")


class Turn:
    """As far as one worker comes.

    Args:
        desk: what to work with.
        tenant_id: whose report it is.
        report_id: the report, claimed.
    """

    def __init__(self, desk: Desk, tenant_id: UUID, report_id: UUID) -> None:
        self._desk = desk
        self._tenant_id = tenant_id
        self._report_id = report_id
        self._ends = time.monotonic() + SLICE_SECONDS
        with desk.tenant(tenant_id) as session:
            report = session.get_one(Reconciliation, report_id)
            self._state, self._place, self._since = report.state, report.place, report.orders_since
            options = (
                joinedload(Connection.hub).selectinload(Hub.facilities),
                joinedload(Connection.facility),
            )
            self._connection = session.get_one(Connection, report.connection_id, options=options)
        self._platform = platform_by_key(self._connection.platform)

    def run(self) -> bool:
        """Go on until it is over or the time is; returns whether there is more to do.

        Raises:
            SyncError: a side could not be read; the place is kept.
        """
        if self._state == "orders":
            if not self._go_through(self._orders, self._order):
                return True
            self._advance("items")
        if self._state == "items":
            if not self._go_through(self._skus, self._item):
                return True
            self._advance("done")
        return False

    @cached_property
    def _sides(self) -> Sides:
        with self._desk.tenant(self._tenant_id) as session:
            return open_sides(self._desk, session, session.get_one(Connection, self._connection.id))

    def _go_through(self, following: Callable[[], Sequence[_Thing]], look: Callable[[_Thing], Found]) -> bool:
        """Compare batch after batch; returns whether nothing is left of them."""
        while things := following():
            found: list[Found] = []
            ends = time.monotonic() + _BATCH_SECONDS
            for one in things:
                found.append(look(one))
                if time.monotonic() > ends or self._desk.stopping.is_set():
                    break
            self._keep(found)
            if self._desk.stopping.is_set() or time.monotonic() > self._ends:
                return False
        return True

    def _orders(self) -> Sequence[Link]:
        concerned = _concerned(self._connection.id, self._since)
        query = select(Link).where(*concerned, Link.foreign_id > self._place)
        with self._desk.tenant(self._tenant_id) as session:
            return session.scalars(query.order_by(Link.foreign_id).limit(_ORDERS)).all()

    def _order(self, link: Link) -> Found:
        standings = looks.at_order(self._desk, self._sides, self._connection, link)
        return Found("order", link.foreign_id, link.label or link.foreign_id, standings, link.id)

    def _skus(self) -> Sequence[Seen]:
        # A connection whose catalogue is not synced writes no product.
        if self._platform.catalogue is None or self._connection.catalogue_since is None:
            return ()
        with self._desk.tenant(self._tenant_id) as session:
            skus = keys_after(session, self._connection, self._place, _SKUS)
        return gather(self._desk, self._sides.account, None, self._connection, skus) if skus else ()

    def _item(self, seen: Seen) -> Found:
        rules = catalogue_rules_of(self._connection, self._platform, self._sides.account.rules.said)
        standings = looks.at_item(self._sides, rules, self._connection.id, seen)
        return Found("item", seen.sku, seen.sku, standings, seen.link_id)

    def _keep(self, found: Sequence[Found]) -> None:
        """Keep a batch, and the place behind it, in one commit."""
        catalogue = self._platform.catalogue
        words = {one.name: one.label for one in catalogue.fields} if catalogue else {}
        with self._desk.tenant(self._tenant_id) as session:
            report = session.get_one(Reconciliation, self._report_id, with_for_update=True)
            if report.state == "orders" and not report.total:
                report.total = {"order": _count(session, self._connection.id, self._since)}
            rows.store(session, report, found, words)
            report.place = self._place = found[-1].subject
            report.lease_until = func.now() + timedelta(seconds=self._desk.settings.lease_seconds)
            report.failures, report.error = 0, ""
        self._sides.forget()

    def _advance(self, state: str) -> None:
        """Go over to the next state, or to the end."""
        with self._desk.tenant(self._tenant_id) as session:
            report = session.get_one(Reconciliation, self._report_id, with_for_update=True)
            report.state, report.place = state, ""
            if state == "done":
                report.finished_at, report.error = func.now(), ""
                counts = rows.by_outcome(report)
                told = f"Both sides were compared: {counts['corrected']} values will be corrected,"
                told += f" {counts['conflict']} are for a person. Nothing was written"
                connection = session.get_one(Connection, report.connection_id)
                journal.log(session, connection, "done", told)
        self._state, self._place = state, ""


def _concerned(connection_id: UUID, since: datetime) -> tuple[ColumnElement[bool], ...]:
    """The orders that a report is about: those that both systems have, placed since then."""
    return (
        Link.connection_id == connection_id,
        Link.kind == "order",
        Link.flourish_id.is_not(None),
        Link.placed_at >= since,
    )


def _count(session: Session, connection_id: UUID, since: datetime) -> int:
    return session.scalar(select(func.count(Link.id)).where(*_concerned(connection_id, since))) or 0
