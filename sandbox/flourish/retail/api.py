"""The API's writes of customers and retail orders, and the list of discounts."""

from flask import Flask, g, jsonify, request
from flask.typing import ResponseReturnValue

from sandbox.flourish import customers
from sandbox.flourish.answers import facility_id, is_version_2, one, sent
from sandbox.flourish.retail import discounts, orders, shapes
from sandbox.flourish.retail.reading import DELIVERY, fulfilment
from sandbox.office import Office
from sandbox.store import Body

CREATE = "create_retail_order"


def add_routes(app: Flask) -> None:
    """Add the operations to the API."""
    app.add_url_rule("/customers", view_func=add_customer, methods=["POST"])
    app.add_url_rule("/customers/<key>", view_func=change_customer, methods=["PUT"])
    app.add_url_rule("/retail-orders", CREATE, create_order, methods=["POST"])
    app.add_url_rule("/retail-orders/<key>", view_func=replace_order, methods=["PUT"])
    app.add_url_rule("/retail-orders/<key>/payment", view_func=pay_order, methods=["POST"])
    app.add_url_rule("/retail-discounts", view_func=list_discounts)


def add_customer() -> ResponseReturnValue:
    """Add a retail customer."""
    customer = customers.create(g.office, sent())
    return one(customer, code=customers.code_of(customer))


def change_customer(key: str) -> ResponseReturnValue:
    """Replace what is known of a retail customer."""
    customer = customers.replace(g.office, key, sent())
    return one(customer, code=customers.code_of(customer))


def create_order() -> ResponseReturnValue:
    """Create a retail order; version 2 sends it through the discount engine."""
    office: Office = g.office
    body = sent()
    order = orders.create(office, _place(office, body), body, with_engine=is_version_2())
    return one(shapes.written(office, order))


def _place(office: Office, body: Body) -> str:
    """Return the facility that fills an order; a delivery that names none is the first one's."""
    if not request.headers.get("FacilityID") and fulfilment(body) == DELIVERY:
        return str(office.find("facility", limit=1)[0]["id"])
    return facility_id(office)


def replace_order(key: str) -> ResponseReturnValue:
    """Replace what a retail order of the facility of the header says."""
    office: Office = g.office
    return one(shapes.written(office, orders.replace(office, facility_id(office), key, sent())))


def pay_order(key: str) -> ResponseReturnValue:
    """Take a payment for a retail order."""
    office: Office = g.office
    return one(shapes.read(office, orders.pay(office, key, sent())))


def list_discounts() -> ResponseReturnValue:
    """List the shop's discounts, all of them: this list has no pages."""
    office: Office = g.office
    found = [discounts.shown(office, each) for each in office.find("discount")]
    return jsonify(message="Success", status=200, data=found)
