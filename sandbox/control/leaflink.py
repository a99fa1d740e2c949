"""What the control API does in LeafLink: orders with the app's freedom, and API keys."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.control import asking
from sandbox.control.served import simulation
from sandbox.leaflink import keys, shapes
from sandbox.office import Office
from sandbox.placing import change_order, place_order
from sandbox.store import Body

blueprint = Blueprint("leaflink", __name__, url_prefix="/leaflink")


@blueprint.post("/orders")
def add_order() -> ResponseReturnValue:
    """Place an order."""
    asked = asking.body()
    with simulation().store.transaction():
        office, order = place_order(simulation(), asked)
        shown = shown_order(office, order)
    return jsonify(shown), 201


@blueprint.post("/orders/<number>")
def edit_order(number: str) -> ResponseReturnValue:
    """Change an order, with the app's freedom."""
    asked = asking.body()
    with simulation().store.transaction():
        office, order = change_order(simulation(), number, asked)
        shown = shown_order(office, order)
    return jsonify(shown)


def shown_order(office: Office, order: Body) -> Body:
    """Return an order with all of its children, marked with its company."""
    return shapes.order(office, order, shapes.ORDER_CHILDREN) | {"company": office.account.world}


@blueprint.get("/keys")
def list_keys() -> ResponseReturnValue:
    """List the API keys with owner and permissions."""
    return jsonify(keys.listed(simulation().store))


@blueprint.post("/keys/<key>")
def change_key(key: str) -> ResponseReturnValue:
    """Make an API key, or change what it may do; active false revokes it."""
    asked = asking.body()
    if "active" in asked:
        asking.flag(asked, "active")
    if asked.get("owner") is not None:
        asking.text(asked, "owner")
    with simulation().store.transaction():
        return jsonify(keys.change(simulation().store, key, asked))
