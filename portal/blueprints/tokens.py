"""API tokens: made, shown once, and revoked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, flash, redirect, render_template, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import proving, working
from portal.extensions import db
from portal.forms.tokens import TokenForm
from portal.identity import tokens
from portal.models import ApiToken, utc_now
from portal.sync import audit

blueprint = Blueprint("tokens", __name__, url_prefix="/t/<slug>/tokens")


@blueprint.get("")
@tenant("tokens.manage")
def index() -> Any:
    """List the company's tokens, and offer to make one."""
    return _page(TokenForm(formdata=None))


@blueprint.post("")
@tenant("tokens.manage")
@recently_proven
def make() -> Any:
    """Make a token, and show it: this once."""
    form = TokenForm()
    if not form.validate_on_submit():
        return _page(form), 422
    working.limit("token", times=20)
    maker = proving.person()
    row, token = tokens.make(
        db.session(),
        here().id,
        name=form.name.data or "",
        days=int(form.days.data or 0),
        maker_id=maker.id,
        made_by=maker.name,
    )
    working.record("token.made", _subject(row), last_four=row.last_four, days=form.days.data)
    working.commit()
    return render_template("tokens/made.html", row=row, token=token, address=_address())


@blueprint.post("/<uuid:token_id>/revoke")
@tenant("tokens.manage")
def revoke(token_id: UUID) -> Any:
    """Take a token back, from its next request on."""
    row = db.session().get(ApiToken, token_id)
    if row is None or row.tenant_id != here().id:
        abort(404)
    if tokens.revoke(db.session(), row, by=working.who().name):
        working.record("token.revoked", _subject(row), last_four=row.last_four)
        working.commit()
        flash(f"{row.name} reads nothing any more.")
    else:
        flash(f"{row.name} was revoked before.")
    return redirect(url_for(".index"), 303)


def _page(form: TokenForm) -> str:
    rows = tokens.of_tenant(db.session(), here().id)
    return render_template(
        "tokens/index.html", form=form, rows=rows, days=tokens.DAYS, moment=utc_now(), address=_address()
    )


def _address() -> str:
    """Where the API is, as programs reach it."""
    host: str = current_app.extensions["trellis"].settings.public_url
    return f"{host}/api/v1"


def _subject(row: ApiToken) -> audit.Subject:
    return audit.Subject("token", str(row.id), row.name)
