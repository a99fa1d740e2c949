"""Webhooks in: limits, token, size, signature of the raw bytes and headers, then kept and marked; only then
answered."""

from __future__ import annotations

import psycopg
from flask import Blueprint, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import RequestEntityTooLarge

from portal.access import public
from portal.flood import Floodgate, Sender
from portal.sync.engine.inbox import Inbox
from portal.sync.signing import BadBody, examine, parse_body

blueprint = Blueprint("webhooks", __name__)

PREFIX = "/webhooks/"
# Set in the WSGI environment by the server that asked the floodgate already, before it read the body.
ADMITTED = "trellis.admitted"
_GATE = "trellis_floodgate"
_LARGEST_BODY = 1024 * 1024
_RETRY_AFTER_SECONDS = 30

# The database is away, is somebody's read-only copy, or has no connection left: nothing was kept.
_AWAY = (
    OperationalError,
    InterfaceError,
    InternalError,
    NoConnectionFree,
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.InternalError,
)


@blueprint.post(f"{PREFIX}<platform>/<token>")
@public
def receive(platform: str, token: str) -> tuple[Response, int]:
    """Take one webhook: 202 once it is kept, and whether or not it was new."""
    request.max_content_length = _LARGEST_BODY
    sender = Sender.of(request.remote_addr or "", request.path)
    if not request.environ.get(ADMITTED) and (wait := floodgate().wait(sender)):
        return _later("too many deliveries", 429, wait)
    try:
        answer = _receive(platform, token)
    except RequestEntityTooLarge:
        return _answer("too large: at most 1 MiB", 413)
    except _AWAY:
        return _later("try again later", 503, _RETRY_AFTER_SECONDS)
    if answer[1] in (401, 404):
        floodgate().refused(sender)
    return answer


def floodgate() -> Floodgate:
    """Return the application's floodgate, for a server that asks it before it reads a body."""
    gate: Floodgate = current_app.extensions[_GATE]
    return gate


def _receive(platform: str, token: str) -> tuple[Response, int]:
    inbox = _inbox()
    endpoint = inbox.endpoint(platform, token)
    if endpoint is None:
        return _answer("not found", 404)
    raw = request.get_data(cache=False)
    headers = dict(request.headers)
    shown = examine(endpoint.proof, raw, request.headers.getlist)
    if not shown.is_enough:
        inbox.refuse(endpoint, shown.fault)
        # Which part it is, is told on our pages alone.
        return _answer("the signature or a header is missing or wrong", 401)
    if not endpoint.open:
        return _answer("this connection takes no deliveries", 410)
    try:
        payload = parse_body(raw)
    except BadBody as error:
        inbox.keep_unreadable(endpoint, raw, headers, str(error))
        return _answer(f"the body cannot be read: {error}", 400)
    inbox.take(endpoint, raw, payload, headers, is_newest=shown.is_newest)
    return _answer("accepted", 202)


@blueprint.record_once
def _open_inbox(state: BlueprintSetupState) -> None:
    desk = state.app.extensions["trellis"].desk
    state.app.extensions["trellis_inbox"] = Inbox(desk)
    state.app.extensions[_GATE] = Floodgate(desk.settings)


def _inbox() -> Inbox:
    inbox: Inbox = current_app.extensions["trellis_inbox"]
    return inbox


def _later(message: str, status: int, seconds: int) -> tuple[Response, int]:
    response, status = _answer(message, status)
    response.headers["Retry-After"] = str(seconds)
    return response, status


def _answer(message: str, status: int) -> tuple[Response, int]:
    return jsonify(message=message), status
