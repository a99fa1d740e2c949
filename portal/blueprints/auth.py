"""Signing in and out, proving oneself again, the start page, and the theme."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from portal.access import companies, public, signed_in
from portal.blueprints import proving, working
from portal.extensions import db
from portal.forms.signing_in import CodeForm, ProofForm, SignInForm, local_address
from portal.identity import accounts, people, second_factor, sessions
from portal.identity.people import Person
from portal.models import User

blueprint = Blueprint("auth", __name__)

THEMES = ("system", "light", "dark")
THEME_COOKIE = "trellis_theme"
_YEAR = 365 * 24 * 60 * 60


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    """Show the form, or begin a session; only half of one where a second factor is to follow."""
    form = SignInForm()
    target = local_address(form.next.data or request.args.get("next"), url_for("auth.start"))
    if people.current_person() is not None:
        return redirect(target)
    if not form.validate_on_submit():
        return _form(form, target, status=422 if form.errors else 200)
    email, password, address = form.email.data or "", form.password.data or "", request.remote_addr or ""
    wait = proving.throttle().sign_in(email, address)
    if wait:
        return _form(form, target, status=429, wait=wait)
    with working.sessions().identity() as session:
        user = accounts.verify(session, email, password)
        if user is None:
            people.note(session, accounts.known(session, email), "sign_in.refused", by=None)
        has_second = user is not None and second_factor.standing(session, user.id).confirmed_at is not None
    if user is None:
        return _form(form, target, status=422, refused=True)
    proving.throttle().signed_in(email, address)
    if has_second:
        people.begin_half(user.id)
        return redirect(url_for("auth.code", next=target), 303)
    people.sign_in(user.id)
    return redirect(target, 303)


def _form(
    form: SignInForm, target: str, *, status: int, wait: int = 0, refused: bool = False
) -> tuple[str, int, dict[str, str]]:
    page = render_template("auth/sign_in.html", form=form, target=target, wait=wait, refused=refused)
    return page, status, {"Retry-After": str(wait)} if wait else {}


@blueprint.route("/sign-in/code", methods=["GET", "POST"])
@public
def code() -> Any:
    """Ask for the second factor, and begin the session once it is right."""
    form = CodeForm()
    target = local_address(form.next.data or request.args.get("next"), url_for("auth.start"))
    user_id = people.half_way()
    if user_id is None:
        return redirect(url_for("auth.sign_in", next=target), 303)
    if not form.validate_on_submit():
        return _code_page(form, target, status=422 if form.errors else 200)
    if wait := proving.too_often(f"code:{user_id}"):
        people.sign_out("too many wrong codes")
        return _form(SignInForm(formdata=None), target, status=429, wait=wait)
    with working.sessions().identity() as session:
        act = _given(session, user_id, form.code.data or "")
        if act is None:
            people.note(session, session.get(User, user_id), "sign_in.refused", by=None, asked_for="code")
    if act is None:
        form.code.errors = ["This code is wrong, or was used already. Enter the one that is shown now."]
        return _code_page(form, target, status=422)
    proving.throttle().forget(f"code:{user_id}")
    people.sign_in(user_id, second_factor=True, act=act)
    return redirect(target, 303)


def _given(session: Session, user_id: UUID, typed: str) -> str | None:
    """How somebody gave their second factor, as the audit names it; None when it was wrong."""
    if second_factor.is_app_code(typed):
        return "signed_in" if second_factor.verify(session, working.keys(), user_id, typed) else None
    return "recovery_code.used" if second_factor.use_recovery_code(session, user_id, typed) else None


def _code_page(form: CodeForm, target: str, *, status: int) -> tuple[str, int]:
    return render_template("auth/code.html", form=form, target=target), status


@blueprint.route("/confirm", methods=["GET", "POST"])
@signed_in
def confirm() -> Any:
    """Ask for the password or a code once more before something sensitive, and lead back to it."""
    person = proving.person()
    form = ProofForm()
    target = local_address(form.next.data or request.args.get("next"), url_for("auth.start"))
    if not form.validate_on_submit():
        return _confirm_page(form, target, status=422 if form.errors else 200)
    if wait := proving.too_often(f"confirm:{person.id}"):
        people.sign_out("too many wrong passwords", act="session.ended")
        return _form(SignInForm(formdata=None), target, status=429, wait=wait)
    with working.sessions().identity() as session:
        proven = _proves(session, person, form.proof.data or "")
        if proven:
            sessions.prove(session, person.session_id, second_factor=False)
        else:
            user = session.get_one(User, person.id)
            people.note(session, user, "sign_in.refused", by=user, asked_for="proof")
    if not proven:
        form.proof.errors = ["That is wrong. Try again."]
        return _confirm_page(form, target, status=422)
    proving.throttle().forget(f"confirm:{person.id}")
    return redirect(target, 303)


def _proves(session: Session, person: Person, typed: str) -> bool:
    """Whether this is the person's password or, with a second factor, its code: passwords are longer."""
    if person.second_factor and second_factor.is_app_code(typed):
        return second_factor.verify(session, working.keys(), person.id, typed)
    return accounts.proves(session, person.id, typed)


def _confirm_page(form: ProofForm, target: str, *, status: int) -> tuple[str, int]:
    return render_template("auth/confirm.html", form=form, target=target, person=proving.person()), status


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
    person = proving.person()
    tenants = companies(db.session(), person)
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
