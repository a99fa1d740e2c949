"""The bell: one Redis subscription per process wakes whoever watches a scope."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator

from redis.asyncio import Redis
from redis.exceptions import RedisError

from portal.sync.journal import CHANNEL

_log = logging.getLogger("portal.live")
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0


class Bell:
    """Rings for a scope when something of it was committed.

    A ring may be lost: whoever listens looks at SQL now and then in any case, and often while `hears` is
    false.
    """

    def __init__(self, url: str) -> None:
        self.hears = False
        self._url = url
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._rings: dict[str, int] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen, on the running loop."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    @contextlib.asynccontextmanager
    async def watch(self, scope: str) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set at each ring of the scope."""
        rung = asyncio.Event()
        self._waiting.setdefault(scope, set()).add(rung)
        try:
            yield rung
        finally:
            self._waiting[scope].discard(rung)
            if not self._waiting[scope]:
                del self._waiting[scope]
                self._rings.pop(scope, None)

    def ring_all(self) -> None:
        """Wake whoever watches anything."""
        for scope in list(self._waiting):
            self._ring(scope)

    def rings(self, scope: str) -> int:
        """How often a scope has rung: two looks at the same count would see the same."""
        return self._rings.get(scope, 0)

    async def _listen(self) -> None:
        wait = _FIRST_WAIT
        while True:
            try:
                async with (
                    Redis.from_url(self._url, socket_connect_timeout=2) as redis,
                    redis.pubsub() as channel,
                ):
                    await channel.subscribe(CHANNEL)
                    self.hears, wait = True, _FIRST_WAIT
                    # Whatever happened while nobody listened.
                    self.ring_all()
                    async for message in channel.listen():
                        self._hear(message)
            except (RedisError, OSError) as error:
                if self.hears:
                    _log.warning("live pages look at the database every 2 s: Redis is away (%s)", error)
                self.hears = False
            await asyncio.sleep(wait)
            wait = min(_LONGEST_WAIT, wait * 2)

    def _hear(self, message: dict[str, object]) -> None:
        if message.get("type") != "message":
            return
        try:
            scopes = [str(scope) for scope in json.loads(str(message["data"], "utf-8"))]  # type: ignore[call-overload]
        except (ValueError, KeyError, TypeError):
            _log.warning("a message on %s cannot be read", CHANNEL)
            return
        for scope in scopes:
            self._ring(scope)

    def _ring(self, scope: str) -> None:
        if scope in self._waiting:
            self._rings[scope] = self._rings.get(scope, 0) + 1
            for rung in self._waiting[scope]:
                rung.set()
