"""Connections: the list, one of them, and pausing, resuming and testing it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import next_steps, working
from portal.blueprints.dashboard import connection_rows
from portal.extensions import db
from portal.forms.keys import key_form
from portal.live import flows
from portal.models import Connection, Hub, utc_now
from portal.queries import connections, runs, stops
from portal.sync import connecting, registry, switches
from portal.sync.addresses import is_sandbox
from portal.sync.credentials import CannotConnect, replace_key
from portal.sync.engine import catalogue, guard
from portal.sync.engine.endpoints import TOKEN_FIELD
from portal.sync.entered import CredentialField
from portal.sync.flourish import FLOURISH

blueprint = Blueprint("connections", __name__, url_prefix="/t/<slug>/connections")

_MINUTE = 60


@blueprint.get("")
@tenant("connections.see")
def index() -> Any:
    """List the connections to platforms and to Flourish."""
    return _list()


def _list(error: str = "") -> str:
    return render_template(
        "connections/index.html",
        rows=connection_rows(here().id),
        hubs=connections.hubs_of(db.session(), here().id),
        may_stop=here().may("writes.stop"),
        may_go=here().may("writes.resume"),
        may_add=here().may("connections.add"),
        error=error,
    )


@blueprint.post("/stop")
@tenant("writes.stop")
def stop() -> Any:
    """Stop all writing of the company; deliveries and reads go on."""
    try:
        switches.stop_company(
            db.session(),
            working.keys(),
            here().id,
            actor=working.actor(),
            reason=request.form.get("reason", ""),
        )
    except switches.NoReason as refusal:
        return _list(error=str(refusal)), 422
    working.commit()
    return redirect(url_for(".index"), 303)


@blueprint.post("/go")
@tenant("writes.resume")
def go() -> Any:
    """Let the company write again, beginning with what has waited."""
    switches.resume_company(db.session(), working.keys(), here().id, actor=working.actor())
    working.commit()
    working.ring()
    flash(_unless_stopped("Trellis writes again, beginning with what has waited."))
    return redirect(url_for(".index"), 303)


def _unless_stopped(words: str) -> str:
    """Return words about writing, or what is true instead while a stop switch is still on."""
    if stops.standing(db.session(), here().id):
        return "Done, and still nothing is written: a stop switch is on. What has waited goes on after it."
    return words


@blueprint.get("/<uuid:connection_id>")
@tenant("connections.see")
def show(connection_id: UUID) -> Any:
    """Show one connection: what it does, when it was last heard of, what it is made of."""
    return _page(working.connection(connection_id))


def _page(connection: Connection, **more: Any) -> str:
    tenant_here, session = here(), db.session()
    sources = [connection.id, connection.hub_id]
    credentials = connections.credentials(session, tenant_here.id, sources)
    platform = registry.platform(connection.platform)
    return render_template(
        "connections/show.html",
        connection=connection,
        platform=platform,
        webhook_address=_masked_address(connection, credentials),
        credentials=[row for row in credentials if row.field != TOKEN_FIELD],
        streams=connections.streams(session, tenant_here.id, sources),
        problems=connections.open_problems(session, tenant_here.id, sources),
        flows=flows.standings(session, tenant_here.id, [connection])[connection.id],
        lately=flows.lately(session, connection, utc_now() - timedelta(days=1)),
        last_run=runs.last_of(session, tenant_here.id, connection.id),
        broken=connection.open_until is not None and connection.open_until > utc_now(),
        may_pause=tenant_here.may("connections.stop"),
        may_resume=tenant_here.may("connections.resume"),
        may_test=tenant_here.may("connections.test"),
        may_replace=tenant_here.may("keys.replace") and connection.state != "disconnected",
        may_disconnect=tenant_here.may("connections.add") and connection.state != "disconnected",
        may_move=tenant_here.may("connections.add") and connection.state in ("checking", "ready"),
        steps=next_steps.steps(session, connection, tenant_here, platform),
        sandbox=is_sandbox(connection.base_url, platform.test_hosts),
        may_begin_catalogue=tenant_here.may("rules.change") and connection.live_since is not None,
        may_decide_stock=tenant_here.may("stock.decide"),
        **{"findings": None, **more},
    )


def _masked_address(connection: Connection, credentials: Sequence[Any]) -> str:
    ends = [
        row.last_four for row in credentials if row.owner_id == connection.id and row.field == TOKEN_FIELD
    ]
    host = current_app.extensions["trellis"].settings.public_url
    return f"{host}/webhooks/{connection.platform}/••••••••{''.join(ends)}"


@blueprint.post("/<uuid:connection_id>/pause")
@tenant("connections.stop")
def pause(connection_id: UUID) -> Any:
    """Stop writing; deliveries and reads go on."""
    connection = working.connection(connection_id)
    connecting.pause(db.session(), working.keys(), connection.id, actor=working.actor())
    working.commit()
    flash("Paused. Deliveries are still taken in; nothing is written until you resume.")
    return _back(connection_id)


@blueprint.post("/<uuid:connection_id>/resume")
@tenant("connections.resume")
def resume(connection_id: UUID) -> Any:
    """Write again, beginning with what has waited."""
    connection = working.connection(connection_id)
    connecting.resume(db.session(), working.keys(), connection.id, actor=working.actor())
    working.commit()
    working.ring()
    flash(_unless_stopped("Resumed. Trellis works through what has waited."))
    return _back(connection_id)


def _back(connection_id: UUID) -> Any:
    """To the page that the form was on."""
    page = "previews.first_sync" if request.form.get("back") == "first-sync" else ".show"
    return redirect(url_for(page, connection_id=connection_id), 303)


@blueprint.post("/<uuid:connection_id>/catalogue")
@tenant("rules.change")
def begin_catalogue(connection_id: UUID) -> Any:
    """Have items and products synced from now on, and all their lists read whole."""
    connection = working.connection(connection_id)
    try:
        catalogue.begin(db.session(), working.keys(), connection.id, actor=working.actor())
    except catalogue.NoCatalogue as refusal:
        flash(str(refusal))
    else:
        flash("Items and products are read now; the list of products fills as they are compared.")
    working.commit()
    return redirect(url_for(".show", connection_id=connection_id), 303)


@blueprint.post("/<uuid:connection_id>/drops")
@tenant("stock.decide")
def decide_drops(connection_id: UUID) -> Any:
    """Let many products lose all their stock for an hour, or keep them from it."""
    connection = working.connection(connection_id)
    if request.form.get("decision") == "approve":
        number = guard.approve(db.session(), working.keys(), connection.id, actor=working.actor())
        said = f"Approved for an hour: {number} products that wait are written now."
    else:
        guard.keep_holding(db.session(), working.keys(), connection.id, actor=working.actor())
        said = "They stay held; everything else goes on."
    working.commit()
    working.ring()
    flash(_unless_stopped(said))
    return redirect(url_for(".show", connection_id=connection_id), 303)


@blueprint.post("/<uuid:connection_id>/test")
@tenant("connections.test")
def test(connection_id: UUID) -> Any:
    """Call both sides with the stored credentials and say what they answered."""
    connection = working.connection(connection_id)
    # Otherwise it would tell a thief which of many keys are good.
    working.limit("test-connection", times=10, seconds=_MINUTE)
    # No foreign API is called while a transaction is open.
    db.session.commit()
    desk = working.desk()
    findings = connecting.test(desk, here().id, connection.id, actor=working.actor())
    return _page(working.connection(connection_id), findings=findings)


@blueprint.route("/<uuid:connection_id>/keys", methods=["GET", "POST"])
@tenant("keys.replace")
@recently_proven
def keys(connection_id: UUID) -> Any:
    """Replace the credentials at the platform, once a real call with the new ones has succeeded."""
    connection = working.connection(connection_id)
    declared = registry.platform(connection.platform)
    # What is no secret of a connection is a column of it, and not replaced with its key.
    fields = [one for one in declared.credentials if one.secret]
    return _keys(connection, connection, declared.label, fields)


@blueprint.route("/<uuid:connection_id>/flourish-keys", methods=["GET", "POST"])
@tenant("keys.replace")
@recently_proven
def flourish_keys(connection_id: UUID) -> Any:
    """Replace the credentials at Flourish, once a real call with the new ones has succeeded."""
    connection = working.connection(connection_id)
    return _keys(connection, connection.hub, FLOURISH.label, FLOURISH.credentials)


def _keys(
    connection: Connection, owner: Connection | Hub, label: str, fields: Sequence[CredentialField]
) -> Any:
    if connection.state == "disconnected":
        return redirect(url_for(".show", connection_id=connection.id), 303)
    form = key_form(fields)
    error = ""
    if request.method == "POST":
        # The same as testing one: otherwise it would tell a thief which of many keys are good.
        working.limit("test-connection", times=10, seconds=_MINUTE)
        error = "Enter what is to be replaced." if not form.given() else ""
        if form.validate() and not error and not (error := _replace(owner, label, form.given())):
            return redirect(url_for(".show", connection_id=connection.id), 303)
    stored = connections.credentials(db.session(), here().id, [owner.id])
    page = render_template(
        "connections/keys.html",
        connection=connection,
        owner=owner,
        label=label,
        form=form,
        fields=fields,
        stored={row.field: row for row in stored},
        error=error,
    )
    return page, 422 if request.method == "POST" else 200


def _replace(owner: Connection | Hub, label: str, given: dict[str, str]) -> str:
    """Replace credentials; return why not, or nothing once it is done."""
    if isinstance(owner, Hub) and "api_key" in given:
        # A key without a user name is of the other kind. No row is deleted: a blank counts as none.
        given.setdefault("username", " ")
    # No foreign API is called while a transaction is open.
    db.session.commit()
    desk = working.desk()
    try:
        company = replace_key(desk, here().id, owner, given, actor=working.actor())
    except CannotConnect as refusal:
        return str(refusal)
    working.ring()
    lacks = f" It may not: {', '.join(company.missing_permissions)}." if company.missing_permissions else ""
    flash(f"Replaced. {label} was called with it and answered for {company.name}.{lacks}")
    return ""
