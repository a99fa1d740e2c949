"""The webhook of a Flourish account: what Flourish's screen for it is to be given, field by field, whether
deliveries come as they should, and a new signing key and headers (OR-3)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import working
from portal.extensions import db
from portal.models import Hub
from portal.queries import connections
from portal.sync import audit, secrets, webhook_screen
from portal.sync.engine import endpoints
from portal.sync.flourish import FLOURISH

blueprint = Blueprint("hub_webhook", __name__, url_prefix="/t/<slug>/hubs/<uuid:hub_id>/webhook")


@blueprint.get("")
@tenant("connections.see")
def show(hub_id: UUID) -> Any:
    """Show how its webhook stands, without a secret."""
    return _page(_hub(hub_id))


@blueprint.post("")
@tenant("keys.replace")
@recently_proven
def reveal(hub_id: UUID) -> Any:
    """Show what Flourish's screen is to be given, secrets and all; the audit tells of it."""
    hub = _hub(hub_id)
    working.record("hub.webhook_shown", audit.account(hub))
    return _with_secrets(hub, "Nothing was shown: a stored secret cannot be opened. Make new ones.")


@blueprint.post("/renew")
@tenant("keys.replace")
@recently_proven
def renew(hub_id: UUID) -> Any:
    """Make a new signing key and headers, and show them."""
    hub, refused = _hub(hub_id), "Nothing was changed: a secret of before cannot be opened."
    try:
        webhook_screen.renew(working.desk(), db.session(), hub, actor=working.actor())
    except secrets.CannotOpen:
        return _refused(hub_id, refused)
    return _with_secrets(hub, refused)


@blueprint.post("/end-overlap")
@tenant("keys.replace")
@recently_proven
def end_overlap(hub_id: UUID) -> Any:
    """Take the signing key and headers of before no longer."""
    webhook_screen.end_overlap(working.desk(), db.session(), _hub(hub_id), actor=working.actor())
    working.commit()
    flash("Only the newest signing key and headers are taken from now on.")
    return redirect(url_for(".show", hub_id=hub_id), 303)


def _hub(hub_id: UUID) -> Hub:
    return connections.hub(db.session(), here().id, hub_id) or abort(404)


def _with_secrets(hub: Hub, refused: str) -> Any:
    """The page with every field to copy, shown in this answer alone; what was done before is committed."""
    try:
        screen = webhook_screen.screen(working.desk(), db.session(), hub)
    except secrets.CannotOpen:
        return _refused(hub.id, refused)
    working.commit()
    return _page(_hub(hub.id), screen=screen)


def _refused(hub_id: UUID, words: str) -> Any:
    db.session.rollback()
    flash(words)
    return redirect(url_for(".show", hub_id=hub_id), 303)


def _page(hub: Hub, *, screen: webhook_screen.Screen | None = None) -> str:
    session = db.session()
    stored = {row.field: row for row in connections.credentials(session, here().id, [hub.id])}
    made_at = endpoints.made_at(session, hub.id)
    return render_template(
        "hub_webhook/show.html",
        hub=hub,
        flourish=FLOURISH,
        screen=screen,
        events=webhook_screen.events(webhook_screen.fed_by(session, hub.id)),
        token=stored.get(endpoints.TOKEN_FIELD),
        key=stored.get(FLOURISH.webhook.key_field),
        headers={name: stored.get(field) for name, field in FLOURISH.webhook.pairs.items()},
        shows_newest=hub.shown_made_at is not None and hub.shown_made_at == made_at,
        overlaps=endpoints.overlaps(hub),
        may_see=here().may("keys.replace"),
    )
