"""One request at a platform's gate: what it is, and how the platform carries it out, now or later."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from werkzeug.wrappers import Request, Response

from sandbox.late import LateWrites
from sandbox.ledger import READS, Ledger
from sandbox.store import Page, Store

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment


@dataclass
class Visit:
    """A request and those who deal with it.

    Args:
        platform: whose gate.
        app: the platform.
        environ: the request as WSGI has it, its body apart.
        body: the request's body.
        number: its number in the ledger.
        store: everything the platform does is one transaction here, committed before the answer.
        ledger: where it is written down what the request came to.
        late: takes writes that are to be carried out later.
        finish: what else belongs to the transaction in which the platform answers.
        answer: what the platform answered, once it has.
        page: the page of a list that it answered, if it is one.
        postponed: whether it is left to `late`.
    """

    platform: str
    app: "WSGIApplication"
    environ: "WSGIEnvironment"
    body: bytes
    number: int
    store: Store
    ledger: Ledger
    late: LateWrites
    finish: Callable[[], None] | None = None
    answer: Response | None = field(default=None, init=False)
    page: Page | None = field(default=None, init=False)
    postponed: bool = field(default=False, init=False)

    @property
    def method(self) -> str:
        """The request's method."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def path(self) -> str:
        """The request's path below the platform's base."""
        return str(self.environ.get("PATH_INFO", ""))

    @property
    def url(self) -> str:
        """The request's whole URL."""
        return Request(self.environ).url

    @property
    def host(self) -> str:
        """The host and port that the request names."""
        return Request(self.environ).host

    @property
    def reads(self) -> bool:
        """Whether the request only asks."""
        return self.method in READS

    def asked(self, name: str) -> str:
        """Return a query parameter, or nothing."""
        return Request(self.environ).args.get(name, "")

    def answered_json(self) -> dict[str, Any]:
        """Return the platform's answer as a JSON object, empty when it is none."""
        if self.answer is None or self.answer.mimetype != "application/json":
            return {}
        found = json.loads(self.answer.get_data())
        return found if isinstance(found, dict) else {}

    def carry_out(self, before: Iterable[Callable[[], None]] = ()) -> Response:
        """Let the platform answer, in one transaction, which is undone when it refuses.

        Args:
            before: what to change for this read alone.
        """
        changes = list(before)
        with self.store.transaction() as transaction:
            for change in changes:
                change()
            response = self._ask(self.environ)
            self.page = transaction.page
            kept = response.status_code < 400 and not changes
            if kept:
                self._settle(response)
            else:
                transaction.undo()
        if not kept:
            self._settle(response)
        self.answer = response
        return response

    def asked_again(self, **changed: str) -> Response:
        """Return what the platform answers to the same read with other query parameters."""
        asked = parse_qsl(str(self.environ.get("QUERY_STRING", "")), keep_blank_values=True)
        query = [(name, value) for name, value in asked if name not in changed]
        with self.store.transaction():
            return self._ask({**self.environ, "QUERY_STRING": urlencode([*query, *changed.items()])})

    def postpone(self, seconds: float) -> None:
        """Leave a write to be carried out later."""
        self.late.add(self.platform, self.number, self.environ, self.body, seconds)
        self.postponed = True

    def _settle(self, response: Response) -> None:
        with self.store.transaction():
            asked = response.headers.get("Retry-After")
            self.ledger.answered(self.number, response.status_code, asked)
            if self.finish is not None:
                self.finish()

    def _ask(self, environ: "WSGIEnvironment") -> Response:
        # The body was read for the ledger; the platform reads it once more.
        again = {**environ, "wsgi.input": BytesIO(self.body), "wsgi.input_terminated": True}
        return Response.from_app(self.app, again, buffered=True)
