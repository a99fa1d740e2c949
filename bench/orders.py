"""From the buyer's click to the order in Flourish, on what `make demo` ships."""

from __future__ import annotations

import time
from collections.abc import Iterator

import requests

from bench.figures import PEER, Figure, percentile
from bench.machine import Demo, demo

ORDERS = 40
LINES = 3
_GIVE_UP_SECONDS = 60.0
_LOOK_SECONDS = 0.02


def measure() -> Iterator[Figure]:
    """Place orders one after another, each once the one before is in Flourish."""
    with demo() as product:
        seconds = [_one(product) for _ in range(ORDERS)]
    samples = f"{ORDERS} orders of {LINES} lines"
    yield Figure("order in Flourish after the click, p50", percentile(seconds, 0.5), "s", samples)
    yield Figure(
        "order in Flourish after the click, p95",
        percentile(seconds, 0.95),
        "s",
        samples,
        at_most=2,
        peer=f"38 s for the first order, default settings ({PEER})",
    )


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


def _ledger(product: Demo, since: int) -> list[dict[str, str | int]]:
    params: dict[str, str | int] = {"platform": "flourish", "since": since}
    found = requests.get(f"{product.sandbox}/control/ledger", params=params, timeout=10).json()
    rows: list[dict[str, str | int]] = found if isinstance(found, list) else found["requests"]
    return rows
