"""Previews: what the first sync would do, tried on one thing, approved by going live, and then watched."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, passive, tenant
from portal.blueprints import downloads, next_steps, paging, presentation, working
from portal.blueprints.acts import cell
from portal.extensions import db
from portal.models import PREVIEW_KINDS, Connection, Preview, PreviewRow, utc_now
from portal.queries import previews
from portal.sync import registry, trial
from portal.sync.approval import approved
from portal.sync.connecting import go_live
from portal.sync.credentials import CannotConnect
from portal.sync.engine import catalogue
from portal.sync.engine.gate import TRIES, may_read
from portal.sync.preview import runner, summary

blueprint = Blueprint("previews", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>")

_COLUMNS = (
    "thing", "name", "what happens", "why", "next step", "writes", "field", "before", "after", "comes from"
)  # fmt: skip


class NoDay(Exception):
    """What was typed is no day, in words for the page."""


@blueprint.get("/preview")
@tenant("connections.see")
def show(connection_id: UUID) -> Any:
    """Show the last preview, how far it is, and its rows."""
    return _page(working.connection(connection_id))


def _page(connection: Connection, *, error: str = "", changed: str = "") -> str:
    preview = previews.last(db.session(), here().id, connection.id)
    filters = _filters()
    done = preview is not None and preview.state == "done"
    page = previews.page(db.session(), preview, filters, after=_after()) if done and preview else None
    return render_template(
        "previews/show.html",
        **_shared(connection, preview),
        page=page,
        filters=filters,
        chips=_chips(connection, filters),
        blocking=next_steps.way(db.session(), connection).blocking if page else (),
        first_page="after" not in request.args,
        following=_following(connection, page) if page and page.more else None,
        error=error,
        changed=changed,
    )


def _shared(connection: Connection, preview: Preview | None) -> dict[str, Any]:
    """What the page and its live part both show."""
    counts = preview.counts if preview else {}
    may = here().may
    return {
        "connection": connection,
        "platform": registry.platform(connection.platform),
        "preview": preview,
        "in_work": preview is not None and preview.state in runner.PREVIEWS.in_work,
        "so_far": previews.so_far(db.session(), preview) if preview and not counts else {},
        "kinds": counts.get("kinds", {}),
        "drops": counts.get("drops", 0),
        "calls": counts.get("calls", {}),
        "sentence": summary.in_words(counts, connection) if counts else "",
        "may_start": may("connections.test") and connection.live_since is None and may_read(connection),
        "may_change": may("rules.change") and connection.state in TRIES,
    }


@blueprint.get("/preview/now")
@tenant("connections.see")
@passive
def now(connection_id: UUID) -> Any:
    """Show how far a preview is: for pages that wait for it. Once it is over they are loaded anew, with its
    rows and what may be done with it."""
    connection = working.connection(connection_id)
    preview = previews.last(db.session(), here().id, connection.id)
    values = _shared(connection, preview)
    over = {} if values["in_work"] else {"HX-Refresh": "true"}
    return render_template("previews/_now.html", **values), over


@blueprint.post("/preview")
@tenant("connections.test")
def start(connection_id: UUID) -> Any:
    """Ask for a preview."""
    connection = working.connection(connection_id)
    working.limit("preview", times=20)
    try:
        since = _day(request.form.get("since", ""))
        preview = runner.start(
            db.session(), working.keys(), connection.id, actor=working.actor(), since=since
        )
    except (runner.CannotPreview, NoDay) as refusal:
        db.session().rollback()
        return _page(working.connection(connection_id), error=str(refusal)), 422
    preview_id = preview.id
    working.commit()
    working.ring_preview(preview_id)
    return redirect(url_for(".show", connection_id=connection_id), 303)


def _day(typed: str) -> datetime | None:
    """The moment at which a day begins for the company; None for none.

    Raises:
        NoDay: it is no day, or has not come yet.
    """
    if not typed.strip():
        return None
    try:
        day = datetime.strptime(typed.strip(), "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise NoDay("Write the day as year, month and day, such as 2026-03-01.") from error
    begins = datetime.combine(day, time(), here().zone).astimezone(UTC)
    if begins > utc_now():
        raise NoDay("Choose a day that has come already, or leave it empty for orders from now on.")
    return begins


@blueprint.post("/preview/try")
@tenant("rules.change")
def try_one(connection_id: UUID) -> Any:
    """Sync one thing of the preview for real, before everything else."""
    connection, row = working.connection(connection_id), _row(connection_id)
    working.limit("try", times=60)
    keys, actor = working.keys(), working.actor()
    try:
        if row.thing == "item":
            link_id = catalogue.try_one(db.session(), keys, connection.id, row.subject, actor=actor)
        else:
            link_id = trial.try_order(
                db.session(), keys, connection.id, row.subject, label=row.label, actor=actor
            )
    except (catalogue.NoCatalogue, trial.CannotTry) as refusal:
        db.session().rollback()
        return _page(working.connection(connection_id), error=f"Nothing was tried: {refusal}"), 422
    working.commit()
    working.ring_alone(link_id)
    flash("Trellis syncs this one for real, and nothing else. What it writes on either side appears below.")
    if row.thing == "item":
        return redirect(url_for("products.show", product_id=link_id), 303)
    return redirect(url_for("orders.show", link_id=link_id), 303)


def _row(connection_id: UUID) -> PreviewRow:
    preview = previews.last(db.session(), here().id, connection_id)
    ids = paging.uuids([request.form.get("row", "")])
    row = previews.one_row(db.session(), here().id, preview.id, ids[0]) if preview and ids else None
    return row or abort(404)


@blueprint.post("/preview/live")
@tenant("rules.change")
def live(connection_id: UUID) -> Any:
    """Go live with the preview; what changed since has to be accepted by name."""
    connection = working.connection(connection_id)
    preview = previews.last(db.session(), here().id, connection.id)
    if preview is None or str(preview.id) != request.form.get("preview", ""):
        return _page(connection, error="There is a newer preview by now: look through it first."), 422
    working.limit("go-live", times=30)
    desk, actor, preview_id = working.desk(), working.actor(), preview.id
    # No foreign API is called while a transaction is open.
    db.session.commit()
    anyway = request.form.get("anyway") == "yes"
    try:
        approval = approved(desk, here().id, preview_id, despite=True)
        if approval.since.any and not anyway:
            return _page(working.connection(connection_id), changed=approval.since.sentence), 409
        go_live(desk, here().id, connection_id, actor=actor, approval=approval)
    except CannotConnect as refusal:
        return _page(working.connection(connection_id), error=str(refusal)), 422
    working.ring()
    flash("Live. The first sync begins now.")
    return redirect(url_for(".first_sync", connection_id=connection_id), 303)


@blueprint.get("/preview.csv")
@tenant("connections.see")
def download(connection_id: UUID) -> Any:
    """Send the rows of the preview as a file, by the same filters; its page says why there is none yet."""
    connection = working.connection(connection_id)
    preview = previews.last(db.session(), here().id, connection.id)
    if preview is None or preview.state != "done":
        return redirect(url_for(".show", connection_id=connection_id), 303)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it is sent
    for line in _lines(previews.every(db.session(), preview, _filters())):
        file.write(line.encode("utf-8"))
    return downloads.attachment(file, f"preview-{preview.created_at:%Y-%m-%d}.csv", "text/csv")


def _lines(rows: Iterator[PreviewRow]) -> Iterator[str]:
    """One line for each field that changes; one for what changes none."""
    yield _csv(_COLUMNS)
    for row in rows:
        words = presentation.PREVIEW_WORDS[row.kind][0]
        purposes = "; ".join(act["purpose"] for act in row.acts)
        head = (row.thing, row.label, words, row.sentence, row.next_step, purposes)
        for change in row.changes or [("", "", "", "")]:
            yield _csv((*head, *("" if value is None else str(value) for value in change)))


def _csv(cells: tuple[str, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cell(one) for one in cells)
    return line.getvalue()


@blueprint.get("/first-sync")
@tenant("connections.see")
def first_sync(connection_id: UUID) -> Any:
    """Show how far the first sync is."""
    return render_template("previews/first_sync.html", **_progress(working.connection(connection_id)))


@blueprint.get("/first-sync/now")
@tenant("connections.see")
@passive
def first_sync_now(connection_id: UUID) -> Any:
    """Show how far the first sync is: for pages that wait for it."""
    return render_template("previews/_progress.html", **_progress(working.connection(connection_id)))


def _progress(connection: Connection) -> dict[str, Any]:
    preview = previews.approved(db.session(), here().id, connection.id)
    found = previews.first_sync(db.session(), preview) if preview else None
    return {
        "connection": connection,
        "platform": registry.platform(connection.platform),
        "preview": preview,
        "sync": found,
        "over": found is not None and found.done == found.total,
        "minutes": _minutes_left(found, connection) if found else 0,
        "may_pause": here().may("connections.stop"),
        "may_resume": here().may("connections.resume"),
    }


def _minutes_left(found: previews.FirstSync, connection: Connection) -> int:
    """By what was written within the last minute, and never sooner than both sides allow."""
    allowed = summary.minutes({"calls": found.left}, connection)
    measured = sum(found.left.values()) / found.lately if found.lately else 0.0
    return math.ceil(max(allowed, measured))


def _filters() -> previews.Filters:
    kind, thing = paging.words("kind"), paging.words("thing")
    return previews.Filters(
        q=paging.words("q"),
        kind=kind if kind in PREVIEW_KINDS else "",
        thing=thing if thing in previews.THINGS else "",
    )


def _after() -> tuple[str, str] | None:
    """Behind which thing the page begins; what cannot be read means the first page."""
    thing, dot, subject = request.args.get("after", "").replace("\x00", "").partition(".")
    return (thing, subject) if dot and thing in previews.THINGS else None


def _following(connection: Connection, page: previews.Page) -> str:
    kept: dict[str, Any] = {key: value for key, value in request.args.items() if key != "after" and value}
    last = page.rows[-1]
    return url_for(".show", connection_id=connection.id, **kept, after=f"{last.thing}.{last.subject}")


def _chips(connection: Connection, filters: previews.Filters) -> list[tuple[str, str, str]]:
    on = {
        "q": ("Search", filters.q),
        "kind": ("What happens", presentation.PREVIEW_WORDS[filters.kind][0] if filters.kind else ""),
        "thing": ("Of", {"item": "products", "order": "orders"}.get(filters.thing, "")),
    }
    left: dict[str, Any] = {name: paging.words(name) for name, (_, value) in on.items() if value}
    return [
        (
            *on[name],
            url_for(
                ".show",
                connection_id=connection.id,
                **{key: value for key, value in left.items() if key != name},
            ),
        )
        for name in left
    ]
