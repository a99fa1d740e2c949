"""The one room that talks HTTP: one call, one answer, and errors named by what happens next.

A write that may have reached the other side and has no usable answer is `Unsettled`; whether anything was
sent is known from the connection itself (`_Call.sent`), not guessed from the kind of error.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from portal.extensions import refuse_open_transaction
from portal.sync import strict_json
from portal.sync.addresses import BaseAddress, is_public
from portal.sync.answers import Answer, http_date, lost, understand
from portal.sync.deadlines import Deadlines
from portal.sync.errors import Retryable, SyncError, Unsettled
from portal.sync.redaction import MASK, Excerpt, redact_query

_CHUNK = 65_536
# Of a name with many addresses so many are tried: each may take the whole time that connecting may take.
_MOST_ADDRESSES = 3
# A shorter one would be found in any text.
_SHORTEST_SECRET = 6
_deadlines = Deadlines()


@dataclass(frozen=True)
class Limits:
    """What one call may take: seconds, and bytes of its answer once unpacked."""

    connect: float = 5.0
    read: float = 25.0
    total: float = 30.0
    size: int = 10 * 1024 * 1024


@dataclass(frozen=True)
class Exchange:
    """One call as it may be kept and shown: nothing secret or personal is left in what it shows.

    `outcome` is "ok", "not found", or the error's name in lower case; `skew_seconds` is how far the other
    side's clock is ahead of ours, by its Date header.
    """

    label: str
    method: str
    path: str
    status: int | None
    duration_ms: int
    sent: Excerpt = field(repr=False)
    received: Excerpt = field(repr=False)
    outcome: str
    reason: str
    skew_seconds: float | None

    @property
    def request(self) -> str:
        """The start of the body that was sent; empty when there was none."""
        return str(self.sent)

    @property
    def answer(self) -> str:
        """The start of the body that came back; empty when there was none."""
        return str(self.received)


class Caller:
    """Calls one account of one system; implements `contract.Calls`. Safe to share between threads.

    Args:
        address: where to, from `addresses.check_address`.
        headers: the authorisation headers; they go to this address only, and are masked wherever they show.
        label: the system's name for people.
        turnstile: the rate budget: called before each call, may wait briefly or raise `Retryable`.
        user_agent: names Trellis to the other side.
        observe: told of each call once it is over, whatever came of it.
        limits: seconds and bytes that a call may take.
    """

    def __init__(
        self,
        address: BaseAddress,
        headers: Mapping[str, str],
        *,
        label: str,
        turnstile: Callable[[], None],
        user_agent: str,
        observe: Callable[[Exchange], None] | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._address = address
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
            **headers,
        }
        # Without its scheme too: an error message may repeat the bare key.
        self._secrets = tuple(part for value in headers.values() for part in (value, *value.split()[1:]))
        self._label = label
        self._turnstile = turnstile
        self._observe = observe or (lambda _exchange: None)
        self._limits = limits or Limits()
        self._mine = threading.local()
        self._adapters: list[_Adapter] = []

    def read(
        self, path: str, *, query: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """GET a path below the base address, or an absolute URL of the same host; None on 404.

        Raises:
            Retryable: nothing usable came back; the same call may work later.
            Rejected, Unreadable, ConnectionBroken: as `answers.understand` says.
        """
        request = requests.Request("GET", self._address.below(path), params=dict(query or {}))
        return self._exchange(request, headers)

    def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """POST, PUT or PATCH once; returns the parsed answer, None on 204.

        Raises:
            Retryable: nothing was sent, or the API says that it did nothing.
            Unsettled: it may have taken effect.
            Rejected, ConnectionBroken: as `answers.understand` says.
        """
        request = requests.Request(method, self._address.below(path))
        if body is not None:
            request.data = strict_json.write(body)
            request.headers = {"Content-Type": "application/json"}
        return self._exchange(request, headers)

    def tell(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST a body to the address itself, once; return any whole answer, whatever it says.

        Raises:
            Retryable, Unsettled: there was none.
        """
        refuse_open_transaction()
        sent = requests.Request("POST", self._address.url, data=body, headers={**self._headers, **headers})
        return self._call(sent.prepare(), writing=True)

    def close(self) -> None:
        """End all kept connections."""
        while self._adapters:
            self._adapters.pop().close()

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _exchange(self, request: requests.Request, headers: Mapping[str, str] | None) -> Any:
        refuse_open_transaction()
        request.headers = {**self._headers, **(headers or {}), **request.headers}
        prepared = request.prepare()
        writing = request.method != "GET"
        self._turnstile()
        note = _Note(prepared, started=time.monotonic())
        try:
            note.answer = self._call(prepared, writing=writing)
            value = understand(note.answer, label=self._label, writing=writing, now=datetime.now(UTC))
        except SyncError as error:
            self._observe(self._kept(note, type(error).__name__.lower(), str(error)))
            raise
        self._observe(self._kept(note, "not found" if note.answer.status == 404 else "ok", ""))
        return value

    def _call(self, prepared: requests.PreparedRequest, *, writing: bool) -> Answer:
        with _Call(self._limits.total, loopback=self._address.loopback).running() as call:
            try:
                return self._answer(prepared, call)
            except requests.RequestException as error:
                if not writing or call.sent is False:
                    raise Retryable(f"{self._label} cannot be reached: {_why(error, call)}") from error
                raise Unsettled(f"no complete answer from {self._label}: {_why(error, call)}") from error
            except _TooMuch as error:
                raise lost(f"{self._label} {error}", writing=writing) from error

    def _answer(self, prepared: requests.PreparedRequest, call: _Call) -> Answer:
        response = self._adapter().send(
            prepared, timeout=(self._limits.connect, self._limits.read), stream=True
        )
        try:
            body = bytearray()
            for chunk in response.iter_content(_CHUNK):
                body += chunk
                if len(body) > self._limits.size:
                    raise _TooMuch(f"sent more than {self._limits.size:,} bytes")
            # An answer without a length looks complete when its connection was cut.
            if call.overdue:
                raise _TooMuch(f"did not finish within {self._limits.total:g} seconds")
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, self._masked(bytes(body)))

    def _masked(self, body: bytes) -> bytes:
        """Take our own credentials out of an answer that repeats them, before anything is made of it: what
        an error says ends up in logs and on pages."""
        for secret in self._secrets:
            if len(secret) >= _SHORTEST_SECRET:
                body = body.replace(secret.encode("utf-8"), MASK.encode())
        return body

    def _adapter(self) -> _Adapter:
        """Give this thread its own adapter: requests does not promise that one may be shared."""
        adapter: _Adapter | None = getattr(self._mine, "adapter", None)
        if adapter is None:
            adapter = self._mine.adapter = _Adapter(pool_maxsize=1)
            self._adapters.append(adapter)
        return adapter

    def _kept(self, note: _Note, outcome: str, reason: str) -> Exchange:
        answer = note.answer
        date = http_date(answer.headers.get("date", "")) if answer else None
        body = note.prepared.body
        return Exchange(
            label=self._label,
            method=note.prepared.method or "",
            path=redact_query(note.prepared.path_url),
            status=answer.status if answer else None,
            duration_ms=round((time.monotonic() - note.started) * 1000),
            sent=Excerpt(body if isinstance(body, bytes) else b"", self._secrets),
            received=Excerpt(answer.body if answer else b"", self._secrets),
            outcome=outcome,
            reason=reason,
            skew_seconds=(date - datetime.now(UTC)).total_seconds() if date else None,
        )


