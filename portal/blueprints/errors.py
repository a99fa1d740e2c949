"""Pages for what went wrong: plain words, a reference, and no inner detail."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, g, make_response, render_template, request
from flask.globals import request_ctx
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, InternalServerError

from portal.blueprints.api import refusals

# code -> (title, what it means, what to do)
WORDS = {
    400: (
        "That could not be read",
        "The request was incomplete, or came from a page that has been open for too long.",
        "Go back, reload the page, and try again.",
    ),
    401: ("Please sign in", "Your session has ended.", "Sign in and try again."),
    403: (
        "You may look, but not do this",
        "Your role in this company does not allow it.",
        "Ask an owner or an admin of your company.",
    ),
    404: (
        "There is no such page",
        "The address is wrong, or it belongs to a company that you are not a member of.",
        "Check the address, or start from your first page.",
    ),
    405: ("That does not work here", "This page takes no such request.", "Go back and use its buttons."),
    413: ("That is too much", "The request is larger than this page takes.", "Send less."),
    429: ("Too often", "You did this too often in a short time.", "Wait a little, then try again."),
    500: (
        "Something broke on our side",
        "This is a bug in Trellis. It has been recorded; nothing that you did caused it.",
        "Try again. If it stays, tell support the reference below.",
    ),
}


def install(app: Flask) -> None:
    """Use our pages for every error."""
    app.register_error_handler(HTTPException, _show)
    app.register_error_handler(CSRFError, _show)


def _show(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    code = error.code or 500
    if request_ctx.url_adapter is None:
        # The Host header names no host: no page has an address to link to.
        return f"{error.name}\n", code, {"Content-Type": "text/plain; charset=utf-8"}
    if refusals.is_for_programs():
        return refusals.show(error)
    title, meaning, advice = WORDS.get(code, WORDS[400 if code < 500 else 500])
    if isinstance(error, InternalServerError):
        code = 500
    page = render_template(
        "errors/error.html",
        code=code,
        title=title,
        meaning=meaning,
        advice=advice,
        reference=g.get("reference", "-"),
    )
    response: Response = make_response(page, code)
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    if request.headers.get("HX-Request"):
        # The page is not what the button wanted to swap in: show its notice where notices are shown.
        response.headers.update(
            {"HX-Retarget": "#notices", "HX-Reselect": "#notices", "HX-Reswap": "outerHTML"}
        )
    return response
