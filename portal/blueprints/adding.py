"""Adding: the way from nothing to an account that is connected, one page for each step (ON-1).

Nothing is kept before a real call with what was entered has succeeded. Until then nothing is anywhere but in
the form, and no secret comes back in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for

from portal.access import here, recently_proven, tenant
from portal.blueprints import working
from portal.extensions import db
from portal.forms.adding import account_form
from portal.forms.keys import blame
from portal.models import Connection, Hub
from portal.queries import connections
from portal.sync import connecting, webhook_screen
from portal.sync.addresses import is_sandbox
from portal.sync.contract import Platform
from portal.sync.credentials import CannotConnect
from portal.sync.flourish import FLOURISH, Erp
from portal.sync.registry import PLATFORMS

blueprint = Blueprint("adding", __name__, url_prefix="/t/<slug>/connections/new")

_MINUTE = 60


@blueprint.get("")
@tenant("connections.add")
def choose() -> Any:
    """Offer what can be connected."""
    return render_template(
        "adding/choose.html",
        platforms=sorted(PLATFORMS.values(), key=lambda one: one.label),
        flourish=FLOURISH,
        hubs=_hubs(),
    )


@blueprint.route("/flourish", methods=["GET", "POST"])
@tenant("connections.add")
@recently_proven
def flourish() -> Any:
    """Connect a Flourish account."""
    taken = [hub.name for hub in _hubs()]
    form = account_form(FLOURISH.credentials, name=_free(FLOURISH.label, taken), base_url=_usual(FLOURISH))
    if request.method == "GET":
        return _form(FLOURISH, form)
    answer = _try(FLOURISH, form, lambda: _add_hub(form))
    if not isinstance(answer, connecting.Connected):
        return answer
    hub = next(hub for hub in _hubs() if hub.id == answer.id)
    entered = form.credentials()[FLOURISH.webhook.key_field]
    key = "" if entered else answer.signing_key
    screen = webhook_screen.Screen(answer.webhook_url, key, answer.headers)
    events = webhook_screen.events(webhook_screen.fed_by(db.session(), hub.id))
    return _connected(FLOURISH, answer, hub, facilities=hub.facilities, screen=screen, events=events)


@blueprint.route("/<platform>", methods=["GET", "POST"])
@tenant("connections.add")
@recently_proven
def account(platform: str) -> Any:
    """Connect an account of a sales platform; its facility is chosen next."""
    if platform not in PLATFORMS:
        abort(404)
    declared, hubs = PLATFORMS[platform], _hubs()
    if not hubs:
        return redirect(url_for(".choose"))
    taken = [row.name for row in connections.all_of(db.session(), here().id)]
    form = account_form(
        declared.credentials,
        name=_free(declared.label, taken),
        base_url=_usual(declared),
        hub=str(hubs[0].id),
    )
    if request.method == "GET":
        return _form(declared, form, hubs)
    answer = _try(declared, form, lambda: _add_connection(declared, form, hubs), hubs)
    if not isinstance(answer, connecting.Connected):
        return answer
    connection = connections.one(db.session(), here().id, answer.id)
    assert connection is not None  # noqa: S101 - it was saved a moment ago
    return _connected(declared, answer, connection, facilities=connection.hub.facilities)


def _add_hub(form: Any) -> connecting.Connected:
    return connecting.add_hub(
        working.desk(),
        here().id,
        name=form.name.data,
        base_url=_address(FLOURISH, form),
        credentials=form.credentials(),
        actor=working.actor(),
    )


def _add_connection(declared: Platform, form: Any, hubs: Sequence[Hub]) -> connecting.Connected:
    chosen = next((hub for hub in hubs if str(hub.id) == form.hub.data), None)
    if chosen is None:
        raise CannotConnect("Choose one of the Flourish accounts in the list.", field="hub")
    return connecting.add_connection(
        working.desk(),
        here().id,
        hub_id=chosen.id,
        platform_key=declared.key,
        name=form.name.data,
        credentials=form.credentials(),
        actor=working.actor(),
        base_url=_address(declared, form),
    )


def _try(declared: Platform | Erp, form: Any, add: Any, hubs: Sequence[Hub] = ()) -> Any:
    """Add what was entered; the form again, with what is wrong, when that cannot be."""
    # Otherwise it would tell a thief which of many keys are good.
    working.limit("test-connection", times=10, seconds=_MINUTE)
    if not form.validate():
        return _form(declared, form, hubs), 422
    # No foreign API is called while a transaction is open.
    db.session.commit()
    try:
        return add()
    except CannotConnect as refusal:
        error = blame(form, refusal.field, str(refusal))
        return _form(declared, form, hubs, error), 422


def _form(declared: Platform | Erp, form: Any, hubs: Sequence[Hub] = (), error: str = "") -> str:
    return render_template(
        "adding/account.html",
        declared=declared,
        form=form,
        hubs=hubs,
        error=error,
        offers_address=_may_be_elsewhere(),
    )


def _connected(
    declared: Platform | Erp, made: connecting.Connected, owner: Connection | Hub, **more: Any
) -> str:
    """Say what answered and what is to be entered there; shown in this answer and never again."""
    return render_template(
        "adding/connected.html",
        declared=declared,
        made=made,
        owner=owner,
        is_hub=isinstance(owner, Hub),
        sandbox=is_sandbox(owner.base_url, declared.test_hosts),
        **more,
    )


def _hubs() -> Sequence[Hub]:
    return connections.hubs_of(db.session(), here().id)


def _free(name: str, taken: Sequence[str]) -> str:
    """A name that no other account has."""
    numbered = (f"{name} {number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _may_be_elsewhere() -> bool:
    may: bool = current_app.extensions["trellis"].settings.allow_loopback
    return may


def _usual(declared: Platform | Erp) -> str:
    return declared.default_base_url if _may_be_elsewhere() else ""


def _address(declared: Platform | Erp, form: Any) -> str:
    """Where calls go: what was typed counts only where the installation lets people choose."""
    return (form.base_url.data or "").strip() if _may_be_elsewhere() else declared.default_base_url
