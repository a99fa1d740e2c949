"""The gate before each platform: every request is written down, may meet a fault, and is one transaction."""

import socket
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import TYPE_CHECKING, NoReturn

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from sandbox.faults import AFTER, BEFORE, KINDS, CutConnection, Faults
from sandbox.ledger import READS, Ledger
from sandbox.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Gate:
    """A WSGI application around a platform's own.

    Args:
        platform: its name.
        app: the platform.
        key_of: reads the API key out of the headers.
        store: everything a request does is one transaction here, committed before the answer.
        ledger: every request is written there first.
        faults: what may go wrong.
    """

    def __init__(
        self,
        platform: str,
        app: "WSGIApplication",
        key_of: Callable[[Headers], str | None],
        store: Store,
        ledger: Ledger,
        faults: Faults,
    ) -> None:
        self._platform = platform
        self._app = app
        self._key_of = key_of
        self._store = store
        self._ledger = ledger
        self._faults = faults

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, or cut its connection."""
        request = Request(environ)
        path = request.full_path.removesuffix("?")
        number = self._ledger.arrived(
            self._platform,
            self._key_of(request.headers),
            request.method,
            f"{request.root_path}{path}",
            request.get_data(cache=True),
        )
        try:
            response = self._answer(request, number)
        except CutConnection:
            _cut(environ)
        return response(environ, start_response)

    def _answer(self, request: Request, number: int) -> Response:
        for fault in self._faults.draw(self._platform, BEFORE):
            instead: Response | None = KINDS[fault.fault].act(fault)
            if instead is not None:
                self._ledger.answered(number, instead.status_code)
                return instead
        with self._store.transaction() as transaction:
            response = Response.from_app(self._app, _again(request), buffered=True)
            done = response.status_code < 400
            if done:
                self._ledger.answered(number, response.status_code)
            else:
                transaction.undo()
        if not done:
            self._ledger.answered(number, response.status_code)
        elif request.method not in READS:
            return self._afterwards(response)
        return response

    def _afterwards(self, response: Response) -> Response:
        for fault in self._faults.draw(self._platform, AFTER):
            changed: Response = KINDS[fault.fault].act(fault, response)
            response = changed
        return response


def _again(request: Request) -> "WSGIEnvironment":
    """Return the environment with the body, which was read for the ledger, to be read once more."""
    return {**request.environ, "wsgi.input": BytesIO(request.get_data()), "wsgi.input_terminated": True}


def _cut(environ: "WSGIEnvironment") -> NoReturn:
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("cut by a fault")
