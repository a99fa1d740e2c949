"""Notifications: who is told what, by mail or by webhook, a test of each, and what was sent."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import paging, working
from portal.extensions import db
from portal.forms.notices import LABELS, PACES, NoticeForm, shown
from portal.identity import accounts
from portal.models import NOTICE_CHANNELS, Connection, Notice, NoticeRule
from portal.queries import connections, notices
from portal.sync import secrets
from portal.sync.notices import rules, sending, writing
from portal.sync.notices.grouping import KINDS

blueprint = Blueprint("notices", __name__, url_prefix="/t/<slug>/notifications")

_MINUTE = 60


@blueprint.get("")
@tenant("notices.manage")
def index() -> Any:
    """List who is told what; of one connection, where the address names one."""
    named = _connections()
    chosen = named.get(paging.words("connection"))
    return render_template(
        "notices/index.html",
        rows=notices.rules(db.session(), here().id, chosen.id if chosen else None),
        connections=named,
        chosen=chosen,
        paces=PACES,
        where_to=rules.where_to,
    )


@blueprint.route("/new/<channel>", methods=["GET", "POST"])
@tenant("notices.manage")
@recently_proven
def add(channel: str) -> Any:
    """Make a rule. A webhook's signing secret is shown in this answer and never again."""
    if channel not in NOTICE_CHANNELS:
        abort(404)
    if request.method == "GET":
        return _form(channel, NoticeForm(formdata=None, connection=paging.words("connection")))
    form = NoticeForm()
    if not _is_whole(form, channel):
        return _form(channel, form), 422
    try:
        rule, secret = rules.make(_keeper(), here().id, form.wish(channel, _connections()))
    except rules.NotAccepted as refusal:
        return _refused(channel, form, refusal)
    working.commit()
    if secret:
        return render_template("notices/secret.html", rule=rule, secret=secret, replaced=False)
    flash(f"{rule.address} is told from now on. Send a test to see whether it arrives.")
    return redirect(url_for(".show", rule_id=rule.id), 303)


@blueprint.get("/<uuid:rule_id>")
@tenant("notices.manage")
def show(rule_id: UUID) -> Any:
    """Show one rule, and what it sent."""
    rule, session = _rule(rule_id), db.session()
    rows, more = notices.page(session, here().id, rule.id, after=paging.after())
    overlaps = rules.overlaps(rule)
    fields = (rules.SECRET_FIELD, rules.BEFORE_FIELD) if overlaps else (rules.SECRET_FIELD,)
    stored = connections.credentials(session, here().id, [rule.id])
    return render_template(
        "notices/show.html",
        rule=rule,
        about=_connections().get(str(rule.connection_id)),
        rows=rows,
        first_page="after" not in request.args,
        older=_older(rows[-1]) if more else None,
        overlaps=overlaps,
        secrets=[row for field in fields for row in stored if row.field == field],
        kinds=KINDS,
        paces=PACES,
        where_to=rules.where_to,
    )


def _older(last: Notice) -> str:
    return url_for(".show", rule_id=last.rule_id, after=paging.cursor(last.created_at, last.id))


@blueprint.route("/<uuid:rule_id>/change", methods=["GET", "POST"])
@tenant("notices.manage")
@recently_proven
def change(rule_id: UUID) -> Any:
    """Change what is told, or where to."""
    rule = _rule(rule_id)
    if request.method == "GET":
        return _form(rule.channel, shown(rule), rule)
    form = NoticeForm()
    if not _is_whole(form, rule.channel):
        return _form(rule.channel, form, rule), 422
    try:
        rules.change(_keeper(), rule, form.wish(rule.channel, _connections()))
    except rules.NotAccepted as refusal:
        return _refused(rule.channel, form, refusal, rule)
    working.commit()
    flash("Saved. It holds for what happens from now on.")
    return redirect(url_for(".show", rule_id=rule_id), 303)


@blueprint.post("/<uuid:rule_id>/test")
@tenant("notices.manage")
def test(rule_id: UUID) -> Any:
    """Send a test, as any message is sent, and say what came of it."""
    rule = _rule(rule_id)
    working.limit("test-notices", times=10, seconds=_MINUTE)
    notice_id = writing.put_test_down(db.session(), rule)
    _keeper().record(rule, "notice_rule.tested")
    # Nothing is called while a transaction is open.
    working.commit()
    outcome = sending.deliver(working.desk(), here().id, notice_id)
    if outcome is None:
        flash("The test is on its way: its outcome is below in a moment.")
    elif outcome.taken:
        flash(
            "The test was taken." if rule.channel == "webhook" else "The test was handed to the mail server."
        )
    return redirect(url_for(".message", rule_id=rule_id, notice_id=notice_id), 303)


