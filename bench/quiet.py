"""A product at rest: everything that was to be done is done, and nothing changes. Then nothing is written."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bench.figures import Figure
from bench.ledger import Ledger, is_write
from bench.machine import COMPANIES, demo

MINUTES = 3.0
ORDERS = 5
_SETTLED_SECONDS = 45.0
_LOOK_SECONDS = 2.0
_GIVE_UP_SECONDS = 300.0


def measure(minutes: float = MINUTES) -> Iterator[Figure]:
    """Bring in orders of both companies, wait until writing has ended, and count what reaches the platforms.

    Args:
        minutes: for how long the product is left alone.
    """
    with demo() as product:
        for company in COMPANIES:
            for _ in range(ORDERS):
                product.place(2, company)
        ledger = Ledger(product)
        writes = _writes_until_settled(ledger)
        time.sleep(60 * minutes)
        rows = ledger.news()
    if not writes:
        raise RuntimeError("nothing was ever written: this product does not work")
    samples = f"{minutes:g} minutes after {writes} writes"
    yield Figure("writes while nothing changes", sum(map(is_write, rows)), "", samples, at_most=0)
    reads = sum(not is_write(row) for row in rows)
    yield Figure("  reads, which are the polls", reads / minutes, "/min", samples)


def _writes_until_settled(ledger: Ledger) -> int:
    """Wait until nothing was written for a while; returns how many writes there were."""
    began = quiet_since = time.monotonic()
    writes = 0
    while time.monotonic() - quiet_since < _SETTLED_SECONDS:
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            raise TimeoutError(f"still writing after {_GIVE_UP_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)
        new = sum(map(is_write, ledger.news()))
        if new:
            writes, quiet_since = writes + new, time.monotonic()
    return writes
