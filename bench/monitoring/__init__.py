"""Pages for people with a year of orders behind them, through the real application in this process.

It asks as a browser does, with the roles and the row-level security of production; a network is not in it.
"""

from __future__ import annotations

import gc
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import psutil
from flask import Flask
from sqlalchemy import select, text

from bench.figures import Figure
from bench.machine import directory
from bench.monitoring.filler import Filled, Size, fill
from bench.monitoring.orders import Order
from bench.monitoring.pages import Page, Reader, Seen
from portal.blueprints.paging import cursor
from portal.config import Settings
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.extensions import APP_ROLE, Sessions
from portal.migrations import upgrade
from portal.models import Link, LogLine, Operation, Problem, Run
from portal.queries import problems
from portal.web import build
from tests.web import factory
from tests.web.conftest import Visitor

_LOOKS = 60
_ROWS_OF_A_PAGE = 50
_FAR = 1_000
_FLAT = 1.5
_MOST_REQUESTS = 2
_ORDER_MS, _LIST_MS, _TAIL_MS, _UPDATE_MS = 100.0, 50.0, 50.0, 25.0


def measure(size: Size | None = None) -> Iterator[Figure]:
    """Fill a database, then look at each kind of page again and again."""
    size = size or Size()
    with _portal() as (app, sessions, url):
        filled = fill(url, sessions, size)
        told = f"{size.orders:,} orders, {size.writes:,} writes, {size.events:,} events, {size.lines:,} lines"
        yield Figure("filling the database", filled.seconds, "s", told)
        _check_walls(sessions, filled)
        # The orders that were drawn lie in this process, and in no web process: the collector looks past
        # them.
        gc.collect()
        gc.freeze()
        visitor = Visitor(app)
        visitor.sign_in(factory.member(sessions, filled.company, "admin").email)
        reader = Reader(app, visitor, _server(sessions))
        seen = {}
        for page in _pages(sessions, filled):
            seen[page.name] = reader.see(page)
            yield seen[page.name].figure()
    yield from _comparisons(seen)


def _comparisons(seen: dict[str, Seen]) -> Iterator[Figure]:
    for name in ("orders", "problems", "writes"):
        first, far = seen[f"{name}, page 1"], seen[f"{name}, page {_FAR:,}"]
        told = f"median, {name}"
        yield Figure(f"  page {_FAR:,} beside page 1", far.median / first.median, "x", told, at_most=_FLAT)
    most = max(seen.values(), key=lambda one: one.requests)
    told = f"besides static files: {most.page.name}"
    yield Figure("requests of a page, most", most.requests, "", told, at_most=_MOST_REQUESTS)


def _check_walls(sessions: Sessions, filled: Filled) -> None:
    """The figures would be better without row-level security."""
    with sessions.tenant(filled.company.id) as session:
        role = session.scalar(text("SELECT current_user"))
        others = session.scalar(select(Link.id).where(Link.tenant_id != filled.company.id).limit(1))
    if role != APP_ROLE or others is not None:
        raise RuntimeError(f"as {role} other companies' orders are seen")


def _pages(sessions: Sessions, filled: Filled) -> Iterator[Page]:
    base = f"/t/{filled.company.slug}"
    with sessions.tenant(filled.company.id) as session:
        rows = _Rows(session, filled.company.id)
        far_order = rows.cursor(Link, Link.placed_at, Link.kind == "order")
        far_write = rows.cursor(Operation, Operation.intent_at)
        is_open = Problem.closed_at.is_(None)
        far_problem = rows.cursor(Problem, Problem.opened_at, is_open, size=problems.SHOWN)
        run_id = session.scalar(
            select(Run.id).where(Run.connection_id == filled.connection_id).order_by(Run.started_at).limit(1)
        )
        head = session.scalar(
            select(LogLine.number).where(LogLine.connection_id == filled.connection_id)
            .order_by(LogLine.number.desc()).limit(1)
        )  # fmt: skip
    some = _some(filled.orders)
    yield Page("order", [f"{base}/orders/{UUID(order.link_id)}" for order in some], _ORDER_MS)
    yield from _searches(f"{base}/orders?q=", some)
    yield Page("orders, page 1", [f"{base}/orders"] * _LOOKS, _LIST_MS)
    yield Page(f"orders, page {_FAR:,}", [f"{base}/orders?after={far_order}"] * _LOOKS, _LIST_MS)
    for place in ("in_flourish", "waiting", "skipped", "stuck", "earlier"):
        yield Page(f"orders, only {place}", [f"{base}/orders?place={place}"] * _LOOKS, _LIST_MS)
    yield Page("problems, page 1", [f"{base}/problems"] * _LOOKS, _LIST_MS)
    yield Page(f"problems, page {_FAR:,}", [f"{base}/problems?after={far_problem}"] * _LOOKS, _LIST_MS)
    yield Page("problems, closed", [f"{base}/problems?show=closed"] * _LOOKS, _LIST_MS)
    yield from _writes(f"{base}/writes", far_write, some)
    yield Page("dashboard", [f"{base}/"] * _LOOKS, _ORDER_MS)
    yield Page("dashboard, 7 days", [f"{base}/?window=week"] * _LOOKS, _ORDER_MS)
    narrowed = f"{base}/?window=week&connection={filled.connection_id}"
    yield Page("dashboard of a connection", [narrowed] * _LOOKS, _ORDER_MS)
    yield Page("dashboard, its update", [f"{base}/today"] * _LOOKS, _UPDATE_MS)
    yield Page("runs", [f"{base}/runs"] * _LOOKS, _LIST_MS)
    log = f"{base}/connections/{filled.connection_id}/log"
    yield Page(f"log of {head or 0:,} lines, its end", [log] * _LOOKS, _TAIL_MS)
    yield Page("  its middle", [f"{log}?before={(head or 0) // 2}"] * _LOOKS, _TAIL_MS)
    yield Page("  what is stuck", [f"{log}?level=stuck"] * _LOOKS, _TAIL_MS)
    yield Page("  a level that no line has", [f"{log}?level=bug"] * _LOOKS, _TAIL_MS)
    yield Page("log of the oldest run", [f"{base}/runs/{run_id}"] * _LOOKS, _TAIL_MS)


