"""Orders from before go-live: what becomes of each, said by a person."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import paging, working
from portal.extensions import db
from portal.models import Link
from portal.queries import orders
from portal.sync import earlier
from portal.sync.errors import SyncError
from portal.sync.mapping.intake import BRING_IN, LEAVE_ALONE

blueprint = Blueprint("earlier", __name__, url_prefix="/t/<slug>/orders")

# As many as one page of the list shows, with room.
_MOST = 200
_DONE = {BRING_IN: "Trellis brings {} in now.", LEAVE_ALONE: "Trellis leaves {} alone."}


@blueprint.post("/earlier")
@tenant("orders.decide")
def decide() -> Any:
    """Bring orders in, or leave them alone: one, or those that were ticked."""
    choice, ids = request.form.get("act", ""), paging.uuids(request.form.getlist("order")[:_MOST])
    if choice not in _DONE:
        flash("Nothing was changed: choose whether to bring the orders in or to leave them alone.")
        return redirect(url_for("orders.index", place="earlier"), 303)
    count = earlier.decide(db.session(), working.keys(), here().id, ids, choice, actor=working.actor())
    working.commit()
    working.ring()
    said = _DONE[choice].format("one order" if count == 1 else f"{count} orders")
    flash(said if count else "Nothing was changed: tick orders from before go-live that wait for an answer.")
    if request.form.get("back") == "order" and len(ids) == 1:
        return redirect(url_for("orders.show", link_id=ids[0]), 303)
    return redirect(url_for("orders.index", place="earlier"), 303)


@blueprint.get("/<uuid:link_id>/matches")
@tenant("orders.decide")
def matches(link_id: UUID) -> Any:
    """Offer to look in Flourish for what may be the order already."""
    link = orders.one(db.session(), here().id, link_id)
    if link is not None and not earlier.is_open(link):
        # Somebody else answered meanwhile: its page says what.
        return redirect(url_for("orders.show", link_id=link_id), 303)
    return _page(_open(link_id), None)


@blueprint.post("/<uuid:link_id>/matches")
@tenant("orders.decide")
def look_for(link_id: UUID) -> Any:
    """Look in Flourish now, and show what may be the order."""
    link = _open(link_id)
    working.limit("matches", times=60)
    # No foreign API is called while a transaction is open.
    db.session.commit()
    try:
        found = earlier.matches(working.desk(), here().id, link_id)
    except SyncError as error:
        return _page(_open(link_id), None, error=f"Flourish could not be asked: {error}"), 502
    return _page(link, found)


@blueprint.post("/<uuid:link_id>/join")
@tenant("orders.decide")
def join(link_id: UUID) -> Any:
    """Join the order with the Flourish order that it is."""
    _open(link_id)
    working.limit("join", times=200)
    flourish_id = request.form.get("flourish_id", "").strip()[:40]
    if not flourish_id:
        return _page(_open(link_id), None, error="Enter the id that the order has in Flourish."), 422
    db.session.commit()
    try:
        earlier.join(working.desk(), here().id, link_id, flourish_id, actor=working.actor())
    except (earlier.CannotLink, SyncError) as refusal:
        return _page(_open(link_id), None, error=str(refusal)), 422
    working.ring()
    flash(f"Joined with Flourish order {flourish_id}. Its statuses follow from now on.")
    return redirect(url_for("orders.show", link_id=link_id), 303)


def _page(link: Link, found: Any, *, error: str = "") -> str:
    return render_template("orders/matches.html", link=link, found=found, error=error)


def _open(link_id: UUID) -> Link:
    link = orders.one(db.session(), here().id, link_id)
    if link is None or not earlier.is_open(link):
        abort(404)
    return link
