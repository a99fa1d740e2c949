"""Orders: what people in Ordo do with them until they are locked, and what the API does after."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from sandbox import reading
from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.ordo import statuses
from sandbox.ordo.lines import read_lines
from sandbox.ordo.refusals import Conflict
from sandbox.store import Body, equal

API = "API"
PATCHED = ("status", "external_order_id", "lines")
CASH, NET = "Cash", "Net Terms"
TERMS = (CASH, NET)
MAX_DAYS = 365


@dataclass(frozen=True)
class Draft:
    """An order as a rep drafts it.

    Args:
        customer: the customer's record.
        lines: as `lines.read_lines` returns them.
        fields: the other fields, as `read_fields` returns them.
    """

    customer: Body
    lines: list[Body]
    fields: Body = field(default_factory=dict)


def read_fields(office: Office, asked: Body) -> Body:
    """Return the fields of an order that a rep fills in freely, those that are asked for.

    Raises:
        BadValue: a value is not valid, or names a rep or a license that is not there.
    """
    return {name: read(office, asked) for name, read in READERS.items() if name in asked}


def _net_days(_office: Office, asked: Body) -> int | None:
    days = asked["net_days"]
    whole = isinstance(days, int) and not isinstance(days, bool)
    if days is not None and not (whole and 1 <= days <= MAX_DAYS):
        raise BadValue(f"net_days is a whole number from 1 to {MAX_DAYS}.", "net_days")
    return days if whole else None


def _rep(office: Office, asked: Body) -> Body | None:
    email = reading.text_or_none(asked, "sales_rep")
    if email is None:
        return None
    rep = office.first("rep", equal("$.email", email))
    if rep is None:
        raise BadValue(f"No sales rep has the e-mail '{email}'.", "sales_rep")
    return {"name": rep["name"], "email": rep["email"]}


def _seller_license(office: Office, asked: Body) -> str | None:
    number = reading.text_or_none(asked, "seller_license_number")
    if number is not None and office.first("license", equal("$.license_number", number)) is None:
        raise BadValue(f"The organisation has no license '{number}'.", "seller_license_number")
    return number


READERS: dict[str, Callable[[Office, Body], Any]] = {
    "payment_term": lambda _office, asked: reading.text(asked, "payment_term"),
    "net_days": _net_days,
    "sales_rep": _rep,
    "seller_license_number": _seller_license,
    "notes": lambda _office, asked: reading.text_or_none(asked, "notes", longest=reading.MAX_NOTES) or "",
}


def draft(office: Office, wanted: Draft, who: str) -> Body:
    """Draft an order, which is Pending until its rep confirms it.

    Args:
        office: the organisation.
        wanted: what is ordered.
        who: who drafts it.
    """
    moment = stamp()
    first = office.find("license", limit=1)
    order: Body = {
        "id": str(uuid4()),
        "number": f"ORD-{office.next_number(f'number.{office.account.world}')}",
        "status": statuses.PENDING,
        "external_order_id": None,
        "payment_term": wanted.customer["payment_term"],
        "net_days": wanted.customer["net_days"],
        "seller_license_number": first[0]["license_number"] if first else None,
        "customer": wanted.customer["id"],
        "sales_rep": None,
        "notes": "",
        "lines": wanted.lines,
        **wanted.fields,
        "paid_at": None,
        "created_at": moment,
        "happened": [],
    }
    _save(office, None, order, who, "drafted")
    return order


def edit(office: Office, key: str, changes: Body, who: str) -> Body:
    """Change an order as a person in Ordo does: while it is Pending, or Confirmed and not yet taken over.

    Args:
        office: the organisation.
        key: the order's id.
        changes: fields as `read_fields` returns them, and `lines`, and `customer`, a customer's id.
        who: who does it.

    Raises:
        Missing: there is no such order.
        Conflict: it is locked.
    """
    order = _open(office, key, "edit")
    before = copy.deepcopy(order)
    order.update(changes)
    _save(office, before, order, who, "edited")
    return order


def confirm(office: Office, key: str, who: str) -> Body:
    """Confirm an order, which hands it over.

    Raises:
        Missing: there is no such order.
        Conflict: it is not Pending.
    """
    return _move(office, key, "confirm", statuses.CONFIRMED, who)


def cancel(office: Office, key: str, who: str) -> Body:
    """Cancel an order, as a person in Ordo does while it is not locked.

    Raises:
        Missing: there is no such order.
        Conflict: it is locked.
    """
    return _move(office, key, "cancel", statuses.CANCELLED, who)


def _move(office: Office, key: str, action: str, status: str, who: str) -> Body:
    order = _open(office, key, action)
    before = copy.deepcopy(order)
    order["status"] = status
    _save(office, before, order, who, status.lower())
    return order


def _open(office: Office, key: str, action: str) -> Body:
    order = office.need("order", key)
    if action not in statuses.PEOPLES_ACTIONS.get(order["status"], ()):
        why = "locked" if statuses.is_locked(order["status"]) else "not_pending"
        raise Conflict(why, f"An order that is {order['status']} cannot be changed like this in Ordo.")
    return order


def change(office: Office, key: str, body: Body) -> Body:
    """Change an order as the API does: its status forwards, the other system's id, its lines as a whole.

    Raises:
        Missing: there is no such order.
        BadValue: a field is unknown or not valid.
        Unprocessable: a line names an item that is not there.
        Conflict: the order is still its rep's, or cancelled, or the status would go backwards.
    """
    order = office.need("order", key)
    before = copy.deepcopy(order)
    reading.known(body, PATCHED)
    if order["status"] == statuses.PENDING:
        raise Conflict("not_confirmed", "An order that is Pending is its rep's until it is confirmed.")
    if "status" in body:
        order["status"] = statuses.moved(order["status"], statuses.status(body["status"]))
    if "external_order_id" in body:
        order["external_order_id"] = reading.text_or_none(body, "external_order_id")
    if "lines" in body:
        lines = read_lines(office, body["lines"])
        if before["status"] == statuses.CANCELLED and lines != order["lines"]:
            raise Conflict("cancelled", "The lines of a cancelled order do not change.")
        order["lines"] = lines
    changed = [name for name in PATCHED if order[name] != before[name]]
    _save(office, before, order, API, f"changed {', '.join(changed)}")
    return order


def _save(office: Office, before: Body | None, order: Body, who: str, what: str) -> None:
    """Keep a changed order. A change of nothing is none."""
    if order == before:
        return
    moment = stamp()
    order["updated_at"] = moment
    if order["status"] == statuses.PAID and order["paid_at"] is None:
        order["paid_at"] = moment
    order["happened"].append({"at": moment, "who": who, "what": what, "status": order["status"]})
    office.put("order", order["id"], order)
