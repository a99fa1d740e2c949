"""Hostile bytes on sockets: no HTTP, half of it, too much of it, or two requests in the shape of one."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence

from tests.fuzz.hostile import Chance
from tests.web.endpoints import Endpoint, order_webhook

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3}) ")
# How long an answer is waited for; to half a request none comes.
_PATIENCE_SECONDS = 1.0


def strike(port: int, seed: int, number: int, endpoints: Sequence[Endpoint]) -> list[int]:
    """Send one piece of hostile bytes to a server; returns the status of each answer that came."""
    chance = Chance(-seed * 1_000_003 - number - 1)
    raw = _raw(chance, chance.choice(endpoints))
    received = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
            sender.sendall(raw)
            if chance.random() < 0.2:
                return []  # gone before the answer
            sender.settimeout(_PATIENCE_SECONDS)
            while part := sender.recv(65_536):
                received += part
                sender.settimeout(0.05)
    except (TimeoutError, ConnectionError):
        pass
    return [int(found) for found in _STATUS.findall(received)]


def _raw(chance: Chance, endpoint: Endpoint) -> bytes:
    body = order_webhook()
    target = endpoint.path.encode()
    name = endpoint.header.encode()
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\n" % target
    wrong = b"%s: %s\r\n" % (name, endpoint.sign(body + b"!").encode())
    length = b"Content-Length: %d\r\n" % len(body)
    whole = head + wrong + length + b"\r\n" + body
    chunked = head + wrong + b"Transfer-Encoding: chunked\r\n\r\n"
    makers: tuple[Callable[[], bytes], ...] = (
        lambda: whole,
        lambda: whole * chance.randint(2, 6),
        lambda: whole[: chance.randrange(1, len(whole))],
        lambda: _flipped(chance, whole),
        lambda: chance.randbytes(chance.randrange(1, 400)),
        lambda: chunked + b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body),
        lambda: (
            chunked + chance.choice((b"-1\r\n", b"zz\r\n", b"ffffffffffffffff\r\n", b"5;a=b\r\nab", b"\r\n"))
        ),
        lambda: head + wrong + length + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + whole,
        lambda: head + length + b"Content-Length: 3\r\n\r\n" + body,
        lambda: (
            head + b"Content-Length: %s\r\n\r\n" % chance.choice((b"-1", b"+5", b"0x10", b"1e3", b"9" * 40))
        ),
        lambda: head + b"X: %s\r\n\r\n" % (b"a" * 100_000),
        lambda: head + b"".join(b"X-%d: y\r\n" % each for each in range(3000)) + b"\r\n",
        lambda: b"POST %s HTTP/1.1\r\n%s\r\n" % (b"/webhooks/leaflink/" + b"a" * 70_000, length),
        lambda: b"POST /webhooks/leaflink/%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % chance.randbytes(8),
        lambda: chance.choice(
            (b"GET / HTTP/0.9\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02")
        ),
        lambda: (
            head.replace(b"HTTP/1.1", chance.choice((b"HTTP/9.9", b"HTTP/1.0", b"FTP/1.1", b""))) + b"\r\n"
        ),
        lambda: b"POST http://evil.example%s HTTP/1.1\r\nHost: y\r\n%s\r\n" % (target, length) + body,
        lambda: b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        lambda: head + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n",
        lambda: head + b"Expect: 100-continue\r\n" + wrong + length + b"\r\n" + body,
        lambda: head + wrong + wrong + length + b"\r\n" + body,
        lambda: head + b" %s\r\n" % wrong + length + b"\r\n" + body,
        lambda: whole.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\n\r"))),
    )
    return chance.choice(makers)()


def _flipped(chance: Chance, raw: bytes) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)
