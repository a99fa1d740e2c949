"""Statuses of a shop: 500 open orders are packed at once in Flourish, and shown as ready in AIQ, at both
systems' rate limits (AQ-10)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from bench.figures import Figure
from bench.ledger import Ledger, moment
from bench.machine import Demo, demo

ORDERS = 500
COMPANY = "verde"
# The interval in which statuses are looked at, which the work has to fit into.
_MOST_SECONDS = 120.0
_HANDS = 4
_LOOK_SECONDS = 1.0
_GIVE_UP_SECONDS = 1_200.0


def measure() -> Iterator[Figure]:
    """Place the orders, wait until Flourish has them, pack all, and time it to the last one that is moved."""
    with demo() as product:
        taken = _all_in_flourish(product)
        ledger = Ledger(product)
        ledger.news()
        first = datetime.now().astimezone()
        _at_once(lambda one: product.control("POST", f"flourish/retail/orders/{one}/pack"), taken)
        packed = datetime.now().astimezone()
        rows = _until_moved(ledger)
    moves = [row for row in rows if _is_move(row)]
    calls = sum(row["platform"] == "aiq" for row in rows)
    samples = f"{ORDERS} orders, {calls} calls of AIQ"
    yield Figure("orders packed by staff, all of them", (packed - first).total_seconds(), "s", samples)
    last = max(map(moment, moves))
    seconds = (last - packed).total_seconds()
    yield Figure("  from then to the last status", seconds, "s", samples, at_most=_MOST_SECONDS)


def _all_in_flourish(product: Demo) -> list[str]:
    """Place the orders; returns their ids in Flourish once all are there."""
    before = set(_open_ids(product))
    _at_once(lambda one: product.control("POST", "aiq/orders", one), _orders(product))
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while len(made := set(_open_ids(product)) - before) < ORDERS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(made)} of {ORDERS} orders are in Flourish")
        time.sleep(_LOOK_SECONDS)
    return sorted(made)


def _orders(product: Demo) -> Iterator[dict[str, Any]]:
    """Orders of one thing each, spread over the menu of the connected store."""
    venues = product.control("GET", "state?of=venues")["aiq"]["venues"]
    venue = next(one["id"] for one in venues if one["company"] == COMPANY)
    every = product.control("GET", "state?of=products")["aiq"]["products"]
    own = [one for one in every if one["venue"] == venue and one["enable"] and one["quantity"]]
    who = {"company": COMPANY, "customer": "new", "status": "CONFIRMED", "pickUpType": "IN_STORE"}
    for place in range(ORDERS):
        yield who | {"lines": [{"sku": own[place % len(own)]["sku"], "quantity": 1}]}


def _open_ids(product: Demo) -> Iterator[str]:
    state = product.control("GET", "state")
    for order in state["flourish"]["retail_orders"]:
        if order["company"] == COMPANY and order["order_status"] == "Submitted":
            yield str(order["id"])


def _at_once(act: Callable[[Any], Any], things: Any) -> None:
    with ThreadPoolExecutor(_HANDS) as hands:
        list(hands.map(act, things))


def _until_moved(ledger: Ledger) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while sum(map(_is_move, rows)) < ORDERS:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{sum(map(_is_move, rows))} of {ORDERS} orders are moved")
        time.sleep(_LOOK_SECONDS)
        rows += ledger.news()
    return rows


def _is_move(row: dict[str, Any]) -> bool:
    is_ours = row["platform"] == "aiq" and row["method"] == "PATCH" and row["status"] // 100 == 2
    return is_ours and "READY_FOR_PICKUP" in (row["body"] or "")
