"""A turn at a preview: lists are read first, then orders are rehearsed, as they hold stock, then items.

Each batch is one commit with the place behind it, so that a worker that dies costs a batch.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.orm import Session, joinedload

from portal.models import Connection, Hub, Preview, Run
from portal.sync import journal
from portal.sync.domain import Hint
from portal.sync.engine.accounts import catalogue_rules_of, rules_of
from portal.sync.engine.desk import Desk
from portal.sync.engine.held import holds_of
from portal.sync.engine.orders import Known, OrderMatter
from portal.sync.engine.said import said_of
from portal.sync.engine.shelves import keys_after
from portal.sync.mapping import effects
from portal.sync.preview import lists, rows
from portal.sync.preview.items import ItemRehearsal, Seen
from portal.sync.preview.rehearsal import rehearse
from portal.sync.preview.rows import Found
from portal.sync.preview.shelf import gather
from portal.sync.preview.sides import Sides, open_sides
from portal.sync.registry import platform as platform_by_key

# So long a turn goes on at the most; a job may take three times of it.
SLICE_SECONDS = 60.0
_SKUS = 200
# What was found is kept so often: well within a lease.
_BATCH_SECONDS = 5.0
_Thing = TypeVar("_Thing")
_NEXT = {"reading": "orders", "orders": "items", "items": "done"}
_SAID = {
    "reading": "Both lists are read; orders are gone through",
    "orders": "Orders are gone through; products are",
}


class Turn:
    """As far as one worker comes.

    Args:
        desk: what to work with.
        tenant_id: whose preview it is.
        preview_id: the preview, claimed.
    """

    def __init__(self, desk: Desk, tenant_id: UUID, preview_id: UUID) -> None:
        self._desk = desk
        self._tenant_id = tenant_id
        self._preview_id = preview_id
        self._ends = time.monotonic() + SLICE_SECONDS
        with desk.tenant(tenant_id) as session:
            preview = session.get_one(Preview, preview_id)
            self._created_at = preview.created_at
            self._place = preview.place
            options = (
                joinedload(Connection.hub).selectinload(Hub.facilities),
                joinedload(Connection.facility),
            )
            self._connection = session.get_one(Connection, preview.connection_id, options=options)
        self._platform = platform_by_key(self._connection.platform)

    def run(self) -> bool:
        """Go on until it is over or the time is; returns whether there is more to do by itself.

        Raises:
            SyncError: a side could not be read; the place is kept.
        """
        steps: dict[str, Callable[[], bool]] = {
            "reading": self._read,
            "orders": self._rehearse_orders,
            "items": self._rehearse_items,
        }
        while (state := self._state()) in steps:
            if not steps[state]():
                return True
            self._advance(state)
        return False

    @property
    def _is_over(self) -> bool:
        return self._desk.stopping.is_set() or time.monotonic() > self._ends

    def _state(self) -> str:
        with self._desk.tenant(self._tenant_id) as session:
            return session.get_one(Preview, self._preview_id).state

    @cached_property
    def _sides(self) -> Sides:
        with self._desk.tenant(self._tenant_id) as session:
            strains, destinations = rows.made(session, self._preview_id)
            preview = session.get_one(Preview, self._preview_id)
            connection = session.get_one(Connection, preview.connection_id)
            return open_sides(
                self._desk,
                session,
                connection,
                since=preview.orders_since,
                strains=strains,
                destinations=destinations,
            )

    def _read(self) -> bool:
        if self._platform.catalogue is None:
            return True
        return lists.read(self._desk, self._tenant_id, self._connection.id, self._created_at)

    def _rehearse_orders(self) -> bool:
        hints = self._hints()
        while left := [hint for hint in hints if hint.ref.encode() > self._place.encode()]:
            if self._is_over:
                return False
            self._keep(self._each(self._order, left), orders=len(hints))
        return True

    def _hints(self) -> list[Hint]:
        pages = self._sides.account.client.changed_orders(None)
        found = {hint.ref: hint for page in pages for hint in page.hints if hint.kind == "order"}
        # As its list is read anew by each turn, it is no part of what the first sync asks.
        self._sides.calls.clear()
        return [found[ref] for ref in sorted(found, key=lambda one: one.encode())]

    def _order(self, hint: Hint) -> Found:
        known = Known(hub_id=self._connection.hub_id, number=hint.ref)
        matter = OrderMatter(self._desk, self._sides.account, self._tenant_id, known)
        rehearsed = rehearse(matter, None)
        order = self._sides.platform.read_order(hint.ref)
        label = (order.label if order else hint.label) or hint.ref
        holds = holds_of(order, None) if order else None
        name = order.customer.name if order else ""
        return Found("order", hint.ref, label, rehearsed, name=name, holds=holds)

    def _rehearse_items(self) -> bool:
        while self._platform.catalogue is not None:
            if self._is_over:
                return False
            with self._desk.tenant(self._tenant_id) as session:
                skus = keys_after(session, self._connection, self._place, _SKUS)
            if not skus:
                break
            seen = gather(self._desk, self._sides.account, self._preview_id, self._connection, skus)
            self._keep(self._each(self._item, seen))
        return True

    def _each(self, rehearse_one: Callable[[_Thing], Found], things: Sequence[_Thing]) -> list[Found]:
        """Rehearse things for as long as a batch may take, one at the least."""
        found: list[Found] = []
        ends = time.monotonic() + _BATCH_SECONDS
        for one in things:
            found.append(rehearse_one(one))
            if time.monotonic() > ends or self._desk.stopping.is_set():
                break
        return found

    def _item(self, seen: Seen) -> Found:
        sides = self._sides
        said = sides.account.rules.said
        rules = catalogue_rules_of(self._connection, self._platform, said)
        matter = ItemRehearsal(sides.account, sides.platform, rules, self._connection.id, seen)
        rehearsed = rehearse(matter, seen.base, effects.fields_of(seen.shelf))
        return Found("item", seen.sku, seen.sku, rehearsed, name=seen.name, fingerprint=seen.fingerprint)

    def _keep(self, found: Sequence[Found], **total: int) -> None:
        """Keep a batch, and the place behind it, in one commit."""
        with self._desk.tenant(self._tenant_id) as session:
            preview = session.get_one(Preview, self._preview_id, with_for_update=True)
            rows.store(session, preview, found, self._platform.catalogue)
            preview.place = self._place = found[-1].subject
            preview.total = {**preview.total, **total}
            calls = {side: preview.reads.get(side, 0) + made for side, made in self._sides.calls.items()}
            preview.reads = {**preview.reads, **calls}
            preview.lease_until = func.now() + timedelta(seconds=self._desk.settings.lease_seconds)
            preview.failures = 0
            self._beat(session, preview)
        self._sides.calls.clear()
        self._sides.forget()

    def _beat(self, session: Session, preview: Preview) -> None:
        if preview.run_id is not None:
            session.get_one(Run, preview.run_id).heartbeat_at = func.now()

    def _advance(self, state: str) -> None:
        """Go over to the next state, or to the end."""
        with self._desk.tenant(self._tenant_id) as session:
            preview = session.get_one(Preview, self._preview_id)
            self._place = preview.place = ""
            if _NEXT[state] == "done":
                finish(session, preview, digest(session, self._connection.id))
                return
            preview.state = _NEXT[state]
            journal.log(session, self._connection, "info", _SAID[state], run_id=preview.run_id)


def finish(session: Session, preview: Preview, rules_digest: str) -> None:
    """End a preview with its counts."""
    preview.rules_digest = rules_digest
    preview.counts = rows.counted(session, preview)
    preview.state, preview.finished_at, preview.error = "done", func.now(), ""
    if preview.run_id is not None:
        run = session.get_one(Run, preview.run_id)
        run.state, run.finished_at, run.counts = "done", func.now(), preview.counts["kinds"]
    connection = session.get_one(Connection, preview.connection_id)
    journal.log(
        session, connection, "done", "The preview is done; nothing was written", run_id=preview.run_id
    )


def digest(session: Session, connection_id: UUID) -> str:
    """What a connection's rules come to: with others, every row may be another one."""
    connection = session.get_one(Connection, connection_id)
    platform = platform_by_key(connection.platform)
    orders = rules_of(connection, platform, since=connection.created_at)
    items = catalogue_rules_of(connection, platform) if platform.catalogue else None
    chosen = sorted(platform.chosen(connection.settings).items())
    # What was said of SKUs is in the fingerprint of each.
    said = said_of(session, connection)
    names = sorted((key, sorted(each.items())) for key, each in said.aliases.items() if key != "sku")
    told = repr((orders.facility, sorted(orders.facilities.items()), items, chosen, names))
    return hashlib.sha256(told.encode()).hexdigest()[:32]
