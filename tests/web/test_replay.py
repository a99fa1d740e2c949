"""Watchers whose connections drop a hundred times, at any byte, over a real server process: they go on from
the last line that they have, as browsers do, and have every line once."""

from __future__ import annotations

import base64
import http.client
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from portal.config import Settings
from portal.extensions import Sessions, new_redis
from portal.models import Connection
from portal.sync import journal
from tests.web import factory
from tests.web.factory import Company

pytestmark = pytest.mark.processes

DROPS_OF_EACH = 25
# Two see everything, two the lines of one level.
WATCHERS = ("", "", "?level=stuck", "?level=stuck")
_START_SECONDS = 30.0
_CURSOR = re.compile(rb'data-cursor="(\d+)"')


@pytest.fixture(scope="module")
def port(settings: Settings) -> Iterator[int]:
    """`trellis web`, as a process of its own."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    key_id, key = next(iter(settings.master_keys.items()))
    env = os.environ | {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "PORT": str(port),
        "TRELLIS_SECRET_KEY": settings.secret_key,
        "TRELLIS_MASTER_KEY_ID": key_id,
        "TRELLIS_MASTER_KEY": base64.b64encode(key).decode(),
    }
    process = subprocess.Popen((sys.executable, "-m", "portal.cli", "web"), env=env)
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}/readyz")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_until_ready(address: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            if requests.get(address, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.1)
    pytest.fail("the server did not start")


class Browser:
    """What a page has of a stream: whole messages only, and the id of the last one to come back with."""

    def __init__(self, port: int, path: str, cookie: str) -> None:
        self.lines: list[int] = []
        self.last_id = ""
        self._port, self._path, self._cookie = port, path, cookie

    def watch(self, most_bytes: int, until: int = 0) -> None:
        """Connect, and drop the connection after so many bytes, or with the line of that number."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Cookie": f"trellis_session={self._cookie}"}
        if self.last_id:
            headers["Last-Event-ID"] = self.last_id
        connection.request("GET", self._path, headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        begun = b""
        while most_bytes > 0 and not (until and until in self.lines[-1:]):
            piece = answer.read1(min(most_bytes, 512))
            assert piece, "the server ended the stream"
            most_bytes -= len(piece)
            *whole, begun = (begun + piece).split(b"\n\n")
            for message in whole:
                self._take(message)
        answer.close()
        connection.close()

    def _take(self, message: bytes) -> None:
        self.lines += [int(number) for number in _CURSOR.findall(message)]
        if found := re.search(rb"^id: (\d+)$", message, re.MULTILINE):
            self.last_id = found[1].decode()


@pytest.fixture
def writing(sessions: Sessions, company: Company, redis_url: str) -> Iterator[Callable[[], list[str]]]:
    """Lines that are written all the time until the end is asked for; gives the levels that they had."""
    redis, chance, done = new_redis(redis_url), random.Random(7), threading.Event()
    levels: list[str] = []

    def write(count: int) -> None:
        with sessions.tenant(company.id) as session:
            owner = session.get_one(Connection, company.connection_id)
            for _ in range(count):
                levels.append(chance.choice(("info", "info", "stuck")))
                journal.log(session, owner, levels[-1], f"line {len(levels)}")
        journal.announce(redis, session)

    def go_on() -> None:
        while not done.wait(chance.uniform(0.001, 0.02)):
            write(chance.randint(1, 4))

    thread = threading.Thread(target=go_on)
    thread.start()

    def end() -> list[str]:
        done.set()
        thread.join()
        return levels

    yield end
    end()
    redis.close()


@pytest.mark.promise("MO-1")
def test_after_a_hundred_drops_no_line_is_missing_and_none_came_twice(
    port, company, sessions, as_user, writing
):
    cookie = as_user(factory.member(sessions, company, "viewer")).client.get_cookie("trellis_session").value
    address = f"/events/t/{company.slug}/connections/{company.connection_id}/log"
    browsers = [Browser(port, f"{address}{asked}", cookie) for asked in WATCHERS]

    def drop(browser: Browser, seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(DROPS_OF_EACH):
            browser.watch(most_bytes=chance.choice((chance.randrange(1, 200), chance.randrange(200, 4000))))

    with ThreadPoolExecutor(len(browsers)) as threads:
        for done in [threads.submit(drop, browser, seed) for seed, browser in enumerate(browsers)]:
            done.result()
    levels = writing()
    for asked, browser in zip(WATCHERS, browsers, strict=True):
        written = [number for number, level in enumerate(levels, 1) if not asked or level == "stuck"]
        browser.watch(most_bytes=10_000_000, until=written[-1])
        assert browser.lines == written
    assert len(levels) > DROPS_OF_EACH