def _writes(address: str, far: str, some: list[Order]) -> Iterator[Page]:
    yield Page("writes, page 1", [address] * _LOOKS, _LIST_MS)
    yield Page(f"writes, page {_FAR:,}", [f"{address}?after={far}"] * _LOOKS, _LIST_MS)
    for name in ("kind=move", "kind=set_stock", "system=ordo", "outcome=refused", "until=2020-01-01"):
        yield Page(f"writes, {name}", [f"{address}?{name}"] * _LOOKS, _LIST_MS)
    yield Page("writes of an order", [f"{address}?link={UUID(each.link_id)}" for each in some], _LIST_MS)
    yield Page("writes of a number", [f"{address}?thing={quote(each.label)}" for each in some], _LIST_MS)
    yield Page("writes of one character", [f"{address}?thing={each.label[0]}" for each in some], _LIST_MS)


def _some(orders: Any) -> list[Order]:
    """So many, from the oldest to the newest."""
    return [orders[place * len(orders) // _LOOKS] for place in range(_LOOKS)]


def _searches(address: str, some: list[Order]) -> Iterator[Page]:
    in_flourish = [order for order in some if order.flourish_id]
    looked_at = [order for order in some if order.state != "new"]
    words = {
        "its order number": [order.label for order in some],
        "in small letters, no hyphen": [order.label.lower().replace("-", "") for order in some],
        "LeafLink's long number": [order.number for order in some],
        "Flourish's number": [order.flourish_id for order in in_flourish],
        "the buyer's number": [order.purchase_order for order in some],
        "the beginning of a number": [order.label[:3] for order in some],
        "one character": [order.label[0] for order in some],
        "a license": [order.customer.license for order in looked_at],
        "a customer": [order.customer.name for order in looked_at],
        "a word of many customers": [order.customer.name.split()[0] for order in looked_at],
        "a SKU": [order.skus[0] for order in looked_at],
        "what nothing has": [f"ZZ-{place}" for place in range(_LOOKS)],
    }
    for name, typed in words.items():
        yield Page(f"search: {name}", [address + quote(each) for each in typed], _LIST_MS)


@dataclass(frozen=True)
class _Rows:
    session: Any
    tenant_id: UUID

    def cursor(self, table: Any, at: Any, *conditions: Any, size: int = _ROWS_OF_A_PAGE) -> str:
        """Where page 1,000 of a list begins."""
        query = select(at, table.id).where(table.tenant_id == self.tenant_id, *conditions)
        skipped = (_FAR - 1) * size - 1
        row: tuple[datetime, UUID] = self.session.execute(
            query.order_by(at.desc(), table.id.desc()).offset(skipped).limit(1)
        ).one()
        return cursor(row[0], row[1])


def _server(sessions: Sessions) -> psutil.Process:
    with sessions.app() as session:
        server = psutil.Process(session.scalar(text("SELECT pg_backend_pid()"))).parent()
    if server is None:
        raise RuntimeError("the database has no server process")
    return server


@contextmanager
def _portal() -> Iterator[tuple[Flask, Sessions, str]]:
    with directory() as folder, Postgres(folder).running() as url, Valkey(folder).running() as redis_url:
        upgrade(url)
        app = build(_settings(url, redis_url, folder))
        trellis = app.extensions["trellis"]
        yield app, trellis.sessions, url
        trellis.sessions.engine.dispose()
        trellis.redis.close()


def _settings(url: str, redis_url: str, folder: Path) -> Settings:
    return Settings(
        database_url=url,
        redis_url=redis_url,
        secret_key=secrets.token_urlsafe(48),
        master_keys={"b1": secrets.token_bytes(32)},
        second_factor=False,
        pages_per_minute=1_000_000,
        audit_anchors=folder / "audit-anchors.jsonl",
    )
