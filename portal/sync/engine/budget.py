"""Rate budgets: how often one key owner's account may be called, shared by every worker.

The bucket lives in Redis. Without Redis each process keeps one of its own, so that there is never no
limit at all.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from redis import Redis, RedisError

from portal.sync.contract import Throttle

# Longer than this is not slept through: the link is put back and looked at again.
_PATIENCE_SECONDS = 3.0
_LONGEST_HOLD_SECONDS = 900.0

# KEYS: bucket, hold. ARGV: tokens per second, burst. Returns the milliseconds to wait, 0 for "go".
# The server's clock is the only one: workers' clocks may differ.
_TAKE = """
local held = redis.call('PTTL', KEYS[2])
if held > 0 then return held end
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(bucket[1]) or burst
local at = tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
if tokens < 1 then
  return math.ceil((1 - tokens) / rate * 1000)
end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens - 1), 'at', tostring(now))
redis.call('EXPIRE', KEYS[1], 120)
return 0
"""


@dataclass
class _Bucket:
    tokens: float
    at: float
    held_until: float = 0.0


class Budget:
    """The budgets of all key owners, as one process sees them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._local: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, owner: str, throttle: Throttle) -> float:
        """Take one call from a key owner's budget, waiting for a turn that is near.

        Args:
            owner: the system and key owner, such as "leaflink:Greenleaf".
            throttle: how often they may call.

        Returns:
            0 when the call may be made; else the seconds until a turn that is too far off to wait for.
        """
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (wait := self._wait(owner, throttle)) > 0:
            if time.monotonic() + wait > deadline:
                return wait
            time.sleep(wait)
        return 0.0

    def hold(self, owner: str, seconds: float) -> None:
        """Let nobody call for this owner for a while: the API answered 429."""
        seconds = min(max(seconds, 0.1), _LONGEST_HOLD_SECONDS)
        with self._lock:
            bucket = self._local.setdefault(owner, _Bucket(0.0, time.monotonic()))
            bucket.held_until = max(bucket.held_until, time.monotonic() + seconds)
        try:
            self._redis.set(f"trellis:hold:{owner}", 1, px=int(seconds * 1000))
        except RedisError:
            return  # this process still holds back by its own bucket

    def _wait(self, owner: str, throttle: Throttle) -> float:
        """Seconds to wait before the next call; 0 when one was taken."""
        try:
            milliseconds = self._take(
                keys=[f"trellis:budget:{owner}", f"trellis:hold:{owner}"],
                args=[throttle.per_second, throttle.burst],
            )
        except RedisError:
            return self._wait_locally(owner, throttle)
        return float(milliseconds) / 1000

    def _wait_locally(self, owner: str, throttle: Throttle) -> float:
        now = time.monotonic()
        with self._lock:
            bucket = self._local.setdefault(owner, _Bucket(float(throttle.burst), now))
            if bucket.held_until > now:
                return bucket.held_until - now
            bucket.tokens = min(throttle.burst, bucket.tokens + (now - bucket.at) * throttle.per_second)
            bucket.at = now
            if bucket.tokens < 1:
                return (1 - bucket.tokens) / throttle.per_second
            bucket.tokens -= 1
            return 0.0
