"""Readiness: the checklist of a connection, each of its checks, running them and waiving one. Once the
connection is live the same list is its health."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for

from portal.access import here, passive, tenant
from portal.blueprints import next_steps, working
from portal.extensions import db
from portal.forms.readiness import WaiveForm
from portal.models import Connection, utc_now
from portal.queries import readiness as kept
from portal.sync import audit, queues, registry
from portal.sync.checks import Check
from portal.sync.readiness import assessing, gate, waiving
from portal.sync.readiness.declared import UnknownCheck, check_named

blueprint = Blueprint(
    "readiness", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>/readiness"
)

_MINUTE = 60
# The day that the form offers.
_USUAL = timedelta(days=30)


@blueprint.get("")
@tenant("readiness.see")
def index(connection_id: UUID) -> Any:
    """Show how every check stands."""
    return render_template("readiness/index.html", **_values(working.connection(connection_id)))


@blueprint.get("/rows")
@tenant("readiness.see")
@passive
def rows(connection_id: UUID) -> Any:
    """Show the rows alone: for the page, while checks run."""
    return render_template("readiness/_list.html", **_values(working.connection(connection_id)))


@blueprint.post("")
@tenant("readiness.check")
def check_all(connection_id: UUID) -> Any:
    """Have every check run again."""
    _begin(working.connection(connection_id))
    return redirect(url_for(".index", connection_id=connection_id), 303)


@blueprint.get("/<check>")
@tenant("readiness.see")
def show(connection_id: UUID, check: str) -> Any:
    """Show one check: why, what it found, what to do, and how that changed."""
    connection = working.connection(connection_id)
    form = WaiveForm(formdata=None, until=(utc_now() + _USUAL).astimezone(here().zone).date())
    return _page(connection, _check(connection, check), form)


@blueprint.post("/<check>")
@tenant("readiness.check")
def check_one(connection_id: UUID, check: str) -> Any:
    """Have one check run again."""
    connection = working.connection(connection_id)
    _begin(connection, _check(connection, check))
    return redirect(url_for(".show", connection_id=connection_id, check=check), 303)


@blueprint.get("/<check>/now")
@tenant("readiness.see")
@passive
def now(connection_id: UUID, check: str) -> Any:
    """Show what one check found: for its page, while it runs."""
    connection = working.connection(connection_id)
    return render_template("readiness/_found.html", **_of_check(connection, _check(connection, check)))


@blueprint.post("/<check>/waive")
@tenant("readiness.waive")
def waive(connection_id: UUID, check: str) -> Any:
    """Answer for a check that is not ready."""
    connection = working.connection(connection_id)
    chosen, form = _check(connection, check), WaiveForm()
    if not form.validate():
        return _page(connection, chosen, form), 422
    try:
        waiving.waive(
            db.session(),
            working.keys(),
            connection,
            chosen,
            form.wish(here().zone),
            actor=working.actor(),
        )
    except waiving.WrongWaiver as refusal:
        form[refusal.field].errors = [str(refusal)]
        return _page(connection, chosen, form), 422
    working.commit()
    flash(f"Waived: {chosen.title}. It keeps nobody from going live until that day is over.")
    return redirect(url_for(".show", connection_id=connection_id, check=check), 303)


@blueprint.post("/<check>/unwaive")
@tenant("readiness.waive")
def take_back(connection_id: UUID, check: str) -> Any:
    """Take a waiver back."""
    connection = working.connection(connection_id)
    chosen = _check(connection, check)
    done = waiving.take_back(db.session(), working.keys(), connection, chosen, actor=working.actor())
    working.commit()
    flash("Taken back: what the check found counts again." if done else "There is no waiver any more.")
    return redirect(url_for(".show", connection_id=connection_id, check=check), 303)


def _begin(connection: Connection, check: Check | None = None) -> None:
    """Begin a run, have a worker carry it out, and say what becomes of it."""
    working.limit("assess", times=30, seconds=_MINUTE)
    session = db.session()
    run_id = assessing.begin(session, connection, about=check.name if check else "")
    if run_id is None:
        is_over = connection.state == "disconnected"
        flash(
            "The connection is disconnected: nothing is read for it."
            if is_over
            else "Checks are running already."
        )
        return
    subject = audit.account(connection)
    working.record("connection.checked", subject, check=check.title if check else "all")
    working.commit()
    if not queues.ring_assessment(current_app.extensions["trellis"].redis, here().id, run_id):
        assessing.give_up(session, run_id)
        working.commit()
        flash("Nothing was checked: no worker could be asked. Try again in a minute.")


def _values(connection: Connection) -> dict[str, Any]:
    session, tenant_here = db.session(), here()
    checklist = gate.stands(session, connection)
    return {
        "connection": connection,
        "platform": registry.platform(connection.platform),
        "checklist": checklist,
        "run": kept.going(session, tenant_here.id, connection.id),
        "may_check": tenant_here.may("readiness.check"),
        "may_waive": tenant_here.may("readiness.waive"),
        "is_health": connection.live_since is not None,
        "way": next_steps.way(session, connection, checklist) if connection.live_since is None else None,
        "may_go_live": tenant_here.may("connections.add") and connection.state == "ready",
    }


def _of_check(connection: Connection, check: Check) -> dict[str, Any]:
    values = _values(connection)
    standing = next(one for one in values["checklist"].rows if one.check.name == check.name)
    changes = kept.changes(db.session(), here().id, connection.id, check.name)
    return {
        **values,
        "check": check,
        "standing": standing,
        "changes": changes,
        "place": _place(connection, check),
    }


def _place(connection: Connection, check: Check) -> tuple[str, str] | None:
    """Where what a check found is put right: what the link says, and its address."""
    if check.key and "matching" in current_app.blueprints:
        address = f"{url_for('connections.show', connection_id=connection.id)}/matches/{check.key}"
        return "Open the list", address
    this, hub = {"connection_id": connection.id}, {"hub_id": connection.hub_id}
    known: dict[str, tuple[str, str, str, dict[str, Any]]] = {
        "keys": ("Replace the key", "connections.keys", "keys.replace", this),
        "flourish_keys": ("Replace the Flourish key", "connections.flourish_keys", "keys.replace", this),
        "flourish_webhook": ("Open the webhook", "hub_webhook.show", "connections.see", hub),
        "rules": ("Open the rules", "rules.show", "connections.see", this),
    }
    words, endpoint, permission, values = known.get(check.where, ("", "", "", this))
    if not endpoint or not here().may(permission):
        return None
    return words, url_for(endpoint, **values)


def _page(connection: Connection, check: Check, form: WaiveForm) -> str:
    return render_template("readiness/show.html", form=form, **_of_check(connection, check))


def _check(connection: Connection, name: str) -> Check:
    try:
        return check_named(registry.platform(connection.platform), name)
    except UnknownCheck:
        abort(404)
