"""Shared looks: pages that stand open and show the same are rendered once for all of them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

# Half of what a page waits between two looks: nobody sees the same twice in a row.
SECONDS = 5.0
_KEPT = 512


@dataclass
class _Held:
    html: str
    until: float


class Shared:
    """Keeps what was rendered for some seconds. Once that is over the next one renders anew, and whoever asks
    meanwhile gets the old one: so many watchers cost as much as one."""

    def __init__(self, seconds: float = SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[Hashable, _Held] = OrderedDict()

    def get(self, key: Hashable, render: Callable[[], str]) -> str:
        """Return what was rendered of late, or render it.

        Args:
            key: all that decides how it looks, with whose it is.
            render: does it.
        """
        with self._lock:
            held = self._held.get(key)
            now = self._clock()
            if held is not None and now < held.until:
                return held.html
            if held is not None:
                held.until = now + self._seconds
        html = render()
        with self._lock:
            self._held[key] = _Held(html, self._clock() + self._seconds)
            self._held.move_to_end(key)
            while len(self._held) > _KEPT:
                self._held.popitem(last=False)
        return html
