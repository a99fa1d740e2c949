"""Deadlines: what is to happen when a time is up, unless it was called off before.

One thread of the process waits for all of them: a `threading.Timer` is a thread for each, and each call to a
foreign system has a deadline.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Deadlines:
    """Acts that are due at a time, for as long as the process lives. Safe to share between threads; a forked
    process begins with none."""

    def __init__(self) -> None:
        self._begin()
        # The lock may be held at that moment, and who waits is not there any more.
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._change = threading.Condition()
        self._acts: dict[object, tuple[float, Callable[[], None]]] = {}
        # When the thread looks next; an act that is due later than that needs not wake it.
        self._looks_at = math.inf
        self._thread: threading.Thread | None = None

    @contextmanager
    def after(self, seconds: float, act: Callable[[], None]) -> Iterator[None]:
        """Within this block, call `act` from another thread once so many seconds have passed. It must be
        short, and has ended, if it was called, when the block has."""
        mine = object()
        due = time.monotonic() + seconds
        with self._change:
            self._acts[mine] = (due, act)
            if self._thread is None:
                self._thread = threading.Thread(target=self._go_on, name="deadlines", daemon=True)
                self._thread.start()
            elif due < self._looks_at:
                self._change.notify()
        try:
            yield
        finally:
            with self._change:
                self._acts.pop(mine, None)

    def _go_on(self) -> None:
        with self._change:
            while True:
                now = time.monotonic()
                for mine, (due, act) in list(self._acts.items()):
                    if due <= now:
                        del self._acts[mine]
                        act()
                self._looks_at = min((due for due, _act in self._acts.values()), default=math.inf)
                self._change.wait(None if self._looks_at == math.inf else self._looks_at - now)
