"""What descriptions of routes are put together from: schemas, and one row for each route."""

from typing import Any, NamedTuple

from sandbox.accounts import WORLDS

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
WHOLE: Schema = {"type": "integer"}
FLAG: Schema = {"type": "boolean"}
ANY_OBJECT: Schema = {"type": "object"}


def nullable(schema: Schema) -> Schema:
    """Return the schema of a thing or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def object_of(needed: tuple[str, ...] = (), **properties: Schema) -> Schema:
    """Return the schema of an object that has no other properties."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(needed),
        "additionalProperties": False,
    }


def list_of(items: Schema) -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


COMPANY: Schema = {"type": "string", "enum": list(WORLDS)}


class Operation(NamedTuple):
    """One row: a route, what it does, what it takes and what it answers."""

    method: str
    path: str
    summary: str
    status: int
    answer: Schema | None
    asked: Schema | None = None
    query: tuple[str, ...] = ()
