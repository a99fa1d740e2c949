"""The server's application: live streams natively, everything else through Flask."""

from __future__ import annotations

import asyncio
import gc
import socket
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import IO, Any

import uvicorn
from a2wsgi.wsgi import build_environ
from uvicorn.protocols.http.h11_impl import H11Protocol
from werkzeug.test import run_wsgi_app

from portal import headers, proxies
from portal.blueprints import downloads, webhooks
from portal.config import Settings
from portal.flood import Sender
from portal.live.stream import PREFIX, Receive, Scope, Send, Stream
from portal.web import LARGEST_BODY, build

WORKERS = 8
# The head of a request, and its body, that take longer than this are not waited for.
HEAD_SECONDS = 20.0
BODY_SECONDS = 20.0
# Whole requests that wait for a thread; more would wait longer than anybody does, and hold their bodies.
MOST_WAITING = 256
_PIECE = 256 * 1024


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve pages, webhooks and streams until a signal says to stop."""
    served = application(settings)
    # What was loaded by now stays: to look through it again and again took a fifth of each page's time.
    gc.collect()
    gc.freeze()
    Server(configured(served, host=host, port=port, timeout_graceful_shutdown=5)).run()


def configured(application: Application, **more: Any) -> uvicorn.Config:
    """How uvicorn serves the application."""
    return uvicorn.Config(
        application,
        http=Protocol,
        log_level="warning",
        # As everything else in this process is logged.
        log_config=None,
        # Addresses of webhooks hold tokens.
        access_log=False,
        server_header=False,
        # It would believe X-Forwarded-For of anything on this machine: the settings say whom to believe.
        proxy_headers=False,
        **more,
    )


def application(settings: Settings) -> Application:
    """Build what `serve` serves."""
    return Application(settings)


class Server(uvicorn.Server):
    """uvicorn waits for open answers before it stops, and a stream is never done: so they are ended first."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop serving."""
        if isinstance(self.config.app, Application):
            self.config.app.live.end()
        await super().shutdown(sockets=sockets)


class Protocol(H11Protocol):
    """uvicorn's HTTP, which waits for the head of a request only so long: who drips one holds a socket."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait."""
        super().connection_made(transport)  # type: ignore[arg-type] # uvicorn narrows it the same way
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        super().connection_lost(exc)
        self._unwatch()

    def data_received(self, data: bytes) -> None:
        """Take bytes in; from the end of one request on, the next one's head is waited for."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._watch()
        else:
            self._unwatch()

    def handle_events(self) -> None:
        """Handle what has come in."""
        try:
            super().handle_events()
        except UnicodeDecodeError:  # h11 lets bytes through that no path is made of
            self.send_400_response("Invalid HTTP request received.")

    def _watch(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _unwatch(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None


class Application:
    """An ASGI application."""

    def __init__(self, settings: Settings) -> None:
        self.flask = build(settings)
        self.live = Stream(self.flask, redis_url=settings.redis_url, watchers=settings.live_watchers)
        with self.flask.app_context():
            self._floodgate = webhooks.floodgate()
        self._proxies = settings.proxies
        self._refusal = headers.raw(secure=self.flask.config["SESSION_COOKIE_SECURE"])
        self._waiting = 0
        self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="page")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await self._live_and_die(receive, send)
        elif scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
        elif scope["path"].startswith(PREFIX) and scope["method"] == "GET":
            self.live.bell.start()
            await self.live(scope, receive, send)
        else:
            await self._page(scope, receive, send)

    async def _live_and_die(self, receive: Receive, send: Send) -> None:
        await receive()
        self.live.bell.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.live.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["query_string"].isascii():
            await self._refuse(send, 400)
            return
        if wait := self._flood(scope):
            await self._refuse(send, 429, (b"retry-after", str(wait).encode()))
            return
        try:
            body = await asyncio.wait_for(_body(receive), BODY_SECONDS)
        except TimeoutError:
            await self._refuse(send, 408)
            return
        if body is None:
            return
        if self._waiting >= MOST_WAITING:
            busy = 429 if scope["path"].startswith(webhooks.PREFIX) else 503
            await self._refuse(send, busy, (b"retry-after", b"1"))
            return
        self._waiting += 1
        try:
            status, named, answer, file = await asyncio.get_running_loop().run_in_executor(
                self._threads, self._answer, _with_length(scope, len(body)), body
            )
        finally:
            self._waiting -= 1
        await send({"type": "http.response.start", "status": status, "headers": named})
        if file is not None:
            await _send_file(send, file)
            return
        await send({"type": "http.response.body", "body": answer})

    def _flood(self, scope: Scope) -> int:
        """Ask whether a webhook may come in now; returns for how many seconds it may not."""
        if not scope["path"].startswith(webhooks.PREFIX):
            return 0
        return self._floodgate.wait(Sender.of(proxies.sender(self._proxies, scope), scope["path"]))

    def _answer(
        self, scope: Scope, body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes, IO[bytes] | None]:
        """Have Flask answer, in a thread; a file that it answers with is sent afterwards. Both bodies are
        whole: a2wsgi's own middleware streams them through the loop piece by piece, which cost more than the
        rest of a webhook (DECISIONS.md)."""
        environ = build_environ(scope, BytesIO(body))  # type: ignore[arg-type]
        files: list[IO[bytes]] = []
        environ[webhooks.ADMITTED] = True  # type: ignore[literal-required] # a key of our own
        environ[downloads.SENDS_FILES] = files.append  # type: ignore[literal-required] # another
        chunks, status, named = run_wsgi_app(self.flask.wsgi_app, environ, buffered=True)  # type: ignore[arg-type]
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in named]
        return int(status.partition(" ")[0]), raw, b"".join(chunks), files[0] if files else None

    async def _refuse(self, send: Send, status: int, *more: tuple[bytes, bytes]) -> None:
        """Answer without a body, and without having read one."""
        named = [(b"content-type", b"text/plain"), (b"content-length", b"0"), *self._refusal, *more]
        await send({"type": "http.response.start", "status": status, "headers": named})
        await send({"type": "http.response.body", "body": b""})


async def _send_file(send: Send, file: IO[bytes]) -> None:
    """Send a file piece by piece, however slowly it is taken, and close it."""
    with file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> bytes | None:
    """Read a body whole, up to one byte more than is allowed; None when the sender went away."""
    body = bytearray()
    while len(body) <= LARGEST_BODY:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return bytes(body)


def _with_length(scope: Scope, length: int) -> Scope:
    """Name the length of a body that came in chunks: WSGI takes one without a length for empty."""
    if any(name == b"content-length" for name, _ in scope["headers"]):
        return scope
    others = [header for header in scope["headers"] if header[0] != b"transfer-encoding"]
    return {**scope, "headers": [*others, (b"content-length", str(length).encode())]}
