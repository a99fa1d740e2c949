"""A live shop with orders and products on both sides, and its reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from portal.models import Reconciliation, ReconciliationRow
from portal.sync import audit
from portal.sync.preview import sides
from portal.sync.reconciliation import runner
from tests.sync.engine.catalogues import Store, furnish
from tests.sync.engine.shop import Shop
from tests.sync.mapping.examples import order

ANN = audit.Actor("Ann")
NUMBER = order().number


def compared_shop(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A shop whose reports open its worlds."""
    store = furnish(shop, monkeypatch)
    monkeypatch.setattr(sides, "open_platform", lambda *_, **__: store.leaflink)
    monkeypatch.setattr(sides, "open_hub", lambda *_, **__: store.flourish)
    return store


def arrive(store: Store, **changed: Any) -> UUID:
    """Have an order come in and be created in Flourish."""
    placed = datetime.now(UTC) - timedelta(days=1)
    link_id = store.arrive(placed_at=placed, shipping=Decimal(20), notes="Ring", **changed)
    store.look_until_quiet()
    return link_id


def ask(store: Store) -> UUID:
    """Ask for a report."""
    with store.desk.tenant(store.tenant_id) as session:
        return runner.start(session, store.connection_id, by="Ann").id


def read(store: Store, report_id: UUID) -> Reconciliation:
    """Read a report."""
    with store.desk.tenant(store.tenant_id) as session:
        return session.get_one(Reconciliation, report_id)


def report(store: Store) -> Reconciliation:
    """Have a report made, whole."""
    report_id = ask(store)
    for _ in range(8):
        runner.work(store.desk, store.tenant_id, report_id)
        if read(store, report_id).finished_at is not None:
            break
    return read(store, report_id)


def rows(store: Store, made: Reconciliation) -> dict[str, tuple[str, str, str]]:
    """What did not agree: value -> outcome, and what the platform and Flourish have."""
    with store.desk.tenant(store.tenant_id) as session:
        found = session.scalars(
            select(ReconciliationRow).where(ReconciliationRow.reconciliation_id == made.id)
        ).all()
    return {row.what: (row.outcome, row.platform, row.flourish) for row in found}


def correct(store: Store, made: Reconciliation) -> int:
    """Have what will be corrected looked at."""
    keys = store.desk.settings.master_keys
    with store.desk.tenant(store.tenant_id) as session:
        return runner.correct(session, keys, session.merge(made), (), actor=ANN)
