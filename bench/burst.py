"""A thousand orders at once, beside what LeafLink's rate alone would take, and what one order costs of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from bench.figures import Figure
from bench.ledger import Ledger, is_creation, moment
from bench.machine import COMPANIES, Demo, demo
from sandbox.leaflink import limits

ORDERS = 1_000
LINES = 3
PER_MINUTE = 6_000
SAMPLES = 20
_MOST_CALLS = 4
_MOST_TIMES = 1.3
_BUYERS = 4
# As LeafLink's own two numbers stand to each other.
_BURST = PER_MINUTE * limits.BURST // limits.PER_MINUTE
_LOOK_SECONDS = 1.0
# On a machine that is busy with other things it takes long, and is to come to its end all the same.
_GIVE_UP_SECONDS = 1_800.0


def measure() -> Iterator[Figure]:
    """Raise the budget on both sides, place the orders of one company, and time them to the last call.

    What the rate dictates is the calls that were made of LeafLink, at that rate.
    """
    with demo() as product:
        calls = list(_calls_of_an_order(product))
        _raise_budget(product)
        seconds, leaflink = _burst(product)
    samples = f"{SAMPLES} orders of {LINES} lines, one after the other"
    yield Figure("LeafLink calls, new order", max(calls), "", samples, at_most=_MOST_CALLS)
    samples = f"{ORDERS} orders, {PER_MINUTE} calls a minute, {leaflink} made"
    yield Figure("burst, all in Flourish", seconds, "s", samples)
    dictated = 60 * leaflink / PER_MINUTE
    yield Figure("  beside the rate alone", seconds / dictated, "x", samples, at_most=_MOST_TIMES)


def _calls_of_an_order(product: Demo) -> Iterator[int]:
    """Calls of LeafLink that name an order, from its creation there until all is quiet; polls name none."""
    ledger = Ledger(product, "leaflink")
    for _ in range(SAMPLES):
        ledger.news()
        number = str(product.control("POST", "leaflink/orders", {"lines": LINES})["number"])
        _until_quiet(product)
        yield sum(number in row["path"] for row in ledger.news())


def _raise_budget(product: Demo) -> None:
    product.control("POST", "settings", {"leaflink_rate_limit": PER_MINUTE, "leaflink_burst": _BURST})
    for company in COMPANIES:
        for kind, name in (("connection", "LeafLink"), ("hub", "Flourish")):
            product.command(kind, "rate", "--tenant", company, name, str(PER_MINUTE / 60))


def _burst(product: Demo) -> tuple[float, int]:
    """Seconds from the first click to the last call of LeafLink or Flourish, and calls of LeafLink."""
    everything = Ledger(product)
    everything.news()
    first = datetime.now().astimezone()
    with ThreadPoolExecutor(_BUYERS) as buyers:
        list(buyers.map(lambda _: product.place(LINES), range(ORDERS)))
    rows: list[dict[str, Any]] = []
    began = time.monotonic()
    while sum(map(is_creation, rows)) < ORDERS or _due(product):
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            raise TimeoutError(f"{sum(map(is_creation, rows))} of {ORDERS} orders are in Flourish")
        time.sleep(_LOOK_SECONDS)
        rows += everything.news()
    last = max(moment(row) for row in rows)
    return (last - first).total_seconds(), sum(row["platform"] == "leaflink" for row in rows)


def _until_quiet(product: Demo) -> None:
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while _due(product):
        if time.monotonic() > deadline:
            raise TimeoutError("orders are still due")
        time.sleep(0.2)
    # The echoes of our own writes come as webhooks, and may make it due once more.
    time.sleep(0.5)
    if _due(product):
        _until_quiet(product)


def _due(product: Demo) -> bool:
    with product.database() as database:
        row = database.execute(
            "SELECT EXISTS (SELECT FROM link WHERE kind = 'order'"
            " AND (lease_until IS NOT NULL OR due_at <= now()))"
        ).fetchone()
    return bool(row and row[0])
