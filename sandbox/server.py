"""The HTTP server: threads, connections that stay open, and sockets that a fault may cut."""

from io import BytesIO
from typing import TYPE_CHECKING

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
MAX_BODY = 10 * 1024 * 1024
IDLE_SECONDS = 65


class Handler(WSGIRequestHandler):
    """Keeps connections open, which Werkzeug's own handler does not, and writes no access log.

    Werkzeug ends each connection because a body may be left unread; `drained` reads every body first.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = IDLE_SECONDS

    def run_wsgi(self) -> None:
        """Answer one request; an application that cuts its connection ends it where it stands."""
        environ = self.make_environ()
        try:
            with Response.from_app(self.server.app, environ) as response:
                self._send(response)
        except ConnectionError:
            self.close_connection = True

    def _send(self, response: Response) -> None:
        """Send an answer as it comes; one whose length is not known goes out in chunks."""
        has_body = response.status_code not in (204, 304)
        chunked = has_body and response.content_length is None
        self.send_response(response.status_code)
        for name, value in response.headers:
            if has_body or name.lower() != "content-length":
                self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        if response.status_code == 413:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body and self.command != "HEAD":
            self._send_body(response.iter_encoded(), chunked=chunked)
        self.wfile.flush()

    def _send_body(self, parts: "Iterable[bytes]", *, chunked: bool) -> None:
        for part in parts:
            if not part:
                continue
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
            self.wfile.flush()
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def log_request(self, code: "int | str" = "-", size: "int | str" = "-") -> None:
        """Write nothing: the ledger has it."""


def drained(app: "WSGIApplication") -> "WSGIApplication":
    """Wrap an application so that each body is read whole, or refused with 413, before anything else."""

    def read_first(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
        request = Request(environ)
        request.max_content_length = MAX_BODY
        if (request.content_length or 0) > MAX_BODY:
            return Response("Too large.", 413)(environ, start_response)
        environ["wsgi.input"] = BytesIO(request.get_data())
        environ["wsgi.input_terminated"] = True
        return app(environ, start_response)

    return read_first


def serve(app: "WSGIApplication", port: int) -> BaseWSGIServer:
    """Return a server of `app` on loopback; port 0 takes any free one."""
    return make_server(HOST, port, drained(app), threaded=True, request_handler=Handler)


def address(server: BaseWSGIServer) -> str:
    """Return the URL that a server answers at."""
    return f"http://{HOST}:{server.server_port}"
