"""Memory stays flat while huge answers are read (row 30 of the catalogue of faults), with the real clients.

Each answer is read in a process of its own: how much a process ever held is known of the whole process only.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import zlib

import pytest

from tests.sync.wire import Wire

MOST_MEGABYTES = 50
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

READER = """
import resource, sys
from portal.sync.addresses import check_address
from portal.sync.errors import SyncError
from portal.sync.flourish.client import FlourishClient
from portal.sync.http import Caller
from portal.sync.platforms.leaflink.client import LeafLinkClient

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

def outcome(act):
    try:
        act()
    except SyncError as error:
        return type(error).__name__
    return "read"

address = check_address(sys.argv[1], hosts=(), allow_loopback=True)
with Caller(address, {}, label="X", turnstile=lambda: None, user_agent="Trellis") as caller:
    outcome(lambda: caller.read("warm-up"))
    before = most()
    leaflink, flourish = LeafLinkClient(caller), FlourishClient(caller)
    acts = (
        lambda: leaflink.order("n1"),
        lambda: flourish.outbound_order("1"),
        lambda: list(flourish.changed_orders(None)),
        lambda: leaflink.move("n1", "accept"),
    )
    print(*map(outcome, acts))
    print(most() - before)
"""


def bomb(megabytes: int) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b" " * 1_000_000) for _ in range(megabytes)) + packer.flush()


def packed(body: bytes, how: str) -> bytes:
    return HEAD + f"Content-Encoding: {how}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def streams(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Content-Length: 300000000\r\n\r\n")
    for _ in range(300):
        connection.sendall(b" " * 1_000_000)


def chunks(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")


def once(raw: bytes):
    return lambda connection: connection.sendall(raw)


BOMB = bomb(300)
OBJECTS = b"[" + b"{}," * 3_300_000 + b"{}]"
ANSWERS = {
    "300 MB": (streams, "Retryable Retryable Retryable Unsettled"),
    "chunks without end": (chunks, "Retryable Retryable Retryable Unsettled"),
    "a gzip bomb": (once(packed(BOMB, "gzip")), "Retryable Retryable Retryable Unsettled"),
    "a bomb in a bomb": (
        once(packed(zlib.compress(BOMB), "gzip, deflate")),
        "Retryable Retryable Retryable Unsettled",
    ),
    "millions of objects": (
        once(HEAD + f"Content-Length: {len(OBJECTS)}\r\n\r\n".encode() + OBJECTS),
        "Unreadable Unreadable Unreadable Unsettled",
    ),
}


@pytest.mark.fault(30)
@pytest.mark.parametrize(("script", "outcomes"), ANSWERS.values(), ids=ANSWERS)
def test_memory_stays_flat_whatever_is_sent(script, outcomes):
    wire = Wire(script)
    done = subprocess.run(
        (sys.executable, "-c", READER, wire.url), capture_output=True, text=True, check=True, timeout=120
    )
    wire.close()
    came_to, grown = done.stdout.splitlines()
    assert came_to == outcomes
    assert float(grown) < MOST_MEGABYTES
