"""SIGKILL at every crash point, once, in the real process that passes it: the order is right all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from portal.sync.engine import crash
from tests.conftest import empty
from tests.processes.product import Product, answers, eventually, product

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

# Quick, in the proportions that ship: the lease runs out long before an unclear write is looked at.
PACE = {
    "TRELLIS_LEASE_SECONDS": "2",
    "TRELLIS_SETTLE_SECONDS": "3",
    "TRELLIS_SWEEP_SECONDS": "0.5",
    "TRELLIS_POLL_SECONDS": "3",
}


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Product]:
    empty(engine, redis_url)
    with product(tmp_path_factory.mktemp("killed"), database_url, redis_url, **PACE) as made:
        yield made


@pytest.fixture
def flag(tmp_path: Path) -> Path:
    """While this file is there, the crash point kills; it is removed by who dies."""
    made = tmp_path / "crash"
    made.touch()
    return made


def finished_once(shop: Product, order: dict[str, Any]) -> None:
    """The order is in Flourish, with what only the last write gives it, and was never there twice."""

    def finished() -> bool:
        return any(row["payment_term"] for row in shop.flourish_orders(order))

    eventually("the order is in Flourish", finished, within=60, every=0.3)
    assert len(shop.flourish_orders(order)) == 1


# Pulls are killed in tests/sync/engine/test_pull.py.
WORKERS_POINTS = [point for point in crash.POINTS if point not in (*crash.INBOX, *crash.PULL)]


@pytest.mark.fault(1, 2, 3, 4)
@pytest.mark.parametrize("point", WORKERS_POINTS)
def test_a_worker_killed_at_this_point_leaves_one_order(shop: Product, flag: Path, point: str) -> None:
    if point in crash.SETTLING:
        shop.fault("flourish", "commit-then-drop", times=1)
    if point in crash.POLL:
        shop.fault("leaflink", "webhook-drop")
    order = shop.place_order(payment_term="net15")
    shop.start("worker", TRELLIS_CRASH_AT=point, TRELLIS_CRASH_FLAG=str(flag))
    eventually(f"it died at {point}", lambda: not flag.exists())
    finished_once(shop, order)


@pytest.mark.fault(9)
def test_web_killed_when_it_had_kept_a_webhook_leaves_one_order(shop: Product, flag: Path) -> None:
    web = next(process for process in shop.running if process.name == "web" and process.popen.poll() is None)
    web.stop()
    port = str(shop.port)
    web = shop.start("web", "--port", port, TRELLIS_CRASH_AT="kept", TRELLIS_CRASH_FLAG=str(flag))
    eventually("web answers", lambda: answers(f"{shop.url}/readyz"))
    order = shop.place_order(payment_term="net15")
    eventually("it died", lambda: web.popen.poll() is not None)
    assert not flag.exists()
    shop.start("web", "--port", port)
    shop.start("worker")
    finished_once(shop, order)


def test_every_point_is_one_that_a_process_passes() -> None:
    assert {*WORKERS_POINTS, "kept", *crash.PULL} == set(crash.POINTS)
