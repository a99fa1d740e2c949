"""Runs: what the workers did, and the log of one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, render_template, request, url_for

from portal.access import here, passive, tenant
from portal.blueprints import paging
from portal.extensions import db
from portal.live import scopes
from portal.models import Run
from portal.queries import connections, runs
from portal.sync import registry

blueprint = Blueprint("runs", __name__, url_prefix="/t/<slug>/runs")


@blueprint.get("")
@tenant("runs.see")
def index() -> Any:
    """List runs, newest first."""
    rows, more = runs.page(db.session(), here().id, after=paging.after())
    return render_template(
        "runs/index.html",
        rows=rows,
        connections=connections.all_of(db.session(), here().id),
        first_page="after" not in request.args,
        older=url_for(".index", after=paging.cursor(rows[-1].started_at, rows[-1].id)) if more else None,
    )


@blueprint.get("/<uuid:run_id>")
@tenant("runs.see")
def show(run_id: UUID) -> Any:
    """Show one run and its log."""
    run, tenant_here = _one(run_id), here()
    filters = scopes.log_filters(request.args, run.id)
    before = paging.integer("before")
    lines, more = runs.tail(db.session(), tenant_here.id, run.connection_id, filters, before=before)
    return render_template(
        "runs/show.html",
        run=run,
        platform=registry.platform(run.connection.platform),
        lines=lines,
        more=more,
        live=before is None and run.state == "running",
        last=lines[-1][0].number if lines else 0,
    )


@blueprint.get("/<uuid:run_id>/lines")
@tenant("runs.see")
@passive
def lines(run_id: UUID) -> Any:
    """Show the lines of a run behind a number: for pages whose stream is not there."""
    run = _one(run_id)
    watch = scopes.watch_log(here(), run.connection_id, scopes.log_filters(request.args, run.id))
    messages, _ = scopes.log_messages(watch, paging.integer("after") or 0)
    return scopes.fragment(messages)


def _one(run_id: UUID) -> Run:
    run = runs.one(db.session(), here().id, run_id)
    if run is None:
        abort(404)
    return run
