"""The checklist's page with a large catalogue behind it, and how long its checks take to judge one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from flask import Flask
from sqlalchemy import text

from bench.figures import Figure, percentile
from bench.machine import directory
from portal.config import Settings
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.extensions import Sessions
from portal.migrations import upgrade
from portal.models import CheckResult
from portal.sync.platforms.leaflink import LEAFLINK
from portal.sync.readiness.declared import checks_of
from portal.sync.readiness.entries import of_item, of_product
from portal.web import build
from tests.sync.mapping.shelves import item, product
from tests.sync.readiness.snapshots import snapshot
from tests.web import factory
from tests.web.conftest import Visitor
from tests.web.factory import Company

ITEMS = 100_000
_LOOKS = 30
_ROWS = (
    "INSERT INTO item (id, tenant_id, hub_id, flourish_id, sku_key, near_key, sku, name)"
    " SELECT gen_random_uuid(), :tenant, :hub, n, n, n, n, n"
    " FROM (SELECT n::text FROM generate_series(1, :count) AS n) AS rows (n)"
)


def measure() -> Iterator[Figure]:
    """Ask for the page again and again; then judge a catalogue of the same size, without reading it."""
    looks = f"{_LOOKS} looks, {ITEMS:,} items behind it"
    with _portal() as (app, sessions):
        company = _company(sessions)
        visitor = Visitor(app)
        visitor.sign_in(factory.member(sessions, company, "admin").email)
        address = f"/t/{company.slug}/connections/{company.connection_id}/readiness"
        began = time.process_time()
        took = [_look(visitor, address) for _ in range(_LOOKS)]
        processor = (time.process_time() - began) / _LOOKS
    yield Figure("checklist page, median", percentile(took, 0.5) * 1000, "ms", looks, at_most=200)
    yield Figure("  95 of 100", percentile(took, 0.95) * 1000, "ms", looks)
    yield Figure("  processor time, without the database's", processor * 1000, "ms", looks)
    yield Figure("all checks, processor time", _judge(), "s", f"{ITEMS:,} products and items, matched before")


def _look(visitor: Visitor, address: str) -> float:
    began = time.perf_counter()
    if visitor.get(address).status_code != 200:
        raise RuntimeError("the checklist does not answer")
    return time.perf_counter() - began


def _judge() -> float:
    """Prepare the lists of a catalogue and judge every check by it."""
    skus = [f"PR-{number}" for number in range(ITEMS)]
    items = tuple(of_item(item(id=sku, sku=sku)) for sku in skus)
    products = tuple(of_product(product(ref=sku, sku=sku)) for sku in skus)
    small = snapshot()
    began = time.process_time()
    read = replace(
        small,
        platform={"products": products, "customers": small.platform["customers"]},
        flourish={"items": items, "sales_reps": small.flourish["sales_reps"]},
    )
    whole = LEAFLINK.readiness.prepare(read)
    whole = replace(
        whole, platform={**small.platform, **whole.platform}, flourish={**small.flourish, **whole.flourish}
    )
    wrong = [check.name for check in checks_of(LEAFLINK) if check.judge(whole).outcome != "ready"]
    if wrong:
        raise RuntimeError(f"not ready: {', '.join(wrong)}")
    return time.process_time() - began


@contextmanager
def _portal() -> Iterator[tuple[Flask, Sessions]]:
    with directory() as folder, Postgres(folder).running() as url, Valkey(folder).running() as redis_url:
        upgrade(url)
        app = build(
            Settings(
                database_url=url,
                redis_url=redis_url,
                secret_key=secrets.token_urlsafe(48),
                master_keys={"b1": secrets.token_bytes(32)},
                second_factor=False,
                audit_anchors=folder / "audit-anchors.jsonl",
            )
        )
        trellis = app.extensions["trellis"]
        yield app, trellis.sessions
        trellis.sessions.engine.dispose()
        trellis.redis.close()


def _company(sessions: Sessions) -> Company:
    """A company with a large catalogue, whose checks were all run."""
    company = factory.company(sessions, state="ready")
    with sessions.tenant(company.id) as session:
        for check in checks_of(LEAFLINK):
            session.add(
                CheckResult(
                    tenant_id=company.id,
                    connection_id=company.connection_id,
                    name=check.name,
                    outcome="ready",
                    severity=check.severity,
                    evidence=f"{ITEMS:,} of {ITEMS:,} match.",
                )
            )
    with sessions.engine.begin() as connection:
        connection.execute(
            text("SET LOCAL statement_timeout = 0; SET LOCAL session_replication_role = replica")
        )
        connection.execute(text(_ROWS), {"tenant": company.id, "hub": company.hub_id, "count": ITEMS})
    return company
