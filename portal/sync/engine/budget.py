"""Rate budgets: how often one key owner's account may be called, shared by every worker.

The bucket lives in Redis. Without Redis each process keeps one of its own, so that there is never no
limit at all. A call that must wait reserves its turn, so that callers go in the order in which they came;
work that yields reserves none, and asks again once enough is left.
A 429 halves the pace and empties the bucket, so that after the hold callers come one by one: all at once
they would be refused again. Calls that work win the pace back, and for an API that publishes no limit a
little more.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from redis import Redis, RedisError

from portal.sync.contract import Throttle

# Longer than this is not slept through: the link is put back and looked at again.
_PATIENCE_SECONDS = 10.0
_LONGEST_HOLD_SECONDS = 900.0
_SLOWEST = 0.25
# What each call adds to the pace, in parts of the throttle's own: a hundred calls double it.
_GAIN = 0.01

# KEYS: bucket, hold. ARGV: per second, burst, patience, fastest pace, gain, spare. Returns milliseconds to
# wait before the call, or, negative, until a turn that is too far off to be reserved, or not to be reserved
# by work that yields. The server's clock is the only one: workers' clocks may differ.
_TAKE = """
local held = redis.call('PTTL', KEYS[2])
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'pace')
local pace = math.min(tonumber(ARGV[4]), tonumber(bucket[3]) or 1)
local rate, burst, patience = tonumber(ARGV[1]) * pace, tonumber(ARGV[2]), tonumber(ARGV[3])
local tokens, at = tonumber(bucket[1]) or burst, tonumber(bucket[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate) - 1
local spare = tonumber(ARGV[6])
local wait = math.max(held / 1000, math.max(0, at - now) + math.max(0, (spare - tokens) / rate))
if wait > patience or (spare > 0 and wait > 0) then return -math.ceil(wait * 1000) end
pace = math.min(tonumber(ARGV[4]), pace + tonumber(ARGV[5]))
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens),
  'at', tostring(math.max(at, now)), 'pace', tostring(pace))
redis.call('EXPIRE', KEYS[1], 600)
return math.ceil(wait * 1000)
"""

# KEYS: bucket, hold. ARGV: milliseconds to hold, slowest pace. When the hold ends one call is in the bucket,
# and it begins to fill.
_HOLD = """
local pace = (tonumber(redis.call('HGET', KEYS[1], 'pace')) or 1) / 2
redis.call('HSET', KEYS[1], 'pace', tostring(math.max(tonumber(ARGV[2]), pace)))
redis.call('EXPIRE', KEYS[1], 1800)
-- A shorter hold does not end a longer one.
if redis.call('PTTL', KEYS[2]) >= tonumber(ARGV[1]) then return 0 end
local time = redis.call('TIME')
local ends = time[1] + time[2] / 1000000 + tonumber(ARGV[1]) / 1000
redis.call('HSET', KEYS[1], 'tokens', '1', 'at', tostring(ends))
return redis.call('SET', KEYS[2], 1, 'PX', ARGV[1])
"""


@dataclass
class _Bucket:
    """A bucket of this process alone."""

    tokens: float
    at: float
    pace: float = 1.0
    held_until: float = 0.0


@dataclass(frozen=True)
class Standing:
    """How one key owner's budget stood at the last call."""

    # The system and key owner, such as "leaflink:Greenleaf".
    owner: str
    # Calls that could be made at once after it; below nothing when callers have reserved turns.
    left: float
    # In parts of the throttle's own pace: a 429 halves it.
    pace: float
    # Seconds until anybody may call again; 0.0 when nothing holds.
    held_seconds: float


@dataclass(frozen=True)
class Use:
    """How much of a key owner's budget is used: the share of its burst, the calls in a second that are let
    through now, and for how many seconds all of them are held back."""

    share: float
    per_second: float
    held_seconds: float


