"""What the control API does in Flourish: what warehouse staff do, and what an administrator changes."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH, WORLDS
from sandbox.control import asking
from sandbox.control.schemas import (
    ANY_OBJECT,
    COMPANY,
    FLAG,
    TEXT,
    Operation,
    Schema,
    list_of,
    nullable,
    object_of,
)
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing
from sandbox.flourish import changes, endpoints, orders, shapes, variations
from sandbox.flourish.changes import TEXTS
from sandbox.flourish.endpoints import EVENTS
from sandbox.flourish.seed import UOMS
from sandbox.flourish.staff import ALWAYS_OPEN, STAFF_ACTIONS, edit
from sandbox.office import Office
from sandbox.store import Body, Condition, equal

blueprint = Blueprint("flourish", __name__, url_prefix="/flourish")

ITEM_FIELDS: dict[str, Schema] = {
    "company": {"type": "string", "enum": list(WORLDS)},
    "sku": TEXT,
    "item_name": TEXT,
    **{name: nullable(TEXT) for name in TEXTS},
    "price": {"type": ["number", "string"]},
    "cost": {"type": ["number", "string"]},
    "active": FLAG,
    "sellable": FLAG,
    "ecommerce_active": FLAG,
    "strain_required": FLAG,
    "uom": {"type": "string", "enum": list(UOMS)},
    "brand": {"type": ["string", "null"]},
    "strain_name": {"type": ["string", "null"]},
    "quantity": {"type": ["number", "string"], "description": "What the facility has, after a count."},
    "facility_id": {"type": "string", "description": "Whose quantity; by default the company's first."},
}
DESTINATION_FIELDS: dict[str, Schema] = {
    "company": {"type": "string", "enum": list(WORLDS)},
    "name": TEXT,
    "alias": nullable(TEXT),
    "license_number": nullable(TEXT),
    "active": FLAG,
    "merged_into": {"type": "string", "description": "The id of an active destination."},
}
VARIATION_FIELDS: dict[str, Schema] = {
    "variation_name": TEXT,
    "unit_qty": {"type": ["number", "string"]},
    "unit_price": {"type": ["number", "string"]},
    "active": FLAG,
    "ecommerce_active": FLAG,
}
ENDPOINT_FIELDS: dict[str, Schema] = {
    "key": nullable(TEXT),
    "headers": ANY_OBJECT,
    "events": list_of({"type": "string", "enum": list(EVENTS)}),
}
ENDPOINT = object_of((), url=TEXT, company=TEXT, **ENDPOINT_FIELDS)

OPERATIONS = (
    Operation(
        "post",
        f"/control/{FLOURISH}/orders",
        f"Make a Flourish order as staff or an integration does; its origin: {', '.join(orders.ORIGINS)}.",
        201,
        ANY_OBJECT,
        object_of(("facility_id", "order"), facility_id=TEXT, order=ANY_OBJECT, origin=TEXT, company=COMPANY),
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/orders/{{order_id}}",
        f"Change a Flourish order as staff do; its {', '.join(ALWAYS_OPEN)} even when it has left.",
        200,
        ANY_OBJECT,
        ANY_OBJECT,
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/orders/{{order_id}}/{{action}}",
        f"Do what warehouse staff do: {', '.join(STAFF_ACTIONS)}.",
        200,
        ANY_OBJECT,
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/items",
        "Make an item: a copy of the one of the SKU or id `like`, but for what is said.",
        201,
        ANY_OBJECT,
        object_of(("like", "sku"), like=TEXT, **ITEM_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/items/{{sku}}",
        "Change an item, by SKU or id, and what a facility has of it.",
        200,
        ANY_OBJECT,
        object_of((), **ITEM_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/items/{{sku}}/variations",
        "Make a variation of an item: another quantity at a price of its own.",
        201,
        ANY_OBJECT,
        object_of(("variation_name", "unit_qty", "unit_price"), company=COMPANY, **VARIATION_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/destinations/{{destination_id}}",
        "Change a destination, or merge it into another: inactive then, its orders moved.",
        200,
        ANY_OBJECT,
        object_of((), **DESTINATION_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/sales-reps/{{rep_id}}",
        "Change a sales rep, by id or e-mail.",
        200,
        ANY_OBJECT,
        object_of((), company=COMPANY, email=nullable(TEXT), facility_id=nullable(TEXT), active=FLAG),
    ),
    Operation(
        "post",
        f"/control/{FLOURISH}/webhooks",
        "Register a webhook endpoint: signing key, headers of each delivery, events (by default all).",
        201,
        ENDPOINT,
        object_of(("company", "url"), company=COMPANY, url=TEXT, **ENDPOINT_FIELDS),
    ),
)


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
        office = _office_of_order(order_id)
        return jsonify(shapes.order(office, STAFF_ACTIONS[action](office, order_id)) | _company(office))


@blueprint.post("/orders/<order_id>")
def edit_order(order_id: str) -> ResponseReturnValue:
    """Change fields of an outbound order as staff do, its payment term among them."""
    asked = asking.body()
    with simulation().store.transaction():
        office = _office_of_order(order_id)
        return jsonify(shapes.order(office, edit(office, order_id, asked)) | _company(office))


def _office_of_order(order_id: str) -> Office:
    for world in WORLDS:
        office = simulation().office(FLOURISH, world)
        if office.get("order", order_id) is not None:
            return office
    raise Missing(f"No Flourish order has the id '{order_id}'.")


@blueprint.post("/webhooks")
def add_webhook() -> ResponseReturnValue:
    """Register a webhook endpoint: its signing key, its header pairs, the events that it is sent."""
    asked = asking.body()
    office = simulation().office(FLOURISH, asking.text(asked, "company"))
    with simulation().store.transaction():
        return jsonify(endpoints.register(office, asked) | _company(office)), 201


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


@blueprint.post("/items/<sku>/variations")
def add_variation(sku: str) -> ResponseReturnValue:
    """Make a variation of an item, which is known by SKU or id."""
    asked = asking.body()
    with simulation().store.transaction():
        office, item = _found(asked, "item", sku, equal("$.sku", sku))
        made = variations.add(office, item, asked, orders.STAFF_USER)
        return jsonify(variations.shown(office, made) | _company(office)), 201


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
