"""Rules: what a company chose for a connection, with the consequence of each choice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for

from portal.access import here, tenant
from portal.blueprints import working
from portal.extensions import db
from portal.forms.rules import Rules, RulesForm, read, shown
from portal.models import Connection
from portal.sync import consequences, registry, rules

blueprint = Blueprint("rules", __name__, url_prefix="/t/<slug>/connections/<uuid:connection_id>/rules")


@blueprint.get("")
@tenant("connections.see")
def show(connection_id: UUID) -> Any:
    """Show the rules in force."""
    connection = working.connection(connection_id)
    platform = registry.platform(connection.platform)
    return _page(
        connection, shown(platform.settings, platform.chosen(connection.settings), connection.settings)
    )


@blueprint.post("")
@tenant("rules.change")
def save(connection_id: UUID) -> Any:
    """Keep the rules as they were entered, all or none."""
    connection = working.connection(connection_id)
    given = read(registry.platform(connection.platform).settings, request.form, connection.settings)
    if given.errors or any(one.error for one in given.fields) or not RulesForm().validate():
        return _page(connection, given), 422
    if request.form.get("act") == "back":
        return _page(connection, given)
    asked = consequences.changes(
        db.session(), connection, registry.platform(connection.platform), given.values
    )
    if asked and request.form.get("confirmed") != "yes":
        return _confirm(connection, asked)
    changed = rules.change(db.session(), working.keys(), connection, given.values, actor=working.actor())
    working.commit()
    working.ring()
    flash(f"Saved: {'; '.join(changed)}. It holds from the next look on." if changed else "Nothing changed.")
    return redirect(url_for(".show", connection_id=connection_id), 303)


def _confirm(connection: Connection, asked: list[consequences.Change]) -> str:
    """Say what would change, with all that was entered, to be sent once more."""
    left_out = ("csrf_token", "confirmed", "act")
    return render_template(
        "rules/confirm.html",
        connection=connection,
        platform=registry.platform(connection.platform),
        changes=asked,
        sent=[(name, text) for name, text in request.form.items(multi=True) if name not in left_out],
    )


def _page(connection: Connection, fields: Rules) -> str:
    platform = registry.platform(connection.platform)
    return render_template(
        "rules/show.html",
        connection=connection,
        platform=platform,
        chosen=platform.chosen(connection.settings),
        rules=fields,
        effects=consequences.effects(db.session(), connection, platform),
        form=RulesForm(formdata=None, version=fields.version),
        may_change=here().may("rules.change"),
    )
