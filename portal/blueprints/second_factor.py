"""The second factor: set up an authenticator app, make recovery codes, and take both away again."""

from __future__ import annotations

from typing import Any

import segno
from flask import Blueprint, current_app, flash, redirect, render_template, url_for

from portal.access import companies, recently_proven, signed_in
from portal.blueprints import proving, working
from portal.extensions import db
from portal.forms.signing_in import CodeForm
from portal.identity import people, second_factor
from portal.identity.people import Person
from portal.models import User
from portal.sync import mail

blueprint = Blueprint("second_factor", __name__, url_prefix="/account/second-factor")

_REMOVED = """The second factor of your account at Trellis was just removed.

If it was not you, change your password now, and tell the operator of Trellis.
"""


@blueprint.get("")
@signed_in
def show() -> Any:
    """Show what there is, and the next step."""
    return _page(CodeForm(formdata=None))


@blueprint.post("/begin")
@signed_in
@recently_proven
def begin() -> Any:
    """Make a secret for an app, in place of one that was never confirmed."""
    person = proving.person()
    with working.sessions().identity() as session:
        second_factor.begin(session, working.keys(), person.id)
    return redirect(url_for(".show"), 303)


@blueprint.post("/confirm")
@signed_in
@recently_proven
def confirm() -> Any:
    """Take the app's first code. The recovery codes are shown in this answer and never again."""
    person, form = proving.person(), CodeForm()
    if not form.validate_on_submit():
        return _page(form), 422
    if proving.too_often(f"code:{person.id}"):
        form.code.errors = ["Too many wrong codes. Wait a quarter of an hour, then try again."]
        return _page(form), 429
    with working.sessions().identity() as session:
        codes = second_factor.confirm(session, working.keys(), person.id, form.code.data or "")
        if codes is not None:
            user, token = session.get_one(User, person.id), people.renew(session, person, second_factor=True)
            people.note(session, user, "second_factor.added", by=user)
    if codes is None:
        form.code.errors = [
            "This code is wrong. Is the phone's clock right? Enter the one that is shown now."
        ]
        return _page(form), 422
    proving.throttle().forget(f"code:{person.id}")
    people.hold(token)
    return render_template("second_factor/codes.html", codes=codes, added=True)


@blueprint.post("/codes")
@signed_in
@recently_proven
def make_codes() -> Any:
    """Make new recovery codes, shown in this answer and never again; the old ones count no more."""
    person = proving.person()
    with working.sessions().identity() as session:
        if second_factor.standing(session, person.id).confirmed_at is None:
            return redirect(url_for(".show"), 303)
        codes = second_factor.make_codes(session, person.id)
        user = session.get_one(User, person.id)
        people.note(session, user, "recovery_codes.made", by=user)
    return render_template("second_factor/codes.html", codes=codes, added=False)


@blueprint.post("/remove")
@signed_in
@recently_proven
def remove() -> Any:
    """Take the second factor away, unless this person must have one."""
    person = proving.person()
    if _needed_as():
        return _page(CodeForm(formdata=None), refused=True), 422
    if _take_away(person):
        flash("Your second factor is removed. Everywhere else you are signed out.")
    return redirect(url_for(".show"), 303)


@blueprint.post("/move")
@signed_in
@recently_proven
def move() -> Any:
    """Begin anew with another app. Who must have a second factor gets no further until it is set up."""
    person = proving.person()
    if _take_away(person):
        with working.sessions().identity() as session:
            second_factor.begin(session, working.keys(), person.id)
    return redirect(url_for(".show"), 303)


def _take_away(person: Person) -> bool:
    with working.sessions().identity() as session:
        if not second_factor.remove(session, person.id):
            return False
        user, token = session.get_one(User, person.id), people.renew(session, person, second_factor=False)
        message = mail.Message(user.email, "Your second factor was removed", _REMOVED)
        mail.queue(session, working.keys(), message, kind="notice")
        people.note(session, user, "second_factor.removed", by=user)
    people.hold(token)
    return True


def _page(form: CodeForm, *, refused: bool = False) -> str:
    person = proving.person()
    with working.sessions().identity() as session:
        standing = second_factor.standing(session, person.id)
        secret = second_factor.begun(session, working.keys(), person.id)
    return render_template(
        "second_factor/show.html",
        form=form,
        standing=standing,
        secret=_grouped(secret) if secret else "",
        picture=_picture(second_factor.address_for_apps(secret, person.email)) if secret else "",
        needed_as=_needed_as(),
        refused=refused,
        zone=proving.UTC,
    )


def _needed_as() -> str:
    """The role for which this person must have a second factor; empty when they need none."""
    if not current_app.extensions["trellis"].settings.second_factor:
        return ""
    person = proving.person()
    if person.staff_role:
        return f"one of Trellis's own people ({person.staff_role})"
    owned = [one.name for one in companies(db.session(), person) if one.role == "owner"]
    return f"an owner of {' and '.join(owned)}" if owned else ""


def _picture(address: str) -> str:
    """A QR code as an image of its own: a page here may hold no style."""
    return segno.make(address, error="m").svg_data_uri(scale=4, border=3, light="#fff", xmldecl=False)


def _grouped(secret: str) -> str:
    return " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
