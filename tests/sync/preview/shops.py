"""A connection that is ready and was never live, on the small worlds in memory."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import null, select, text, update

from portal.models import Connection, Link, Preview, PreviewRow
from portal.sync import approval, audit, connecting
from portal.sync.engine import shift
from portal.sync.engine.shift import work_alone
from portal.sync.preview import runner, sides
from tests.sync.engine.catalogues import Store, furnish
from tests.sync.engine.shop import Shop

ANN = audit.Actor("Ann")


def unlive(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Have the shop's connection be ready and never have been live; previews and trials open its worlds."""
    store = furnish(shop, monkeypatch)
    monkeypatch.setattr(sides, "open_platform", lambda *_, **__: store.leaflink)
    monkeypatch.setattr(sides, "open_hub", lambda *_, **__: store.flourish)
    monkeypatch.setattr(approval, "open_platform", lambda *_, **__: store.leaflink)
    monkeypatch.setattr(shift, "open_account", lambda *_, **__: store.account)
    with shop.desk.tenant(shop.tenant_id) as session:
        session.execute(update(Connection).values(state="ready", live_since=null()))
    return store


def begin(store: Store, since: datetime | None = None) -> UUID:
    """Ask for a preview."""
    with store.desk.tenant(store.tenant_id) as session:
        keys = store.desk.settings.master_keys
        return runner.start(session, keys, store.connection_id, actor=ANN, since=since).id


def work(store: Store, preview_id: UUID, *, turns: int = 12) -> Preview:
    """Work on a preview until it is over, or for so many turns."""
    for _ in range(turns):
        runner.work(store.desk, store.tenant_id, preview_id)
        if read(store, preview_id).finished_at is not None:
            break
    return read(store, preview_id)


def read(store: Store, preview_id: UUID) -> Preview:
    """Read a preview."""
    with store.desk.tenant(store.tenant_id) as session:
        return session.get_one(Preview, preview_id)


def rows(store: Store, preview_id: UUID) -> dict[str, PreviewRow]:
    """Its rows by what they are about."""
    with store.desk.tenant(store.tenant_id) as session:
        found = session.scalars(select(PreviewRow).where(PreviewRow.preview_id == preview_id))
        return {row.subject: row for row in found}


def die_in(store: Store, preview_id: UUID) -> None:
    """Have a worker take it up that dies on the way, and its lease run out."""
    with suppress(SystemExit):
        runner.work(store.desk, store.tenant_id, preview_id)
    with store.desk.tenant(store.tenant_id) as session:
        session.execute(text("UPDATE preview SET lease_until = now() - interval '1 second'"))


def go_live(store: Store, preview_id: UUID | None, *, despite: bool = False) -> None:
    """Go live, with a preview or without one."""
    desk, tenant_id = store.desk, store.tenant_id
    given = approval.approved(desk, tenant_id, preview_id, despite=despite) if preview_id else None
    connecting.go_live(
        desk, tenant_id, store.connection_id, actor=ANN, despite="a test", despite_rival=True, approval=given
    )


def try_alone(store: Store, link_id: UUID) -> Link:
    """Have a worker do what a trial rings for."""
    work_alone(store.desk, link_id)
    return store.link(link_id)


def settings_of(store: Store) -> Any:
    """The installation's keys."""
    return store.desk.settings.master_keys
