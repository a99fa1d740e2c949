"""Rate limits: so many requests a minute for a key's owner, in bursts too, and so many a second."""

import math
import time
from collections import deque
from threading import Lock
from typing import NamedTuple


class Rates(NamedTuple):
    """What one owner may do.

    Args:
        per_minute: requests a minute in the long run; 0 is no limit.
        burst: requests within any one minute, where fewer came before.
        per_second: requests within any one second; 0 is no limit.
    """

    per_minute: int
    burst: int
    per_second: int = 0


class Standing(NamedTuple):
    """How an owner stands after a request: the bound that is nearest, and whether it was passed."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: float

    def headers(self) -> dict[str, str]:
        """Return the headers that tell of it."""
        told = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(math.ceil(self.reset_seconds)),
        }
        return told if self.allowed else told | {"Retry-After": str(max(1, math.ceil(self.reset_seconds)))}


class RateLimit:
    """Per owner a bucket that fills at the steady rate, and the moments of the last second's requests.

    A full bucket and what flows into it within a minute are together the burst.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._levels: dict[str, tuple[float, float]] = {}
        self._recent: dict[str, deque[float]] = {}

    def count(self, owner: str, rates: Rates) -> Standing:
        """Count one request of an owner; one that is refused costs nothing."""
        present = time.monotonic()
        with self._lock:
            standings = [
                each
                for each in (self._second(owner, rates, present), self._minute(owner, rates, present))
                if each
            ]
            nearest = min(standings, key=lambda standing: (standing.allowed, standing.remaining))
            if nearest.allowed:
                self._take(owner, present)
        return nearest

    def _second(self, owner: str, rates: Rates, present: float) -> Standing | None:
        if not rates.per_second:
            return None
        recent = self._recent.setdefault(owner, deque())
        while recent and recent[0] <= present - 1:
            recent.popleft()
        left = rates.per_second - len(recent)
        reset = recent[0] + 1 - present if recent else 0.0
        return Standing(left > 0, rates.per_second, max(0, left - 1), reset)

    def _minute(self, owner: str, rates: Rates, present: float) -> Standing | None:
        if not rates.per_minute:
            return None
        full = float(max(1, rates.burst - rates.per_minute))
        level, counted = self._levels.get(owner, (full, present))
        level = min(full, level + (present - counted) * rates.per_minute / 60)
        self._levels[owner] = level, present
        allowed = level >= 1
        missing = full - level + 1 if allowed else 1 - level
        return Standing(allowed, rates.burst, max(0, int(level) - 1), missing * 60 / rates.per_minute)

    def _take(self, owner: str, present: float) -> None:
        if owner in self._levels:
            level, counted = self._levels[owner]
            self._levels[owner] = level - 1, counted
        if owner in self._recent:
            self._recent[owner].append(present)
