"""Runs: what the workers did; and the log of one of them, or of a whole connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, passive, tenant
from portal.blueprints import downloads, paging, working
from portal.extensions import db
from portal.live import log_file, scopes
from portal.models import Connection, Run, utc_now
from portal.queries import connections, logs, runs
from portal.sync import registry

blueprint = Blueprint("runs", __name__, url_prefix="/t/<slug>")


@dataclass(frozen=True)
class Shown:
    """The log that an address names: of a connection, or of one run of it."""

    connection: Connection
    run: Run | None
    log: logs.Log

    def address(self, view: str = ".log", **more: Any) -> str:
        """The address of something about this log, by the same filters."""
        filters = self.log.filters
        asked = {"level": filters.levels, "entity": filters.entity, "text": filters.text}
        values = {name: value for name, value in (asked | more).items() if value not in ((), "", None)}
        return url_for(view, **self._thing, **values)

    @property
    def everything(self) -> str:
        """The address of the log without filters."""
        return url_for(".log", **self._thing)

    def stream(self, after: int) -> str:
        """Where a page hears of the lines behind a number, as they come."""
        return "/events" + self.address(after=after)

    @property
    def goes_on(self) -> bool:
        """Whether there may be more lines."""
        return self.run is None or self.run.state == "running"

    @property
    def _thing(self) -> dict[str, Any]:
        return {"run_id": self.run.id} if self.run else {"connection_id": self.connection.id}


@blueprint.get("/runs")
@tenant("runs.see")
def index() -> Any:
    """List runs of a connection or of all, newest first."""
    known = connections.all_of(db.session(), here().id)
    asked = request.args.get("connection", "")
    chosen = next((row for row in known if str(row.id) == asked), None) or (abort(404) if asked else None)
    rows, more = runs.page(
        db.session(), here().id, connection_id=chosen.id if chosen else None, after=paging.after()
    )
    place: dict[str, Any] = {"connection": chosen.id} if chosen else {}
    last = paging.cursor(rows[-1].started_at, rows[-1].id) if more else ""
    return render_template(
        "runs/index.html",
        rows=rows,
        connections=known,
        chosen=chosen,
        first_page="after" not in request.args,
        newest=url_for(".index", **place),
        older=url_for(".index", **place, after=last) if more else None,
    )


@blueprint.get("/connections/<uuid:connection_id>/log")
@blueprint.get("/runs/<uuid:run_id>")
@tenant("runs.see")
def log(connection_id: UUID | None = None, run_id: UUID | None = None) -> Any:
    """Show a log: its end, or the lines around, before or behind one."""
    shown = _shown(connection_id, run_id)
    stretch, at = _stretch(shown.log)
    return render_template(
        "runs/log.html",
        shown=shown,
        run=shown.run,
        connection=shown.connection,
        platform=registry.platform(shown.connection.platform),
        filters=shown.log.filters,
        lines=stretch.rows,
        live=shown.goes_on and not stretch.newer,
        last=stretch.last,
        at=at,
        levels=logs.LEVELS,
        reach=logs.TEXT_REACH,
        **_neighbours(shown, stretch, at),
    )


def _stretch(log: logs.Log) -> tuple[logs.Stretch, int | None]:
    """The lines that the address asks for, and the one that they are around."""
    session = db.session()
    at, before, after = (paging.integer(name) for name in ("at", "before", "after"))
    if at is not None:
        return logs.around(session, log, at), at
    if before is not None:
        return logs.before(session, log, before), None
    if after is not None:
        return logs.behind(session, log, after), None
    return logs.newest(session, log), None


def _neighbours(shown: Shown, stretch: logs.Stretch, at: int | None) -> dict[str, Any]:
    """Where the lines before and behind those shown are, and the errors."""
    rows = stretch.rows
    first = rows[0].number if rows else stretch.last
    end = at if at is not None else rows[-1].number + 1 if rows else stretch.last
    return {
        "older": shown.address(before=first),
        "has_older": stretch.older,
        "newer": shown.address(after=rows[-1].number if rows else first) if stretch.newer else None,
        "error_before": shown.address(".error", before=end),
        "error_after": shown.address(".error", after=end),
    }


@blueprint.get("/connections/<uuid:connection_id>/log/error")
@blueprint.get("/runs/<uuid:run_id>/log/error")
@tenant("runs.see")
def error(connection_id: UUID | None = None, run_id: UUID | None = None) -> Any:
    """Go to the last error before a line, or to the first one behind it."""
    shown = _shown(connection_id, run_id)
    before, after = paging.integer("before"), paging.integer("after")
    number = logs.error(db.session(), shown.log, before=before, after=after)
    if number is None:
        flash(
            "There is no earlier error in this log."
            if after is None
            else "There is no later error in this log."
        )
        return redirect(shown.address(at=before if after is None else after))
    return redirect(shown.address(at=number, _anchor=f"line-{number}"))


@blueprint.get("/connections/<uuid:connection_id>/log/lines")
@blueprint.get("/runs/<uuid:run_id>/log/lines")
@tenant("runs.see")
@passive
def lines(connection_id: UUID | None = None, run_id: UUID | None = None) -> Any:
    """Show the lines behind a number: for pages whose stream is not there."""
    log = _shown(connection_id, run_id).log
    watch = scopes.watch_log(here(), log)
    messages, _ = scopes.log_messages(watch, paging.integer("after") or 0)
    return scopes.fragment(messages)


@blueprint.get("/connections/<uuid:connection_id>/log/file")
@blueprint.get("/runs/<uuid:run_id>/log/file")
@tenant("runs.see")
def file(connection_id: UUID | None = None, run_id: UUID | None = None) -> Any:
    """Send all lines that the filters let through, as text or as JSON lines."""
    shown = _shown(connection_id, run_id)
    form = log_file.FORMS.get(request.args.get("form", "text")) or abort(404)
    pieces = log_file.pieces(working.sessions(), here(), shown.log, form)
    name = f"sync-log-{here().slug}-{utc_now():%Y-%m-%d}.{form.ending}"
    return downloads.flow(pieces, name, form.mimetype)


def _shown(connection_id: UUID | None, run_id: UUID | None) -> Shown:
    session, tenant_id = db.session(), here().id
    run = runs.one(session, tenant_id, run_id) or abort(404) if run_id else None
    connection = run.connection if run else working.connection(connection_id) if connection_id else abort(404)
    filters = scopes.log_filters(request.args, run.id if run else None)
    return Shown(connection, run, logs.with_links(session, logs.Log(tenant_id, connection.id, filters)))
