"""Writes that a platform carries out late: kept in the store, so that a restart does not lose them."""

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from threading import Lock, Timer
from typing import Any
from uuid import uuid4

from sandbox.clock import now, parse, stamp
from sandbox.store import SHARED, Body, Store

KIND = "late_write"

CarryOut = Callable[[int, Mapping[str, Any], bytes, Callable[[], None]], None]


class LateWrites:
    """The writes that wait, each with a timer.

    Args:
        store: where they are kept. A reset forgets them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._timers: dict[str, Timer] = {}
        self._carry_out: dict[str, CarryOut] = {}
        self._closed = False

    def serve(self, platform: str, carry_out: CarryOut) -> None:
        """Carry out a platform's late writes from now on, those that a former process left among them.

        Args:
            platform: whose.
            carry_out: takes a write's number in the ledger, its WSGI environment, its body, and what
                forgets it, to be called in the write's own transaction.
        """
        self._carry_out[platform] = carry_out
        for each in self._store.find(KIND, SHARED):
            if each["platform"] == platform:
                self._wait(each)

    def add(
        self, platform: str, number: int, environ: Mapping[str, Any], body: bytes, seconds: float
    ) -> None:
        """Keep a write until its time has come."""
        write: Body = {
            "key": uuid4().hex,
            "platform": platform,
            "number": number,
            "due": stamp(now() + timedelta(seconds=seconds)),
            "environ": {name: value for name, value in environ.items() if isinstance(value, str)},
            "body": body.decode("latin-1"),
        }
        with self._store.transaction():
            self._store.put(KIND, SHARED, write["key"], write)
        self._wait(write)

    def waiting(self) -> int:
        """Return how many writes are still to be carried out."""
        return self._store.count(KIND, SHARED)

    def close(self) -> None:
        """Start no more of them; what waits is taken up by the next process."""
        with self._lock:
            self._closed = True
            timers = list(self._timers.values())
        for timer in timers:
            timer.cancel()
        for timer in timers:
            timer.join(timeout=1)

    def _wait(self, write: Body) -> None:
        seconds = max(0.0, (parse(write["due"]) - now()).total_seconds())
        timer = Timer(seconds, self._due, (write,))
        timer.daemon = True
        with self._lock:
            if self._closed:
                return
            self._timers[write["key"]] = timer
        timer.start()

    def _due(self, write: Body) -> None:
        """Carry a write out, unless a reset has forgotten it."""
        with self._lock:
            self._timers.pop(write["key"], None)
        if self._store.get(KIND, SHARED, write["key"]) is None:
            return
        environ = {**write["environ"], "wsgi.errors": sys.stderr}
        body = write["body"].encode("latin-1")
        forget = partial(self._store.delete, KIND, write["key"])
        self._carry_out[write["platform"]](write["number"], environ, body, forget)
