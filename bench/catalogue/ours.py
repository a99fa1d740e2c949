"""Trellis's own part: both sides of a connection pulled and compared as a worker does it, in one process."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock
from uuid import UUID

import requests
from sqlalchemy import func, select

from bench.catalogue.lists import FLOURISH as FLOURISH_PATH
from bench.catalogue.lists import LEAFLINK as LEAFLINK_PATH
from portal.config import Settings
from portal.identity import tenants
from portal.models import Connection, Hub, Link, Secret, Stream, new_id, utc_now
from portal.sync import audit, secrets
from portal.sync.engine import catalogue, comparison, shift, sources
from portal.sync.engine.desk import Desk, open_desk
from portal.sync.engine.poll import poll
from tests.sync.engine.shop import Shop, open_shop

_KIB = 1024
_UNLIMITED = 100_000.0


def main(address: str) -> dict[str, Any]:
    """Sync a catalogue first, then again with nothing changed, then with one in a hundred changed."""
    desk = open_desk(_settings())
    shop = _connect(desk, address)
    found = sync(shop)
    found |= {"links": _count_links(shop), "first_writes": _state(address)["written"]}
    before = _state(address)["written"]
    found["again"] = sync(shop)["seconds"]
    found["again_writes"] = _state(address)["written"] - before
    changed = requests.get(f"{address}/change?count={os.environ['BENCH_CHANGED']}", timeout=60).json()
    found["changed"] = sync(shop)["seconds"]
    state = _state(address)
    found |= {"wanted_writes": changed["apart"], "changed_writes": state["written"] - changed["written"]}
    found |= {"apart": state["apart"]}
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB / 1_000_000
    return found


def _settings() -> Settings:
    return Settings(
        database_url=os.environ["BENCH_DATABASE_URL"],
        redis_url=os.environ["BENCH_REDIS_URL"],
        secret_key="",
        master_keys={"bench": b"b" * 32},
        allow_loopback=True,
        drain_seconds=600.0,
    )


def _connect(desk: Desk, address: str) -> Shop:
    """A tenant with a live connection to both lists, whose products are synced."""
    slug = os.environ["BENCH_NAME"]
    tenant = tenants.create(desk.sessions, slug=slug, name=slug, timezone="America/Los_Angeles")
    shop = open_shop(desk, tenant.id, slug)
    with desk.tenant(tenant.id) as session:
        hub = session.get_one(Hub, shop.hub_id)
        connection = session.get_one(Connection, shop.connection_id)
        for owner, path in ((hub, FLOURISH_PATH), (connection, f"{LEAFLINK_PATH}/")):
            owner.base_url = f"{address}{path}"
            owner.calls_per_second = _UNLIMITED
            session.add(_sealed(desk, owner))
    return shop


def _sealed(desk: Desk, owner: Hub | Connection) -> Secret:
    bound = {"tenant_id": str(owner.tenant_id), "owner_id": str(owner.id), "field": "api_key"}
    sealed = secrets.seal(desk.settings.master_keys, "a key of the bench", **bound)
    return Secret(
        id=new_id(),
        tenant_id=owner.tenant_id,
        owner_id=owner.id,
        field="api_key",
        ciphertext=sealed.ciphertext,
        key_id=sealed.key_id,
        last_four=sealed.last_four,
        set_by="bench",
        set_at=utc_now(),
    )


def sync(shop: Shop) -> dict[str, Any]:
    """Have all lists read whole, compared, and what is due looked at; returns the seconds of it."""
    with shop.desk.tenant(shop.tenant_id) as session:
        keys = shop.desk.settings.master_keys
        catalogue.begin(session, keys, shop.connection_id, actor=audit.Actor("Bench"))
    return read_due(shop)


def read_due(shop: Shop) -> dict[str, Any]:
    """Have the lists read that are due, and what they tell looked at; returns the seconds of it."""
    began = time.perf_counter()
    with _timed_comparisons() as comparing:
        while stream_id := _due(shop):
            poll(shop.desk, shop.tenant_id, stream_id)
        pulled = time.perf_counter()
        while shift.work(shop.desk):
            pass
    compared = sum(comparing)
    return {
        "seconds": time.perf_counter() - began,
        "pulling": pulled - began - compared,
        "comparing": compared,
    }


def _due(shop: Shop) -> UUID | None:
    """The stream of the catalogue that is due; the lists of Flourish first."""
    with shop.desk.tenant(shop.tenant_id) as session:
        failing = session.scalar(select(Stream.name).where(Stream.failures > 0))
        if failing:
            raise RuntimeError(f"{failing} could not be read")
        query = select(Stream.id).where(Stream.name.in_(sources.INTERVALS), Stream.due_at <= func.now())
        return session.scalar(query.order_by(Stream.name).limit(1))


def _count_links(shop: Shop) -> int:
    with shop.desk.tenant(shop.tenant_id) as session:
        agreeing = select(func.count()).where(Link.kind == "item", Link.decision_code == "agree")
        return session.scalar(agreeing) or 0


def _state(address: str) -> dict[str, int]:
    state: dict[str, int] = requests.get(f"{address}/state", timeout=60).json()
    return state


@contextmanager
def _timed_comparisons() -> Iterator[list[float]]:
    """Collect how long each comparison takes."""
    taken: list[float] = []
    compare = comparison.compare

    def timed(*args: Any, **kwargs: Any) -> comparison.Compared:
        began = time.perf_counter()
        done = compare(*args, **kwargs)
        taken.append(time.perf_counter() - began)
        return done

    with mock.patch.object(comparison, "compare", timed):
        yield taken


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(os.environ["BENCH_ADDRESS"])))
