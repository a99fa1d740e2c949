"""What the control API does in AIQ: what shoppers and shops do with orders, offers, venues, webhooks."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox import reading
from sandbox.accounts import AIQ, WORLDS
from sandbox.aiq import offers, orders, shapes, venues, webhooks
from sandbox.aiq.orders import MAX_LINES, SHOPPER
from sandbox.aiq.statuses import ACTIONS
from sandbox.aiq.terms import PICK_UP_TYPES, REWARDS
from sandbox.control import asking
from sandbox.control.schemas import (
    ANY_OBJECT,
    COMPANY,
    FLAG,
    TEXT,
    WHOLE,
    Operation,
    Schema,
    list_of,
    nullable,
    object_of,
)
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing
from sandbox.office import Office
from sandbox.shopping import (
    ADDRESS,
    FIRST,
    KNOWN_SHOPPER,
    MAX_RANDOM_LINES,
    NEW_SHOPPER,
    PERSON,
    find_order,
    place_order,
)
from sandbox.store import Body

blueprint = Blueprint("aiq", __name__, url_prefix="/aiq")

STORE = "STORE"
BY = (STORE, SHOPPER)
NUMBER_OR_TEXT: Schema = {"type": ["number", "string"]}
LINE = object_of(("sku", "quantity"), sku=TEXT, quantity=NUMBER_OR_TEXT)
ORDER_FIELDS: dict[str, Schema] = {
    "lines": {
        "oneOf": [
            list_of(LINE) | {"maxItems": MAX_LINES},
            {"type": "integer", "minimum": 1, "maximum": MAX_RANDOM_LINES},
        ]
    },
    "company": COMPANY,
    "venue": {"type": "string", "description": "An id; by default the first venue."},
    "offers": list_of(TEXT) | {"description": "Names of offers that are taken, one after the other."},
    "customer": {
        "description": "Somebody known or new; an object says what differs from a new one, null what is"
        " missing.",
        "oneOf": [
            {"enum": [KNOWN_SHOPPER, NEW_SHOPPER]},
            object_of((), **{name: nullable(TEXT) for name in PERSON}),
        ],
    },
    "medical": {"type": "boolean", "description": "A patient's order, or an adult's."},
    "pickUpType": {"type": "string", "enum": list(PICK_UP_TYPES)},
    "deliveryAddress": nullable(object_of((), **{name: nullable(TEXT) for name in ADDRESS})),
    "status": {"type": "string", "enum": list(FIRST)},
    "orderId": {"type": ["integer", "null"], "description": "The number that the shopper is shown."},
    "duplicate_number": {
        "type": "boolean",
        "description": "Give the number of the venue's latest order again.",
    },
}
OPERATIONS = (
    Operation(
        "post",
        f"/control/{AIQ}/orders",
        "Place an AIQ order; with the status CONFIRMED the shop has confirmed it at once.",
        201,
        ANY_OBJECT,
        object_of(("lines",), **ORDER_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{AIQ}/orders/{{key}}/{{action}}",
        f"Do what people do with an order of an id or number: {', '.join(ACTIONS)}.",
        200,
        ANY_OBJECT,
        object_of((), by={"type": "string", "enum": list(BY), "description": "Who does it."}),
    ),
    Operation(
        "post",
        f"/control/{AIQ}/offers",
        "Make an offer of a venue; without skus it is for every product.",
        201,
        ANY_OBJECT,
        object_of(
            ("name", "dealType"),
            company=COMPANY,
            venue=TEXT,
            name=TEXT,
            dealType={"type": "string", "enum": list(offers.DEALS)},
            rewardType={"type": "string", "enum": list(REWARDS)},
            rewardValue=NUMBER_OR_TEXT,
            minimumSpend=NUMBER_OR_TEXT,
            promoCode=nullable(TEXT),
            skus=list_of(TEXT),
        ),
    ),
    Operation(
        "post",
        f"/control/{AIQ}/venues/{{key}}",
        "Delete a venue or bring it back, or make it one for patients.",
        200,
        ANY_OBJECT,
        object_of((), deleted=FLAG, medicalDispensary=FLAG),
    ),
    Operation(
        "post",
        f"/control/{AIQ}/webhooks",
        "Register a webhook, by default for the events of orders, of all venues. Nothing signs it.",
        201,
        ANY_OBJECT,
        object_of(
            ("company", "url"),
            company=COMPANY,
            url=TEXT,
            events=list_of({"type": "string", "enum": list(webhooks.EVENTS)}),
            venues=list_of(TEXT),
        ),
    ),
)
SETTINGS: dict[str, Schema] = {
    "aiq_per_second": nullable(WHOLE)
    | {"description": "Requests a second of one key; 0 or null is no limit."},
    "aiq_holds_stock": FLAG | {"description": "Does AIQ take ordered goods off by itself?"},
    "aiq_randomized_order_number": FLAG
    | {"description": "Are shoppers' order numbers random? Else each venue counts from one number on."},
}


@blueprint.post("/orders")
def add_order() -> ResponseReturnValue:
    """Place an order."""
    asked = asking.body()
    with simulation().store.transaction():
        office, order = place_order(simulation(), asked)
        return jsonify(_shown_order(office, order)), 201


@blueprint.post("/orders/<key>/<action>")
def act_on_order(key: str, action: str) -> ResponseReturnValue:
    """Do what people do with an order."""
    if action not in ACTIONS:
        raise Missing(f"The action is one of {', '.join(ACTIONS)}.")
    asked = asking.body()
    reading.known(asked, ("by",))
    who = asked.get("by", STORE)
    if who not in BY:
        raise BadValue(f"by is one of {', '.join(BY)}.", "by")
    with simulation().store.transaction():
        office, found = find_order(simulation(), key)
        return jsonify(_shown_order(office, orders.act(office, found["id"], action, who)))


@blueprint.post("/offers")
def add_offer() -> ResponseReturnValue:
    """Make an offer."""
    asked = asking.body()
    office = simulation().office(AIQ, asked.pop("company", WORLDS[0]))
    with simulation().store.transaction():
        key = asking.text(asked, "venue", office.find("venue", limit=1)[0]["id"])
        asked.pop("venue", None)
        offer = offers.add(office, venues.standing(office, key)["id"], asked)
        return jsonify(shapes.offer(office, offer) | _company(office)), 201


@blueprint.post("/venues/<key>")
def change_venue(key: str) -> ResponseReturnValue:
    """Change a venue."""
    asked = asking.body()
    changed = {name: asking.flag(asked, name) for name in ("deleted", "medicalDispensary") if name in asked}
    reading.known(asked, changed)
    with simulation().store.transaction():
        for world in WORLDS:
            office = simulation().office(AIQ, world)
            venue = office.get("venue", key)
            if venue is not None:
                office.put("venue", key, venue | changed)
                return jsonify(venue | changed | _company(office))
        raise Missing(f"AIQ has no venue '{key}'.")


@blueprint.post("/webhooks")
def add_webhook() -> ResponseReturnValue:
    """Register a webhook."""
    asked = asking.body()
    office = simulation().office(AIQ, asking.text(asked, "company"))
    with simulation().store.transaction():
        return jsonify(webhooks.register(office, asked) | _company(office)), 201


def _shown_order(office: Office, order: Body) -> Body:
    return shapes.order(office, order) | _company(office)


def _company(office: Office) -> Body:
    return {"company": office.account.world}
