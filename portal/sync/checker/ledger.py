"""The sandbox's own books: every request that reached it, and every order that it ever made.

Only the demo has them. They are a truth that does not pass through Trellis: what was sent, with whose key,
and when. They are read, never written.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from portal.sync.addresses import check_address
from portal.sync.contract import Calls
from portal.sync.engine.desk import Desk
from portal.sync.errors import Unreadable
from portal.sync.http import Caller, Limits

FLOURISH = "flourish"
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Rows of one answer: some megabytes, read strictly in a fraction of a second.
_PAGE = 10_000
_LIMITS = Limits(total=120.0, read=60.0, size=512 * 1024 * 1024)

# What a path of either system names: an order by its id, and a step that it is to take.
_ORDER = re.compile(r"/(?:outbound-orders|orders-received|orders)/([^/?]+)(?:/transition/([^/?]+))?")
_CREATES = re.compile(r"/(outbound-orders|retail-orders|destinations|customers)(?:$|\?)")
# That a customer was made: whom, nobody keeps.
A_CUSTOMER = "customer"
# What a path names of a platform's catalogue: a product by its id, or the list that something is added to.
_LOT = re.compile(r"/inventory/items/(?:([^/?]+)/)?(?:$|\?)")
_CATALOGUE = re.compile(r"/(products|strains|items)/(?:([^/?]+)/?)?(?:$|\?)")


@dataclass(frozen=True)
class Request:
    """One request as the other side wrote it down.

    Args:
        number: its place in the ledger.
        at: when it arrived, in seconds since 1970.
        system: "flourish", or a platform's key.
        key: the API key that it carried.
        status: what it was answered; None when nothing was answered.
        order: the id of the order that its path names, or "".
        write: what it wrote, as `calls.wanted` says it of an operation; "" for what only asks.
        shown: method and path, for people.
        wait: the seconds that its answer asked to wait for, where it said so in seconds.
    """

    number: int
    at: float
    system: str
    key: str
    status: int | None
    order: str
    write: str
    shown: str
    wait: float | None = None


@dataclass(frozen=True)
class Books:
    """What the sandbox knows.

    Args:
        requests: oldest first.
        worlds: (system, key) -> the company whose key it is.
        homes: (system, order id) -> the company whose order it is.
        made: note of ours -> Flourish order id -> status, of every order that was ever made with it.
    """

    requests: tuple[Request, ...]
    worlds: Mapping[tuple[str, str], str] = field(default_factory=dict)
    homes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    made: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def open_books(desk: Desk) -> Books | None:
    """Read the sandbox's books; None outside of the demo.

    Raises:
        SyncError: they could not be read.
    """
    if not desk.settings.demo:
        return None
    base = check_address(
        f"http://127.0.0.1:{desk.settings.sandbox_port}/control/", hosts=(), allow_loopback=True
    )
    with Caller(
        base, {}, label="The sandbox", turnstile=lambda: None, user_agent="Trellis check", limits=_LIMITS
    ) as calls:
        return read_books(calls)


def read_books(calls: Calls) -> Books:
    """Read the sandbox's books over its control API.

    Raises:
        SyncError: they could not be read.
    """
    requests = tuple(read_request(row) for row in _rows(calls))
    accounts, state = calls.read("accounts"), calls.read("state")
    try:
        return Books(
            requests,
            {(row["platform"], row["key"]): row["world"] for row in accounts},
            dict(_homes(state)),
            _made([*state[FLOURISH]["orders"], *state[FLOURISH]["retail_orders"]]),
        )
    except (KeyError, TypeError) as error:
        raise Unreadable("", f"the sandbox's books lack {error}", excerpt="") from error


def _rows(calls: Calls) -> Iterator[Mapping[str, Any]]:
    after = 0
    while True:
        page = calls.read("ledger", query={"since": after, "limit": _PAGE})
        if not isinstance(page, list):
            raise Unreadable("", "the sandbox's ledger is no list", excerpt="")
        yield from page
        if not page or page[-1]["id"] <= after:
            return
        after = page[-1]["id"]


def read_request(row: Mapping[str, Any]) -> Request:
    """Read one row of the ledger."""
    method, path = str(row["method"]), str(row["path"])
    found = _ORDER.search(path)
    order, step = (unquote(found[1]), unquote(found[2] or "")) if found else ("", "")
    return Request(
        number=int(row["id"]),
        at=datetime.fromisoformat(row["time"]).timestamp(),
        system=str(row["platform"]),
        key=str(row.get("key") or ""),
        status=row.get("status"),
        order=order,
        write="" if method in _READS else _write(method, path, order, step, str(row.get("body") or "")),
        shown=f"{method} {path.partition('?')[0]}",
        wait=_seconds(row.get("retry_after")) if row.get("status") == 429 else None,
    )


def _write(method: str, path: str, order: str, step: str, text: str) -> str:
    """What a write did, in the words of `calls.wanted`; method and path for what no operation does."""
    if order and step:
        return f"move:{order}:{step}"
    body = _object(text)
    if order and body.get("status"):  # where a step is no path of its own
        return f"move:{order}:{body['status']}"
    if order:
        return f"{'cancel' if body.get('order_status') == 'Cancelled' else 'update'}:{order}"
    if found := _LOT.search(path):
        return f"lot:{found[1]}" if found[1] else f"lot:{body.get('product')}/{body.get('batch')}"
    if found := _CATALOGUE.search(path):
        return f"product:{found[2]}" if found[2] else f"{found[1]} with {body.get('sku') or body.get('name')}"
    return _made_in_flourish(path, body) or f"{method} {path}"


def _made_in_flourish(path: str, body: Mapping[str, Any]) -> str:
    found = _CREATES.search(path)
    made = found[1] if found else ""
    if made == "destinations":
        return f"destination:{body.get('license_number', '')}"
    if made == "customers":
        return A_CUSTOMER
    marker = next(markers(body.get("notes")), "") if made else ""
    if not marker:
        return ""
    _, connection_id, number = marker.split(" ", 2)
    return f"order:{connection_id}:{number}"


def markers(notes: object) -> Iterator[str]:
    """The notes of ours among an order's notes: "Trellis", a connection's id, a number."""
    # Those of a retail order are one text.
    for note in notes if isinstance(notes, list) else str(notes or "").splitlines()[:1]:
        text = note.get("note") if isinstance(note, Mapping) else note
        if isinstance(text, str) and text.startswith("Trellis ") and text.count(" ") == 2:
            yield text


def _object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _seconds(text: object) -> float | None:
    """A Retry-After in seconds; a date, or what is none, is left to the tests of reading it."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None


def _homes(state: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], str]]:
    for system, things in state.items():
        for order in things.get("orders", ()):
            for name in ("id", "number"):
                if order.get(name):
                    yield (system, str(order[name])), order["company"]


def _made(orders: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    made: dict[str, dict[str, str]] = defaultdict(dict)
    for order in orders:
        for marker in markers(order.get("notes") or order.get("order_notes")):
            made[marker][str(order["id"])] = str(order.get("order_status") or "")
    return made