@blueprint.post("/<uuid:rule_id>/secret")
@tenant("notices.manage")
@recently_proven
def replace_secret(rule_id: UUID) -> Any:
    """Make a new signing secret, shown in this answer and never again."""
    rule = _rule(rule_id)
    if rule.channel != "webhook":
        abort(404)
    try:
        secret = rules.replace_secret(_keeper(), rule)
    except secrets.CannotOpen:
        db.session.rollback()
        flash("The secret in use cannot be read, so it was not replaced. Make a new notification instead.")
        return redirect(url_for(".show", rule_id=rule_id), 303)
    working.commit()
    return render_template("notices/secret.html", rule=rule, secret=secret, replaced=True)


@blueprint.post("/<uuid:rule_id>/end-overlap")
@tenant("notices.manage")
def end_overlap(rule_id: UUID) -> Any:
    """Let the secret of before sign no more."""
    rules.end_overlap(_keeper(), _rule(rule_id))
    working.commit()
    flash("The secret of before signs no more.")
    return redirect(url_for(".show", rule_id=rule_id), 303)


@blueprint.post("/<uuid:rule_id>/switch")
@tenant("notices.manage")
def switch(rule_id: UUID) -> Any:
    """Switch it on, or off."""
    rule = _rule(rule_id)
    if request.form.get("to") == "on":
        rules.switch_on(_keeper(), rule)
        said = "It is on: what happens from now on is told."
    else:
        rules.pause(_keeper(), rule)
        said = "It is off: nothing is sent until it is switched on."
    working.commit()
    flash(said)
    return redirect(url_for(".show", rule_id=rule_id), 303)


@blueprint.post("/<uuid:rule_id>/remove")
@tenant("notices.manage")
def remove(rule_id: UUID) -> Any:
    """Take it away."""
    rules.remove(_keeper(), _rule(rule_id))
    working.commit()
    flash("Removed: nobody is told by it any more.")
    return redirect(url_for(".index"), 303)


@blueprint.get("/<uuid:rule_id>/messages/<uuid:notice_id>")
@tenant("notices.manage")
def message(rule_id: UUID, notice_id: UUID) -> Any:
    """Show one message: what it said, and each try to send it."""
    rule, notice = _message(rule_id, notice_id)
    return render_template(
        "notices/message.html",
        rule=rule,
        notice=notice,
        attempts=notices.attempts(db.session(), here().id, notice.id),
        body=json.loads(notice.body) if notice.body else None,
        where_to=rules.where_to,
    )


@blueprint.post("/<uuid:rule_id>/messages/<uuid:notice_id>/again")
@tenant("notices.manage")
def send_again(rule_id: UUID, notice_id: UUID) -> Any:
    """Have a message sent once more, under the same id."""
    rule, notice = _message(rule_id, notice_id)
    working.limit("test-notices", times=10, seconds=_MINUTE)
    if notice.body is None:
        flash("It was not sent yet: it still takes news in.")
    elif rule.off_at is not None:
        flash("This notification is off: switch it on first.")
    else:
        rules.send_again(_keeper(), rule, notice)
        working.commit()
        sending.deliver(working.desk(), here().id, notice_id)
        flash("Sent again, under the same id: the outcome is below.")
    return redirect(url_for(".message", rule_id=rule_id, notice_id=notice_id), 303)


def _rule(rule_id: UUID) -> NoticeRule:
    return notices.rule(db.session(), here().id, rule_id) or abort(404)


def _message(rule_id: UUID, notice_id: UUID) -> tuple[NoticeRule, Notice]:
    rule = _rule(rule_id)
    return rule, notices.one(db.session(), here().id, rule.id, notice_id) or abort(404)


def _connections() -> dict[str, Connection]:
    return {str(one.id): one for one in connections.all_of(db.session(), here().id)}


def _keeper() -> rules.Keeper:
    loopback = current_app.extensions["trellis"].settings.allow_loopback
    return rules.Keeper(db.session(), working.keys(), working.actor(), allow_loopback=loopback)


def _is_whole(form: NoticeForm, channel: str) -> bool:
    """Whether a form can be kept; mail to somebody else than a member is asked about first."""
    whole: bool = form.validate_on_submit()
    if channel == "email" and not form.address.errors:
        try:
            form.address.data = accounts.address_of(form.address.data or "")
        except accounts.NotAccepted as refusal:
            form.address.errors = [str(refusal)]
        else:
            is_known = notices.is_members(db.session(), here().id, form.address.data)
            if not is_known and not form.outsider.data:
                form.outsider.errors = [f"Nobody in {here().name} has this address: confirm it."]
    return whole and not form.errors


def _refused(
    channel: str, form: NoticeForm, refusal: rules.NotAccepted, rule: NoticeRule | None = None
) -> tuple[str, int]:
    db.session.rollback()
    if refusal.field in form:
        form[refusal.field].errors = [str(refusal)]
        return _form(channel, form, rule), 422
    return _form(channel, form, rule, error=str(refusal)), 422


def _form(channel: str, form: NoticeForm, rule: NoticeRule | None = None, *, error: str = "") -> str:
    form.address.label.text = LABELS[channel]
    return render_template(
        "notices/form.html",
        channel=channel,
        form=form,
        rule=rule,
        connections=_connections(),
        kinds=KINDS,
        paces=PACES,
        error=error,
    )
