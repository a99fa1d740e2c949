"""From the buyer's click to the order in Flourish, on what `make demo` ships."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import PEER, Figure, percentile
from bench.ledger import Ledger, is_creation, names
from bench.machine import Demo, demo

ORDERS = 40
HURRIED = 20
PACE_SECONDS = 2.0
LINES = 3
_GIVE_UP_SECONDS = 60.0
_LOOK_SECONDS = 0.02


def measure() -> Iterator[Figure]:
    """Place orders at the pace of busy buyers, then one right after the other.

    LeafLink allows so many calls a minute, of which an order needs a few: the second pace is LeafLink's.
    """
    with demo() as product:
        paced = paced_orders(product)
        ledger = Ledger(product, "flourish")
        hurried = [_one(product, ledger) for _ in range(HURRIED)]
    samples = f"{ORDERS} orders of {LINES} lines, one each {PACE_SECONDS:g} s"
    peer = f"38 s for the first order, default settings ({PEER})"
    yield Figure("order in Flourish after the click, p50", percentile(paced, 0.5), "s", samples)
    yield Figure(
        "order in Flourish after the click, p95", percentile(paced, 0.95), "s", samples, 2, peer=peer
    )
    samples = f"{HURRIED} orders, each after the last"
    yield Figure("  without a pause, p95", percentile(hurried, 0.95), "s", samples)


def paced_orders(product: Demo, count: int = ORDERS) -> list[float]:
    """Place orders of one company at the pace of busy buyers; returns each one's seconds to Flourish."""
    ledger = Ledger(product, "flourish")
    taken = []
    for _ in range(count):
        began = time.monotonic()
        taken.append(_one(product, ledger))
        time.sleep(max(0.0, began + PACE_SECONDS - time.monotonic()))
    return taken


def _one(product: Demo, ledger: Ledger) -> float:
    """Place one order as a buyer, and return the seconds until Flourish had answered its creation."""
    ledger.news()
    began = time.monotonic()
    label = product.place(LINES)
    while not any(is_creation(row) and names(row, label) for row in ledger.news()):
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            raise TimeoutError(f"order {label} is not in Flourish after {_GIVE_UP_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - began
