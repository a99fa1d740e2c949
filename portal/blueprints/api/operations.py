"""Operations: each is declared once; its route, guard, checks and description come of that."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any

from flask import Blueprint, Response, current_app, request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from portal import access
from portal.blueprints import paging
from portal.blueprints.api.refusals import Unreadable
from portal.shapes import Shape

PREFIX = "/api/v1"
MOST = 200
View = Callable[..., Shape]


def _storable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("holds a character that no text has")
    return text


Term = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120), AfterValidator(_storable)]


class Query(BaseModel):
    """What a request may ask beside its address; anything else is refused, so that no slip is silent."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Paged(Query):
    """One page of a list."""

    after: Annotated[str, AfterValidator(_storable)] = ""
    """`next` of the page before."""
    limit: int = Field(50, ge=1, le=MOST)

    @property
    def row(self) -> Any:
        """The sort value and id that `after` names; None on the first page.

        Raises:
            Unreadable: it is no cursor.
        """
        found = paging.row(self.after)
        if self.after and found is None:
            raise Unreadable({"after": "is no cursor: send what `next` of the page before says"})
        return found

    @property
    def number(self) -> int:
        """The row's number that `after` names; 0 on the first page.

        Raises:
            Unreadable: it is no number.
        """
        if not self.after:
            return 0
        if not (self.after.isascii() and self.after.isdigit() and len(self.after) < 10):
            raise Unreadable({"after": "is no cursor: send what `next` of the page before says"})
        return int(self.after)


@dataclass(frozen=True)
class Operation:
    """One thing that programs can ask."""

    path: str
    name: str
    summary: str
    permission: str
    answer: type[Shape]
    query: type[Query] | None


class Api:
    """The operations, and the blueprint that answers them."""

    def __init__(self) -> None:
        self.blueprint = Blueprint("api", __name__, url_prefix=PREFIX)
        self.operations: list[Operation] = []

    def get(
        self, path: str, permission: str, answer: type[Shape], query: type[Query] | None = None
    ) -> Callable[[View], Callable[..., Response]]:
        """Declare an operation: its path, what its token needs, and the shapes of answer and query."""

        def declare(view: View) -> Callable[..., Response]:
            summary = (inspect.getdoc(view) or "").partition("\n")[0]
            self.operations.append(Operation(path, view.__name__, summary, permission, answer, query))

            @wraps(view)
            def respond(**values: Any) -> Response:
                given = {} if query is None else {"query": _read(query)}
                if query is None:
                    _read(Query)
                return _respond(view(**values, **given))

            guarded = access.token(permission)(respond)
            self.blueprint.add_url_rule(path, view.__name__, guarded, methods=["GET"])
            return guarded

        return declare


api = Api()


def _read(query: type[Query]) -> Query:
    try:
        return query.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise Unreadable({str(one["loc"][0]): one["msg"] for one in error.errors()}) from error


def _respond(answer: Shape) -> Response:
    """Write an answer as JSON, with a tag by which an unchanged one is not sent again."""
    response = current_app.response_class(answer.model_dump_json(), mimetype="application/json")
    response.add_etag()
    response.vary.add("Authorization")
    response.make_conditional(request)
    return response
