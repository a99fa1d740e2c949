"""Invitations, as the invited meet them: a link from a mail leads here, and lets one person in once.

The link's token goes from the address into the visitor's cookie at once: no page has it in its address, and
no form is sent from an address that must not be told.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, session, url_for
from sqlalchemy.orm import Session

from portal.access import needs_second_factor, public
from portal.blueprints import working
from portal.forms.company import JoinForm
from portal.identity import accounts, invitations
from portal.identity.people import Person, current_person, sign_in
from portal.sync import audit

blueprint = Blueprint("invitations", __name__)

_TOKEN = "invitation"  # noqa: S105 - the name of what the cookie holds


@blueprint.get("/invitations/<token>")
@public
def enter(token: str) -> Any:
    """Remember the link and go on to what it invites to; nothing is used up."""
    session[_TOKEN] = token[:100]
    answer: Response = redirect(url_for(".show"))  # type: ignore[assignment]
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


@blueprint.get("/invitation")
@public
def show() -> Any:
    """Say who invites to what, and what is to be done to accept."""
    found = _found()
    return _gone() if found is None else _page(found, JoinForm())


@blueprint.post("/invitation")
@public
def accept() -> Any:
    """Let the person in, signed in already or new."""
    found, person = _found(), current_person()
    if found is None:
        return _gone()
    if person is None:
        return _gone() if found.known else _join(found)
    if person.email != found.email:
        return _page(found, JoinForm(), status=403)
    if needs_second_factor(person):
        return redirect(url_for("second_factor.show"), 303)
    try:
        with working.sessions().tenant(found.tenant_id) as opened:
            invitations.accept(opened, found, person.id)
            _record(opened, found, audit.Actor(person.name, person.id, found.role))
    except invitations.Gone:
        return _gone()
    return _enter_company(found)


def _join(found: invitations.Found) -> Any:
    form = JoinForm()
    if not form.validate_on_submit():
        return _page(found, form, status=422)
    try:
        with working.sessions().tenant(found.tenant_id) as opened:
            user = invitations.join(
                opened, found, name=form.name.data or "", password=form.password.data or ""
            )
            _record(opened, found, audit.Actor(user.name, user.id, found.role))
    except invitations.Gone:
        return _gone()
    except accounts.NotAccepted as refusal:
        form.password.errors = [str(refusal)]
        return _page(found, form, status=422)
    sign_in(user.id)
    return _enter_company(found)


def _record(opened: Session, found: invitations.Found, actor: audit.Actor) -> None:
    subject = audit.Subject("company", str(found.tenant_id), found.role)
    audit.record(opened, working.keys(), found.tenant_id, "member.joined", actor=actor, subject=subject)


def _enter_company(found: invitations.Found) -> Any:
    session.pop(_TOKEN, None)
    flash(f"Welcome to {found.company}.")
    return redirect(url_for("dashboard.show", slug=found.slug), 303)


def _found() -> invitations.Found | None:
    token = session.get(_TOKEN)
    if not isinstance(token, str):
        return None
    with working.sessions().identity() as opened:
        return invitations.find(opened, token)


def _page(found: invitations.Found, form: JoinForm, *, status: int = 200) -> tuple[str, int]:
    person: Person | None = current_person()
    back = url_for(".enter", token=session[_TOKEN])
    page = render_template("invitations/show.html", found=found, form=form, person=person, back=back)
    return page, status


def _gone() -> tuple[str, int]:
    return render_template("invitations/gone.html"), 404
