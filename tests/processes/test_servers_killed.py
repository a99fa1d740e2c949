"""PostgreSQL and Redis killed under the running product, and a worker whose job must die with it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import requests

from tests.chaos.cluster import Cluster, cluster
from tests.processes.product import eventually

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

QUEUED = 500
# Of those that were queued, so many are waited for: that work goes on, not how fast.
DONE = 25
EVERYTHING = ("worker-1", "web", "schedule", "valkey", "postgres")
PACE = {
    "TRELLIS_LEASE_SECONDS": "2",
    "TRELLIS_SETTLE_SECONDS": "3",
    "TRELLIS_SWEEP_SECONDS": "0.5",
    "TRELLIS_POLL_SECONDS": "60",
}


@pytest.fixture(scope="module")
def up() -> Iterator[Cluster]:
    """The product with servers of its own, and no worker."""
    with cluster(**PACE) as made:
        made.set_up()
        made.control("POST", "settings", {"leaflink_rate_limit": 0})
        yield made


@pytest.fixture
def shop(up: Cluster) -> Iterator[Cluster]:
    """All servers run, nothing is wrong, and there is no worker but those that a test starts."""
    up.control("DELETE", "faults")
    yield up
    up.kill("worker-1")
    for name in ("postgres", "valkey", "web", "schedule"):
        up.start(name)


def place(shop: Cluster) -> dict[str, Any]:
    placed: dict[str, Any] = shop.control("POST", "leaflink/orders", {"lines": 1, "payment_term": "net15"})
    return placed


def links(shop: Cluster, condition: str = "true") -> set[str]:
    """The numbers of the orders that Trellis knows, and of which something holds."""
    with shop.database() as database:
        rows = database.execute(f"SELECT foreign_id FROM link WHERE {condition}".encode()).fetchall()
    return {number for (number,) in rows}


def in_flourish(shop: Cluster, order: dict[str, Any]) -> bool:
    return order["number"] in links(shop, "flourish_id IS NOT NULL AND state = 'settled'")


def outcomes(shop: Cluster, order: dict[str, Any]) -> list[str]:
    """How the deliveries of an order's webhook ended so far."""
    rows = shop.control("GET", "deliveries")
    return [str(row["outcome"]) for row in rows if order["short_id"] in row["subject"] and row["outcome"]]


@pytest.mark.fault(10)
def test_a_webhook_is_taken_and_its_order_made_while_redis_is_away(shop: Cluster) -> None:
    shop.start("worker-1")
    shop.kill("valkey")
    order = place(shop)
    eventually("the webhook is answered", lambda: outcomes(shop, order), every=0.2)
    assert outcomes(shop, order) == ["202"]
    assert order["number"] in links(shop)
    shop.start("valkey")
    eventually("the order is made", lambda: shop.tend() or in_flourish(shop, order), within=90, every=0.3)


@pytest.mark.fault(49, 77)
def test_a_webhook_is_refused_with_503_while_postgresql_is_away_and_taken_when_it_is_back(
    shop: Cluster,
) -> None:
    shop.start("worker-1")
    shop.kill("postgres")
    order = place(shop)
    eventually("the webhook is answered", lambda: outcomes(shop, order), every=0.2)
    assert outcomes(shop, order) == ["503"]
    assert requests.get(f"{shop.url}/readyz", timeout=10).status_code == 503
    shop.start("postgres")
    eventually("the order is made", lambda: shop.tend() or in_flourish(shop, order), within=90, every=0.3)
    assert shop.answers()


def test_a_job_dies_with_its_worker_though_only_the_worker_is_killed(shop: Cluster) -> None:
    shop.control("POST", "faults", {"platform": "flourish", "fault": "latency", "argument": 8, "seconds": 60})
    shop.start("worker-1")
    order = place(shop)
    (job, *_) = eventually("a job has begun", lambda: shop.jobs("worker-1"))
    psutil.Process(shop.pid("worker-1")).send_signal(signal.SIGKILL)
    assert not psutil.wait_procs([job], timeout=5)[1]
    shop.control("DELETE", "faults")
    eventually("the order is made", lambda: shop.tend() or in_flourish(shop, order), within=90, every=0.3)


@pytest.mark.fault(79)
def test_everything_killed_at_once_goes_on_when_it_is_started_again(shop: Cluster) -> None:
    shop.start("worker-1")
    orders = [place(shop) for _ in range(20)]
    placed = {order["number"] for order in orders}
    eventually("work has begun", lambda: placed & links(shop, "flourish_id IS NOT NULL"), within=90)
    for name in EVERYTHING:
        shop.kill(name)
    for name in reversed(EVERYTHING):
        shop.start(name)
    done = "flourish_id IS NOT NULL AND state = 'settled'"
    eventually("all are made", lambda: shop.tend() or placed <= links(shop, done), within=180, every=0.5)
    made = [str(row["notes"]) for row in shop.control("GET", "state?of=orders")["flourish"]["orders"]]
    assert [sum(number in notes for notes in made) for number in sorted(placed)] == [1] * len(placed)


@pytest.mark.fault(9)
def test_nothing_is_lost_when_redis_dies_with_hundreds_of_orders_waiting(shop: Cluster) -> None:
    placed = {place(shop)["number"] for _ in range(QUEUED)}
    eventually("all are known", lambda: placed <= links(shop), within=120, every=0.5)
    shop.kill("valkey")
    shop.start("valkey")
    shop.start("worker-1")
    eventually(
        "work goes on", lambda: len(placed & links(shop, "flourish_id IS NOT NULL")) >= DONE, within=240
    )
    shop.kill("worker-1")
    # What is not made yet is due, or is by the end of a lease: nothing depends on what Redis had.
    waiting = links(shop, "due_at IS NOT NULL OR lease_until IS NOT NULL")
    assert placed <= links(shop, "flourish_id IS NOT NULL") | waiting
