"""Refusals: errors as programs read them (RFC 9457), with the reference that logs and audit name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, current_app, g, json, request
from werkzeug.exceptions import BadRequest, HTTPException

from portal.shapes import Shape

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"
_WORDS = {
    404: "There is nothing of this address that the token's company has.",
    405: "The API is read with GET.",
    500: "This is a bug in Trellis. It has been recorded under the reference.",
}


class Unreadable(BadRequest):
    """Parameters of a request cannot be read: by name, what is wrong with each."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        super().__init__("Parameters of the request cannot be read.")
        self.parameters = dict(parameters)


class Refusal(Shape):
    """Why a request was refused."""

    type: str
    title: str
    status: int
    detail: str
    reference: str
    """Names the request in the logs and the audit of this installation."""
    parameters: dict[str, str] | None = None
    """Which parameters cannot be read, and why."""


def is_for_programs() -> bool:
    """Whether this request is one of the API's."""
    return request.path.startswith(PREFIX)


def show(error: HTTPException) -> Response:
    """Write an error."""
    code = error.code or 500
    said = error.description if error.description != type(error).description else None
    refusal = Refusal(
        type="about:blank",
        title=error.name,
        status=code,
        detail=said or _WORDS.get(code) or error.description or error.name,
        reference=g.get("reference", "-"),
        parameters=getattr(error, "parameters", None),
    )
    body = json.dumps(refusal.model_dump(mode="json", exclude_none=True))
    response: Response = current_app.response_class(body, code, mimetype=MEDIA_TYPE)
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            response.headers.setdefault(name, value)
    return response


def described() -> dict[str, Any]:
    """How a refusal is described to programs that write clients."""
    return {
        "description": "Refused",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Refusal"}}},
    }
