"""What warehouse staff see and do in Flourish."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH, LEAFLINK, ORDO
from sandbox.console.pages import simulation
from sandbox.console.paging import LatestFirst
from sandbox.console.people import person
from sandbox.errors import Missing
from sandbox.flourish import shapes
from sandbox.flourish.staff import STAFF_ACTIONS, edit, open_actions
from sandbox.store import Body, equal

blueprint = Blueprint("flourish", __name__, url_prefix="/<world>/<any(warehouse):part>/orders")


@blueprint.get("/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the company's outbound orders, latest first."""
    office = simulation().office(FLOURISH, world)
    page = LatestFirst(office, "order", request.args.get("page", ""))
    rows = [shapes.order(office, order) for order in page.bodies]
    return render_template("flourish_orders.html", who=person(world, part), rows=rows, page=page)


@blueprint.get("/<order_id>")
def one(world: str, part: str, order_id: str) -> ResponseReturnValue:
    """Show one outbound order."""
    office = simulation().office(FLOURISH, world)
    order = office.need("order", order_id)
    return render_template(
        "flourish_order.html",
        who=person(world, part),
        order=shapes.order(office, order),
        actions=open_actions(order),
        in_leaflink=_found(LEAFLINK, world, "$.short_id", order),
        in_ordo=_found(ORDO, world, "$.number", order),
        terms=[each["order_payment_term"] for each in office.find("term")],
    )


def _found(platform: str, world: str, path: str, order: Body) -> Body | None:
    """Return the order of a platform that has this order's original id at a path, if there is one."""
    return simulation().office(platform, world).first("order", equal(path, order["original_order_id"]))


@blueprint.post("/<order_id>/term")
def change_term(world: str, part: str, order_id: str) -> ResponseReturnValue:
    """Change the payment term."""
    term = {"payment_term": request.form.get("payment_term") or None}
    with simulation().store.transaction():
        edit(simulation().office(FLOURISH, world), order_id, term)
    return redirect(url_for("flourish.one", world=world, part=part, order_id=order_id), 303)


@blueprint.post("/<order_id>/<action>")
def act(world: str, part: str, order_id: str, action: str) -> ResponseReturnValue:
    """Do one of the things that staff can do."""
    if action not in STAFF_ACTIONS:
        raise Missing("Staff cannot do that.")
    with simulation().store.transaction():
        STAFF_ACTIONS[action](simulation().office(FLOURISH, world), order_id)
    return redirect(url_for("flourish.one", world=world, part=part, order_id=order_id), 303)
