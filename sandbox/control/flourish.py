"""What the control API does in Flourish: what warehouse staff do."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH, WORLDS
from sandbox.control.served import simulation
from sandbox.errors import Missing
from sandbox.flourish import shapes
from sandbox.flourish.orders import STAFF_ACTIONS

blueprint = Blueprint("flourish", __name__, url_prefix="/flourish")


@blueprint.post("/orders/<order_id>/<action>")
def act_on_order(order_id: str, action: str) -> ResponseReturnValue:
    """Do what warehouse staff do with an outbound order."""
    if action not in STAFF_ACTIONS:
        raise Missing(f"The action is one of {', '.join(STAFF_ACTIONS)}.")
    with simulation().store.transaction():
        for world in WORLDS:
            office = simulation().office(FLOURISH, world)
            if office.get("order", order_id) is not None:
                order = STAFF_ACTIONS[action](office, order_id)
                return jsonify(shapes.order(office, order) | {"company": world})
    raise Missing(f"No Flourish order has the id '{order_id}'.")
