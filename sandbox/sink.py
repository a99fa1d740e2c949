"""Where redirects lead that a fault answers: a stranger's host, which keeps what it is sent."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from sandbox.ledger import Ledger

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH = "/sink"
PLATFORM = "sink"
CREDENTIALS = ("Authorization", "x-api-key")


class Sink:
    """A WSGI application that writes each request into the ledger, its credentials as the key.

    Args:
        ledger: where its requests are of the platform "sink".
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Write a request down and answer an empty object."""
        request = Request(environ)
        sent = [request.headers[name] for name in CREDENTIALS if name in request.headers]
        path = f"{request.root_path}{request.full_path.removesuffix('?')}"
        number = self._ledger.arrived(
            PLATFORM, ", ".join(sent) or None, request.method, path, request.get_data()
        )
        self._ledger.answered(number, 200)
        return Response("{}", mimetype="application/json")(environ, start_response)
