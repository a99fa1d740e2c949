"""Choosing a new password by mail, for who forgot the old one. The answer never tells who has an account."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session

from portal.access import public
from portal.blueprints import proving, working
from portal.forms.passwords import AskForm, NewPasswordForm
from portal.identity import accounts, passwords, people, resets, second_factor, sessions
from portal.identity.throttle import digest, network
from portal.models import User
from portal.sync import mail, queues

blueprint = Blueprint("reset", __name__, url_prefix="/reset")

_HOUR = 60 * 60
_PER_ADDRESS, _PER_NETWORK = 3, 20
# Every answer takes so long: longer than a reset for a known address does.
_ANSWER_SECONDS = 0.2
_TOKEN = "reset"  # noqa: S105 - the name of what the cookie holds
_TEXT = """Somebody, probably you, asked for a new password for Trellis. Choose it here:

{link}

The link works once, and for {minutes} minutes. If it was not you, do nothing: your password stays as it is.
"""
_CHANGED = """The password of your account at Trellis was just changed by a link that we mailed to you.

If it was not you, ask for a new password now, and tell the operator of Trellis.
"""


@blueprint.route("", methods=["GET", "POST"])
@public
def ask() -> Any:
    """Ask for an address, and mail it a link if it is somebody's."""
    began = time.monotonic()
    form = AskForm()
    if not form.validate_on_submit():
        return render_template("reset/ask.html", form=form, sent=False), 422 if form.errors else 200
    email = (form.email.data or "").strip().lower()
    if _within_limits(email):
        with working.sessions().identity() as opened:
            _mail_link(opened, accounts.known(opened, email))
        queues.ring_mail(current_app.extensions["trellis"].redis)
        time.sleep(max(0.0, began + _ANSWER_SECONDS - time.monotonic()))
    return render_template("reset/ask.html", form=form, sent=True)


def _within_limits(email: str) -> bool:
    address = network(request.remote_addr or "")
    counts = (
        proving.throttle().allow(f"reset from:{address}", times=_PER_NETWORK, seconds=_HOUR),
        proving.throttle().allow(f"reset of:{digest(email)}", times=_PER_ADDRESS, seconds=_HOUR),
    )
    return all(counts)


def _mail_link(opened: Session, user: User | None) -> None:
    if user is not None:
        public_url = current_app.extensions["trellis"].settings.public_url
        link = public_url + url_for("reset.follow", token=resets.begin(opened, user))
        text = _TEXT.format(link=link, minutes=int(resets.LASTS.total_seconds() // 60))
        message = mail.Message(user.email, "A new password for Trellis", text)
        mail.queue(opened, working.keys(), message, kind="password reset")
    people.note(opened, user, "password.reset_asked", by=None)


@blueprint.get("/link")
@public
def follow() -> Any:
    """Take the token out of the address: the page that follows, and what it leads to, name it nowhere."""
    session[_TOKEN] = request.args.get("token", "")
    response = redirect(url_for(".choose"), 303)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.route("/choose", methods=["GET", "POST"])
@public
def choose() -> Any:
    """Take a new password from who has the mailed link. It ends all sessions, and begins none."""
    form, token = NewPasswordForm(), str(session.get(_TOKEN, ""))
    with working.sessions().identity() as opened:
        user = resets.whose(opened, token)
        has_second = user is not None and second_factor.standing(opened, user.id).confirmed_at is not None
    if user is None:
        return render_template("reset/over.html"), 404
    if form.validate_on_submit():
        wrong = passwords.objection(form.new.data or "", user.email, second_factor=has_second)
        if wrong is None:
            return _take(token, form.new.data or "")
        form.new.errors = [wrong]
    shortest = passwords.SHORTEST_BESIDE_A_SECOND_FACTOR if has_second else passwords.SHORTEST
    return render_template("reset/choose.html", form=form, shortest=shortest), 422 if form.errors else 200


def _take(token: str, new: str) -> Any:
    with working.sessions().identity() as opened:
        user = resets.use(opened, token)
        if user is not None:
            passwords.replace(opened, user.id, new)
            sessions.end_all(opened, user.id, because="password reset")
            message = mail.Message(user.email, "Your password was changed", _CHANGED)
            mail.queue(opened, working.keys(), message, kind="notice")
            people.note(opened, user, "password.reset", by=user)
    session.pop(_TOKEN, None)
    if user is None:
        return render_template("reset/over.html"), 404
    flash("Your new password is set. Sign in with it.")
    return redirect(url_for("auth.sign_in"), 303)
