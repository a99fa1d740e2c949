"""People: who is in the company and what they may do, who is invited, and who owns it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import proving, working
from portal.extensions import db
from portal.forms.company import InviteForm, RoleForm
from portal.identity import invitations, members
from portal.identity.accounts import NotAccepted
from portal.identity.people import current_person
from portal.models import Invitation, Membership, User, utc_now
from portal.sync import audit, mail

blueprint = Blueprint("people", __name__, url_prefix="/t/<slug>/people")


@blueprint.get("")
@tenant("people.manage")
def index() -> Any:
    """Show who is in and who is invited."""
    return _page()


def _page(form: InviteForm | None = None, error: str = "") -> str:
    session, tenant_here = db.session(), here()
    roster = members.roster(session, tenant_here.id)
    with working.sessions().identity() as identity:
        proven = members.second_factors(identity, [user.id for _, user in roster])
    person = current_person()
    return render_template(
        "people/index.html",
        roster=roster,
        proven=proven,
        myself=person.id if person else None,
        invited=invitations.open_of(session, tenant_here.id),
        form=form or InviteForm(formdata=None),
        error=error,
        by_owner=tenant_here.may("people.owners"),
        moment=utc_now(),
    )


@blueprint.post("/<uuid:user_id>/role")
@tenant("people.manage")
@recently_proven
def change_role(user_id: UUID) -> Any:
    """Change what a member may do, from their next request on."""
    member, user = _one(user_id)
    form = RoleForm()
    if not form.validate_on_submit():
        return _page(error="Choose one of the roles in the list."), 422
    before, role = member.role, form.role.data or ""
    try:
        members.change_role(db.session(), member, role, by_owner=here().may("people.owners"))
    except NotAccepted as refusal:
        return _refused(refusal)
    working.record("member.role_changed", _subject(user), before=before, after=role)
    working.commit()
    flash(f"{user.name} is {role} from now on.")
    return redirect(url_for(".index"), 303)


@blueprint.post("/<uuid:user_id>/remove")
@tenant("people.manage")
@recently_proven
def remove(user_id: UUID) -> Any:
    """Take a member out, from their next request on; or leave."""
    member, user = _one(user_id)
    try:
        by_owner, by = here().may("people.owners"), working.who().name
        members.remove(db.session(), member, by_owner=by_owner, by=by)
    except NotAccepted as refusal:
        return _refused(refusal)
    working.record("member.removed", _subject(user), role=member.role)
    working.commit()
    person = current_person()
    flash(f"{user.name} is not in {here().name} any more.")
    return redirect(url_for("auth.start" if person and person.id == user.id else ".index"), 303)


@blueprint.post("/<uuid:user_id>/hand-over")
@tenant("people.owners")
@recently_proven
def hand_over(user_id: UUID) -> Any:
    """Make somebody else an owner in one's own place."""
    _, user = _one(user_id)
    person = proving.person()
    try:
        members.hand_over(db.session(), here().id, person.id, user.id)
    except NotAccepted as refusal:
        return _refused(refusal)
    working.record("company.handed_over", _subject(user))
    working.commit()
    flash(f"{user.name} is an owner now, and you are an admin.")
    return redirect(url_for(".index"), 303)


@blueprint.post("/invitations")
@tenant("people.manage")
@recently_proven
def invite() -> Any:
    """Invite somebody by mail."""
    form = InviteForm()
    if not form.validate_on_submit():
        return _page(form), 422
    try:
        _invite(form.email.data or "", form.role.data or "")
    except NotAccepted as refusal:
        db.session.rollback()
        form.email.errors = [str(refusal)]
        return _page(form), 422
    return redirect(url_for(".index"), 303)


@blueprint.post("/invitations/<uuid:invitation_id>/resend")
@tenant("people.manage")
@recently_proven
def resend(invitation_id: UUID) -> Any:
    """Send a new link, for another 72 hours; the old one is void."""
    invitation = _invitation(invitation_id)
    try:
        _invite(invitation.email, invitation.role)
    except NotAccepted as refusal:
        return _refused(refusal)
    return redirect(url_for(".index"), 303)


@blueprint.post("/invitations/<uuid:invitation_id>/revoke")
@tenant("people.manage")
def revoke(invitation_id: UUID) -> Any:
    """Take an invitation back."""
    invitation = _invitation(invitation_id)
    try:
        invitations.revoke(db.session(), invitation)
    except NotAccepted as refusal:
        return _refused(refusal)
    working.record(
        "member.invitation_revoked", audit.Subject("invitation", str(invitation.id), invitation.email)
    )
    working.commit()
    flash("Taken back: the link lets nobody in.")
    return redirect(url_for(".index"), 303)


def _invite(email: str, role: str) -> None:
    tenant_here = here()
    working.limit("invite", times=20)
    working.limit_address("invite", email, times=3)
    by = working.who().name
    row, token = invitations.invite(
        db.session(), tenant_here.id, email=email, role=role, by=by, by_owner=tenant_here.may("people.owners")
    )
    link = working.external("invitations.enter", token=token)
    message = invitations.letter(row, tenant_here.name, link)
    mail.queue(db.session(), working.keys(), message, kind="invitation", tenant_id=tenant_here.id)
    working.record("member.invited", audit.Subject("invitation", str(row.id), row.email), role=role)
    working.commit()
    flash(f"{row.email} is invited. The link works once, for 72 hours.")


def _refused(refusal: NotAccepted) -> tuple[str, int]:
    db.session.rollback()
    return _page(error=str(refusal)), 422


def _subject(user: User) -> audit.Subject:
    return audit.Subject("person", str(user.id), user.name)


def _one(user_id: UUID) -> tuple[Membership, User]:
    session = db.session()
    member = session.get(Membership, (here().id, user_id))
    user = session.get(User, user_id) if member else None
    if member is None or user is None:
        abort(404)
    return member, user


def _invitation(invitation_id: UUID) -> Invitation:
    found = db.session().get(Invitation, invitation_id)
    if found is None or found.tenant_id != here().id:
        abort(404)
    return found
