"""Problems for programs."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import abort

from portal.access import here
from portal.blueprints import paging
from portal.blueprints.api.operations import Paged, Term, api
from portal.extensions import db
from portal.queries import problems as queries
from portal.shapes import Problem, Shape


class ProblemsQuery(Paged):
    """Which problems."""

    state: Literal["open", "ignored", "closed"] = "open"
    connection: UUID | None = None
    who: Literal["", "tenant", "support", "operator"] = ""
    """Who can do something about them."""
    code: Term = ""
    cause: Term | None = None
    """What sets them apart from others of their code, such as a SKU."""


class Problems(Shape):
    """One page of problems, newest first."""

    items: list[Problem]
    next: str | None


@api.get("/problems", "problems.see", Problems, ProblemsQuery)
def list_problems(query: ProblemsQuery) -> Problems:
    """List problems that are open, ignored or closed, newest first."""
    filters = queries.Filters(
        state=query.state, connection=query.connection, who=query.who, code=query.code, cause=query.cause
    )
    rows, more = queries.page(db.session(), here().id, filters, after=query.row, size=query.limit)
    last = rows[-1] if more else None
    at = (last.closed_at if query.state == "closed" else last.opened_at) if last else None
    return Problems(
        items=[Problem.model_validate(row) for row in rows],
        next=paging.cursor(at, last.id) if last and at else None,
    )


@api.get("/problems/<uuid:problem_id>", "problems.see", Problem)
def get_problem(problem_id: UUID) -> Problem:
    """Read one problem."""
    row = queries.one(db.session(), here().id, problem_id)
    return Problem.model_validate(row) if row else abort(404)
