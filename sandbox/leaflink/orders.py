"""Orders: placing and changing them. Every change is saved, moves stock, is logged and is announced."""

import copy
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.leaflink import inventory, statuses, webhooks
from sandbox.leaflink.fields import APP_READERS, READERS, change_fields
from sandbox.leaflink.lines import WantedLine, make_lines
from sandbox.leaflink.stock import settle
from sandbox.leaflink.terms import term
from sandbox.office import Office
from sandbox.store import Body

# One order in this many is announced as created again when it is accepted, as was seen in the real service.
EVERY_CREATED_TWICE = 4

NEW: dict[str, Any] = {
    "external_id_seller": None, "external_id_buyer": None, "ext_acct_id": None, "brand": None,
    "discount": "0", "discount_type": "$", "tax_amount": "0", "shipping_charge": "0.00", "method": 1,
    "payment_due_date": None, "paid": False, "paid_date": None, "ship_date": None, "shipping_details": None,
    "notes": "", "internal_notes": None, "delivery_preferences": None, "classification": "Adult Use",
    "delivery_provider": None, "order_taxes": [], "delivery_info": None, "is_combination": False,
    "llf_payment_method": False, "credits": "0.00", "facility_id": None, "distributor": "",
    "external_ids": {}, "announced": False,
}  # fmt: skip


APP = "app"


@dataclass(frozen=True)
class Actor:
    """Who does something: a person in the app, or the API in a key's name."""

    name: str
    source: str = APP


@dataclass(frozen=True)
class Wanted:
    """An order as it is to be placed.

    Args:
        customer: the customer's record.
        lines: what and how much.
        status: Draft, Submitted, or any other that the app could have brought it to.
        reps: ids of staff.
        fields: other fields, by the names of `fields.APP_READERS`.
    """

    customer: Body
    lines: list[WantedLine]
    status: str
    reps: list[int]
    fields: dict[str, Any]


def place(office: Office, wanted: Wanted, actor: Actor, *, is_combination: bool = False) -> Body:
    """Place an order and return its record.

    Args:
        office: the seller.
        wanted: what to place.
        actor: who places it.
        is_combination: whether it takes the place of others.

    Raises:
        BadValue: a line or a field is not valid.
    """
    number = str(uuid4())
    moment = stamp()
    order: Body = {
        "number": number,
        "short_id": number[-8:],
        "id": office.next_number("order"),
        **copy.deepcopy(NEW),
        "is_combination": is_combination,
        "manual": actor.source != APP,
        "created_on": moment,
        "modified": moment,
        "user": actor.name,
        "buyer": wanted.customer["partner"],
        "customer": wanted.customer["id"],
        "status": wanted.status,
        "term": _customer_term(wanted.customer),
        "line_items": make_lines(office, wanted.lines),
        "sales_reps": [],
    }
    change_fields(order, wanted.fields, APP_READERS)
    set_reps(office, order, wanted.reps)
    save(office, None, order, actor, "created")
    return order


def _customer_term(customer: Body) -> str | None:
    chosen = term(customer["payment_term"])
    return chosen.code if chosen else None


def set_reps(office: Office, order: Body, reps: list[int]) -> None:
    """Assign the order's sales reps; who stays keeps the assignment's id.

    Raises:
        BadValue: a rep is not on the seller's staff.
    """
    present = {each["rep"]: each for each in order["sales_reps"]}
    for rep in reps:
        if office.get("staff", rep) is None:
            raise BadValue(f'Invalid pk "{rep}" - object does not exist.', "sales_reps")
    order["sales_reps"] = [
        present.get(rep) or {"id": office.next_number("order_rep"), "rep": rep, "created_on": stamp()}
        for rep in reps
    ]


def change(office: Office, number: str, fields: dict[str, Any], actor: Actor) -> Body:
    """Change an order's own fields, as PATCH and the app do.

    Raises:
        Missing: there is no such order.
        BadValue: a value is not valid.
    """
    order = office.need("order", number)
    before = copy.deepcopy(order)
    change_fields(order, fields, READERS)
    save(office, before, order, actor, "edited")
    return order


