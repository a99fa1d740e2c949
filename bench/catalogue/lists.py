"""Both platforms' lists of a catalogue of any size: pages that are made once, so that a server's own work is
in nobody's figure.

The rows are those of the sandbox, with other ids, SKUs and names. A product's stock may be written; how often
it was is told, and how many products offer something else than their item has.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import uvicorn

from sandbox.clock import stamp
from sandbox.simulation import Simulation
from tests.sandbox.doors import Doors

FLOURISH, LEAFLINK = "/flourish/external/api", "/leaflink/api/v2"
_PAGES_KEPT = 8_192

Json = dict[str, Any]


class Lists:
    """So many items, what there is of each, and a product for each.

    Args:
        size: how many.
        address: where they are served, for the addresses of next pages.
    """

    def __init__(self, size: int, address: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            doors = Doors(Simulation(Path(folder)))
            self._item: Json = doors.flourish("GET", "/items?limit=1").json["data"][0]  # type: ignore[index]
            self._summary: Json = doors.flourish("GET", "/inventory/summary?limit=1").json["data"][0]  # type: ignore[index]
            self._product: Json = doors.leaflink("GET", "/products/?limit=1").json["results"][0]  # type: ignore[index]
            self._brands = doors.leaflink("GET", "/brands/").json
            self._company = doors.leaflink("GET", "/companies/").json
        self._size, self._address = size, address
        self._sellable = [688] * size
        self._offered = [688.0] * size
        self._modified: dict[int, str] = {}
        self.written: list[str] = []
        self.page = lru_cache(_PAGES_KEPT)(self._page)

    def change(self, count: int) -> None:
        """Have another quantity of so many items, spread over the list."""
        for place in range(0, self._size, max(1, self._size // count)):
            self._sellable[place] += 1
        self.page.cache_clear()

    def apart(self) -> int:
        """How many products offer something else than there is."""
        return sum(there != offered for there, offered in zip(self._sellable, self._offered, strict=True))

    def write(self, ref: str, body: Json) -> Json:
        """Take the stock of a product, and show the product."""
        place = int(ref) - 1
        self._offered[place] = float(body["available_inventory"])
        self._modified[place] = stamp()
        self.written.append(ref)
        self.page.cache_clear()
        return self.product(place)

    def item(self, place: int) -> Json:
        """An item of Flourish."""
        return self._item | {"id": f"{place + 1:08d}", "sku": _sku(place), "item_name": _name(place)}

    def summary(self, place: int) -> Json:
        """What there is of it."""
        quantity = self._sellable[place]
        amounts = {"qty": quantity, "available_qty": quantity, "sellable_qty": quantity}
        return self._summary | {"item_id": f"{place + 1:08d}", "sku": _sku(place), **amounts}

    def product(self, place: int) -> Json:
        """Its product in LeafLink."""
        offered = self._offered[place]
        own = {"id": place + 1, "sku": _sku(place), "name": _name(place), "available_inventory": offered}
        own |= {"quantity": f"{offered:.4f}"}
        own |= {"modified": self._modified[place]} if place in self._modified else {}
        return self._product | own

    def _page(self, path: str, limit: int, offset: int) -> bytes:
        rows: dict[str, Callable[[int], Json]] = {
            f"{FLOURISH}/v1/items": self.item,
            f"{FLOURISH}/v1/inventory/summary": self.summary,
            f"{LEAFLINK}/products/": self.product,
        }
        listed = [rows[path](place) for place in range(offset, min(offset + limit, self._size))]
        more = offset + limit < self._size
        following = f"{self._address}{path}?limit={limit}&offset={offset + limit}" if more else ""
        if path.startswith(LEAFLINK):
            page: Json = {"count": self._size, "next": following or None, "previous": None, "results": listed}
        else:
            meta = {"total": self._size, "offset": offset, "limit": limit, "count": len(listed)}
            page = {"message": "Success", "status": 200, "meta": meta | {"next": following}, "data": listed}
        return json.dumps(page).encode()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> bytes:
        """Answer a call."""
        if path == "/change":
            self.change(int(query["count"][0]))
        if path in ("/change", "/state"):
            return json.dumps({"written": len(self.written), "apart": self.apart()}).encode()
        if path == f"{LEAFLINK}/brands/":
            return json.dumps(self._brands).encode()
        if path == f"{LEAFLINK}/companies/":
            return json.dumps(self._company).encode()
        if method == "PATCH":
            return json.dumps(self.write(path.rstrip("/").rpartition("/")[2], json.loads(body))).encode()
        return self.page(path, int(query["limit"][0]), int(query.get("offset", ["0"])[0]))


def _sku(place: int) -> str:
    return f"BENCH-{place:06d}"


def _name(place: int) -> str:
    return f"Blue Dream {place} 3.5g Jar"


class App:
    """The lists as an ASGI application."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        body = b""
        while (message := await receive()) and message.get("type") == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        query = parse_qs(scope["query_string"].decode())
        answer = self._lists.answer(scope["method"], scope["path"], query, body)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    port = int(os.environ["PORT"])
    app = App(Lists(int(os.environ["BENCH_ITEMS"]), f"http://127.0.0.1:{port}"))
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
