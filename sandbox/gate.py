"""The gate before each platform: every request is written down, may meet a fault, and is one transaction."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Request, Response

from sandbox.faults.fault import Stage
from sandbox.faults.switchboard import Faults
from sandbox.faults.table import KINDS
from sandbox.late import LateWrites
from sandbox.ledger import Ledger
from sandbox.store import Store
from sandbox.visit import Visit

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
        late: takes the writes that a fault puts off, and has them carried out here.
    """

    def __init__(
        self,
        platform: str,
        app: "WSGIApplication",
        key_of: Callable[[Headers], str | None],
        store: Store,
        ledger: Ledger,
        faults: Faults,
        late: LateWrites,
    ) -> None:
        self._platform = platform
        self._app = app
        self._key_of = key_of
        self._store = store
        self._ledger = ledger
        self._faults = faults
        self._late = late
        late.serve(platform, self._carry_out_late)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request, or raise `CutConnection`, which is to end its connection."""
        request = Request(environ)
        path = request.full_path.removesuffix("?")
        body = request.get_data(cache=True)
        number = self._ledger.arrived(
            self._platform,
            self._key_of(request.headers),
            request.method,
            f"{request.root_path}{path}",
            body,
        )
        response = self._answer(self._visit(number, environ, body))
        return response(environ, start_response)

    def _visit(
        self,
        number: int,
        environ: "WSGIEnvironment",
        body: bytes,
        finish: Callable[[], None] | None = None,
    ) -> Visit:
        return Visit(
            self._platform, self._app, environ, body, number, self._store, self._ledger, self._late, finish
        )

    def _carry_out_late(
        self, number: int, environ: Mapping[str, Any], body: bytes, forget: Callable[[], None]
    ) -> None:
        self._visit(number, dict(environ), body, forget).carry_out()

    def _answer(self, visit: Visit) -> Response:
        for fault in self._faults.draw(visit, Stage.BEFORE):
            instead: Response | None = KINDS[fault.fault].act(fault, visit)
            if instead is not None:
                if not visit.postponed:
                    asked = instead.headers.get("Retry-After")
                    self._ledger.answered(visit.number, instead.status_code, asked)
                return instead
        changes = [
            partial(KINDS[fault.fault].act, fault, visit)
            for fault in (self._faults.draw(visit, Stage.READ) if visit.reads else ())
        ]
        response = visit.carry_out(changes)
        if not visit.reads:
            response = self._on_its_way(visit, Stage.WRITTEN, response)
        return self._on_its_way(visit, Stage.ANSWER, response)

    def _on_its_way(self, visit: Visit, stage: Stage, response: Response) -> Response:
        """Let the faults of a stage change an answer, one after the other, while it is a good one."""
        if response.status_code >= 400:
            return response
        for fault in self._faults.draw(visit, stage):
            response = KINDS[fault.fault].act(fault, visit, response)
        return response
