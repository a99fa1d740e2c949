"""What the control API does in Ordo: what reps do with orders, and an admin with brands and licenses."""

from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.accounts import ORDO, WORLDS
from sandbox.control import asking
from sandbox.control.schemas import (
    ANY_OBJECT,
    COMPANY,
    TEXT,
    Operation,
    Schema,
    list_of,
    nullable,
    object_of,
)
from sandbox.control.served import simulation
from sandbox.drafting import MAX_RANDOM_LINES, draft_order, edit_order, find_order
from sandbox.errors import Missing
from sandbox.office import Office
from sandbox.ordo import orders, organisation, shapes
from sandbox.ordo.orders import MAX_DAYS, TERMS
from sandbox.ordo.statuses import ACTIONS
from sandbox.store import Body

blueprint = Blueprint("ordo", __name__, url_prefix="/ordo")

REP = "sales rep"
NUMBER_OR_TEXT: Schema = {"type": ["number", "string"]}
LINE = object_of(
    ("quantity",), sku=TEXT, item_external_id=TEXT, quantity=NUMBER_OR_TEXT, unit_price=NUMBER_OR_TEXT
)
EDIT_FIELDS: dict[str, Schema] = {
    "lines": {"oneOf": [list_of(LINE), {"type": "integer", "minimum": 1, "maximum": MAX_RANDOM_LINES}]},
    "customer": {"type": "string", "description": "A license number; by default one that Flourish knows."},
    "payment_term": {"type": "string", "description": f"{' or '.join(TERMS)}, or any other words."},
    "net_days": {"type": ["integer", "null"], "minimum": 1, "maximum": MAX_DAYS},
    "sales_rep": {"type": ["string", "null"], "description": "An e-mail; by default the customer's own rep."},
    "seller_license_number": nullable(TEXT),
    "notes": nullable(TEXT),
}
LICENSE_FIELDS: dict[str, Schema] = {
    "license_number": TEXT,
    "street1": TEXT,
    **{name: nullable(TEXT) for name in ("street2", "city", "state", "zip")},
}

OPERATIONS = (
    Operation(
        "post",
        f"/control/{ORDO}/orders",
        "Draft an Ordo order; with the status Confirmed its rep has confirmed it at once.",
        201,
        ANY_OBJECT,
        object_of(("lines",), company=COMPANY, status=TEXT, **EDIT_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{ORDO}/orders/{{key}}/{{action}}",
        f"Do what a rep does with an order of an id or number: {', '.join(ACTIONS)}; edit says what changes.",
        200,
        ANY_OBJECT,
        object_of((), **EDIT_FIELDS),
    ),
    Operation(
        "post",
        f"/control/{ORDO}/brands",
        "Add a brand to an organisation.",
        201,
        ANY_OBJECT,
        object_of(("name",), company=COMPANY, name=TEXT),
    ),
    Operation("post", f"/control/{ORDO}/brands/{{key}}", "Rename a brand.", 200, ANY_OBJECT,
        object_of(("name",), name=TEXT)),
    Operation("delete", f"/control/{ORDO}/brands/{{key}}", "Remove a brand.", 204, None),
    Operation(
        "post",
        f"/control/{ORDO}/licenses",
        "Add a license to an organisation.",
        201,
        ANY_OBJECT,
        object_of(("license_number", "street1"), company=COMPANY, **LICENSE_FIELDS),
    ),
    Operation("post", f"/control/{ORDO}/licenses/{{key}}", "Change a license.", 200, ANY_OBJECT,
        object_of((), **LICENSE_FIELDS)),
    Operation("delete", f"/control/{ORDO}/licenses/{{key}}", "Remove a license.", 204, None),
)  # fmt: skip


@blueprint.post("/orders")
def add_order() -> ResponseReturnValue:
    """Draft an order."""
    asked = asking.body()
    with simulation().store.transaction():
        office, order = draft_order(simulation(), asked)
        return jsonify(_shown_order(office, order)), 201


@blueprint.post("/orders/<key>/<action>")
def act_on_order(key: str, action: str) -> ResponseReturnValue:
    """Do what a rep does with an order."""
    if action not in ACTIONS:
        raise Missing(f"The action is one of {', '.join(ACTIONS)}.")
    asked = asking.body()
    with simulation().store.transaction():
        if action == "edit":
            office, order = edit_order(simulation(), key, asked)
        else:
            office, found = find_order(simulation(), key)
            act = orders.confirm if action == "confirm" else orders.cancel
            order = act(office, found["id"], REP)
        return jsonify(_shown_order(office, order))


@blueprint.post("/brands")
def add_brand() -> ResponseReturnValue:
    """Add a brand."""
    return _added(organisation.add_brand)


@blueprint.post("/licenses")
def add_license() -> ResponseReturnValue:
    """Add a license."""
    return _added(organisation.add_license)


def _added(add: Callable[[Office, Body], Body]) -> ResponseReturnValue:
    asked = asking.body()
    office = simulation().office(ORDO, asked.pop("company", WORLDS[0]))
    with simulation().store.transaction():
        return jsonify(add(office, asked) | _company(office)), 201


@blueprint.post("/brands/<key>")
def rename_brand(key: str) -> ResponseReturnValue:
    """Rename a brand."""
    return _changed("brand", key, organisation.rename_brand)


@blueprint.post("/licenses/<key>")
def change_license(key: str) -> ResponseReturnValue:
    """Change a license."""
    return _changed("license", key, organisation.change_license)


def _changed(kind: str, key: str, change: Callable[[Office, str, Body], Body]) -> ResponseReturnValue:
    asked = asking.body()
    with simulation().store.transaction():
        office = _office_of(kind, key)
        return jsonify(change(office, key, asked) | _company(office))


@blueprint.delete("/brands/<key>")
def remove_brand(key: str) -> ResponseReturnValue:
    """Remove a brand."""
    with simulation().store.transaction():
        organisation.remove_brand(_office_of("brand", key), key)
    return "", 204


@blueprint.delete("/licenses/<key>")
def remove_license(key: str) -> ResponseReturnValue:
    """Remove a license."""
    with simulation().store.transaction():
        organisation.remove_license(_office_of("license", key), key)
    return "", 204


def _office_of(kind: str, key: str) -> Office:
    """Return the organisation that has a record.

    Raises:
        Missing: none has it.
    """
    for office in _offices():
        if office.get(kind, key) is not None:
            return office
    raise Missing(f"Ordo has no {kind} '{key}'.")


def _offices() -> list[Office]:
    return [simulation().office(ORDO, world) for world in WORLDS]


def _shown_order(office: Office, order: Body) -> Body:
    return shapes.order(office, order) | _company(office)


def _company(office: Office) -> Body:
    return {"company": office.account.world}
