"""A company's data: how long it is kept, its export, and its end."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import downloads, working
from portal.extensions import db
from portal.forms.company_data import DeleteForm, KeepForm
from portal.models import Tenant, utc_now
from portal.sync import audit, deletion, export

blueprint = Blueprint("company_data", __name__, url_prefix="/t/<slug>/company")

_EXPORTS_IN_AN_HOUR = 5


@blueprint.get("/data")
@tenant("company.settings")
def show() -> Any:
    """Show what is kept of the company, and what can be done with it."""
    return _page()


def fragments(keep: KeepForm | None = None, end: DeleteForm | None = None) -> dict[str, Any]:
    """What the fragments `company/_keep.html`, `_export.html` and `_delete.html` need."""
    kept = db.session().get_one(Tenant, here().id).keep_bodies_days
    return {
        "keep": keep or KeepForm(formdata=None, days=kept),
        "kept_otherwise": _settings().keep_bodies_days,
        "end": end or DeleteForm(here().slug, formdata=None),
        "grace_days": deletion.GRACE.days,
        "may_export": here().may("company.export"),
        "may_delete": here().may("company.delete"),
    }


def _page(**forms: Any) -> str:
    return render_template("company/data.html", **fragments(**forms))


@blueprint.post("/keep")
@tenant("company.settings")
def keep() -> Any:
    """Set how long bodies of webhooks are kept."""
    form = KeepForm()
    if not form.validate():
        return _page(keep=form), 422
    row = db.session().get_one(Tenant, here().id)
    before, row.keep_bodies_days = row.keep_bodies_days, form.days.data
    working.record("company.settings_changed", _company(), keep_days_before=before, keep_days=form.days.data)
    working.commit()
    flash("Saved. It holds from the next night on.")
    return redirect(url_for(".show"), 303)


@blueprint.post("/export")
@tenant("company.export")
@recently_proven
def download() -> Any:
    """Send everything that is kept of the company."""
    working.limit("export", times=_EXPORTS_IN_AN_HOUR)
    working.record("company.exported", _company())
    working.commit()
    with contextlib.ExitStack() as unless_written:
        # Without a name: it is gone with this process, however that ends.
        file = unless_written.enter_context(tempfile.TemporaryFile(dir=_folder(_settings().data)))
        export.write(working.desk(), here().id, file)
        unless_written.pop_all()  # it is closed when it is sent
    return downloads.attachment(file, f"{here().slug}-{utc_now():%Y-%m-%d}.zip", "application/zip")


@blueprint.post("/delete")
@tenant("company.delete")
@recently_proven
def delete() -> Any:
    """Ask for everything of the company to be deleted."""
    form = DeleteForm(here().slug)
    if not form.validate():
        return _page(end=form), 422
    if deletion.ask(db.session(), here().id, actor=working.who().name):
        working.record("company.deletion_asked", _company())
    working.commit()
    flash(f"Everything is deleted in {deletion.GRACE.days} days. Until then an owner can take it back.")
    return redirect(url_for(".show"), 303)


@blueprint.post("/delete/take-back")
@tenant("company.delete")
def take_back() -> Any:
    """Let the company live on."""
    if deletion.take_back(db.session(), here().id):
        working.record("company.deletion_taken_back", _company())
    working.commit()
    working.ring()
    flash("Nothing is deleted. What has waited goes on.")
    return redirect(url_for(".show"), 303)


def _company() -> audit.Subject:
    return audit.Subject("company", str(here().id), here().name)


def _settings() -> Any:
    return current_app.extensions["trellis"].settings


def _folder(data: Path) -> Path | None:
    """DATA, where there is one: the system's own place for such files may be memory."""
    return data if data.is_dir() else None
