"""What each of LeafLink's API keys may do."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from sandbox.console.pages import simulation
from sandbox.leaflink import keys, limits

blueprint = Blueprint("keys", __name__)


@blueprint.get("/keys")
def show() -> ResponseReturnValue:
    """Show the API keys with what they may do, and the rate limit."""
    store = simulation().store
    return render_template("keys.html", keys=keys.listed(store), areas=keys.AREAS, rates=limits.rates(store))