@dataclass
class _Note:
    """A call on its way, as far as its exchange needs it."""

    prepared: requests.PreparedRequest
    started: float
    answer: Answer | None = None


class _TooMuch(Exception):
    """The answer is larger or slower than allowed."""


class _Call:
    """One call in flight: what is known of its connection, and the end of its time.

    The timeouts of a socket count from byte to byte, so an answer that drips never ends by them: when the
    total time is up, the connection is cut from another thread.
    """

    _current = threading.local()

    def __init__(self, seconds: float, *, loopback: bool = False) -> None:
        self.sent: bool | None = None
        self.loopback = loopback
        self.overdue = False
        self._socket: socket.socket | None = None
        self._seconds = seconds

    @contextmanager
    def running(self) -> Iterator[_Call]:
        _Call._current.call = self
        try:
            with _deadlines.after(self._seconds, self._cut):
                yield self
        finally:
            _Call._current.call = None

    @classmethod
    def current(cls) -> _Call | None:
        call: _Call | None = getattr(cls._current, "call", None)
        return call

    def connecting(self) -> None:
        self.sent = False

    def sending(self, connected: socket.socket | None) -> None:
        self.sent = True
        # Not the connection: it lets go of its socket when an answer is to end with it.
        self._socket = connected
        if self.overdue:
            self._cut()

    def _cut(self) -> None:
        self.overdue = True
        if self._socket is not None:
            with suppress(OSError):
                # The plain socket's own: over TLS, shutdown would first drop the encryption.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _NotPublic(NewConnectionError):
    """A host's name leads to no address of the public internet."""


class _Connection(HTTPConnection):
    """Tells the call in flight what becomes of its connection, and connects to public addresses only.

    The name is resolved once, and the address that was checked is the one that is connected to: a name server
    that answers otherwise a moment later is not asked. TLS still proves the host by its name.
    """

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            *others, last = self._addresses()
            for address in others:
                self._dns_host = address
                with suppress(NewConnectionError, ConnectTimeoutError):
                    return super()._new_conn()
            self._dns_host = last
            return super()._new_conn()
        finally:
            self._dns_host = name

    def _addresses(self) -> list[str]:
        call = _Call.current()
        if call and call.loopback:
            return [self._dns_host]
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, socket.gaierror(str(error))) from error
        public = [str(address[0]) for *_, address in found if is_public(str(address[0]))]
        if not public:
            raise _NotPublic(self, "no public address")
        return public[:_MOST_ADDRESSES]

    def connect(self) -> None:
        if call := _Call.current():
            call.connecting()
        super().connect()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        if call := _Call.current():
            call.sending(self.sock)
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same, over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    """Uses connections that tell of themselves; never tries again by itself. It is called without a session,
    which would merge settings, cookies and proxies into each call: we have none, and want none."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def _why(error: requests.RequestException, call: _Call) -> str:
    """Say in a few words what went wrong; the library's own text may hold addresses and memory locations."""
    if call.overdue or isinstance(error, requests.Timeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate or encryption is not valid"
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "the answer was cut short"
    cause = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(cause, NameResolutionError):
        return "its name was not found"
    if isinstance(cause, _NotPublic):
        return "its name leads into a private network"
    return "the connection was refused" if call.sent is False else "the connection was lost"
