"""What the control API does in LeafLink: orders with the app's freedom, and API keys."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.control import asking
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing
from sandbox.leaflink import keys, orders, shapes
from sandbox.leaflink.combining import combine
from sandbox.leaflink.orders import Actor
from sandbox.leaflink.statuses import APP_ACTIONS
from sandbox.office import Office
from sandbox.placing import change_order, find_order, place_order
from sandbox.store import Body

blueprint = Blueprint("leaflink", __name__, url_prefix="/leaflink")

STAFF = Actor("staff")


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


@blueprint.post("/orders/<number>/<action>")
def move_order(number: str, action: str) -> ResponseReturnValue:
    """Take one step of the status machine, as a person in the app."""
    if action not in APP_ACTIONS:
        raise Missing(f"The action is one of {', '.join(APP_ACTIONS)}.")
    with simulation().store.transaction():
        office, order = find_order(simulation(), number)
        return jsonify(shown_order(office, orders.transition(office, order["number"], action, STAFF)))


@blueprint.post("/combine")
def combine_orders() -> ResponseReturnValue:
    """Combine orders of one customer into a new one."""
    numbers = asking.body().get("numbers")
    if not isinstance(numbers, list) or not all(isinstance(number, str) for number in numbers) or not numbers:
        raise BadValue("'numbers' is a list of order numbers.", "numbers")
    with simulation().store.transaction():
        office, _ = find_order(simulation(), numbers[0])
        known = [find_order(simulation(), number)[1]["number"] for number in numbers]
        return jsonify(shown_order(office, combine(office, known, STAFF))), 201


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
