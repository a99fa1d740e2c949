"""What the control API does on Flourish's retail side: what a shop's staff and its lab do."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH, WORLDS
from sandbox.control import asking
from sandbox.control.schemas import (
    ANY_OBJECT,
    COMPANY,
    FLAG,
    NUMBER,
    TEXT,
    Operation,
    Schema,
    nullable,
    object_of,
)
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing
from sandbox.flourish import labs
from sandbox.flourish.customers import DISCIPLINE
from sandbox.flourish.retail import orders, people, shapes
from sandbox.flourish.retail.orders import COUNTS, ORIGINS
from sandbox.flourish.retail.staff import RETAIL_ACTIONS, act
from sandbox.office import Office
from sandbox.store import Body

blueprint = Blueprint("retail", __name__, url_prefix="/flourish/retail")

PATH = f"/control/{FLOURISH}/retail"
CUSTOMER_FIELDS: dict[str, Schema] = {
    **{name: nullable(TEXT) for name in people.CHANGED},
    "is_active": FLAG,
    "is_verified": FLAG,
    "customer_disciplinary_status": {"type": "string", "enum": list(DISCIPLINE)},
    "merged_into": {"type": "string", "description": "The id of an active customer, who gets the orders."},
}
OPERATIONS = (
    Operation(
        "post",
        f"{PATH}/orders",
        f"Make a Flourish retail order as staff or the API does; its origin: {', '.join(ORIGINS)}.",
        201,
        ANY_OBJECT,
        object_of(("facility_id", "order"), facility_id=TEXT, order=ANY_OBJECT, origin=TEXT, company=COMPANY),
    ),
    Operation(
        "post",
        f"{PATH}/orders/{{order_id}}/{{action}}",
        f"Do what a shop's staff do with a retail order: {', '.join(RETAIL_ACTIONS)}.",
        200,
        ANY_OBJECT,
    ),
    Operation(
        "post",
        f"{PATH}/customers/{{customer_id}}",
        "Change a retail customer, or merge them into another: inactive then, their orders moved.",
        200,
        ANY_OBJECT,
        object_of((), **CUSTOMER_FIELDS),
    ),
    Operation(
        "post",
        f"{PATH}/labs/{{lot}}",
        "Change the latest lab result of a lot: substances in percent, null for what was not measured.",
        200,
        ANY_OBJECT,
        {
            "type": "object",
            "properties": {"company": COMPANY, "status": {"type": "string", "enum": list(labs.STATUSES)}},
            "additionalProperties": nullable(NUMBER),
        },
    ),
)
SETTINGS: dict[str, Schema] = {
    COUNTS: FLAG
    | {"description": "Does a retail order that is made now lower what is sellable before it is packed?"}
}


@blueprint.post("/orders")
def add_order() -> ResponseReturnValue:
    """Make a retail order as a shop's staff or the API does."""
    asked = asking.body()
    origin, world = asked.get("origin", ORIGINS[0]), asked.get("company", WORLDS[0])
    if origin not in ORIGINS:
        raise BadValue(f"The origin is one of {', '.join(ORIGINS)}.", "origin")
    if not isinstance(asked.get("order"), dict):
        raise BadValue("'order' is an object, as the API takes it.", "order")
    with simulation().store.transaction():
        office = simulation().office(FLOURISH, world)
        facility = asking.text(asked, "facility_id")
        office.need("facility", facility)
        return jsonify(_shown(office, orders.create(office, facility, asked["order"], origin))), 201


@blueprint.post("/orders/<order_id>/<action>")
def act_on_order(order_id: str, action: str) -> ResponseReturnValue:
    """Do what a shop's staff do with a retail order."""
    if action not in RETAIL_ACTIONS:
        raise Missing(f"The action is one of {', '.join(RETAIL_ACTIONS)}.")
    with simulation().store.transaction():
        office = _office_of("retail_order", order_id)
        return jsonify(_shown(office, act(office, order_id, action)))


@blueprint.post("/customers/<customer_id>")
def change_customer(customer_id: str) -> ResponseReturnValue:
    """Change a retail customer, or merge them into another."""
    asked = asking.body()
    with simulation().store.transaction():
        office = _office_of("customer", customer_id)
        return jsonify(people.change(office, customer_id, asked) | _company(office))


@blueprint.post("/labs/<lot>")
def change_lab(lot: str) -> ResponseReturnValue:
    """Change the latest lab result of a lot."""
    asked = asking.body()
    with simulation().store.transaction():
        office = simulation().office(FLOURISH, asked.pop("company", WORLDS[0]))
        return jsonify(labs.shown(office, labs.change(office, lot, asked)) | _company(office))


def _office_of(kind: str, key: str) -> Office:
    for world in WORLDS:
        office = simulation().office(FLOURISH, world)
        if office.get(kind, key) is not None:
            return office
    raise Missing(f"Flourish has no {kind.replace('_', ' ')} '{key}'.")


def _shown(office: Office, order: Body) -> Body:
    """Return an order with what reads and writes show of it."""
    return shapes.read(office, order) | shapes.written(office, order) | _company(office)


def _company(office: Office) -> Body:
    return {"company": office.account.world}
