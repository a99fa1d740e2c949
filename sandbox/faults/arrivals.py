"""What goes wrong before the platform sees a request."""

import json
import time

from werkzeug.wrappers import Response

from sandbox import sink
from sandbox.accounts import AIQ, FLOURISH, LEAFLINK, ORDO
from sandbox.faults.arguments import late_of
from sandbox.faults.fault import CutConnection, Fault
from sandbox.visit import Visit

HTML = "text/html; charset=utf-8"
COMMITTED = "committed"
MAINTENANCE = """<!DOCTYPE html>
<html lang="en"><head><title>Down for maintenance</title></head>
<body><h1>We will be right back</h1><p>Scheduled maintenance is under way.</p></body></html>
"""
REFUSALS: dict[tuple[str, int], dict[str, object]] = {
    (LEAFLINK, 401): {"detail": "Invalid token."},
    (LEAFLINK, 403): {"detail": "You do not have permission to perform this action."},
    (FLOURISH, 401): {"message": "Unauthorized", "status": 401},
    (FLOURISH, 403): {"message": "Forbidden", "status": 403},
    (ORDO, 401): {"error": {"code": "unauthorized", "message": "The key is missing or unknown."}},
    (ORDO, 403): {"error": {"code": "forbidden", "message": "The key does not open this."}},
    (AIQ, 401): {"name": "UnauthenticatedError", "message": "unauthenticated", "errors": []},
    (AIQ, 403): {"name": "ForbiddenError", "message": "forbidden", "errors": []},
}


def latency(fault: Fault, _visit: Visit) -> None:
    """Let the caller wait."""
    time.sleep(fault.argument)


def too_many(fault: Fault, _visit: Visit) -> Response:
    """Answer 429, with the header that says when to come back unless there is none."""
    response = Response('{"detail":"Request was throttled."}', 429, mimetype="application/json")
    if fault.argument is not None:
        response.headers["Retry-After"] = str(fault.argument)
    return response


def server_error(_fault: Fault, _visit: Visit) -> Response:
    """Answer 500 as a web server does, not in JSON."""
    return Response("<h1>Server Error (500)</h1>", 500, content_type=HTML)


def maintenance(fault: Fault, visit: Visit) -> Response:
    """Answer a page that calls itself a success."""
    if fault.argument == COMMITTED:
        visit.carry_out()
    return Response(MAINTENANCE, 200, content_type=HTML)


def revoked(fault: Fault, visit: Visit) -> Response:
    """Refuse the key, in the platform's own words."""
    words = json.dumps(REFUSALS[visit.platform, fault.argument])
    return Response(words, fault.argument, mimetype="application/json")


def redirect(fault: Fault, visit: Visit) -> Response:
    """Send the caller to another host, by default to the sandbox's own sink under its other name."""
    port = visit.host.rpartition(":")[2]
    where = fault.argument or f"http://localhost:{port}{sink.PATH}/"
    return Response("", 302, headers={"Location": where}, content_type=HTML)


def late_commit(fault: Fault, visit: Visit) -> Response:
    """Leave the caller without an answer, and do the write later all the same."""
    late = late_of(fault.argument)
    visit.postpone(late.seconds)
    if not late.answered:
        raise CutConnection("left for later by a fault")
    return Response("<h1>504 Gateway Time-out</h1>", 504, content_type=HTML)
