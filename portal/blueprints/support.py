"""Support: all tenants by counts, for Trellis's own people, and how they come into one: by a grant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for

from portal.access import STAFF_PERMISSIONS, recently_proven, staff
from portal.blueprints import company_health, paging, proving, working
from portal.forms.company import FoundingForm, OwnerForm
from portal.forms.granting import AskForm, BreakGlassForm
from portal.identity import grants, members
from portal.identity.founding import Plan, found, invite_again
from portal.identity.tenants import NotAccepted, proposed_slug
from portal.models import Tenant, utc_now
from portal.queries import grants as grant_rows
from portal.queries import support
from portal.sync import switches

blueprint = Blueprint("support", __name__, url_prefix="/support")

# Of so many companies the rate budgets are shown: those with most to do.
_BUSIEST = 20
_USUAL_ZONE = "America/Los_Angeles"


@blueprint.get("/")
@staff("support.see")
def index() -> Any:
    """Show every tenant by what is stuck, waiting and due."""
    return _page()


def _page(error: str = "") -> str:
    person = proving.person()
    with working.sessions().system() as session:
        tenants = support.tenants(session)
        own = grant_rows.own(session, person.id)
        standing = grant_rows.entered(session, person.id)
    judged = company_health.worst_first(tenants, _accounts(tenants), working.desk().budget, utc_now())
    shown, q = paging.words("health"), paging.words("q")
    listed = [
        one
        for one in judged
        if shown in ("", one.tone) and q.casefold() in f"{one.company.name} {one.company.slug}".casefold()
    ]
    may = STAFF_PERMISSIONS.get(person.staff_role or "", frozenset())
    return render_template(
        "support/index.html",
        healths=listed,
        counts=Counter(one.tone for one in judged),
        tones=company_health.TONES,
        shown=shown,
        q=q,
        zone=ZoneInfo("UTC"),
        own=own,
        standing=standing,
        may_ask="grants.ask" in may,
        may_break_glass="grants.break_glass" in may,
        may_stop="support.stop" in may,
        may_add="companies.add" in may,
        may_verify="audit.verify" in may,
        error=error,
    )


def _accounts(tenants: Sequence[support.TenantHealth]) -> dict[UUID, Sequence[support.Account]]:
    """What the companies call that have most to do; no name of theirs is shown."""
    busiest = sorted((one for one in tenants if one.due), key=lambda one: -one.due)[:_BUSIEST]
    found: dict[UUID, Sequence[support.Account]] = {}
    for one in busiest:
        with working.sessions().tenant(one.id) as session:
            found[one.id] = support.accounts(session)
    return found


@blueprint.route("/companies/new", methods=["GET", "POST"])
@staff("companies.add")
@recently_proven
def add_company() -> Any:
    """Make a company and invite its first owner."""
    form = FoundingForm(timezone=_USUAL_ZONE)
    if not form.validate_on_submit():
        return _founding(form), 422 if form.errors else 200
    if not form.slug.data:
        return _propose(form)
    # A mail goes to whatever was typed.
    working.limit_address("invite", form.owner.data or "", times=3)
    plan = Plan(form.slug.data, form.name.data or "", form.timezone.data or "", form.owner.data or "")
    desk = working.desk()
    try:
        made = found(
            desk,
            plan,
            actor=working.actor(),
            link=lambda token: working.external("invitations.enter", token=token),
        )
    except NotAccepted as refusal:
        form[refusal.field].errors = [str(refusal)]
        return _founding(form), 422
    flash(f"{made.name} is made, at /t/{made.slug}. {plan.owner} is invited as its owner, for 72 hours.")
    return redirect(url_for(".index"), 303)


def _propose(form: FoundingForm) -> tuple[str, int]:
    """Show which address the company would have: it can never be changed."""
    with working.sessions().system() as session:
        form.slug.data = proposed_slug(session, form.name.data or "")
    proposed = "This one is free. It can never be changed: send it once more to take it."
    form.slug.errors = [proposed if form.slug.data else "Choose one: the name has no letters for it."]
    return _founding(form), 422


def _founding(form: FoundingForm) -> str:
    return render_template("support/add_company.html", form=form, zones=sorted(available_timezones()))


@blueprint.route("/companies/<uuid:tenant_id>/invite", methods=["GET", "POST"])
@staff("companies.add")
@recently_proven
def invite(tenant_id: UUID) -> Any:
    """Invite the first owner of a company again, while nobody has joined it."""
    tenant, form = _company(tenant_id), OwnerForm()
    if form.validate_on_submit():
        owner = form.owner.data or ""
        working.limit_address("invite", owner, times=3)
        try:
            invite_again(
                working.desk(),
                tenant,
                owner,
                actor=working.actor(),
                link=lambda token: working.external("invitations.enter", token=token),
            )
        except NotAccepted as refusal:
            form.owner.errors = [str(refusal)]
        else:
            flash(f"{owner} is invited as the owner of {tenant.name}, for 72 hours. Earlier links are void.")
            return redirect(url_for(".index"), 303)
    return render_template("support/invite.html", tenant=tenant, form=form), 422 if form.errors else 200


@blueprint.post("/stop")
@staff("support.stop")
def stop() -> Any:
    """Stop all writing of this installation; deliveries and reads go on."""
    try:
        with working.sessions().system() as session:
            reason = request.form.get("reason", "")
            switches.stop_everybody(session, working.keys(), actor=working.actor(), reason=reason)
    except switches.NoReason as refusal:
        return _page(error=str(refusal)), 422
    return redirect(url_for(".index"), 303)


@blueprint.post("/go")
@staff("support.stop")
def go() -> Any:
    """Let everybody write again; the schedule has whatever waited looked at within a sweep."""
    with working.sessions().system() as session:
        switches.resume_everybody(session, working.keys(), actor=working.actor())
    flash("Everybody may write again. What has waited goes on within seconds.")
    return redirect(url_for(".index"), 303)


@blueprint.route("/companies/<uuid:tenant_id>/ask", methods=["GET", "POST"])
@staff("grants.ask")
def ask(tenant_id: UUID) -> Any:
    """Ask a company for access."""
    tenant, form, error = _company(tenant_id), AskForm(), ""
    if form.validate_on_submit():
        try:
            with working.sessions().system() as session:
                grants.ask(session, working.keys(), tenant, working.who(), form.wish())
        except grants.NotAccepted as refusal:
            error = str(refusal)
        else:
            flash(
                f"{tenant.name} has been asked. Its owners and admins see it on every page; come back here."
            )
            return redirect(url_for(".index"), 303)
    status = 422 if form.errors or error else 200
    return render_template("support/ask.html", tenant=tenant, form=form, error=error), status


@blueprint.route("/companies/<uuid:tenant_id>/break-glass", methods=["GET", "POST"])
@staff("grants.break_glass")
@recently_proven
def break_glass(tenant_id: UUID) -> Any:
    """Take access to a company without being asked in."""
    tenant, form = _company(tenant_id), BreakGlassForm()
    if not form.validate_on_submit():
        page = render_template("support/break_glass.html", tenant=tenant, form=form)
        return page, 422 if form.errors else 200
    with working.sessions().identity() as session:
        owners = members.addresses_of_owners(session, tenant.id)
    with working.sessions().system() as session:
        grants.take(session, working.keys(), tenant, working.who(), form.wish(), owners)
    flash("You are in. The owners are told by mail, and everybody in the company sees it on every page.")
    return redirect(url_for("dashboard.show", slug=tenant.slug), 303)


@blueprint.post("/grants/<uuid:grant_id>/leave")
@staff("support.see")
def leave(grant_id: UUID) -> Any:
    """Give back one's own access, or take back a request."""
    with working.sessions().system() as session:
        grant = grant_rows.own_one(session, proving.person().id, grant_id)
        if grant is None:
            abort(404)
        try:
            grants.end(session, working.keys(), grant, working.who())
        except grants.NotAccepted:
            flash("It was over already.")
        else:
            flash("Done: you have no access to that company by it any more.")
    return redirect(url_for(".index"), 303)


def _company(tenant_id: UUID) -> Tenant:
    with working.sessions().system() as session:
        tenant = session.get(Tenant, tenant_id)
    if tenant is None or tenant.retired_at is not None:
        abort(404)
    return tenant