class Budget:
    """The budgets of all key owners, as one process sees them."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._hold = redis.register_script(_HOLD)
        self._local: dict[str, _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, owner: str, throttle: Throttle, stopping: threading.Event | None = None) -> float:
        """Take one call from a key owner's budget, waiting for its turn when that is near.

        Args:
            owner: the system and key owner, such as "leaflink:Greenleaf".
            throttle: how often they may call.
            stopping: ends the wait when it is set; the turn is then lost.

        Returns:
            0 when the call may be made; else the seconds until a turn that is too far off to wait for.
        """
        wait = self._reserve(owner, throttle)
        until = time.monotonic() + _PATIENCE_SECONDS
        while throttle.spare and wait < 0 and time.monotonic() - wait < until:
            if (stopping or threading.Event()).wait(-wait):
                return -wait
            wait = self._reserve(owner, throttle)
        if wait < 0:
            return -wait
        while wait:
            if (stopping or threading.Event()).wait(wait):
                return wait
            # A 429 that came meanwhile takes the turn away again from whoever had one by then.
            wait = self._reserve(owner, throttle) if self.held(owner) else 0.0
            if wait < 0:
                return -wait
        return 0.0

    def use(self, throttles: Mapping[str, Throttle]) -> dict[str, Use]:
        """How much of these budgets is used now, with what came back since their last call; nothing while
        Redis is away.

        Args:
            throttles: how often each key owner may call.
        """
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.time()
        for owner in throttles:
            bucket, hold = _keys(owner)
            pipeline.hmget(bucket, "tokens", "at", "pace")
            pipeline.pttl(hold)
        try:
            (seconds, microseconds), *found = pipeline.execute()
        except RedisError:
            return {}
        now, rows = seconds + microseconds / 1e6, zip(found[::2], found[1::2], strict=True)
        return {
            owner: _use(throttle, bucket, held, now)
            for (owner, throttle), (bucket, held) in zip(throttles.items(), rows, strict=True)
        }

    def held(self, owner: str) -> float:
        """For how many seconds nobody may call for this owner; 0.0 when somebody may."""
        try:
            left = self._redis.pttl(_keys(owner)[1]) / 1000
        except RedisError:
            with self._lock:
                bucket = self._local.get(owner)
                left = bucket.held_until - time.monotonic() if bucket else 0.0
        return max(0.0, left)

    def hold(self, owner: str, seconds: float) -> None:
        """Let nobody call for this owner for a while, and then at half the pace: the API answered 429."""
        seconds = min(max(seconds, 0.1), _LONGEST_HOLD_SECONDS)
        with self._lock:
            bucket = self._local.setdefault(owner, _Bucket(0.0, time.monotonic()))
            bucket.pace = max(_SLOWEST, bucket.pace / 2)
            if (ends := time.monotonic() + seconds) > bucket.held_until:
                bucket.held_until = bucket.at = ends
                bucket.tokens = 1.0
        try:
            self._hold(keys=_keys(owner), args=[int(seconds * 1000), _SLOWEST])
        except RedisError:
            return  # this process still holds back by its own bucket

    def standing(self, most: int = 1_000) -> list[Standing]:
        """Read the budgets that were used within the last ten minutes, by owner; so many at the most.

        Raises:
            RedisError: Redis is away.
        """
        begins = _keys("")[0]
        found = islice(self._redis.scan_iter(f"{begins}*", count=1_000), most)
        owners = sorted({key.decode().removeprefix(begins) for key in found})
        with self._redis.pipeline(transaction=False) as pipe:
            for owner in owners:
                bucket, hold = _keys(owner)
                pipe.hmget(bucket, "tokens", "pace")
                pipe.pttl(hold)
            answers = pipe.execute()
        return [
            Standing(owner, float(left or 0), float(pace or 1), max(0.0, held / 1000))
            for owner, (left, pace), held in zip(owners, answers[::2], answers[1::2], strict=True)
        ]

    def _reserve(self, owner: str, throttle: Throttle) -> float:
        """Seconds to wait for a turn that is now ours; negative: until one that is too far off."""
        limits = [throttle.per_second, throttle.burst, _PATIENCE_SECONDS, throttle.grows_to, _GAIN]
        limits.append(throttle.spare)
        try:
            return float(self._take(keys=_keys(owner), args=limits)) / 1000
        except RedisError:
            return self._reserve_locally(owner, throttle)

    def _reserve_locally(self, owner: str, throttle: Throttle) -> float:
        now = time.monotonic()
        with self._lock:
            bucket = self._local.setdefault(owner, _Bucket(float(throttle.burst), now))
            rate = throttle.per_second * bucket.pace
            tokens = min(throttle.burst, bucket.tokens + max(0.0, now - bucket.at) * rate) - 1
            wait = max(0.0, bucket.at - now) + max(0.0, (throttle.spare - tokens) / rate)
            if wait > _PATIENCE_SECONDS or (throttle.spare and wait > 0):
                return -wait
            bucket.tokens, bucket.at = tokens, max(bucket.at, now)
            bucket.pace = min(1.0, bucket.pace + _GAIN)
            return wait


def _use(throttle: Throttle, bucket: Sequence[bytes | None], held_ms: int, now: float) -> Use:
    tokens, at, pace = (None if value is None else float(value) for value in bucket)
    per_second = throttle.per_second * min(throttle.grows_to, pace or 1.0)
    left = throttle.burst if tokens is None or at is None else tokens + max(0.0, now - at) * per_second
    share = 1.0 - max(0.0, min(throttle.burst, left)) / throttle.burst
    return Use(share, per_second, max(0.0, held_ms / 1000))


def _keys(owner: str) -> list[str]:
    return [f"trellis:budget:{owner}", f"trellis:hold:{owner}"]
