"""What reps see and do in Ordo: draft orders, edit and confirm them, and watch what becomes of them."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.accounts import FLOURISH, ORDO
from sandbox.console.pages import simulation
from sandbox.console.paging import LatestFirst
from sandbox.console.people import Person, person
from sandbox.drafting import draft_order, edit_order
from sandbox.errors import BadValue
from sandbox.ordo import orders, shapes
from sandbox.ordo.orders import TERMS
from sandbox.ordo.statuses import CANCELLED, DELIVERED, PAID, PEOPLES_ACTIONS, is_locked
from sandbox.store import Body, equal

blueprint = Blueprint("ordo", __name__, url_prefix="/<world>/<any(rep):part>/orders")

LINES = 5
# Ordo's board has a column "Collect Payment"; an order in any other status owes nothing yet.
PAYMENTS = {DELIVERED: "to collect", CANCELLED: "none"}
NOT_DUE = "not yet due"


@blueprint.get("/")
def listing(world: str, part: str) -> ResponseReturnValue:
    """List the organisation's orders, latest first."""
    who = person(world, part)
    office = simulation().office(ORDO, world)
    page = LatestFirst(office, "order", request.args.get("page", ""))
    rows = [(shapes.order(office, order), _payment(order)) for order in page.bodies]
    return render_template("ordo_orders.html", who=who, rows=rows, page=page)


def _payment(order: Body) -> str:
    if order["status"] == PAID:
        return f"paid {order['paid_at'][:10]}"
    return PAYMENTS.get(order["status"], NOT_DUE)


@blueprint.get("/new")
def new(world: str, part: str) -> ResponseReturnValue:
    """Show the form of a new order."""
    office = simulation().office(ORDO, world)
    return render_template(
        "ordo_new.html",
        who=person(world, part),
        customers=office.find("customer"),
        items=office.find("item"),
        reps=office.find("rep"),
        terms=TERMS,
        lines=range(1, LINES + 1),
    )


@blueprint.post("/")
def draft(world: str, part: str) -> ResponseReturnValue:
    """Draft an order: chosen lines, or a number of random ones."""
    random = request.form.get("random", "")
    lines = int(random) if random.isascii() and random.isdigit() else _asked_lines()
    names = ("customer", "sales_rep", "payment_term", "notes")
    given = {name: value for name in names if (value := request.form.get(name, "").strip())}
    asked = {"company": world, "lines": lines, **given, **_days()}
    with simulation().store.transaction():
        _, order = draft_order(simulation(), asked, _name(person(world, part)))
    return redirect(url_for("ordo.one", world=world, part=part, key=order["id"], drafted=1), 303)


def _asked_lines() -> list[Body]:
    """Return the lines of a form: a row each of SKU, quantity and, where it is asked for, price."""
    prices = request.form.getlist("unit_price")
    rows = zip(request.form.getlist("sku"), request.form.getlist("quantity"), strict=False)
    lines: list[Body] = []
    for place, (sku, quantity) in enumerate(rows):
        if sku.strip() and quantity.strip() not in ("", "0"):
            price = prices[place].strip() if place < len(prices) else ""
            lines.append(
                {"sku": sku.strip(), "quantity": quantity} | ({"unit_price": price} if price else {})
            )
    if not lines:
        raise BadValue("An order has at least one line; cancel it instead.", "lines")
    return lines


def _days() -> dict[str, Any]:
    text = request.form.get("net_days", "").strip()
    if not text:
        return {}
    return {"net_days": int(text) if text.isascii() and text.isdigit() and len(text) < 9 else text}


@blueprint.get("/<key>")
def one(world: str, part: str, key: str) -> ResponseReturnValue:
    """Show one order, with the form that changes it while it is not locked."""
    office = simulation().office(ORDO, world)
    order = office.need("order", key)
    number = equal("$.original_order_id", order["number"])
    return render_template(
        "ordo_order.html",
        who=person(world, part),
        order=shapes.order(office, order),
        payment=_payment(order),
        sums=[shapes.line_total(each) for each in order["lines"]],
        actions=PEOPLES_ACTIONS.get(order["status"], ()),
        handed_over=is_locked(order["status"]) and order["status"] != CANCELLED,
        happened=order["happened"],
        items=office.find("item"),
        terms=TERMS,
        elsewhere=simulation().office(FLOURISH, world).find("order", number),
        drafted="drafted" in request.args,
    )


@blueprint.post("/<key>/edit")
def edit(world: str, part: str, key: str) -> ResponseReturnValue:
    """Change an order's lines, term and notes; a quantity of nought takes a line away."""
    asked: Body = {
        "lines": _asked_lines(),
        "payment_term": request.form.get("payment_term", ""),
        "notes": request.form.get("notes", ""),
        "net_days": None,
        **_days(),
    }
    with simulation().store.transaction():
        edit_order(simulation(), key, asked, _name(person(world, part)))
    return redirect(url_for("ordo.one", world=world, part=part, key=key), 303)


@blueprint.post("/<key>/<any(confirm, cancel):action>")
def move(world: str, part: str, key: str, action: str) -> ResponseReturnValue:
    """Confirm or cancel an order."""
    act = orders.confirm if action == "confirm" else orders.cancel
    who = _name(person(world, part))
    with simulation().store.transaction():
        act(simulation().office(ORDO, world), key, who)
    return redirect(url_for("ordo.one", world=world, part=part, key=key), 303)


def _name(who: Person) -> str:
    return f"{who.company} {who.part.words}"
