"""What the engine itself costs for an order: worlds in memory; PostgreSQL, Valkey and the shift are real."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from sqlalchemy import event

from bench.figures import Figure
from bench.machine import directory
from portal.config import Settings
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.identity import tenants
from portal.migrations import upgrade
from portal.sync.contract import Throttle
from portal.sync.domain import Item
from portal.sync.engine import shift
from portal.sync.engine.desk import Desk, open_desk
from portal.sync.engine.pace import Turnstile
from tests.sync.engine.shop import Shop, open_shop
from tests.sync.engine.worlds import Flourish, LeafLink, World
from tests.sync.mapping.examples import line, order

ROUNDS = 3
ORDERS = 200
SKUS = ("FL-1", "FL-2", "FL-3")
_WARM_UP = 30
_UNLIMITED = Throttle(1_000_000.0, 1_000_000)
_MOST_READS = 2


def measure() -> Iterator[Figure]:
    """Bring orders in, round after round; then look at all of them again, though nothing has changed.

    The processor time is this process's own: that of the servers and of HTTP is not in it, that of the worlds
    is, which is little. What else runs on the machine only adds to it: the best round counts.
    """
    with _shop() as shop:
        _bring_in(shop, "warm", _WARM_UP)
        rounds = [_bring_in(shop, str(each), ORDERS) for each in range(ROUNDS)]
        again, reads, writes = _look_again(shop)
    new, settled = f"{ROUNDS} x {ORDERS} orders of {len(SKUS)} lines", f"{ROUNDS * ORDERS} settled orders"
    best = min(each.milliseconds for each in rounds)
    yield Figure("engine's processor time, new order", best, "ms", f"best of {new}", at_most=8)
    yield Figure("  statements", rounds[0].statements, "", new)
    yield Figure("  processor time, settled order", again.milliseconds, "ms", settled)
    yield Figure("  statements", again.statements, "", settled)
    yield Figure("reads at a settled order", reads, "", settled, at_most=_MOST_READS)
    yield Figure("writes at a settled order", writes, "", settled, at_most=0)


@dataclass(frozen=True)
class _Cost:
    """What one order of a shift came to, on the average."""

    milliseconds: float
    statements: float


def _bring_in(shop: Shop, name: str, count: int) -> _Cost:
    """Place orders, and have one shift bring them in."""
    lines = tuple(line(sku) for sku in SKUS)
    for number in range(count):
        shop.arrive(order(number=f"{name}-{number}", label=f"L-{name}-{number}", lines=lines))
    made = len(shop.flourish.orders)
    cost = _shift(shop.desk, count)
    if len(shop.flourish.orders) != made + count:
        raise RuntimeError(f"{len(shop.flourish.orders) - made} of {count} orders were made in Flourish")
    return cost


def _look_again(shop: Shop) -> tuple[_Cost, float, int]:
    """Mark every order and have one shift look; returns what it cost, reads of each, and all writes."""
    numbers = list(shop.leaflink.orders)
    for number in numbers:
        shop.mark(number)
    calls, writes = _calls(shop), shop.writes()
    cost = _shift(shop.desk, len(numbers))
    return cost, (_calls(shop) - calls) / len(numbers), shop.writes() - writes


def _calls(shop: Shop) -> int:
    return len(shop.leaflink.calls) + len(shop.flourish.calls)


def _shift(desk: Desk, links: int) -> _Cost:
    with _statements(desk) as statements:
        began = time.process_time()
        shift.work(desk)
        taken = time.process_time() - began
    return _Cost(1000 * taken / links, len(statements) / links)


class _InTurn(World):
    """A world whose calls take their turns in Valkey, like any others."""

    turnstile: Turnstile

    def _call(self, name: str, effect: Callable[[], Any], *, about: str = "") -> Any:
        self.turnstile()
        return super()._call(name, effect, about=about)


class _LeafLink(_InTurn, LeafLink):
    pass


class _Flourish(_InTurn, Flourish):
    pass


@contextmanager
def _shop() -> Iterator[Shop]:
    """A live connection, on servers of its own."""
    with directory() as folder, Postgres(folder).running() as database, Valkey(folder).running() as redis:
        upgrade(database)
        settings = Settings(
            database_url=database, redis_url=redis, secret_key="", master_keys={}, drain_seconds=600.0
        )
        desk = open_desk(settings)
        tenant = tenants.create(desk.sessions, slug="acme", name="Acme", timezone="America/Los_Angeles")
        shop = open_shop(desk, tenant.id)
        shop.leaflink, shop.flourish = _LeafLink(), _Flourish()
        shop.flourish.known_items = [Item(f"item-{sku}", sku, f"Item {sku}", True, "Each") for sku in SKUS]
        for world in (shop.leaflink, shop.flourish):
            world.turnstile = Turnstile(desk, f"bench:{type(world).__name__}", _UNLIMITED)
        account = shop.account
        with mock.patch.object(shift, "open_account", return_value=account):
            yield shop
        desk.sessions.engine.dispose()
        desk.redis.close()


@contextmanager
def _statements(desk: Desk) -> Iterator[list[str]]:
    """Collect the statements that this process has the database run."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(desk.sessions.engine, "before_cursor_execute", note)
    yield seen
    event.remove(desk.sessions.engine, "before_cursor_execute", note)
