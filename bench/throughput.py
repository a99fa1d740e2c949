"""Orders a second, end to end, on what `make demo` ships: both platforms answer at once and set no limit."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from bench.figures import PEER, Figure
from bench.ledger import Ledger, is_creation, is_write, moment
from bench.machine import Demo, demo

ORDERS = 400
FAR_ORDERS = 200
LINES = 3
FAR_SECONDS = 0.1
_BUYERS = 4
_WARM_UP = 10
_LOOK_SECONDS = 0.5
_GIVE_UP_SECONDS = 180.0
_WORTH_SHOWING_MS = 0.1


@dataclass(frozen=True)
class _Rush:
    """Many orders at once: how long until Flourish had them all whole, and what was called for that."""

    orders: int
    placing: float
    seconds: float
    calls: int
    processor: dict[str, float]

    @property
    def per_second(self) -> float:
        """Orders a second."""
        return self.orders / self.seconds


def measure() -> Iterator[Figure]:
    """Have buyers place orders as fast as the sandbox takes them, at first near, then far away.

    The clock runs from the first click, so that the buyers' own work, and the sandbox's, on the same machine,
    are in the figure. It ends with the last write to Flourish of the last order.
    """
    with demo() as product:
        product.lift_limits()
        _rush(product, _WARM_UP)
        near = _rush(product, ORDERS)
        for platform in ("leaflink", "flourish"):
            fault = {"platform": platform, "fault": "latency", "argument": FAR_SECONDS}
            product.control("POST", "faults", fault)
        far = _rush(product, FAR_ORDERS)
    samples = f"{near.orders} orders of {LINES} lines, one connection"
    peer = f"2 /s with its default lanes, 57 /s at best ({PEER})"
    yield Figure("throughput, end to end", near.per_second, "/s", samples, at_least=20, peer=peer)
    yield Figure("  orders placed by buyers", near.orders / near.placing, "/s", samples)
    yield Figure("  calls of an order", near.calls / near.orders, "", samples)
    for name, seconds in sorted(near.processor.items()):
        each = 1000 * seconds / near.orders
        if each >= _WORTH_SHOWING_MS:
            yield Figure(f"  processor time of an order, {name}", each, "ms", samples)
    samples = f"{far.orders} orders, each answer after {1000 * FAR_SECONDS:g} ms"
    alone = 1 / (FAR_SECONDS * far.calls / far.orders)
    yield Figure(
        "throughput with late answers", far.per_second, "/s", samples, peer=f"{alone:.1f} /s one by one"
    )
    # By Little's law, from the wait alone: what an answer takes beyond it is not counted.
    in_flight = far.calls * FAR_SECONDS / far.seconds
    yield Figure("calls in flight with late answers, mean", in_flight, "", samples, at_least=4)


def _rush(product: Demo, orders: int) -> _Rush:
    ledger = Ledger(product)
    ledger.news()
    used = product.processor_seconds()
    began = time.monotonic()
    first = datetime.now().astimezone()
    with ThreadPoolExecutor(_BUYERS) as buyers:
        list(buyers.map(lambda _: product.place(LINES), range(orders)))
    placing = time.monotonic() - began
    calls = made = 0
    last = first
    while made < orders or _anything_due(product):
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            raise TimeoutError(f"{made} of {orders} orders are in Flourish after {_GIVE_UP_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)
        rows = ledger.news()
        calls += len(rows)
        made += sum(is_creation(row) for row in rows)
        last = max([last, *(moment(row) for row in rows if is_write(row))])
    processor = {name: until - used[name] for name, until in product.processor_seconds().items()}
    return _Rush(orders, placing, (last - first).total_seconds(), calls, processor)


def _anything_due(product: Demo) -> bool:
    with product.database() as database:
        row = database.execute(
            "SELECT EXISTS (SELECT FROM link WHERE lease_until IS NOT NULL OR due_at <= now())"
        ).fetchone()
    return bool(row and row[0])