@dataclass(frozen=True)
class Rework:
    """What the app changes on an order; None leaves a part as it is."""

    customer: Body | None = None
    lines: list[WantedLine] | None = None
    status: str | None = None
    reps: list[int] | None = None
    fields: dict[str, Any] | None = None


def rework(office: Office, number: str, changes: Rework, actor: Actor) -> Body:
    """Change anything of an order at once, with the app's freedom: any status, backwards too.

    Raises:
        Missing: there is no such order.
        BadValue: a value is not valid.
    """
    order = office.need("order", number)
    before = copy.deepcopy(order)
    if changes.customer is not None:
        order["customer"], order["buyer"] = changes.customer["id"], changes.customer["partner"]
    if changes.lines is not None:
        order["line_items"] = make_lines(office, changes.lines, order["line_items"])
    if changes.reps is not None:
        set_reps(office, order, changes.reps)
    change_fields(order, changes.fields or {}, APP_READERS)
    order["status"] = changes.status or order["status"]
    save(office, before, order, actor, _event(before, order))
    return order


def _event(before: Body, order: Body) -> str:
    if order["status"] != before["status"]:
        return statuses.event(before["status"], order["status"])
    return "rep_edited" if order["sales_reps"] != before["sales_reps"] else "edited"


def transition(office: Office, number: str, action: str, actor: Actor) -> Body:
    """Take one step of the status machine; in the app it has a step more than in the API.

    Raises:
        Missing: there is no such order.
        BadValue: the step is not open in the order's status.
    """
    order = office.need("order", number)
    in_app = actor.source == APP
    if action not in (statuses.APP_ACTIONS if in_app else statuses.ACTIONS):
        raise BadValue(f"'{action}' is not a transition.")
    before = copy.deepcopy(order)
    order["status"] = statuses.after(order["status"], action, in_app=in_app)
    save(office, before, order, actor, _event(before, order))
    return order


def save(office: Office, before: Body | None, order: Body, actor: Actor, event: str) -> None:
    """Keep a changed order: record, stock, event log, webhooks. A change of nothing is none.

    Args:
        office: the seller.
        before: the order as it was, or None when it is new.
        order: as it is to be.
        actor: who did it.
        event: an event type of LeafLink's log.
    """
    if order == before:
        return
    order["modified"] = stamp()
    order["user"] = actor.name
    products = settle(office, before, order)
    inventory.settle(office, before, order)
    action = _webhook_action(before, order)
    order["announced"] = order["announced"] or action is not None
    office.put("order", order["number"], order)
    _log(office, before, order, actor, event)
    if action is not None:
        webhooks.announce_order(office, order, action)
    lines = [line["product"] for line in order["line_items"]]
    for product in products:
        for _ in range(max(1, lines.count(product["id"]))):
            webhooks.announce_product(office, product)


def _webhook_action(before: Body | None, order: Body) -> str | None:
    if order["status"] == "Draft":
        return None
    if not order["announced"]:
        return "create"
    accepted = before is not None and before["status"] == "Submitted" and order["status"] == "Accepted"
    twice = accepted and order["id"] % EVERY_CREATED_TWICE == 0
    return "create" if twice else "edit"


def _log(office: Office, before: Body | None, order: Body, actor: Actor, event: str) -> None:
    number = office.next_number("event")
    old = before or {}
    changed = {
        name: [old.get(name), value]
        for name, value in order.items()
        if before is not None and value != old.get(name) and name not in ("modified", "user", "announced")
    }
    office.put("event", number, {
        "id": number, "order": order["number"], "author_name": actor.name, "by": actor.name,
        "event_type": event, "description": None, "changed_fields": changed, "source": actor.source,
        "source_detail": "Marketplace V2 API" if actor.source == "api" else "Marketplace",
        "timestamp": order["modified"], "created_on": order["modified"], "modified": order["modified"],
    })  # fmt: skip
