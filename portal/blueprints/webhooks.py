"""Webhooks in: token, size, signature over the raw bytes, then kept and marked; only then answered."""

from __future__ import annotations

import psycopg
from flask import Blueprint, Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import RequestEntityTooLarge

from portal.access import public
from portal.sync.engine.inbox import Endpoint, Inbox
from portal.sync.signing import BadBody, parse_body, verify

blueprint = Blueprint("webhooks", __name__)

_LARGEST_BODY = 1024 * 1024
_RETRY_AFTER_SECONDS = "30"


@blueprint.post("/webhooks/<platform>/<token>")
@public
def receive(platform: str, token: str) -> tuple[Response, int]:
    """Take one webhook: 202 once it is kept, and whether or not it was new."""
    request.max_content_length = _LARGEST_BODY
    try:
        return _receive(platform, token)
    except RequestEntityTooLarge:
        return _answer("too large: at most 1 MiB", 413)
    except (OperationalError, psycopg.OperationalError):
        response, status = _answer("try again later", 503)
        response.headers["Retry-After"] = _RETRY_AFTER_SECONDS
        return response, status


def _receive(platform: str, token: str) -> tuple[Response, int]:
    inbox = _inbox()
    endpoint = inbox.endpoint(platform, token)
    if endpoint is None:
        return _answer("not found", 404)
    raw = request.get_data(cache=False)
    headers = dict(request.headers)
    if not _signed(endpoint, raw):
        inbox.refuse(endpoint)
        return _answer("the signature is missing or wrong", 401)
    if not endpoint.open:
        return _answer("this connection takes no deliveries", 410)
    try:
        payload = parse_body(raw)
    except BadBody as error:
        inbox.keep_unreadable(endpoint, raw, headers, str(error))
        return _answer(f"the body cannot be read: {error}", 400)
    inbox.take(endpoint, raw, payload, headers)
    return _answer("accepted", 202)


def _signed(endpoint: Endpoint, raw: bytes) -> bool:
    return verify(
        endpoint.scheme, [endpoint.signing_key], raw, request.headers.getlist(endpoint.scheme.header)
    )


@blueprint.record_once
def _open_inbox(state: BlueprintSetupState) -> None:
    state.app.extensions["trellis_inbox"] = Inbox(state.app.extensions["trellis"].desk)


def _inbox() -> Inbox:
    inbox: Inbox = current_app.extensions["trellis_inbox"]
    return inbox


def _answer(message: str, status: int) -> tuple[Response, int]:
    return jsonify(message=message), status
