"""From the buyer's click to the order in Flourish, on what `make demo` ships."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import requests

from bench.figures import PEER, Figure, percentile
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
        paced = []
        for _ in range(ORDERS):
            began = time.monotonic()
            paced.append(_one(product))
            time.sleep(max(0.0, began + PACE_SECONDS - time.monotonic()))
        hurried = [_one(product) for _ in range(HURRIED)]
    samples = f"{ORDERS} orders of {LINES} lines, one each {PACE_SECONDS:g} s"
    peer = f"38 s for the first order, default settings ({PEER})"
    yield Figure("order in Flourish after the click, p50", percentile(paced, 0.5), "s", samples)
    yield Figure(
        "order in Flourish after the click, p95", percentile(paced, 0.95), "s", samples, 2, peer=peer
    )
    samples = f"{HURRIED} orders, each after the last"
    yield Figure("  without a pause, p95", percentile(hurried, 0.95), "s", samples)


def _one(product: Demo) -> float:
    """Place one order as a buyer, and return the seconds until Flourish had answered its creation."""
    seen = _last_request(product)
    began = time.monotonic()
    answer = requests.post(f"{product.sandbox}/control/leaflink/orders", json={"lines": LINES}, timeout=10)
    answer.raise_for_status()
    label = f'"{answer.json()["short_id"]}"'
    while not _created(product, seen, label):
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            raise TimeoutError(f"order {label} is not in Flourish after {_GIVE_UP_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)
    return time.monotonic() - began


def _created(product: Demo, seen: int, label: str) -> bool:
    return any(
        row["method"] == "POST"
        and row["path"].partition("?")[0].endswith("/outbound-orders")
        and label in (row["body"] or "")
        and (row["status"] or 0) // 100 == 2
        for row in _ledger(product, seen)
    )


def _last_request(product: Demo) -> int:
    rows = _ledger(product, 0)
    return int(rows[-1]["id"]) if rows else 0


def _ledger(product: Demo, since: int) -> list[dict[str, Any]]:
    params: dict[str, str | int] = {"platform": "flourish", "since": since}
    found = requests.get(f"{product.sandbox}/control/ledger", params=params, timeout=10).json()
    rows: list[dict[str, Any]] = found
    return rows
