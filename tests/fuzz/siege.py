"""A siege of the webhook door, and what came of it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO, StringIO
from itertools import islice
from typing import Any

import psutil
from flask import Flask
from werkzeug.test import run_wsgi_app

from tests.fuzz.hostile import Hostile, hostile
from tests.fuzz.sockets import strike
from tests.web.endpoints import Endpoint

# What a process may grow by: requests whose senders hung up wait for a thread, with what they sent.
MOST_GROWTH_MEGABYTES = 64.0
# After so many requests every cache and pool has what it will ever have.
WARM_UP = 2_000
_AT_ONCE = 32
_REPORT_SECONDS = 5.0

Tell = Callable[[str], None]


@dataclass
class Siege:
    """Counts answers by status, and how large this process grew. `wrong` names what must not have been."""

    seed: int
    endpoints: Sequence[Endpoint]
    answers: Counter[int] = field(default_factory=Counter)
    socket_answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    rate: float = 0.0
    at_start: float = 0.0
    peak: float = 0.0

    def requests(self, app: Flask, numbers: Iterable[int], tell: Tell) -> None:
        """Hand so many deliveries to the application, as its server would."""
        began = reported = time.monotonic()
        done = 0
        for number in numbers:
            request = hostile(self.seed, number, self.endpoints)
            status = answer(app, request)
            self.answers[status] += 1
            self._judge(status, f"request {number}: {request.method} {request.path[:60]!r}", request.method)
            done += 1
            if done % 1000 == 0:
                self._weigh(done)
            if time.monotonic() - reported > _REPORT_SECONDS:
                reported = time.monotonic()
                tell(f"{done:,} requests, {done / (reported - began):,.0f}/s, {self.peak:.0f} MB at most")
        self.rate = done / (time.monotonic() - began)
        self._weigh(done)

    def sockets(self, port: int, numbers: Iterable[int], tell: Tell) -> None:
        """Send so many pieces of hostile bytes to a server."""
        reported = time.monotonic()
        with ThreadPoolExecutor(_AT_ONCE) as senders:
            for number, statuses in enumerate(self._strikes(senders, port, numbers)):
                self.socket_answers.update(statuses or [0])
                for status in statuses:
                    self._judge(status, f"socket {number}", "POST")
                if time.monotonic() - reported > _REPORT_SECONDS:
                    reported = time.monotonic()
                    tell(f"{number:,} sockets")
        self._weigh(WARM_UP)

    def _strikes(
        self, senders: ThreadPoolExecutor, port: int, numbers: Iterable[int]
    ) -> Iterator[Sequence[int]]:
        """The statuses of each strike. Few are asked for at a time: what is asked for takes memory here."""
        left = iter(numbers)
        while some := list(islice(left, _AT_ONCE * 8)):
            yield from senders.map(lambda number: strike(port, self.seed, number, self.endpoints), some)

    def judge_what_was_kept(self) -> None:
        """Look into the database: no delivery is there, and every refused signature was counted."""
        for endpoint in self.endpoints:
            if endpoint.deliveries():
                self.wrong.append(f"{endpoint.platform} has deliveries")
        counted = sum(endpoint.refused() for endpoint in self.endpoints)
        refused = self.answers[401] + self.socket_answers[401]
        # Who hung up before its answer was refused all the same.
        if counted < refused or not refused:
            self.wrong.append(f"{counted:,} refusals are counted and {refused:,} were answered")
        if self.at_start and self.peak - self.at_start > MOST_GROWTH_MEGABYTES:
            self.wrong.append(f"this process grew from {self.at_start:.0f} to {self.peak:.0f} MB")

    def _judge(self, status: int, what: str, method: str) -> None:
        if status >= 500 or (200 <= status < 300 and method != "OPTIONS"):
            self.wrong.append(f"{what} was answered {status} (seed {self.seed})")

    def _weigh(self, done: int) -> None:
        megabytes = psutil.Process().memory_info().rss / 1e6
        if done >= WARM_UP and not self.at_start:
            self.at_start = megabytes
        self.peak = max(self.peak, megabytes)


def answer(app: Flask, request: Hostile) -> int:
    """Have the application answer; returns the status."""
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": request.path.encode("utf-8", "replace").decode("latin-1"),
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(request.body),
        "wsgi.errors": StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        # Servers cut a body off at its length; so does this one.
        "wsgi.input_terminated": True,
        **request.headers,
    }
    _, status, _ = run_wsgi_app(app.wsgi_app, environ, buffered=True)
    return int(status.partition(" ")[0])
