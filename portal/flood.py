"""Floods: how fast webhooks may come. Decided before a body is read, in this process alone (DECISIONS.md)."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from portal.config import Settings
from portal.identity.throttle import network

# Of each kind; an attacker who makes up addresses of webhooks cannot fill the memory.
_MOST = 10_000


class Buckets:
    """Token buckets by key: each holds `size`, and gets back `per_second`."""

    def __init__(self, *, size: float, per_second: float) -> None:
        self._size = size
        self._per_second = per_second
        self._levels: dict[bytes, tuple[float, float]] = {}

    def level(self, key: bytes, now: float) -> float:
        """Return what a bucket holds at a time, in seconds of a clock that never goes back."""
        level, at = self._levels.get(key, (self._size, now))
        return min(self._size, level + (now - at) * self._per_second)

    def take(self, key: bytes, now: float) -> None:
        """Take one out; a bucket may go below nothing, but not far."""
        level = max(self.level(key, now) - 1.0, -1.0)
        self._levels.pop(key, None)
        if len(self._levels) >= _MOST:
            # A quarter at once: those that were taken from longest ago, as they stand first.
            for oldest in tuple(islice(self._levels, _MOST // 4)):
                del self._levels[oldest]
        self._levels[key] = (level, now)

    def seconds_until_one(self, key: bytes, now: float) -> float:
        """Return how long it takes until there is one to take; 0.0 when there is."""
        return max(0.0, (1.0 - self.level(key, now)) / self._per_second)


@dataclass(frozen=True)
class Sender:
    """Who sends to which webhook, as far as a limit needs it. Neither a token nor an address is kept."""

    webhook: bytes
    pair: bytes

    @classmethod
    def of(cls, address: str, path: str) -> Sender:
        """Name a sender by its address and the path that it sends to."""
        webhook = _digest(path)
        return cls(webhook, _digest(network(address)) + webhook)


class Floodgate:
    """Two limits: of one webhook's address, and of one sender's refused deliveries to it.

    Refusals count for the pair of both: a platform sends for all of its customers from a few addresses only,
    and one customer's wrong signing key must not shut out the others.
    """

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._all = Buckets(size=settings.webhook_burst, per_second=settings.webhook_rate)
        each_minute = settings.webhook_refusals
        self._refused = Buckets(size=each_minute, per_second=each_minute / 60)

    def wait(self, sender: Sender) -> int:
        """Let a delivery in, and count it.

        Returns:
            0, or the seconds after which it may be sent again.
        """
        with self._lock:
            now = self._clock()
            wait = max(
                self._all.seconds_until_one(sender.webhook, now),
                self._refused.seconds_until_one(sender.pair, now),
            )
            if not wait:
                self._all.take(sender.webhook, now)
        return math.ceil(wait)

    def refused(self, sender: Sender) -> None:
        """Count a delivery of which nothing was kept: no such webhook, or a wrong signature."""
        with self._lock:
            self._refused.take(sender.pair, self._clock())


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
