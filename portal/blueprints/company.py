"""Company settings: the name and the time zone; other parts of the page are fragments of their own."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, render_template, url_for

from portal.access import here, tenant
from portal.blueprints import working
from portal.extensions import db
from portal.forms.company import CompanyForm
from portal.identity import tenants
from portal.models import Tenant
from portal.sync import audit

blueprint = Blueprint("company", __name__, url_prefix="/t/<slug>/company")

# What most companies choose from; any other name of a zone can be typed.
_OFFERED = ("America/", "Pacific/Honolulu", "UTC")


@blueprint.get("")
@tenant("company.settings")
def show() -> Any:
    """Show the company's settings."""
    return _page(CompanyForm(formdata=None, name=here().name, timezone=here().zone.key))


@blueprint.post("")
@tenant("company.settings")
def save() -> Any:
    """Keep the company's name and time zone."""
    form = CompanyForm()
    if not form.validate_on_submit():
        return _page(form), 422
    row = db.session().get_one(Tenant, here().id)
    before = {"name": row.name, "timezone": row.timezone}
    for field, check in ((form.name, tenants.check_name), (form.timezone, tenants.check_timezone)):
        try:
            setattr(row, field.name, check(field.data or ""))
        except tenants.NotAccepted as refusal:
            field.errors = [str(refusal)]
    if form.errors:
        db.session.rollback()
        return _page(form), 422
    _record(row, before)
    working.commit()
    flash("Saved.")
    return redirect(url_for(".show"), 303)


def _record(row: Tenant, before: dict[str, str]) -> None:
    subject = audit.Subject("company", str(row.id), row.name)
    if row.name != before["name"]:
        working.record("company.renamed", subject, before=before["name"], after=row.name)
    if row.timezone != before["timezone"]:
        working.record(
            "company.settings_changed", subject, time_zone_before=before["timezone"], time_zone=row.timezone
        )


def _page(form: CompanyForm) -> str:
    zones = sorted(zone for zone in available_timezones() if zone.startswith(_OFFERED))
    return render_template("company/show.html", form=form, zones=zones)
