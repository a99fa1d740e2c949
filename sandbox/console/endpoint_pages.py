"""Webhook endpoints, as an administrator keeps them in Flourish's settings."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH
from sandbox.console.pages import simulation
from sandbox.console.people import person
from sandbox.flourish import endpoints
from sandbox.flourish.endpoints import EVENTS

blueprint = Blueprint("endpoints", __name__, url_prefix="/<world>/<any(warehouse):part>/webhooks")

HEADERS = 2


@blueprint.get("/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the endpoints, with the form of a new one."""
    return render_template(
        "flourish_webhooks.html",
        who=person(world, part),
        endpoints=simulation().office(FLOURISH, world).find("webhook"),
        events=EVENTS,
        headers=range(1, HEADERS + 1),
    )


@blueprint.post("/")
def register(world: str, part: str) -> ResponseReturnValue:
    """Register an endpoint; a header row that is left empty is none."""
    person(world, part)
    names, values = request.form.getlist("header_name"), request.form.getlist("header_value")
    pairs = {name.strip(): value.strip() for name, value in zip(names, values, strict=False)}
    asked = {
        "url": request.form.get("url", "").strip(),
        "key": request.form.get("key", "").strip() or None,
        "headers": {name: value for name, value in pairs.items() if name or value},
        "events": request.form.getlist("events"),
    }
    with simulation().store.transaction():
        endpoints.register(simulation().office(FLOURISH, world), asked)
    return redirect(url_for("endpoints.listing", world=world, part=part), 303)


@blueprint.post("/remove")
def remove(world: str, part: str) -> ResponseReturnValue:
    """Remove an endpoint."""
    with simulation().store.transaction():
        endpoints.remove(simulation().office(FLOURISH, world), request.form.get("url", ""))
    return redirect(url_for("endpoints.listing", world=world, part=part), 303)
