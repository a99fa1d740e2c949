"""Reports: both sides of a connection compared field by field, and what differs corrected by the engine."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, passive, tenant
from portal.blueprints import downloads, paging, presentation, working
from portal.blueprints.acts import cell
from portal.extensions import db
from portal.models import Connection, Reconciliation, ReconciliationRow
from portal.queries import reconciliations
from portal.sync import audit, registry
from portal.sync.engine.gate import may_work
from portal.sync.mapping.outcomes import OUTCOMES
from portal.sync.reconciliation import rows, runner

blueprint = Blueprint(
    "reconciliations", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>/reports"
)

_COLUMNS = (
    "thing", "name", "field", "value", "outcome", "owner", "agreed", "platform", "flourish", "why", "next"
)  # fmt: skip


@blueprint.get("")
@tenant("connections.see")
def index(connection_id: UUID) -> Any:
    """List the reports of a connection, newest first."""
    return _list(working.connection(connection_id))


def _list(connection: Connection, error: str = "") -> str:
    reports = reconciliations.of_connection(db.session(), here().id, connection.id)
    busy = any(one.state in runner.REPORTS.in_work for one in reports)
    return render_template(
        "reconciliations/index.html",
        connection=connection,
        platform=registry.platform(connection.platform),
        reports=[(one, rows.by_outcome(one)) for one in reports],
        busy=busy,
        days=runner.DAYS,
        may_start=here().may("readiness.check") and may_work(connection) and not busy,
        error=error,
    )


@blueprint.post("")
@tenant("readiness.check")
def start(connection_id: UUID) -> Any:
    """Ask for a report."""
    connection = working.connection(connection_id)
    working.limit("report", times=20)
    try:
        report = runner.start(db.session(), connection.id, by=working.actor().name)
    except runner.CannotReconcile as refusal:
        db.session().rollback()
        return _list(working.connection(connection_id), error=str(refusal)), 422
    working.record("reconciliation.started", audit.account(connection))
    report_id = report.id
    working.commit()
    working.ring_reconciliation(report_id)
    return redirect(url_for(".show", connection_id=connection_id, report_id=report_id), 303)


@blueprint.get("/<uuid:report_id>")
@tenant("connections.see")
def show(connection_id: UUID, report_id: UUID) -> Any:
    """Show one report: how far it is, its counts by field, and what did not agree."""
    return _page(*_both(connection_id, report_id))


def _both(connection_id: UUID, report_id: UUID) -> tuple[Connection, Reconciliation]:
    connection = working.connection(connection_id)
    report = reconciliations.one(db.session(), here().id, connection.id, report_id)
    return connection, report or abort(404)


def _page(connection: Connection, report: Reconciliation, *, error: str = "") -> str:
    filters = _filters()
    page = reconciliations.page(db.session(), report.id, filters, after=_after())
    may_correct = here().may("orders.retry") and may_work(connection)
    return render_template(
        "reconciliations/show.html",
        **_shared(connection, report),
        page=page,
        filters=filters,
        query=_query(filters),
        chips=_chips(filters),
        things=reconciliations.correctable(db.session(), report.id, filters) if may_correct else 0,
        may_correct=may_correct,
        asks=request.args.get("correct") == "yes",
        first_page="after" not in request.args,
        following=_following(page, filters) if page.more else None,
        error=error,
    )


def _shared(connection: Connection, report: Reconciliation) -> dict[str, Any]:
    return {
        "connection": connection,
        "platform": registry.platform(connection.platform),
        "report": report,
        "in_work": report.state in runner.REPORTS.in_work,
        "counts": rows.by_outcome(report),
        "fields": rows.by_field(report),
        "outcomes": OUTCOMES,
    }


@blueprint.get("/<uuid:report_id>/now")
@tenant("connections.see")
@passive
def now(connection_id: UUID, report_id: UUID) -> Any:
    """Show how far a report is: for pages that wait for it. Once it is over they are loaded anew."""
    values = _shared(*_both(connection_id, report_id))
    over = {} if values["in_work"] else {"HX-Refresh": "true"}
    return render_template("reconciliations/_now.html", **values), over


@blueprint.post("/<uuid:report_id>/correct")
@tenant("orders.retry")
def correct(connection_id: UUID, report_id: UUID) -> Any:
    """Have the engine look at what will be corrected, by the filters and the count that were confirmed."""
    connection, report = _both(connection_id, report_id)
    working.limit("correct", times=60)
    session, filters = db.session(), _filters()
    number = reconciliations.correctable(session, report.id, filters)
    if not may_work(connection):
        return _page(connection, report, error="Nothing is looked at while the connection is off."), 422
    if not number or request.form.get("things", "") != str(number):
        return _page(connection, report, error="The number is another one by now: look once more."), 409
    conditions = reconciliations.conditions(report.id, filters)
    runner.correct(session, working.keys(), report, conditions, actor=working.actor())
    working.commit()
    working.ring()
    flash(f"Trellis looks at {number:,} now, and writes what it then finds. The next report shows it.")
    return redirect(
        url_for(".show", connection_id=connection_id, report_id=report_id, **_query(filters)), 303
    )


@blueprint.get("/<uuid:report_id>/rows.csv")
@tenant("connections.see")
def download(connection_id: UUID, report_id: UUID) -> Any:
    """Send what did not agree as a file, by the same filters."""
    _connection, report = _both(connection_id, report_id)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it is sent
    for line in _lines(reconciliations.every(db.session(), report.id, _filters())):
        file.write(line.encode("utf-8"))
    return downloads.attachment(file, f"report-{report.created_at:%Y-%m-%d}.csv", "text/csv")


def _lines(found: Iterator[ReconciliationRow]) -> Iterator[str]:
    yield _csv(_COLUMNS)
    for row in found:
        values = (row.what, row.agreed, row.platform, row.flourish)
        what, *shown = presentation.changes([values])[0]
        word = presentation.OUTCOME_OF_VALUE[row.outcome][0]
        yield _csv((row.thing, row.label, row.field, what, word, row.owner, *shown, row.why, row.next_step))


def _csv(cells: tuple[Any, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cell(str(presentation.shown(one))) for one in cells)
    return line.getvalue()


def _filters() -> reconciliations.Filters:
    outcome, thing = paging.words("outcome"), paging.words("thing")
    return reconciliations.Filters(
        q=paging.words("q"),
        outcome=outcome if outcome in reconciliations.ROW_OUTCOMES else "",
        thing=thing if thing in reconciliations.THINGS else "",
        field=paging.words("field"),
    )


def _query(filters: reconciliations.Filters) -> dict[str, Any]:
    """The filters as an address has them."""
    return {name: value for name, value in vars(filters).items() if value}


def _after() -> reconciliations.Place | None:
    """Behind which row the page begins; what cannot be read means the first page."""
    thing, _, rest = request.args.get("after", "").replace("\x00", "").partition(".")
    number, _, subject = rest.partition(".")
    if thing not in reconciliations.THINGS or not (number.isascii() and number.isdigit() and len(number) < 6):
        return None
    return thing, subject, int(number)


def _following(page: reconciliations.Page, filters: reconciliations.Filters) -> str:
    last = page.rows[-1]
    after = f"{last.thing}.{last.number}.{last.subject}"
    return url_for(".show", **(request.view_args or {}), **_query(filters), after=after)


def _chips(filters: reconciliations.Filters) -> list[tuple[str, str, str]]:
    words = {
        "q": ("Search", filters.q),
        "outcome": ("Result", presentation.OUTCOME_OF_VALUE.get(filters.outcome, ("",))[0]),
        "thing": ("Of", {"item": "products", "order": "orders"}.get(filters.thing, "")),
        "field": ("Field", filters.field),
    }
    on, here_is = _query(filters), request.view_args or {}
    without = {name: {key: value for key, value in on.items() if key != name} for name in on}
    return [(*words[name], url_for(".show", **here_is, **without[name])) for name in on]
