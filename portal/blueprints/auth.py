"""Signing in and out, the start page, and the theme."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for

from portal.access import public, signed_in
from portal.extensions import db
from portal.forms.signing_in import SignInForm, local_address
from portal.identity import accounts, people

blueprint = Blueprint("auth", __name__)

THEMES = ("system", "light", "dark")
THEME_COOKIE = "trellis_theme"
_YEAR = 365 * 24 * 60 * 60


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """Show the form, or begin a session."""
    form = SignInForm()
    target = local_address(form.next.data or request.args.get("next"), url_for("auth.start"))
    if people.current_person() is not None:
        return redirect(target)
    if not form.validate_on_submit():
        return _form(form, target, status=422 if form.errors else 200)
    throttle = current_app.extensions["trellis"].throttle
    email, password, address = form.email.data or "", form.password.data or "", request.remote_addr or ""
    wait = throttle.sign_in(email, address)
    if wait:
        return _form(form, target, status=429, wait=wait)
    with current_app.extensions["trellis"].sessions.identity() as session:
        user = accounts.verify(session, email, password)
    if user is None:
        return _form(form, target, status=422, refused=True)
    throttle.signed_in(email, address)
    people.sign_in(user.id)
    return redirect(target, 303)


def _form(
    form: SignInForm, target: str, *, status: int, wait: int = 0, refused: bool = False
) -> tuple[str, int, dict[str, str]]:
    page = render_template("auth/sign_in.html", form=form, target=target, wait=wait, refused=refused)
    return page, status, {"Retry-After": str(wait)} if wait else {}


@blueprint.post("/sign-out")
@public
def sign_out() -> Any:
    """End the session; harmless for who has none."""
    people.sign_out()
    return redirect(url_for("auth.sign_in"), 303)


@blueprint.get("/")
@signed_in
def start() -> Any:
    """Go to the only place that this person has, or let them choose."""
    person = people.current_person()
    assert person is not None  # noqa: S101 - the guard let nobody else in
    tenants = [row.tenant for row in accounts.memberships_of(db.session(), person.id)]
    if len(tenants) == 1 and not person.staff_role:
        return redirect(url_for("dashboard.show", slug=tenants[0].slug))
    if person.staff_role and not tenants:
        return redirect(url_for("support.index"))
    return render_template("auth/start.html", tenants=tenants)


@blueprint.post("/theme")
@public
def theme() -> Any:
    """Remember light, dark or the system's choice."""
    chosen = request.form.get("theme", "")
    response: Response = redirect(local_address(request.form.get("next"), url_for("auth.start")), 303)  # type: ignore[assignment]
    if chosen in THEMES:
        response.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=_YEAR,
            samesite="Lax",
            httponly=True,
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
    return response
