"""The console's pages that belong to no one: home, faults, ledger, webhooks."""

import math

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from sandbox.accounts import AIQ, FLOURISH, LEAFLINK, PLATFORMS, WORLDS
from sandbox.console.people import everyone
from sandbox.errors import BadValue, Refused
from sandbox.faults.fault import Stage
from sandbox.faults.table import KINDS
from sandbox.simulation import Simulation
from sandbox.store import Body

blueprint = Blueprint("console", __name__)

LATEST = 100
MAX_DIGITS = 8
STAGES = {
    Stage.BEFORE: "Before the platform sees a request",
    Stage.READ: "What reads see",
    Stage.WRITTEN: "After a write was done",
    Stage.ANSWER: "An answer on its way",
    Stage.WEBHOOK: "Webhooks",
}


def simulation() -> Simulation:
    """Return the simulation that this application serves."""
    found: Simulation = current_app.extensions["simulation"]
    return found


@blueprint.app_errorhandler(Refused)
def refused(error: Refused) -> ResponseReturnValue:
    """Show why something was refused."""
    return _no("Not done", error.message), error.status


@blueprint.app_errorhandler(HTTPException)
def http_error(error: HTTPException) -> ResponseReturnValue:
    """Show an HTTP error."""
    return _no(error.name, error.description or ""), error.code or 500


def _no(title: str, message: str) -> str:
    came_from = request.referrer or ""
    back = came_from if came_from.startswith(request.host_url) else url_for("console.home")
    return render_template("refused.html", title=title, message=message, back=back)


@blueprint.get("/")
def home() -> ResponseReturnValue:
    """Choose who to be."""
    people = everyone()
    counts = [simulation().office(each.part.platform, each.world).count(each.part.records) for each in people]
    return render_template("home.html", people=zip(people, counts, strict=True))


@blueprint.get("/faults")
def faults() -> ResponseReturnValue:
    """Show and switch faults."""
    stages = {
        title: {name: kind for name, kind in KINDS.items() if kind.stage is stage}
        for stage, title in STAGES.items()
    }
    return render_template("faults.html", on=simulation().faults.on(), stages=stages, platforms=PLATFORMS)


@blueprint.post("/faults")
def add_fault() -> ResponseReturnValue:
    """Switch a fault on."""
    form = request.form
    simulation().faults.add(
        form.get("platform", ""),
        form.get("fault", ""),
        _number("rate", 1.0) or 0.0,
        _number("seconds", None),
        _argument(form.get("argument", "").strip()),
        _times(form.get("times", "").strip()),
        form.get("only", "").strip(),
    )
    return redirect(url_for("console.faults"), 303)


def _number(name: str, default: float | None) -> float | None:
    text = request.form.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError as error:
        raise BadValue(f"{name.capitalize()} must be a number.", name) from error
    if not 0 <= value <= (1 if name == "rate" else 604_800):
        raise BadValue(f"{name.capitalize()} is out of range.", name)
    return value


def _argument(text: str) -> str | float | int | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        return text
    if not math.isfinite(value):
        return text
    return int(value) if value == int(value) else value


def _times(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < MAX_DIGITS and int(text)):
        raise BadValue("Times must be a whole number above 0.", "times")
    return int(text)


@blueprint.post("/faults/<int:number>/remove")
def remove_fault(number: int) -> ResponseReturnValue:
    """Switch one fault off."""
    simulation().faults.remove(number)
    return redirect(url_for("console.faults"), 303)


@blueprint.post("/faults/clear")
def clear_faults() -> ResponseReturnValue:
    """Switch all faults off."""
    simulation().faults.clear()
    return redirect(url_for("console.faults"), 303)


@blueprint.get("/ledger")
def ledger() -> ResponseReturnValue:
    """Show the latest requests."""
    platform = request.args.get("platform", "")
    rows = simulation().ledger.last(LATEST, platform if platform in PLATFORMS else None)
    return render_template("ledger.html", rows=rows, platform=platform, platforms=PLATFORMS)


@blueprint.get("/webhooks")
def webhooks() -> ResponseReturnValue:
    """Show registered webhooks and the latest deliveries."""
    return render_template("webhooks.html", webhooks=_webhooks(), deliveries=simulation().outbox.last(LATEST))


def _webhooks() -> list[Body]:
    return [
        {"platform": platform, "world": world, "url": each["url"]}
        for platform in (LEAFLINK, FLOURISH, AIQ)
        for world in WORLDS
        for each in simulation().office(platform, world).find("webhook")
    ]
