"""States: a connection's way from draft to live, and out of it again, a page for each step (ON-1)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import here, recently_proven, tenant
from portal.blueprints import next_steps, paging, working
from portal.extensions import db
from portal.forms.keys import blame, key_form
from portal.models import Connection
from portal.queries import connections, stops
from portal.sync import audit, connecting, disconnecting, facility_choice, registry, webhook_addresses
from portal.sync.addresses import is_sandbox
from portal.sync.credentials import CannotConnect
from portal.sync.preview import summary

blueprint = Blueprint("states", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>")

_MINUTE = 60
_BEFORE_LIVE = ("draft", "checking", "ready")


@blueprint.route("/facility", methods=["GET", "POST"])
@tenant("connections.add")
def facility(connection_id: UUID) -> Any:
    """Choose where its orders go, and call both sides with that."""
    connection = working.connection(connection_id)
    if connection.state not in _BEFORE_LIVE:
        return _to_its_page(connection_id)
    if request.method == "GET":
        return _facility(connection)
    working.limit("test-connection", times=10, seconds=_MINUTE)
    chosen = next(iter(paging.uuids([request.form.get("facility", "")])), None)
    db.session.commit()
    try:
        facility_choice.choose(working.desk(), here().id, connection_id, chosen, actor=working.actor())
    except CannotConnect as refusal:
        return _facility(working.connection(connection_id), str(refusal)), 422
    return _check(connection_id)


@blueprint.post("/check")
@tenant("connections.add")
def check(connection_id: UUID) -> Any:
    """Call both sides again, which makes a connection ready once both answer."""
    connection = working.connection(connection_id)
    if connection.state != "checking":
        return _to_its_page(connection_id)
    working.limit("test-connection", times=10, seconds=_MINUTE)
    db.session.commit()
    return _check(connection_id)


def _check(connection_id: UUID) -> Response:
    findings = facility_choice.check(working.desk(), here().id, connection_id, actor=working.actor())
    flash("Both sides answered: it is ready." if not findings else f"{findings[0].title}.")
    for finding in findings[1:]:
        flash(f"{finding.title}.")
    return _to_its_page(connection_id)


@blueprint.route("/go-live", methods=["GET", "POST"])
@tenant("connections.add")
def go_live(connection_id: UUID) -> Any:
    """Say in counts what going live does, and do it with orders only; `previews.live` does with a preview."""
    connection = working.connection(connection_id)
    if connection.state != "ready":
        return _to_its_page(connection_id)
    error = ""
    if request.method == "POST":
        db.session.commit()
        try:
            connecting.go_live(working.desk(), here().id, connection_id, actor=working.actor())
        except CannotConnect as refusal:
            error = str(refusal)
        else:
            working.ring()
            flash("Live with orders only: those that are placed from now on are sent.")
            return _to_its_page(connection_id)
    connection = working.connection(connection_id)
    way = next_steps.way(db.session(), connection)
    page = render_template(
        "states/go_live.html",
        connection=connection,
        platform=registry.platform(connection.platform),
        sandbox=_is_sandbox(connection),
        standing=connections.standing(db.session(), here().id, connection_id),
        stopped=bool(stops.standing(db.session(), here().id)),
        way=way,
        shown=summary.in_words(way.previewed.counts, connection) if way.previewed else "",
        error=error,
    )
    return page, 422 if error else 200


@blueprint.route("/disconnect", methods=["GET", "POST"])
@tenant("connections.add")
@recently_proven
def disconnect(connection_id: UUID) -> Any:
    """Say in counts what stops, and give the connection up."""
    connection = working.connection(connection_id)
    if connection.state == "disconnected":
        return _to_its_page(connection_id)
    error = ""
    if request.method == "POST":
        try:
            disconnecting.disconnect(
                db.session(),
                working.keys(),
                connection_id,
                actor=working.actor(),
                reason=request.form.get("reason", ""),
            )
        except CannotConnect as refusal:
            db.session.rollback()
            connection, error = working.connection(connection_id), str(refusal)
        else:
            working.commit()
            flash("Disconnected. Its keys are destroyed; its history stays.")
            return _to_its_page(connection_id)
    page = render_template(
        "states/disconnect.html",
        connection=connection,
        platform=registry.platform(connection.platform),
        standing=connections.standing(db.session(), here().id, connection_id),
        error=error,
    )
    return page, 422 if error else 200


@blueprint.route("/connect-again", methods=["GET", "POST"])
@tenant("connections.add")
@recently_proven
def connect_again(connection_id: UUID) -> Any:
    """Take a disconnected connection up with new credentials, once a call with them has succeeded."""
    connection = working.connection(connection_id)
    if connection.state != "disconnected":
        return _to_its_page(connection_id)
    platform = registry.platform(connection.platform)
    form, error = key_form([one for one in platform.credentials if one.secret]), ""
    if request.method == "POST":
        working.limit("test-connection", times=10, seconds=_MINUTE)
        if form.validate():
            db.session.commit()
            try:
                made = disconnecting.connect_again(
                    working.desk(), here().id, connection_id, form.given(), actor=working.actor()
                )
            except CannotConnect as refusal:
                error = blame(form, refusal.field, str(refusal))
            else:
                return _connected(connection_id, made)
    page = render_template(
        "states/connect_again.html",
        connection=working.connection(connection_id),
        platform=platform,
        fields=[one for one in platform.credentials if one.secret],
        form=form,
        error=error,
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.post("/addresses")
@tenant("keys.replace")
@recently_proven
def addresses(connection_id: UUID) -> Any:
    """Show where both sides send their webhooks, with the secrets at the end; the audit tells of it."""
    connection = working.connection(connection_id)
    found = webhook_addresses.addresses(working.desk(), db.session(), connection)
    working.record("connection.addresses_shown", audit.account(connection))
    working.commit()
    return render_template("states/addresses.html", connection=connection, addresses=found)


def _facility(connection: Connection, error: str = "") -> str:
    platform = registry.platform(connection.platform)
    return render_template("states/facility.html", connection=connection, platform=platform, error=error)


def _connected(connection_id: UUID, made: connecting.Connected) -> str:
    connection = working.connection(connection_id)
    return render_template(
        "adding/connected.html",
        declared=registry.platform(connection.platform),
        made=made,
        owner=connection,
        is_hub=False,
        sandbox=_is_sandbox(connection),
        facilities=connection.hub.facilities,
    )


def _is_sandbox(connection: Connection) -> bool:
    return is_sandbox(connection.base_url, registry.platform(connection.platform).test_hosts)


def _to_its_page(connection_id: UUID) -> Response:
    return redirect(url_for("connections.show", connection_id=connection_id), 303)
