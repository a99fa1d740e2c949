"""What the control API does in LeafLink: orders and products with the app's freedom, and API keys."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from sandbox.accounts import LEAFLINK, WORLDS
from sandbox.control import asking
from sandbox.control.served import simulation
from sandbox.errors import BadValue, Missing
from sandbox.leaflink import keys, orders, products, shapes
from sandbox.leaflink.combining import combine
from sandbox.leaflink.orders import Actor
from sandbox.leaflink.product_fields import READERS
from sandbox.leaflink.statuses import APP_ACTIONS
from sandbox.office import Office
from sandbox.placing import change_order, find_customer, find_order, find_rep, place_order
from sandbox.store import Body, equal

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


@blueprint.post("/customers/<license_number>")
def edit_customer(license_number: str) -> ResponseReturnValue:
    """Change who a customer's default sales reps are."""
    asked = asking.body()
    emails = asked.get("sales_reps")
    if not isinstance(emails, list):
        raise BadValue("'sales_reps' is a list of e-mails.", "sales_reps")
    with simulation().store.transaction():
        office = simulation().office(LEAFLINK, asking.text(asked, "company", WORLDS[0]))
        customer = find_customer(office, license_number)
        changed = customer | {"managers": [find_rep(office, email) for email in emails]}
        office.put("customer", customer["id"], changed)
        return jsonify(shapes.dated(office, changed) | {"company": office.account.world})


@blueprint.post("/products")
def add_product() -> ResponseReturnValue:
    """Make a product: as another one of the company is, but for what is said."""
    asked = asking.body()
    with simulation().store.transaction():
        office, like = _found_product(asked, asking.text(asked, "like"))
        product = products.create_like(office, like, _known(asked, "like"))
        return jsonify(_shown_product(office, product)), 201


@blueprint.post("/products/<key>")
def edit_product(key: str) -> ResponseReturnValue:
    """Change a product, by SKU or id, as a person in the app or another program would."""
    asked = asking.body()
    with simulation().store.transaction():
        office, product = _found_product(asked, key)
        return jsonify(_shown_product(office, products.change(office, product["id"], _known(asked))))


def _known(asked: Body, *others: str) -> Body:
    """Return the fields of a product that are asked for.

    Raises:
        BadValue: one is unknown.
    """
    fields = {name: value for name, value in asked.items() if name not in others}
    unknown = sorted(fields.keys() - READERS.keys())
    if unknown:
        raise BadValue(f"Unknown field: {unknown[0]}.", unknown[0])
    return fields


def _found_product(asked: Body, key: str) -> tuple[Office, Body]:
    """Return the product of an id or a SKU, and its company, which `asked` may name and then leaves it out.

    Raises:
        Missing: no company has it.
        BadValue: one company has several of the SKU.
    """
    worlds = (asked.pop("company"),) if "company" in asked else WORLDS
    for office in (simulation().office(LEAFLINK, world) for world in worlds):
        record = office.get("product", key)
        found = [record] if record is not None else office.find("product", equal("$.sku", key), limit=2)
        if len(found) > 1:
            raise BadValue(f"There are several of '{key}' in {office.account.world}: give the id.")
        if found:
            return office, found[0]
    raise Missing(f"LeafLink has no product '{key}'.")


def _shown_product(office: Office, product: Body) -> Body:
    return shapes.product(office, product) | {"company": office.account.world}


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
