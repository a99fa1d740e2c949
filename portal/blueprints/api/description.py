"""The description of the API in OpenAPI 3.1, made of what the operations declare."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from flask import Response, current_app, json
from pydantic.json_schema import models_json_schema

from portal.access import public
from portal.blueprints.api.operations import PREFIX, Operation, Query, api
from portal.blueprints.api.refusals import Refusal, described

_ARGUMENT = re.compile(r"<(\w+):(\w+)>")
_REFUSED = ("400", "401", "403", "404", "429")
_REFS = "#/components/schemas/{model}"
_ABOUT = (
    "Reads what Trellis knows of one company: its orders, their timelines, problems, runs and connections."
    " Every request shows a token of that company, which an owner or admin makes on its page of API tokens."
)


@api.blueprint.get("/openapi.json")
@public
def describe() -> Response:
    """Describe the API to programs that write clients."""
    return current_app.response_class(json.dumps(document()), mimetype="application/json")


@cache
def document() -> dict[str, Any]:
    """The whole description."""
    shapes = sorted({one.answer for one in api.operations} | {Refusal}, key=lambda shape: shape.__name__)
    _, schemas = models_json_schema([(shape, "serialization") for shape in shapes], ref_template=_REFS)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trellis", "version": "1", "description": _ABOUT},
        "servers": [{"url": PREFIX}],
        "security": [{"token": []}],
        "paths": {_ARGUMENT.sub(r"{\2}", one.path): {"get": _operation(one)} for one in api.operations},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(one: Operation) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": _REFS.format(model=one.answer.__name__)}}}
    return {
        "operationId": one.name,
        "summary": one.summary,
        "parameters": [*_in_path(one.path), *_in_query(one.query)],
        "responses": {
            "200": {"description": one.answer.__doc__, "content": content},
            "304": {"description": "Unchanged since the answer whose ETag was sent as If-None-Match"},
            **{code: described() for code in _REFUSED},
        },
    }


def _in_path(path: str) -> list[dict[str, Any]]:
    formats = {"uuid": {"type": "string", "format": "uuid"}}
    return [
        {"name": name, "in": "path", "required": True, "schema": formats.get(kind, {"type": "string"})}
        for kind, name in _ARGUMENT.findall(path)
    ]


def _in_query(query: type[Query] | None) -> Sequence[dict[str, Any]]:
    if query is None:
        return ()
    properties: dict[str, dict[str, Any]] = query.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "description": schema.get("description", ""),
            "schema": {key: value for key, value in schema.items() if key not in ("title", "description")},
        }
        for name, schema in properties.items()
    ]
