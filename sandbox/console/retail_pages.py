"""What a shop's staff see and do in Flourish: retail orders and customers."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import AIQ, FLOURISH
from sandbox.console.pages import simulation
from sandbox.console.paging import LatestFirst
from sandbox.console.people import person
from sandbox.errors import Missing
from sandbox.flourish.customers import DISCIPLINE
from sandbox.flourish.retail import people, shapes
from sandbox.flourish.retail.staff import RETAIL_ACTIONS, open_actions
from sandbox.flourish.retail.staff import act as act_on_order
from sandbox.store import Body, equal

blueprint = Blueprint("retail", __name__, url_prefix="/<world>/<any(counter):part>")


@blueprint.get("/orders/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the company's retail orders, latest first."""
    who = person(world, part)
    office = simulation().office(FLOURISH, world)
    page = LatestFirst(office, "retail_order", request.args.get("page", ""))
    rows = [shapes.read(office, order) for order in page.bodies]
    return render_template("retail_orders.html", who=who, rows=rows, page=page)


@blueprint.get("/orders/<order_id>")
def one(world: str, part: str, order_id: str) -> ResponseReturnValue:
    """Show one retail order."""
    who = person(world, part)
    office = simulation().office(FLOURISH, world)
    order = office.need("retail_order", order_id)
    return render_template(
        "retail_order.html",
        who=who,
        order=shapes.read(office, order) | shapes.written(office, order),
        actions=open_actions(order),
        in_aiq=_in_aiq(world, order),
    )


def _in_aiq(world: str, order: Body) -> Body | None:
    """Return AIQ's order whose number this order bears, the one that names it first if several do."""
    number = order["original_order_id"]
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    found = simulation().office(AIQ, world).find("order", equal("$.orderId", int(number)))
    return next((each for each in found if each["posOrderId"] == order["id"]), found[0] if found else None)


@blueprint.post("/orders/<order_id>/<action>")
def act(world: str, part: str, order_id: str, action: str) -> ResponseReturnValue:
    """Do one of the things that staff can do."""
    if action not in RETAIL_ACTIONS:
        raise Missing("Staff cannot do that.")
    with simulation().store.transaction():
        act_on_order(simulation().office(FLOURISH, world), order_id, action)
    return redirect(url_for("retail.one", world=world, part=part, order_id=order_id), 303)


@blueprint.get("/customers/")
def customers(world: str, part: str) -> ResponseReturnValue:
    """List the company's customers, latest first."""
    who = person(world, part)
    page = LatestFirst(simulation().office(FLOURISH, world), "customer", request.args.get("page", ""))
    return render_template("retail_customers.html", who=who, page=page)


@blueprint.get("/customers/<customer_id>")
def customer(world: str, part: str, customer_id: str) -> ResponseReturnValue:
    """Show a customer with the forms that change them."""
    who = person(world, part)
    office = simulation().office(FLOURISH, world)
    shown = office.need("customer", customer_id)
    others = [each for each in office.find("customer", equal("$.is_active", 1)) if each["id"] != customer_id]
    return render_template(
        "retail_customer.html",
        who=who,
        customer=shown,
        disciplines=DISCIPLINE,
        others=others,
        orders=office.find("retail_order", equal("$.customer_id", customer_id)),
    )


@blueprint.post("/customers/<customer_id>")
def change(world: str, part: str, customer_id: str) -> ResponseReturnValue:
    """Change a customer's discipline and whether their identity was checked."""
    asked = {
        "customer_disciplinary_status": request.form.get("discipline", DISCIPLINE[0]),
        "is_verified": "is_verified" in request.form,
    }
    return _changed(world, part, customer_id, asked)


@blueprint.post("/customers/<customer_id>/merge")
def merge(world: str, part: str, customer_id: str) -> ResponseReturnValue:
    """Merge a customer into another one."""
    return _changed(world, part, customer_id, {people.MERGED_INTO: request.form.get("kept", "")})


def _changed(world: str, part: str, customer_id: str, asked: Body) -> ResponseReturnValue:
    with simulation().store.transaction():
        people.change(simulation().office(FLOURISH, world), customer_id, asked)
    return redirect(url_for("retail.customer", world=world, part=part, customer_id=customer_id), 303)
