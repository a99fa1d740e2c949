"""LeafLink's rate limit: 300 requests a minute for a key's owner, with bursts up to 1,000 in one minute."""

import time
from threading import Lock

PER_MINUTE = 300
BURST = 1000


class RateLimit:
    """A bucket per owner that fills at the steady rate; a full one allows the burst in one minute."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._full = float(BURST - PER_MINUTE)
        self._levels: dict[str, tuple[float, float]] = {}

    def allows(self, owner: str, per_minute: int = PER_MINUTE) -> bool:
        """Count one request; False when the owner has spent the budget."""
        present = time.monotonic()
        with self._lock:
            level, counted = self._levels.get(owner, (self._full, present))
            level = min(self._full, level + (present - counted) * per_minute / 60)
            allowed = level >= 1
            self._levels[owner] = (level - 1 if allowed else level, present)
        return allowed
