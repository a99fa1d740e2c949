"""Approval: going live with a preview, what changed since it was made, and what it lets through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Preview, PreviewRow
from portal.sync.credentials import CannotConnect, proven
from portal.sync.decisions import CatalogueRules
from portal.sync.engine import catalogue
from portal.sync.engine.accounts import Tape, catalogue_rules_of, open_platform
from portal.sync.engine.desk import Desk
from portal.sync.engine.guard import APPROVED_FOR
from portal.sync.engine.said import said_of
from portal.sync.engine.shelves import keys_after, known
from portal.sync.preview.summary import minutes
from portal.sync.preview.turn import digest
from portal.sync.registry import platform as platform_by_key

_SKUS = 1_000
_EXAMPLES = 5


@dataclass(frozen=True)
class Since:
    """What is otherwise than it was when a preview was made."""

    rules: bool = False
    items: int = 0
    orders: int = 0
    examples: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is."""
        return self.rules or bool(self.items or self.orders)

    @property
    def sentence(self) -> str:
        """In words; empty when nothing is."""
        if self.rules:
            return "The rules or the facility were changed since: every row may be another one now."
        parts = [
            _number(self.items, "product") if self.items else "",
            _number(self.orders, "order") if self.orders else "",
        ]
        if not any(parts):
            return ""
        named = f" ({', '.join(self.examples)}{', …' if self.items > len(self.examples) else ''})"
        return f"{' and '.join(filter(None, parts))} changed since{named if self.examples else ''}."


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def changed_since(desk: Desk, tenant_id: UUID, preview: Preview) -> Since:
    """Compare what a preview was made of with what is known now; orders are asked for.

    Args:
        desk: what to work with.
        tenant_id: whose it is.
        preview: one that is done.

    Raises:
        SyncError: the platform could not be asked for its orders.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, preview.connection_id)
        if digest(session, connection.id) != preview.rules_digest:
            return Since(rules=True)
        client = open_platform(desk, session, connection, Tape())
    changed = _changed_items(desk, tenant_id, preview)
    orders = {hint.ref for page in client.changed_orders(preview.created_at) for hint in page.hints}
    orders -= _tried(desk, tenant_id, preview.connection_id, "order")
    return Since(items=len(changed), orders=len(orders), examples=tuple(changed[:_EXAMPLES]))


def _changed_items(desk: Desk, tenant_id: UUID, preview: Preview) -> list[str]:
    """The SKUs that are otherwise, new or gone; those that were tried alone changed by that."""
    changed: list[str] = []
    after = ""
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, preview.connection_id)
        platform = platform_by_key(connection.platform)
        if platform.catalogue is None:
            return []
        rules = catalogue_rules_of(connection, platform, said_of(session, connection))
        while skus := keys_after(session, connection, after, _SKUS):
            changed += _changed_of(session, preview, connection, rules, skus, after)
            after = skus[-1]
        changed += _rows_behind(session, preview, after)
    tried = _tried(desk, tenant_id, preview.connection_id, "item")
    return [sku for sku in changed if sku not in tried]


def _changed_of(
    session: Session,
    preview: Preview,
    connection: Connection,
    rules: CatalogueRules,
    skus: list[str],
    after: str,
) -> list[str]:
    now = known(session, connection, rules, skus, with_facts=False)
    of = (PreviewRow.preview_id == preview.id, PreviewRow.thing == "item")
    between = (PreviewRow.subject > after, PreviewRow.subject <= skus[-1])
    rows = session.execute(select(PreviewRow.subject, PreviewRow.fingerprint).where(*of, *between))
    then = dict(rows.all())
    return sorted(sku for sku in {*now, *then} if sku not in now or then.get(sku) != now[sku].fingerprint)


def _rows_behind(session: Session, preview: Preview, after: str) -> list[str]:
    """Rows behind the last SKU that there is now: of what is gone."""
    of = (PreviewRow.preview_id == preview.id, PreviewRow.thing == "item", PreviewRow.subject > after)
    return list(session.scalars(select(PreviewRow.subject).where(*of).order_by(PreviewRow.subject)))


def _tried(desk: Desk, tenant_id: UUID, connection_id: UUID, kind: str) -> set[str]:
    query = select(Link.foreign_id).where(
        Link.connection_id == connection_id, Link.kind == kind, Link.tried_until.is_not(None)
    )
    with desk.tenant(tenant_id) as session:
        return set(session.scalars(query))


@dataclass(frozen=True)
class Approval:
    """A preview that somebody goes live with, and what changed since it was made."""

    preview_id: UUID
    orders_since: datetime
    since: Since


def approved(desk: Desk, tenant_id: UUID, preview_id: UUID, *, despite: bool) -> Approval:
    """Look whether a preview still holds, so that somebody may go live with it.

    Args:
        desk: what to work with.
        tenant_id: whose it is.
        preview_id: the preview.
        despite: also when something changed since.

    Raises:
        CannotConnect: it is not done, something changed since, or the platform could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        preview = session.get(Preview, preview_id)
        if preview is None or preview.state != "done":
            raise CannotConnect("This preview is not done, or not there any more: make another one.")
    since = proven(lambda: changed_since(desk, tenant_id, preview))
    if since.any and not despite:
        raise CannotConnect(f"{since.sentence} Preview again, or go live anyway.")
    return Approval(preview_id, preview.orders_since, since)


def begin(session: Session, connection: Connection, approval: Approval | None, *, by: str) -> dict[str, Any]:
    """Begin what a connection syncs as it goes live for the first time: with a preview, its catalogue; and
    where nothing changed since, products may lose all their stock as it showed.

    Args:
        session: the transaction in which the connection goes live.
        connection: the connection, live already.
        approval: the preview that is approved; None where nobody made one.
        by: who goes live.

    Returns:
        What the audit tells of it.

    Raises:
        CannotConnect: it is another connection's preview.
    """
    tried = (Link.connection_id == connection.id, Link.tried_until.is_not(None), Link.lease_until.is_(None))
    session.execute(update(Link).where(*tried).values(alone=False))
    if approval is None:
        # Lists may have been read for a preview; nobody said that the catalogue is to be synced.
        connection.catalogue_since = None
        return {}
    preview = session.get(Preview, approval.preview_id, with_for_update=True)
    if preview is None or preview.connection_id != connection.id:
        raise CannotConnect("This preview is of another connection.")
    preview.approved_at, preview.approved_by = func.now(), by
    if connection.catalogue_since is not None:
        catalogue.compare_anew(session, connection)
    drops = int(preview.counts.get("drops", 0))
    if drops and not approval.since.any:
        takes = timedelta(minutes=minutes(preview.counts, connection))
        connection.drops_approved_until = func.now() + APPROVED_FOR + takes
    return {"preview": str(preview.id), "changed_since": approval.since.sentence, "stock_to_nothing": drops}
