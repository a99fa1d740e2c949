"""The stream: server-sent events, natively asynchronous, so that a watcher costs no thread.

Truth is SQL. A ring only says "look"; each look reads what is behind the watcher's cursor, so a lost ring,
a reconnect or a restart never loses or repeats a row.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from a2wsgi.wsgi import Body, build_environ
from flask import Flask

from portal import headers
from portal.live.bell import Bell
from portal.live.scopes import Message, Refused, Watch, admit, beat, look, sse
from portal.proxies import see_through

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIX = "/events/"
BEAT_SECONDS = 15.0
DEAF_SECONDS = 2.0
# At most four changes a second reach a page.
PACE_SECONDS = 0.25
_READERS = 6
# Who may still watch is asked beside, and for each at another time: no row waits for that.
_DOORS = 2
_EARLIEST_BEAT = 0.6
_KEPT = 256

_STREAM = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"x-accel-buffering", b"no")]
Look = tuple[Sequence[Message], bool]


@dataclass
class _Place:
    """How far one watcher has come."""

    cursor: int
    regions: bytes = b""


class Stream:
    """Answers what a page's own address is behind /events: of an order, of a run, of a connection's log."""

    def __init__(self, app: Flask, *, redis_url: str, watchers: int) -> None:
        self.bell = Bell(redis_url)
        self._app = app
        self._headers = headers.raw(secure=app.config["SESSION_COOKIE_SECURE"])
        self._most = watchers
        self._watching = 0
        self._ending = False
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="live")
        self._doors = ThreadPoolExecutor(_DOORS, thread_name_prefix="live-door")
        # Watchers at the same place share one look: the newest ones, by watch, cursor and ring.
        self._looks: OrderedDict[tuple[object, ...], asyncio.Task[Look]] = OrderedDict()

    def end(self) -> None:
        """End every stream, so that the server can stop; browsers come back by themselves."""
        self._ending = True
        self.bell.ring_all()

    async def stop(self) -> None:
        """Stop listening and reading."""
        await self.bell.stop()
        for threads in (self._readers, self._doors):
            threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one watcher."""
        if self._watching >= self._most:
            await self._refuse(send, 503, [(b"retry-after", b"30")])
            return
        self._watching += 1
        try:
            await self._answer(scope, receive, send)
        finally:
            self._watching -= 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            watch = await self._admit(scope)
        except Refused as refused:
            extra = [(b"hx-redirect", b"/sign-in")] if refused.status == 401 else []
            await self._refuse(send, refused.status, extra)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM, *self._headers]})
        gone = asyncio.create_task(_until_gone(receive))
        try:
            async with self.bell.watch(watch.scope) as rung:
                await self._follow(scope, send, watch, rung, gone)
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            return  # The visitor went away in the middle of a message.
        finally:
            gone.cancel()

    async def _admit(self, scope: Scope) -> Watch:
        """Let the visitor in, by the same cookie, roles and rules as pages.

        Raises:
            Refused: the visitor may not watch this.
        """
        slug, kind, subject = _parse(scope["path"])
        environ = _environ(scope)
        see_through(self._app.extensions["trellis"].settings.proxies, environ)

        def check() -> Watch:
            with self._app.request_context(environ):
                return admit(slug, kind, subject)

        return await asyncio.get_running_loop().run_in_executor(self._doors, check)

    async def _follow(
        self, scope: Scope, send: Send, watch: Watch, rung: asyncio.Event, gone: asyncio.Task[None]
    ) -> None:
        place = _Place(cursor=_cursor(scope))
        # At once: a page that hears nothing knows that something on the way holds the stream back.
        await _write(send, beat(place.cursor))
        beat_at = time.monotonic() + BEAT_SECONDS
        while not (gone.done() or self._ending):
            rung.clear()
            if watch.here.grant is not None:
                # It may have been taken away a moment ago: no row is sent after that.
                try:
                    watch = await self._admit(scope)
                except Refused:
                    return
            more = await self._send_news(send, watch, place)
            await asyncio.wait({gone}, timeout=0 if more else PACE_SECONDS)
            if not (more or gone.done()):
                await _either(rung, gone, self._patience(beat_at))
            if time.monotonic() >= beat_at:
                try:
                    watch = await self._admit(scope)
                except Refused:
                    return
                await _write(send, beat(place.cursor))
                beat_at = _next_beat()

    def _patience(self, beat_at: float) -> float:
        """How long to wait for a ring before looking anyway."""
        until_beat = max(0.0, beat_at - time.monotonic())
        return until_beat if self.bell.hears else min(DEAF_SECONDS, until_beat)

    async def _send_news(self, send: Send, watch: Watch, place: _Place) -> bool:
        messages, more = await self._look(watch, place.cursor)
        for message in messages:
            if message.cursor is None:
                digest = hashlib.sha256(message.html.encode()).digest()
                if digest == place.regions:
                    continue
                place.regions = digest
            else:
                place.cursor = message.cursor
            if not message.html:
                continue
            await _write(send, sse(message))
        return more

    async def _look(self, watch: Watch, cursor: int) -> Look:
        # Without a ring, watchers that look within the same two seconds share what they see.
        moment = (self.bell.rings(watch.scope), int(time.monotonic() / DEAF_SECONDS))
        key = (watch.kind, watch.here.id, watch.here.sight, watch.subject, watch.filters, cursor, moment)
        task = self._looks.get(key)
        if task is None:
            task = asyncio.create_task(self._read(watch, cursor))
            self._looks[key] = task
            while len(self._looks) > _KEPT:
                self._looks.popitem(last=False)
        return await asyncio.shield(task)

    async def _refuse(self, send: Send, status: int, extra: list[tuple[bytes, bytes]]) -> None:
        named = [(b"content-type", b"text/plain"), *self._headers, *extra]
        await send({"type": "http.response.start", "status": status, "headers": named})
        await send({"type": "http.response.body", "body": b""})

    async def _read(self, watch: Watch, cursor: int) -> Look:
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, lambda: look(self._app, watch, cursor)
        )


