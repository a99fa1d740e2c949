"""A light load generator: raw HTTP/1.1 over keep-alive connections, in a process of its own.

It reads a plan, as JSON, from standard input, and writes the answers as pairs of status and seconds.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from typing import Any

_PATIENCE_SECONDS = 300.0


class Client(asyncio.Protocol):
    """One connection that sends the next request as soon as the answer to the last one is whole."""

    def __init__(self, requests: deque[bytes], answers: list[tuple[int, float]]) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._answers = answers
        self._transport: asyncio.WriteTransport | None = None
        self._received = b""
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._next()

    def _next(self) -> None:
        assert self._transport is not None
        if not self._requests:
            self._transport.close()
            return
        request = self._requests.popleft()
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a piece of an answer."""
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._answers.append((int(head[9:12]), time.perf_counter() - self._sent_at))
        self._received = b""
        self._next()

    def connection_lost(self, reason: Exception | None) -> None:
        """End; a connection that the server closed in the middle counts as a failure."""
        if self._received or self._requests:
            self.done.set_exception(reason or ConnectionError("the server closed the connection"))
        else:
            self.done.set_result(None)


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise ValueError("an answer without a length")


async def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Send every request of a plan over its number of connections."""
    requests = deque(_request(plan["path"], each) for each in plan["deliveries"])
    answers: list[tuple[int, float]] = []
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    clients = [
        await loop.create_connection(lambda: Client(requests, answers), "127.0.0.1", plan["port"])
        for _ in range(plan["connections"])
    ]
    await asyncio.wait_for(asyncio.gather(*(client.done for _, client in clients)), _PATIENCE_SECONDS)
    return {"seconds": time.perf_counter() - began, "answers": answers}


def _request(path: str, delivery: dict[str, str]) -> bytes:
    body = delivery["body"].encode()
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"User-Agent: LeafLink-Webhook\r\nLL-Signature: {delivery['signature']}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(run(json.load(sys.stdin)))))
