"""Many watchers of streams in one light process: raw HTTP/1.1, one connection each.

It is given a plan as JSON, says "ready" once everybody watches, and when its standard input ends, how long
each line was on its way, and how many came twice.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any

_TOLD = re.compile(rb"told at ([0-9.]+) as ([0-9]+) end")
# So much of a line may come before its end: what a piece cuts off is kept for the next one.
_LONGEST = 100
# Browsers do not arrive all at once either.
_AT_ONCE = 20


class Watcher(asyncio.Protocol):
    """One browser: it watches from its first beat on."""

    def __init__(self, request: bytes, delays: list[float]) -> None:
        loop = asyncio.get_running_loop()
        self.watches: asyncio.Future[None] = loop.create_future()
        self.twice = 0
        self._request = request
        self._delays = delays
        self._seen: set[bytes] = set()
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take a piece of the stream, and see which lines it ends."""
        now = time.time()
        text = self._left + data
        if not self.watches.done() and b"event: beat" in text:
            self.watches.set_result(None)
        end = 0
        for told in _TOLD.finditer(text):
            end = told.end()
            self._delays.append(now - float(told[1]))
            self.twice += told[2] in self._seen
            self._seen.add(told[2])
        self._left = text[end:][-_LONGEST:]

    def connection_lost(self, reason: Exception | None) -> None:
        """Nobody is to be left out."""
        if not self.watches.done():
            self.watches.set_exception(reason or ConnectionError("the server closed the connection"))


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Watch until the standard input ends."""
    loop, delays = asyncio.get_running_loop(), list[float]()
    watchers: list[Watcher] = []
    for start in range(0, len(plan["paths"]), _AT_ONCE):
        made = [
            await loop.create_connection(
                lambda path=path: Watcher(_request(plan, path), delays),  # type: ignore[misc]
                "127.0.0.1",
                plan["port"],
            )
            for path in plan["paths"][start : start + _AT_ONCE]
        ]
        await asyncio.gather(*(watcher.watches for _, watcher in made))
        watchers += [watcher for _, watcher in made]
    print("ready", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    return {"delays": delays, "twice": sum(watcher.twice for watcher in watchers)}


def _request(plan: dict[str, Any], path: str) -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{plan['port']}\r\nAccept: text/event-stream\r\n"
        f"Cookie: trellis_session={plan['cookie']}\r\n\r\n"
    ).encode()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(json.loads(sys.argv[1])))))
