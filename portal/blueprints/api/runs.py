"""Runs for programs, and the log lines of one."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import abort

from portal.access import here
from portal.blueprints import paging
from portal.blueprints.api.operations import Paged, Term, api
from portal.extensions import db
from portal.queries import logs
from portal.queries import runs as queries
from portal.shapes import LogLine, Run, Shape


class LinesQuery(Paged):
    """Which lines of a run."""

    level: Literal["", "info", "done", "wait", "stuck", "bug"] = ""
    text: Term = ""
    """Words that they hold."""


class Runs(Shape):
    """One page of runs, newest first."""

    items: list[Run]
    next: str | None


class Lines(Shape):
    """A part of a run's log, oldest first."""

    items: list[LogLine]
    next: str | None


@api.get("/runs", "runs.see", Runs, Paged)
def list_runs(query: Paged) -> Runs:
    """List runs, newest first."""
    rows, more = queries.page(db.session(), here().id, after=query.row, size=query.limit)
    last = rows[-1] if more else None
    return Runs(
        items=[Run.model_validate(row) for row in rows],
        next=paging.cursor(last.started_at, last.id) if last else None,
    )


@api.get("/runs/<uuid:run_id>", "runs.see", Run)
def get_run(run_id: UUID) -> Run:
    """Read one run."""
    row = queries.one(db.session(), here().id, run_id)
    return Run.model_validate(row) if row else abort(404)


@api.get("/runs/<uuid:run_id>/lines", "runs.see", Lines, LinesQuery)
def get_lines(run_id: UUID, query: LinesQuery) -> Lines:
    """Read what a run logged, oldest first."""
    session, tenant_id = db.session(), here().id
    run = queries.one(session, tenant_id, run_id) or abort(404)
    filters = logs.LogFilters(levels=(query.level,) if query.level else (), text=query.text, run=run.id)
    log = logs.Log(tenant_id, run.connection_id, filters)
    rows = logs.lines(session, log, after=query.number, size=query.limit + 1)
    shown = rows[: query.limit]
    return Lines(
        items=[LogLine.model_validate(line) for line in shown],
        next=str(shown[-1].number) if len(rows) > query.limit else None,
    )
