"""AIQ's shop: shoppers browse and order with offers, the shop's staff confirm, check in and cancel."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import AIQ, FLOURISH
from sandbox.aiq import orders, shapes, stock, venues
from sandbox.aiq.orders import SHOPPER
from sandbox.aiq.statuses import CANCEL, PENDING, PEOPLES_ACTIONS
from sandbox.aiq.terms import CURB_SIDE, DELIVERY, IN_STORE
from sandbox.console.pages import simulation
from sandbox.console.paging import LatestFirst
from sandbox.console.people import person
from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.shopping import ADDRESS, KNOWN_SHOPPER, NEW_SHOPPER, place_order
from sandbox.store import Body, equal

blueprint = Blueprint("aiq", __name__, url_prefix="/<world>/<any(shopper, shop):part>")

SHOPPERS_PART = "shopper"
STORE = "STORE"
PICK_UPS = {CURB_SIDE: "Pickup at the curb", IN_STORE: "Pickup in the store", DELIVERY: "Delivery"}
CUSTOMERS = {KNOWN_SHOPPER: "Somebody the shop knows", NEW_SHOPPER: "Somebody new"}
# Where a delivery goes to; left empty, it is a house near the venue.
ADDRESS_WORDS = dict(zip(ADDRESS, ("Street", "City", "State", "ZIP code"), strict=True))
WAYS = {"adult": "As an adult", "patient": "As a patient"}


@blueprint.get("/orders/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the organisation's orders, latest first."""
    who = person(world, part)
    office = simulation().office(AIQ, world)
    page = LatestFirst(office, "order", request.args.get("page", ""))
    names = {each["id"]: each["name"] for each in office.find("venue")}
    rows = [(shapes.order(office, order), names[order["venue"]]) for order in page.bodies]
    return render_template("aiq_orders.html", who=who, rows=rows, page=page, pick_ups=PICK_UPS)


@blueprint.get("/shelf/")
def shelf(world: str, part: str) -> ResponseReturnValue:
    """Show what a venue sells, which a shopper orders from right there."""
    who = person(world, part)
    office = simulation().office(AIQ, world)
    venue = _venue(office, request.args.get("venue", ""))
    rows = shapes.products(office, office.find("product", equal("$.venue", venue["id"])))
    return render_template(
        "aiq_shelf.html",
        who=who,
        venue=venue,
        venues=office.find("venue", equal("$.deleted", 0)),
        rows=[each for each in rows if part != SHOPPERS_PART or _is_for_sale(each)],
        offers=office.find("offer", equal("$.venue", venue["id"]), equal("$.active", 1)),
        holds=stock.holds(office),
        pick_ups=PICK_UPS,
        customers=CUSTOMERS,
        ways=WAYS,
        address=ADDRESS_WORDS,
    )


def _venue(office: Office, key: str) -> Body:
    if key:
        return venues.standing(office, key)
    found = office.first("venue", equal("$.deleted", 0))
    if found is None:
        raise BadValue("The organisation has no venue.", "venue")
    return found


def _is_for_sale(shown: dict[str, Any]) -> bool:
    return shown["price"] is not None and stock.is_shown(shown, shown["quantity"])


@blueprint.post("/orders/")
def place(world: str, part: str) -> ResponseReturnValue:
    """Place an order of what was chosen from the shelf."""
    person(world, part)
    if part != SHOPPERS_PART:
        raise BadValue("Shoppers order; the shop's staff do not.")
    form = request.form
    rows = zip(form.getlist("sku"), form.getlist("quantity"), strict=False)
    asked: Body = {
        "company": world,
        "venue": form.get("venue", ""),
        "lines": [{"sku": sku, "quantity": each} for sku, each in rows if each.strip() not in ("", "0")],
        "offers": list(dict.fromkeys(name for name in form.getlist("offer") if name)),
        "customer": form.get("customer", KNOWN_SHOPPER),
        "medical": form.get("way") == "patient",
        "pickUpType": form.get("pick_up", CURB_SIDE),
    }
    if asked["pickUpType"] == DELIVERY and form.get("street", "").strip():
        asked["deliveryAddress"] = {name: form.get(name, "").strip() or None for name in ADDRESS}
    if not asked["lines"]:
        raise BadValue("Give at least one product a quantity.", "lines")
    with simulation().store.transaction():
        _, order = place_order(simulation(), asked)
    return redirect(url_for("aiq.one", world=world, part=part, key=order["id"], placed=1), 303)


@blueprint.get("/orders/<key>")
def one(world: str, part: str, key: str) -> ResponseReturnValue:
    """Show one order."""
    who = person(world, part)
    office = simulation().office(AIQ, world)
    order = office.need("order", key)
    return render_template(
        "aiq_order.html",
        who=who,
        order=shapes.order(office, order),
        venue=office.need("venue", order["venue"]),
        actions=_actions(part, order["status"]),
        happened=order["happened"],
        pick_ups=PICK_UPS,
        in_flourish=simulation().office(FLOURISH, world).get("retail_order", order["posOrderId"]),
        placed="placed" in request.args,
    )


def _actions(part: str, status: str) -> tuple[str, ...]:
    """Return what somebody may do: a shopper takes an order back while the shop has not confirmed it."""
    if part == SHOPPERS_PART:
        return (CANCEL,) if status == PENDING else ()
    return PEOPLES_ACTIONS.get(status, ())


@blueprint.post("/orders/<key>/<action>")
def act(world: str, part: str, key: str, action: str) -> ResponseReturnValue:
    """Do with an order what a person may."""
    person(world, part)
    office = simulation().office(AIQ, world)
    with simulation().store.transaction():
        status = office.need("order", key)["status"]
        if action not in _actions(part, status):
            raise BadValue(f"An order that is {status} cannot be given a {action} here.")
        orders.act(office, key, action, SHOPPER if part == SHOPPERS_PART else STORE)
    return redirect(url_for("aiq.one", world=world, part=part, key=key), 303)
