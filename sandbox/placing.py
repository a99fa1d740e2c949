"""LeafLink orders as the control API and the console ask for them, with defaults for what is left out."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.accounts import LEAFLINK, WORLDS
from sandbox.errors import BadValue, Missing
from sandbox.leaflink import orders
from sandbox.leaflink.fields import APP_READERS
from sandbox.leaflink.lines import WantedLine, read_lines
from sandbox.leaflink.orders import Actor, Rework, Wanted
from sandbox.leaflink.statuses import status as read_status
from sandbox.matching import matching_customer, matching_reps, random_lines, random_mismatch
from sandbox.office import Office
from sandbox.simulation import Simulation
from sandbox.store import Body, Condition, equal

DEFAULT_WORLD = "greenleaf"
KNOWN = {
    "lines",
    "customer",
    "sales_rep",
    "status",
    "company",
    "is_sample",
    "mismatch",
    "external_ids",
    *APP_READERS,
}


def place_order(simulation: Simulation, asked: Body, actor: Actor | None = None) -> tuple[Office, Body]:
    """Place a LeafLink order.

    Args:
        simulation: both platforms.
        asked: `lines` (objects with sku and quantity, or a number of random ones), and optionally `customer`
            (a license), `sales_rep` (an e-mail, or null for none), `status`, `company`, fields of an order,
            `mismatch` (true: something that does not match takes the place of something).
        actor: who places it; the buyer, unless given.

    Raises:
        BadValue: a value is not valid.
    """
    refuse_unknown(asked)
    world = asked.get("company", DEFAULT_WORLD)
    office = simulation.office(LEAFLINK, world)
    customer = (
        find_customer(office, asked["customer"])
        if "customer" in asked
        else matching_customer(simulation, world)
    )
    wanted = Wanted(
        customer=customer,
        lines=_lines(simulation, office, asked),
        status=_status(asked.get("status", "Submitted")),
        reps=_reps(simulation, office, asked, customer),
        fields={
            name: value for name, value in asked.items() if name in APP_READERS or name == "external_ids"
        },
    )
    if asked.get("mismatch"):
        wanted = _mismatched(simulation, world, wanted)
    return office, orders.place(office, wanted, actor or Actor(f"{wanted.customer['dba']} buyer"))


def _mismatched(simulation: Simulation, world: str, wanted: Wanted) -> Wanted:
    """Put into an order a product, a customer or a rep that Flourish knows otherwise, or not."""
    kind, thing = random_mismatch(simulation, world)
    if kind == "product":
        line = WantedLine(thing, Decimal(thing["unit_multiplier"]))
        return replace(wanted, lines=[*wanted.lines[:-1], line])
    return replace(wanted, customer=thing) if kind == "customer" else replace(wanted, reps=[thing["id"]])


def change_order(
    simulation: Simulation, number: str, asked: Body, actor: Actor | None = None
) -> tuple[Office, Body]:
    """Change a LeafLink order, known by its number or short id in any company.

    Args:
        simulation: both platforms.
        number: the order's number or short id.
        asked: what to change, by the names that `place_order` takes.
        actor: who changes it.

    Raises:
        Missing: there is no such order.
        BadValue: a value is not valid.
    """
    refuse_unknown(asked)
    office, order = find_order(simulation, number)
    changes = Rework(
        customer=find_customer(office, asked["customer"]) if "customer" in asked else None,
        lines=_lines(simulation, office, asked) if "lines" in asked else None,
        status=_status(asked["status"]) if "status" in asked else None,
        reps=_reps(simulation, office, asked, None) if "sales_rep" in asked else None,
        fields={
            name: value for name, value in asked.items() if name in APP_READERS or name == "external_ids"
        },
    )
    return office, orders.rework(office, order["number"], changes, actor or Actor("staff"))


def find_order(simulation: Simulation, number: str) -> tuple[Office, Body]:
    """Return an order and its seller's office, by number or short id.

    Raises:
        Missing: no company has it.
    """
    for world in WORLDS:
        office = simulation.office(LEAFLINK, world)
        order = office.get("order", number) or office.first("order", equal("$.short_id", number))
        if order is not None:
            return office, order
    raise Missing(f"No LeafLink order has the number '{number}'.")


def refuse_unknown(asked: Body) -> None:
    """Refuse names that mean nothing, so that a misspelt one is not lost."""
    unknown = sorted(set(asked) - KNOWN)
    if unknown:
        raise BadValue(f"Unknown field: {', '.join(unknown)}.", unknown[0])


def find_customer(office: Office, license_number: Any) -> Body:
    """Return the customer of a license as LeafLink has it, label and all, or of the number alone.

    Raises:
        BadValue: there is none.
    """
    if not isinstance(license_number, str) or not license_number:
        raise BadValue("The customer is given by license number.", "customer")
    exact = office.first("customer", equal("$.license_number", license_number))
    labelled = Condition("json_extract(body, '$.license_number') LIKE ? || ' %'", (license_number,))
    customer = exact or office.first("customer", labelled)
    if customer is None:
        raise BadValue(f"No customer has the license '{license_number}'.", "customer")
    return customer


def _lines(simulation: Simulation, office: Office, asked: Body) -> list[WantedLine]:
    lines = asked.get("lines")
    if isinstance(lines, int) and not isinstance(lines, bool):
        return random_lines(simulation, office.account.world, lines)
    return read_lines(office, lines)


def _status(value: Any) -> str:
    if not isinstance(value, str):
        raise BadValue("The status is a text.", "status")
    return read_status(value)


def _reps(simulation: Simulation, office: Office, asked: Body, customer: Body | None) -> list[int]:
    """Return the asked rep, none when null was asked for, else the customer's own rep if that one matches."""
    if "sales_rep" in asked:
        return [] if asked["sales_rep"] is None else [find_rep(office, asked["sales_rep"])]
    good = matching_reps(simulation, office.account.world)
    own = [rep for rep in (customer["managers"] if customer else []) if rep in good]
    return own[:1] or good[:1]


def find_rep(office: Office, email: Any) -> int:
    """Return the id of one of the seller's staff, by e-mail.

    Raises:
        BadValue: there is none.
    """
    if not isinstance(email, str):
        raise BadValue("The sales rep is given by e-mail.", "sales_rep")
    by_email = Condition("lower(json_extract(body, '$.email')) = lower(?)", (email,))
    staff = office.first("staff", by_email)
    if staff is None:
        raise BadValue(f"No one on the staff has the e-mail '{email}'.", "sales_rep")
    return int(staff["id"])
