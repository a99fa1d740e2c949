"""Support: all tenants by counts, for Trellis's own people. What is in a tenant takes a grant."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from portal.access import STAFF_PERMISSIONS, staff
from portal.blueprints import working
from portal.extensions import Sessions
from portal.identity.people import current_person
from portal.queries import support
from portal.sync import switches

blueprint = Blueprint("support", __name__, url_prefix="/support")


@blueprint.get("/")
@staff("support.see")
def index() -> Any:
    """Show every tenant by what is stuck, waiting and due."""
    return _page()


def _page(error: str = "") -> str:
    with _sessions().system() as session:
        tenants = support.tenants(session)
    worst_first = sorted(
        tenants, key=lambda row: (-row.orders.get("stuck", 0), -row.problems, row.name.casefold())
    )
    person = current_person()
    return render_template(
        "support/index.html",
        tenants=worst_first,
        zone=ZoneInfo("UTC"),
        may_stop=person is not None and "support.stop" in STAFF_PERMISSIONS.get(person.staff_role or "", ()),
        may_verify=person is not None
        and "audit.verify" in STAFF_PERMISSIONS.get(person.staff_role or "", ()),
        error=error,
    )


@blueprint.post("/stop")
@staff("support.stop")
def stop() -> Any:
    """Stop all writing of this installation; deliveries and reads go on."""
    try:
        with _sessions().system() as session:
            reason = request.form.get("reason", "")
            switches.stop_everybody(session, working.keys(), actor=working.actor(), reason=reason)
    except switches.NoReason as refusal:
        return _page(error=str(refusal)), 422
    return redirect(url_for(".index"), 303)


@blueprint.post("/go")
@staff("support.stop")
def go() -> Any:
    """Let everybody write again; the schedule has whatever waited looked at within a sweep."""
    with _sessions().system() as session:
        switches.resume_everybody(session, working.keys(), actor=working.actor())
    flash("Everybody may write again. What has waited goes on within seconds.")
    return redirect(url_for(".index"), 303)


def _sessions() -> Sessions:
    found: Sessions = current_app.extensions["trellis"].sessions
    return found
