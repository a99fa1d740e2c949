"""What the control API does in Flourish: what warehouse staff do, and what an administrator changes."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH, WORLDS
from sandbox.control import asking
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing
from sandbox.flourish import changes, orders, shapes
from sandbox.flourish.staff import STAFF_ACTIONS
from sandbox.office import Office
from sandbox.store import Body, Condition, equal

blueprint = Blueprint("flourish", __name__, url_prefix="/flourish")


@blueprint.post("/orders")
def add_order() -> ResponseReturnValue:
    """Make an outbound order as Flourish's staff or one of its own integrations does."""
    asked = asking.body()
    origin, world = asked.get("origin", "Flourish"), asked.get("company", WORLDS[0])
    if origin not in orders.ORIGINS or world not in WORLDS:
        raise BadValue(
            f"The origin is one of {', '.join(orders.ORIGINS)}, the company of {', '.join(WORLDS)}."
        )
    if not isinstance(asked.get("order"), dict):
        raise BadValue("'order' is an object, as the API takes it.", "order")
    with simulation().store.transaction():
        office = simulation().office(FLOURISH, world)
        facility = asking.text(asked, "facility_id")
        office.need("facility", facility)
        order = orders.create(office, facility, asked["order"], origin)
        return jsonify(shapes.order(office, order) | {"company": world}), 201


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


@blueprint.post("/items")
def add_item() -> ResponseReturnValue:
    """Make an item: as another one of the company is, but for what is said."""
    asked = asking.body()
    with simulation().store.transaction():
        key = asking.text(asked, "like")
        office, like = _found(asked, "item", key, equal("$.sku", key))
        asking.text(asked, "sku")
        fields = {name: value for name, value in asked.items() if name != "like"}
        return jsonify(shapes.item(office, changes.add_item(office, like, fields)) | _company(office)), 201


@blueprint.post("/items/<sku>")
def change_item(sku: str) -> ResponseReturnValue:
    """Change an item, known by SKU or id, and what a facility has of it."""
    asked = asking.body()
    with simulation().store.transaction():
        office, item = _found(asked, "item", sku, equal("$.sku", sku))
        return jsonify(shapes.item(office, changes.change_item(office, item, asked)) | _company(office))


@blueprint.post("/destinations/<destination_id>")
def change_destination(destination_id: str) -> ResponseReturnValue:
    """Change a destination, or merge it into another."""
    asked = asking.body()
    with simulation().store.transaction():
        office, place = _found(asked, "destination", destination_id, equal("$.id", destination_id))
        changed = changes.change_destination(office, place, asked)
        return jsonify(shapes.destination(office, changed) | _company(office))


@blueprint.post("/sales-reps/<rep_id>")
def change_rep(rep_id: str) -> ResponseReturnValue:
    """Change a sales rep."""
    asked = asking.body()
    with simulation().store.transaction():
        office, rep = _found(asked, "sales_rep", rep_id, equal("$.email", rep_id))
        return jsonify(changes.change_rep(office, rep, asked) | _company(office))


def _found(asked: Body, kind: str, key: str, named: Condition) -> tuple[Office, Body]:
    """Return the record of an id or a name, and its company, which `asked` may name and then leaves it out.

    Raises:
        Missing: no company has it.
        BadValue: one company has several of the name.
    """
    worlds = (asked.pop("company"),) if "company" in asked else WORLDS
    for office in (simulation().office(FLOURISH, world) for world in worlds):
        record = office.get(kind, key)
        found = [record] if record is not None else office.find(kind, named, limit=2)
        if len(found) > 1:
            raise BadValue(f"There are several of '{key}' in {office.account.world}: give the id.")
        if found:
            return office, found[0]
    raise Missing(f"Flourish has no {kind.replace('_', ' ')} '{key}'.")


def _company(office: Office) -> Body:
    return {"company": office.account.world}
