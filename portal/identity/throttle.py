"""Throttle: how often an address or an account may try. It slows down; it never locks out.

Counted in Redis, so that all processes count together; in this process while Redis is away, so that there
is never no limit at all.
"""

from __future__ import annotations

import hashlib
import ipaddress
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from redis import Redis
from redis.exceptions import RedisError

WINDOW_SECONDS = 15 * 60
TRIES_PER_ACCOUNT = 5
TRIES_PER_ADDRESS = 20
FIRST_WAIT_SECONDS = 30
# So many attempts a minute of everybody together are no longer people who mistype.
ALARM_PER_MINUTE = 600
# Redis that does not answer is not asked again for so long: each try may cost a second.
_AWAY_SECONDS = 5.0

_log = logging.getLogger(__name__)
_Answer = TypeVar("_Answer")


class Counters(Protocol):
    """Counters that forget: what the throttle needs of Redis."""

    def add(self, key: str, seconds: int, amount: int = 1) -> int:
        """Count, and return the sum; a new counter is forgotten after so many seconds."""

    def wait(self, key: str) -> int:
        """Seconds until a key is forgotten; 0 when it is not there."""

    def drop(self, key: str) -> None:
        """Forget a key now."""


class Throttle:
    """The limits, over counters in Redis or, when it is away, in memory."""

    def __init__(self, redis: Redis) -> None:
        self._shared: Counters = _InRedis(redis)
        self._own: Counters = _InMemory()
        self._away_until = 0.0

    def sign_in(self, email: str, address: str) -> int:
        """Count an attempt to sign in; return the seconds that it has to wait, 0 when it may go on.

        Counted before the password is looked at, so that many attempts at once count as many.
        """
        if self._ask(lambda counters: counters.add("throttle:all", 60)) == ALARM_PER_MINUTE + 1:
            _log.warning("more than %s attempts to sign in within a minute", ALARM_PER_MINUTE)
        return self._ask(lambda counters: _count_sign_in(counters, email, address))

    def signed_in(self, email: str, address: str) -> None:
        """Take back what a sign-in that worked had counted."""
        for counters in (self._own, self._shared):
            try:
                counters.drop(_account(email))
                counters.drop(_waiting(email))
                counters.add(_from(address), WINDOW_SECONDS, -1)
            except RedisError:
                continue

    def allow(self, what: str, *, times: int, seconds: int) -> bool:
        """Count one use of something; say whether it is still within its limit."""
        return self._ask(lambda counters: counters.add(f"throttle:{what}", seconds)) <= times

    def wait(self, what: str) -> int:
        """Seconds until something that is over its limit may be used again."""
        return max(1, self._ask(lambda counters: counters.wait(f"throttle:{what}")))

    def forget(self, what: str) -> None:
        """Take back all uses of something."""
        for counters in (self._own, self._shared):
            try:
                counters.drop(f"throttle:{what}")
            except RedisError:
                continue

    def _ask(self, question: Callable[[Counters], _Answer]) -> _Answer:
        if time.monotonic() >= self._away_until:
            try:
                return question(self._shared)
            except RedisError:
                self._away_until = time.monotonic() + _AWAY_SECONDS
        return question(self._own)


def network(address: str) -> str:
    """The part of an address that one household shares: all of an IPv4 address, /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _count_sign_in(counters: Counters, email: str, address: str) -> int:
    wait = counters.wait(_waiting(email))
    if wait:
        return wait
    if counters.add(_from(address), WINDOW_SECONDS) > TRIES_PER_ADDRESS:
        return max(1, counters.wait(_from(address)))
    over = counters.add(_account(email), WINDOW_SECONDS) - TRIES_PER_ACCOUNT
    if over <= 0:
        return 0
    # This attempt is refused too; each further one doubles the wait.
    wait = min(WINDOW_SECONDS, FIRST_WAIT_SECONDS << min(over - 1, 10))
    counters.add(_waiting(email), wait)
    return wait


def _account(email: str) -> str:
    return f"throttle:account:{digest(email)}"


def _waiting(email: str) -> str:
    return f"throttle:waiting:{digest(email)}"


def _from(address: str) -> str:
    return f"throttle:address:{network(address)}"


def digest(email: str) -> str:
    """Name a person's address in a counter: no address is kept, whatever was typed and however long."""
    return hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]


class _InRedis:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def add(self, key: str, seconds: int, amount: int = 1) -> int:
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.incrby(key, amount)
            pipe.expire(key, seconds, nx=True)
            total: int = pipe.execute()[0]
        return total

    def wait(self, key: str) -> int:
        seconds: int = self._redis.ttl(key)
        return max(0, seconds)

    def drop(self, key: str) -> None:
        self._redis.delete(key)


class _InMemory:
    """The same, in one process; holds at most some thousand keys, so that it cannot be filled up."""

    MOST = 10_000

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, tuple[int, float]] = {}

    def add(self, key: str, seconds: int, amount: int = 1) -> int:
        now = time.monotonic()
        with self._lock:
            value, until = self._values.get(key, (0, 0.0))
            if until <= now:
                value, until = 0, now + seconds
                self._make_room(now)
            self._values[key] = (value + amount, until)
            return value + amount

    def wait(self, key: str) -> int:
        _, until = self._values.get(key, (0, 0.0))
        return max(0, round(until - time.monotonic()))

    def drop(self, key: str) -> None:
        self._values.pop(key, None)

    def _make_room(self, now: float) -> None:
        if len(self._values) < self.MOST:
            return
        for key in [key for key, (_, until) in self._values.items() if until <= now]:
            del self._values[key]
        while len(self._values) >= self.MOST:
            self._values.pop(next(iter(self._values)))
