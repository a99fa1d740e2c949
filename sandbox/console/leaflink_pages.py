"""What buyers and seller staff see and do in LeafLink."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from sandbox.accounts import FLOURISH, LEAFLINK
from sandbox.console.pages import simulation
from sandbox.console.paging import LatestFirst
from sandbox.console.people import Person, person
from sandbox.errors import BadValue, Missing
from sandbox.leaflink import orders
from sandbox.leaflink.combining import combine
from sandbox.leaflink.orders import Actor
from sandbox.leaflink.shapes import line_sum
from sandbox.leaflink.statuses import COMBINABLE, Move, moves_from
from sandbox.leaflink.terms import TERMS
from sandbox.leaflink.totals import totals
from sandbox.office import Office
from sandbox.placing import change_order, place_order
from sandbox.store import Body, equal
from sandbox.worlds.mismatches import WORLDS_WITH_MISMATCHES

blueprint = Blueprint("leaflink", __name__, url_prefix="/<world>/<any(buyer, seller):part>/orders")

LINES = 5
BUYERS_ACTIONS = ("submit", "cancel")


@blueprint.get("/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the company's orders, latest first."""
    who = person(world, part)
    office = simulation().office(LEAFLINK, world)
    page = LatestFirst(office, "order", request.args.get("page", ""))
    rows = [(order, _customer(office, order), totals(order)) for order in page.bodies]
    return render_template(
        "leaflink_orders.html",
        who=who,
        rows=rows,
        page=page,
        combinable=COMBINABLE if part == "seller" else (),
        mismatches=world in WORLDS_WITH_MISMATCHES,
    )


@blueprint.get("/new")
def new(world: str, part: str) -> ResponseReturnValue:
    """Show the form of a new order."""
    office = simulation().office(LEAFLINK, world)
    return render_template(
        "leaflink_new.html",
        who=person(world, part),
        customers=office.find("customer"),
        products=office.find("product"),
        staff=office.find("staff"),
        terms=TERMS,
        lines=range(1, LINES + 1),
    )


@blueprint.post("/")
def place(world: str, part: str) -> ResponseReturnValue:
    """Place an order: chosen lines, or a number of random ones."""
    who = person(world, part)
    asked = {
        "company": world,
        "lines": _asked_lines(),
        "mismatch": "mismatch" in request.form,
        **_asked("customer", "sales_rep", "payment_term", "notes"),
    }
    with simulation().store.transaction():
        _, order = place_order(
            simulation(), asked, Actor(f"{who.company} {who.part.words}") if part != "buyer" else None
        )
    return redirect(url_for("leaflink.one", world=world, part=part, number=order["number"], placed=1), 303)


def _asked(*names: str) -> dict[str, str]:
    return {name: request.form[name].strip() for name in names if request.form.get(name, "").strip()}


def _asked_lines() -> int | list[Body]:
    random = request.form.get("random", "")
    if random.isdigit():
        return int(random)
    pairs = zip(request.form.getlist("sku"), request.form.getlist("quantity"), strict=False)
    lines: list[Body] = [
        {"sku": sku.strip(), "quantity": quantity or 1} for sku, quantity in pairs if sku.strip()
    ]
    if not lines:
        raise BadValue("Choose at least one product.", "lines")
    return lines


@blueprint.get("/<number>")
def one(world: str, part: str, number: str) -> ResponseReturnValue:
    """Show one order."""
    who = person(world, part)
    office = simulation().office(LEAFLINK, world)
    order = office.need("order", number)
    return render_template(
        "leaflink_order.html",
        who=who,
        order=order,
        customer=_customer(office, order),
        reps=[office.need("staff", each["rep"]) for each in order["sales_reps"]],
        lines=zip(order["line_items"], line_sum(order), strict=True),
        totals=totals(order),
        batches={each["id"]: each["production_batch_number"] for each in office.find("batch")},
        moves=_moves(who, order),
        events=office.find("event", equal("$.order", number)),
        elsewhere=_elsewhere(world, order),
        placed="placed" in request.args,
    )


def _customer(office: Office, order: Body) -> Body:
    return office.need("customer", order["customer"])


def _moves(who: Person, order: Body) -> list[Move]:
    """Return the steps open to this person: the buyer submits and cancels, the seller does the rest."""
    buyer = who.part.key == "buyer"
    moves = moves_from(order["status"], in_app=True)
    return [move for move in moves if (move.action in BUYERS_ACTIONS) == buyer]


def _elsewhere(world: str, order: Body) -> list[Body]:
    """Return the Flourish orders that carry this order's number."""
    return simulation().office(FLOURISH, world).find("order", equal("$.original_order_id", order["short_id"]))


@blueprint.post("/<number>/quantities")
def change_quantities(world: str, part: str, number: str) -> ResponseReturnValue:
    """Change the quantities of an order's lines; nought takes a line away."""
    office = simulation().office(LEAFLINK, world)
    order = office.need("order", number)
    lines: list[Body] = []
    for line in order["line_items"]:
        quantity = request.form.get(f"quantity-{line['id']}", line["quantity"]).strip()
        if quantity not in ("", "0"):
            sku = line["frozen_data"]["product"]["sku"]
            lines.append({"sku": sku, "quantity": quantity, **_kept(office, line)})
    if not lines:
        raise BadValue("An order keeps at least one line; cancel it instead.", "lines")
    with simulation().store.transaction():
        change_order(simulation(), number, {"lines": lines}, _actor(person(world, part)))
    return _back(world, part, number)


def _kept(office: Office, line: Body) -> Body:
    """Return what stays of a line when its quantity changes, as the lines of an order are asked for."""
    batch = None if line["batch"] is None else office.need("batch", line["batch"])["production_batch_number"]
    return {"price": line["ordered_unit_price"], "is_sample": line["is_sample"], "batch": batch}


@blueprint.post("/combine")
def combine_chosen(world: str, part: str) -> ResponseReturnValue:
    """Combine the chosen orders into a new one, which only the seller does."""
    who = person(world, part)
    if part != "seller":
        raise Missing(f"{who.part.words} cannot combine orders.")
    with simulation().store.transaction():
        order = combine(simulation().office(LEAFLINK, world), request.form.getlist("number"), _actor(who))
    return redirect(url_for("leaflink.one", world=world, part=part, number=order["number"], placed=1), 303)


@blueprint.post("/<number>/<action>")
def move(world: str, part: str, number: str, action: str) -> ResponseReturnValue:
    """Take one step that is open to this person."""
    who = person(world, part)
    office = simulation().office(LEAFLINK, world)
    if action not in [each.action for each in _moves(who, office.need("order", number))]:
        raise Missing(f"{who.part.words} cannot {action} this order now.")
    with simulation().store.transaction():
        orders.transition(office, number, action, _actor(who))
    return _back(world, part, number)


def _actor(who: Person) -> Actor:
    return Actor(f"{who.company} {who.part.words}")


def _back(world: str, part: str, number: str) -> Response:
    return redirect(url_for("leaflink.one", world=world, part=part, number=number), 303)
