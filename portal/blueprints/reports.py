"""Reports of browsers: a page tried what the content security policy forbids."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from flask import Blueprint, abort, current_app, request
from werkzeug.exceptions import HTTPException

from portal.access import public
from portal.headers import REPORTS
from portal.identity.throttle import network
from portal.sync.strict_json import BadJson, read

blueprint = Blueprint("reports", __name__)
_log = logging.getLogger("portal.reports")

LARGEST = 8 * 1024
TIMES, SECONDS = 30, 60
_DIRECTIVE = re.compile(r"[a-z-]{1,40}")
# What browsers write where no address was asked for.
_KEYWORDS = ("inline", "eval", "wasm-eval", "data", "blob", "self", "trusted-types-sink")


@blueprint.post(REPORTS)
@public
def take() -> tuple[str, int]:
    """Log one report: which rule, and on which route; no address, for one may hold a token."""
    request.max_content_length = LARGEST
    throttle = current_app.extensions["trellis"].throttle
    if not throttle.allow(f"csp:{network(request.remote_addr or '')}", times=TIMES, seconds=SECONDS):
        abort(429)
    try:
        body = read(request.get_data(), repair=True).value
    except BadJson:
        abort(400)
    report = body.get("csp-report") if isinstance(body, dict) else None
    if not isinstance(report, dict):
        abort(400)
    directive = str(report.get("effective-directive") or report.get("violated-directive"))
    _log.warning(
        "a page broke the content security policy: %s, by %s, on %s",
        found[0] if (found := _DIRECTIVE.match(directive)) else "unknown",
        _origin(str(report.get("blocked-uri"))),
        _route(str(report.get("document-uri"))),
    )
    return "", 204


def _origin(address: str) -> str:
    """Whose it was, without path or query."""
    if address in _KEYWORDS:
        return address
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return "unknown"
    return host if re.fullmatch(r"[a-z0-9.-]{1,100}", host) else "unknown"


def _route(address: str) -> str:
    """The route of a page, in place of its address."""
    try:
        endpoint, _ = current_app.url_map.bind("").match(urlsplit(address).path, method="GET")
    except (HTTPException, ValueError):
        return "unknown"
    return str(endpoint)
