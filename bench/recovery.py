"""From the death of every worker to the order in Flourish, and from a webhook that was lost."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import requests

from bench.figures import Figure
from bench.machine import Demo, demo
from portal.embedded.lifeline import kill_session

ORDERS = 8
LOST = 3
# Flourish answers so late that the workers are in the middle of reading when they die.
_LATENCY_SECONDS = 4
_GIVE_UP_SECONDS = 180.0
_LOOK_SECONDS = 0.25


def measure() -> Iterator[Figure]:
    """Kill both workers with their jobs, at the lease and sweep that ship; then drop webhooks."""
    with demo() as product:
        killed = after_sigkill(product, ORDERS)
        dropped = after_lost_webhooks(product, LOST)
    samples = f"{ORDERS} orders in hand, both workers killed"
    peer = "807 s (RQ 3.0.0 with its defaults and retries, no sweep)"
    yield Figure("recovery after SIGKILL, worst", max(killed), "s", samples, at_most=60, peer=peer)
    yield Figure("lost webhook healed by a poll, worst", max(dropped), "s", f"{LOST} orders", at_most=45)


def after_sigkill(product: Demo, orders: int) -> list[float]:
    """Kill every worker while it holds orders, and return for each order the seconds until it is there."""
    _place(product, 1)
    _control(
        product, "POST", "faults", {"platform": "flourish", "fault": "latency", "argument": _LATENCY_SECONDS}
    )
    seen = _requests(product)
    numbers = [_place(product, 1) for _ in range(orders)]
    _until(lambda: _requests(product) > seen)
    began = time.monotonic()
    for worker in _workers(product):
        kill_session(worker.pid)
    _control(product, "DELETE", "faults")
    return _seconds_until_there(product, numbers, began)


def after_lost_webhooks(product: Demo, orders: int) -> list[float]:
    """Place orders of which no webhook tells, and return for each the seconds until it is there."""
    _control(product, "POST", "faults", {"platform": "leaflink", "fault": "webhook-drop"})
    began = time.monotonic()
    numbers = [_place(product, 1) for _ in range(orders)]
    times = _seconds_until_there(product, numbers, began)
    _control(product, "DELETE", "faults")
    return times


def _workers(product: Demo) -> list[psutil.Process]:
    return [child for child in product.process.children() if "worker" in child.cmdline()[2:]]


def _place(product: Demo, lines: int) -> str:
    return str(_control(product, "POST", "leaflink/orders", {"lines": lines})["number"])


def _requests(product: Demo) -> int:
    """The number of Flourish's last request."""
    rows = _control(product, "GET", "ledger?platform=flourish")
    return int(rows[-1]["id"]) if rows else 0


def _seconds_until_there(product: Demo, numbers: list[str], began: float) -> list[float]:
    times: dict[str, float] = {}

    def all_there() -> bool:
        notes = str([row["notes"] for row in _control(product, "GET", "state")["flourish"]["orders"]])
        for number in numbers:
            if number not in times and number in notes:
                times[number] = time.monotonic() - began
        return len(times) == len(numbers)

    _until(all_there)
    return list(times.values())


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_GIVE_UP_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)


def _control(product: Demo, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{product.sandbox}/control/{path}", json=body, timeout=60)
    answer.raise_for_status()
    return answer.json() if answer.content else None
