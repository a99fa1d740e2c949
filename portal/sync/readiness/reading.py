"""Reading: the lists that checks ask for, from our mirrors where they are kept, else from both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, MirroredItem, MirroredProduct
from portal.sync import rivals
from portal.sync.checks import Entry, Unread
from portal.sync.contract import CatalogueClient, PlatformClient
from portal.sync.engine.desk import Desk
from portal.sync.errors import ConnectionBroken, SyncError
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.facts import item_from, product_from
from portal.sync.readiness.entries import of_item, of_product

RIVAL_ORDERS, OTHER_WRITERS = "rival_orders", "other_writers"
# Rows of a mirror that are read in one transaction.
_TOGETHER = 5_000
# After so many rows the run says that it still goes on.
_BEAT_ROWS = 500
Beat = Callable[[str, int], None]
_SAID = {RIVAL_ORDERS: rivals.made_lately, OTHER_WRITERS: rivals.product_writers}


class Stopping(Exception):
    """This process is asked to end."""


@dataclass
class Sides:
    """Both sides of a connection as an assessment reads them.

    Args:
        desk: what to work with.
        tenant_id: whose connection it is.
        connection_id: the connection.
        label: what people call the platform.
        platform: the platform's client; None without a key.
        flourish: Flourish's client; None without a key.
        mirrored: whether both sides' catalogues were read whole into our mirrors.
        beat: told of each list and how many of its rows were read.
    """

    desk: Desk
    tenant_id: UUID
    connection_id: UUID
    label: str
    platform: PlatformClient | None
    flourish: FlourishClient | None
    mirrored: bool
    beat: Beat
    # Why a side cannot be read at all, once that is known.
    broken: dict[str, str] = field(default_factory=dict)

    def read(self, name: str, *, of_platform: bool) -> tuple[Entry, ...] | Unread:
        """Read one list; what cannot be read says why.

        Raises:
            Stopping: the worker is told to stop.
        """
        side, client = (self.label, self.platform) if of_platform else ("Flourish", self.flourish)
        if because := self.broken.get(side):
            return Unread(because)
        if client is None:
            return Unread(f"No {side} key is stored yet.")
        try:
            return tuple(self._counted(name, self._rows(name, of_platform=of_platform)))
        except ConnectionBroken as error:
            if error.is_forbidden:
                return Unread(f"The {side} key may not read {_words(name)}.")
            self.broken[side] = f"{side} refuses the key: {error}."
            return Unread(self.broken[side])
        except SyncError as error:
            return Unread(f"{side} could not be asked for {_words(name)}: {error}.")

    def _rows(self, name: str, *, of_platform: bool) -> Iterator[Entry]:
        if name in _SAID:
            return self._said(_SAID[name])
        if name == "products":
            return self._products()
        if name == "items":
            return self._items()
        client = self.platform if of_platform else self.flourish
        return client.entries(name) if client is not None else iter(())

    def _counted(self, name: str, rows: Iterator[Entry]) -> Iterator[Entry]:
        for number, row in enumerate(rows, start=1):
            if number % _BEAT_ROWS == 0:
                if self.desk.stopping.is_set():
                    raise Stopping
                self.beat(_words(name), number)
            yield row

    def _products(self) -> Iterator[Entry]:
        if self.mirrored:
            return self._kept(MirroredProduct, lambda facts: of_product(product_from(facts)))
        if isinstance(self.platform, CatalogueClient):
            pages = self.platform.products(None)
            return (of_product(one) for page in pages for one in page.rows)
        return iter(())

    def _items(self) -> Iterator[Entry]:
        if self.mirrored:
            return self._kept(MirroredItem, lambda facts: of_item(item_from(facts)))
        pages = self.flourish.items(None) if self.flourish is not None else iter(())
        return (of_item(one) for page in pages for one in page.rows)

    def _kept(self, table: Any, make: Callable[[Mapping[str, Any]], Entry]) -> Iterator[Entry]:
        """Read a mirror in pieces, so that no transaction is long."""
        after: UUID | None = None
        while True:
            with self.desk.tenant(self.tenant_id) as session:
                found = self._piece(session, table, after)
            yield from (make(facts) for _id, facts in found)
            if len(found) < _TOGETHER:
                return
            after = found[-1][0]

    def _piece(self, session: Session, table: Any, after: UUID | None) -> list[Any]:
        if table is MirroredItem:
            hub_id = select(Connection.hub_id).where(Connection.id == self.connection_id).scalar_subquery()
            owned = table.hub_id == hub_id
        else:
            owned = table.connection_id == self.connection_id
        query = select(table.id, table.facts).where(owned, table.gone_at.is_(None), table.facts.is_not(None))
        if after is not None:
            query = query.where(table.id > after)
        return list(session.execute(query.order_by(table.id).limit(_TOGETHER)).all())

    def _said(self, ask: Callable[[Desk, UUID, UUID], str | None]) -> Iterator[Entry]:
        """Say in one sentence what rivals did lately, as going live does."""
        said = ask(self.desk, self.tenant_id, self.connection_id)
        return iter((Entry("", said, said),) if said else ())


def _words(name: str) -> str:
    return name.replace("_", " ").removeprefix("flourish ")