def _next_beat() -> float:
    """When a stream's next beat is due: those who came together beat apart."""
    return time.monotonic() + BEAT_SECONDS * random.uniform(_EARLIEST_BEAT, 1)  # noqa: S311 - no secret


def _parse(path: str) -> tuple[str, str, UUID]:
    parts = path.removeprefix(PREFIX).split("/")
    log = len(parts) == 5 and parts[2] == "connections" and parts[4] == "log"
    thing = len(parts) == 4 and parts[2] in ("orders", "runs")
    if parts[0] != "t" or not (log or thing):
        raise Refused(404)
    try:
        return parts[1], parts[2], UUID(parts[3])
    except ValueError as error:
        raise Refused(404) from error


def _cursor(scope: Scope) -> int:
    """Where to go on: the last message that the browser got, else the last row of its page."""
    last = next((value for name, value in scope["headers"] if name == b"last-event-id"), b"")
    asked = parse_qs(scope["query_string"].decode("latin-1")).get("after", ["0"])[0]
    for text in (last.decode("latin-1"), asked):
        if text.isascii() and text.isdigit() and len(text) < 10:
            return int(text)
    return 0


def _environ(scope: Scope) -> dict[str, Any]:
    """The request as Flask knows it, for its session and its person; it has no body."""

    async def nothing() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    body = Body(asyncio.get_running_loop(), nothing)  # type: ignore[arg-type]
    return dict(build_environ(scope, body))  # type: ignore[arg-type]


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue


async def _either(rung: asyncio.Event, gone: asyncio.Task[None], patience: float) -> None:
    ring = asyncio.ensure_future(rung.wait())
    await asyncio.wait({ring, gone}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
    ring.cancel()


async def _write(send: Send, data: bytes) -> None:
    await send({"type": "http.response.body", "body": data, "more_body": True})
