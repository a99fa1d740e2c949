"""Match files: what was matched under a key as CSV, and the decisions that come back in it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import matching, working
from portal.extensions import db
from portal.models import Connection, utc_now
from portal.sync import aliases, awaiting, registry, sheets
from portal.sync.checks import MatchKey
from portal.sync.mapping import sheet
from portal.sync.rules import WrongValue

blueprint = Blueprint(
    "match_files", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>/matches/<key>/file"
)

# A hundred thousand rows with long names.
_LARGEST = 32 * 1024 * 1024
_MOST_SHOWN = 50


@blueprint.url_value_preprocessor
def take_large_files(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Before the form is read, which checks of every request do."""
    if endpoint == "match_files.check":
        request.max_content_length = _LARGEST


@blueprint.get("")
@tenant("matches.decide")
def show(connection_id: UUID, key: str) -> Any:
    """Ask for a file."""
    return _page(*matching.one(connection_id, key))


@blueprint.get("/rows.csv")
@tenant("matches.decide")
def download(connection_id: UUID, key: str) -> Any:
    """Send all rows of the key, piece by piece."""
    connection, chosen = matching.one(connection_id, key)
    working.limit("match_file", times=60)
    sessions, tenant_id, row_id = working.sessions(), here().id, connection.id

    def pieces() -> Any:
        with sessions.tenant(tenant_id) as session:
            yield from sheet.write(sheets.lines(session, session.get_one(Connection, row_id), chosen))

    answer = Response(pieces(), mimetype="text/csv")
    name = f"{here().slug}-{chosen.name}-{utc_now():%Y-%m-%d}.csv"
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.post("")
@tenant("matches.decide")
def check(connection_id: UUID, key: str) -> Any:
    """Look a file through, and show what it would change; nothing is changed yet."""
    connection, chosen = matching.one(connection_id, key)
    working.limit("match_file", times=60)
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        return _page(connection, chosen, error="Choose a file."), 422
    session = db.session()
    try:
        decided = sheets.look_through(session, connection, chosen, upload.read())
    except sheet.NoSheet as refusal:
        return _page(connection, chosen, error=f"Nothing was changed: {refusal}"), 422
    if decided.wrong:
        wrong = decided.wrong
        return _page(connection, chosen, wrong=wrong[:_MOST_SHOWN], wrong_count=len(wrong)), 422
    if not decided.count:
        return _page(connection, chosen, error="Nothing was changed: no row has a decision."), 422
    values = [value for pair in decided.same for value in pair]
    values += [*decided.undo, *decided.leave_out, *decided.include]
    orders = awaiting.concerned(session, connection, values)
    file_id = sheets.keep(session, connection, chosen, decided, actor=working.actor())
    working.commit()
    return _page(connection, chosen, decided=decided, file_id=file_id, orders=orders)


@blueprint.post("/apply")
@tenant("matches.decide")
def apply(connection_id: UUID, key: str) -> Any:
    """Carry out a file that was looked through."""
    connection, chosen = matching.one(connection_id, key)
    session, back = db.session(), url_for("matching.index", connection_id=connection.id, key=chosen.name)
    try:
        file_id = UUID(request.form.get("file", ""))
        done = sheets.apply(session, working.keys(), connection, chosen, file_id, actor=working.actor())
    except (ValueError, sheets.Changed, aliases.CannotAlias, WrongValue) as refusal:
        session.rollback()
        flash(f"Nothing was changed: {refusal}")
        return redirect(back, 303)
    working.commit()
    working.ring()
    flash(f"Done: {done.count:,} decisions. Orders that are looked at again: {done.orders:,}.")
    return redirect(back, 303)


def _page(connection: Connection, key: MatchKey, **values: Any) -> str:
    nothing = {"error": "", "wrong": (), "wrong_count": 0, "decided": None, "file_id": "", "orders": 0}
    return render_template(
        "matching/file.html",
        connection=connection,
        platform=registry.platform(connection.platform),
        key=key,
        decisions=sheet.DECISIONS,
        most=sheet.MOST_ROWS,
        **(nothing | values),
    )
