"""Support access, as the company sees it: who asks, who is in, and what they looked at and did."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from portal.access import here, tenant
from portal.blueprints import working
from portal.extensions import db
from portal.forms.granting import GiveForm
from portal.identity.grants import NotAccepted, decline, end, give
from portal.models import Grant
from portal.queries import grants
from portal.sync.audit import ACTS

blueprint = Blueprint("grants", __name__, url_prefix="/t/<slug>/support-access")


@blueprint.get("")
@tenant("grants.manage")
def index() -> Any:
    """Show what is asked for, who is in, and what is over."""
    return _page()


def _page(refused: GiveForm | None = None, about: UUID | None = None) -> str:
    session, tenant_id = db.session(), here().id
    requests = grants.of_tenant(session, tenant_id, grants.is_open())
    forms = {row.id: GiveForm(formdata=None, minutes=row.minutes, may_act=row.may_act) for row in requests}
    if refused is not None and about in forms:
        forms[about] = refused
    return render_template(
        "grants/index.html",
        requests=[(row, forms[row.id]) for row in requests],
        standing=grants.of_tenant(session, tenant_id, grants.is_standing()),
        over=grants.of_tenant(session, tenant_id, grants.is_over()),
    )


@blueprint.get("/<uuid:grant_id>")
@tenant("grants.manage")
def show(grant_id: UUID) -> Any:
    """Show one access with everything that was looked at and done under it."""
    grant = _one(grant_id)
    return render_template("grants/show.html", grant=grant, uses=grants.uses(db.session(), grant), acts=ACTS)


@blueprint.post("/<uuid:grant_id>/give")
@tenant("grants.manage")
def give_access(grant_id: UUID) -> Any:
    """Let the person in who asked, for as long as was chosen."""
    grant, form = _one(grant_id), GiveForm()
    if not form.validate_on_submit():
        return _page(form, grant.id), 422
    try:
        give(
            db.session(),
            working.keys(),
            grant,
            working.who(),
            minutes=form.minutes.data or 0,
            act=bool(form.may_act.data),
        )
    except NotAccepted as refusal:
        form.minutes.errors = [str(refusal)]
        return _page(form, grant.id), 422
    working.commit()
    flash(f"{grant.agent_name} is let in for {form.minutes.data} minutes. You can end it here at any moment.")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<uuid:grant_id>/decline")
@tenant("grants.manage")
def decline_request(grant_id: UUID) -> Any:
    """Answer a request with no."""
    return _over(grant_id, decline, "Declined: nobody was let in.")


@blueprint.post("/<uuid:grant_id>/end")
@tenant("grants.manage")
def end_access(grant_id: UUID) -> Any:
    """End somebody's access at once."""
    return _over(grant_id, end, "Ended: the next page they ask for is refused.")


def _over(grant_id: UUID, act: Callable[..., None], words: str) -> Any:
    grant = _one(grant_id)
    try:
        act(db.session(), working.keys(), grant, working.who())
    except NotAccepted as refusal:
        words = str(refusal)
    working.commit()
    flash(words)
    return redirect(url_for(".index"), 303)


def _one(grant_id: UUID) -> Grant:
    grant = grants.one(db.session(), here().id, grant_id)
    if grant is None:
        abort(404)
    return grant
