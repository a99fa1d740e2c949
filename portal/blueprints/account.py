"""The account: what somebody sees and changes of their own sign-in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from portal.access import signed_in
from portal.blueprints import proving, working
from portal.forms.passwords import ChangePasswordForm
from portal.identity import accounts, passwords, people, second_factor, sessions
from portal.models import User

blueprint = Blueprint("account", __name__, url_prefix="/account")

_ENDED = "ended by its owner"


@blueprint.get("")
@signed_in
def show() -> Any:
    """Show who is signed in, how, and where else."""
    return _page(ChangePasswordForm())


@blueprint.post("/password")
@signed_in
def change_password() -> Any:
    """Change the password, which ends all other sessions."""
    person, form = proving.person(), ChangePasswordForm()
    if not form.validate_on_submit():
        return _page(form), 422
    if proving.too_often(f"confirm:{person.id}"):
        form.old.errors = ["Too many wrong passwords. Wait a quarter of an hour, then try again."]
        return _page(form), 429
    with working.sessions().identity() as session:
        token = _change(session, person, form)
    if token is None:
        return _page(form), 422
    proving.throttle().forget(f"confirm:{person.id}")
    people.hold(token)
    flash("Your password is changed. Everywhere else you are signed out.")
    return redirect(url_for(".show"), 303)


def _change(session: Session, person: people.Person, form: ChangePasswordForm) -> str | None:
    """Take the new password, unless the form has something wrong, which is then beside its field."""
    user, new = session.get_one(User, person.id), form.new.data or ""
    if not accounts.proves(session, person.id, form.old.data or ""):
        form.old.errors = ["This is not your password."]
        people.note(session, user, "sign_in.refused", by=user, asked_for="password")
        return None
    wrong = passwords.objection(new, person.email, second_factor=person.second_factor)
    if wrong or new == form.old.data:
        form.new.errors = [wrong or "This is your password of now: take another one."]
        return None
    passwords.replace(session, person.id, new)
    token = people.renew(session, person, second_factor=person.second_factor)
    people.note(session, user, "password.changed", by=user)
    return token


@blueprint.post("/sessions/end")
@signed_in
def end_session() -> Any:
    """End one of one's own sessions, wherever it is."""
    person = proving.person()
    try:
        session_id = UUID(request.form.get("session", ""))
    except ValueError:
        session_id = None
    with working.sessions().identity() as session:
        ended = session_id is not None and sessions.end_one(session, person.id, session_id, because=_ENDED)
        if ended:
            user = session.get_one(User, person.id)
            people.note(session, user, "session.ended", by=user)
    flash("That session is ended." if ended else "That session had ended already.")
    return redirect(url_for(".show"), 303)


@blueprint.post("/sessions/end-others")
@signed_in
def end_other_sessions() -> Any:
    """End all of one's own sessions but this one."""
    person = proving.person()
    with working.sessions().identity() as session:
        number = sessions.end_all(session, person.id, because=_ENDED, but=person.session_id)
        if number:
            user = session.get_one(User, person.id)
            people.note(session, user, "session.ended", by=user, sessions=str(number))
    flash("Everywhere else you are signed out.")
    return redirect(url_for(".show"), 303)


def _page(form: ChangePasswordForm) -> str:
    person = proving.person()
    with working.sessions().identity() as session:
        opened = sessions.open_of(session, person.id)
        factor = second_factor.standing(session, person.id)
    return render_template(
        "account/show.html",
        person=person,
        form=form,
        factor=factor,
        opened=opened,
        zone=proving.UTC,
        shortest=passwords.SHORTEST_BESIDE_A_SECOND_FACTOR if person.second_factor else passwords.SHORTEST,
    )
