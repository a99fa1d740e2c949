"""Ordo orders as the control API and the console ask for them, with defaults for what is left out."""

from typing import Any

from sandbox import reading
from sandbox.accounts import FLOURISH, ORDO, WORLDS
from sandbox.errors import BadValue, Missing
from sandbox.office import Office
from sandbox.ordo import orders, statuses
from sandbox.ordo.lines import read_lines
from sandbox.ordo.orders import READERS, Draft
from sandbox.simulation import Simulation
from sandbox.store import Body, equal

KNOWN = ("company", "customer", "lines", "status", *READERS)
EDITED = ("customer", "lines", *READERS)
# What a new order may be: a draft, or one that its rep has confirmed at once.
FIRST = (statuses.PENDING, statuses.CONFIRMED)
MAX_RANDOM_LINES = 50
MAX_EACHES = 48


def draft_order(simulation: Simulation, asked: Body, who: str = "sales rep") -> tuple[Office, Body]:
    """Draft an Ordo order.

    Args:
        simulation: every platform.
        asked: `lines` (objects, or a number of random ones), and optionally `customer` (a license), `status`
            (Pending or Confirmed), `company`, and what `orders.READERS` reads.
        who: who does it.

    Raises:
        BadValue: a value is not valid.
        Unprocessable: a line names an item that is not there.
    """
    reading.known(asked, KNOWN)
    office = simulation.office(ORDO, asked.get("company", WORLDS[0]))
    status = asked.get("status", statuses.PENDING)
    if status not in FIRST:
        raise BadValue(f"status is one of {', '.join(FIRST)}.", "status")
    customer = (
        find_customer(office, asked["customer"]) if "customer" in asked else _any_customer(simulation, office)
    )
    own_rep = {} if "sales_rep" in asked else {"sales_rep": customer["sales_rep"]}
    fields = orders.read_fields(office, {**asked, **own_rep})
    if "payment_term" in fields and "net_days" not in fields:
        fields["net_days"] = None
    lines = _lines(simulation, office, asked.get("lines"))
    order = orders.draft(office, Draft(customer, lines, fields), who)
    return office, orders.confirm(office, order["id"], who) if status == statuses.CONFIRMED else order


def edit_order(simulation: Simulation, key: str, asked: Body, who: str = "sales rep") -> tuple[Office, Body]:
    """Change an Ordo order, known by id or number, as a person in Ordo does.

    Raises:
        Missing: there is no such order.
        BadValue: a value is not valid.
        Unprocessable: a line names an item that is not there.
        Conflict: the order is locked.
    """
    reading.known(asked, EDITED)
    office, order = find_order(simulation, key)
    changes = orders.read_fields(office, asked)
    if "lines" in asked:
        changes["lines"] = _lines(simulation, office, asked["lines"])
    if "customer" in asked:
        changes["customer"] = find_customer(office, asked["customer"])["id"]
    return office, orders.edit(office, order["id"], changes, who)


def find_order(simulation: Simulation, key: str) -> tuple[Office, Body]:
    """Return an order and its organisation, by id, or by number where one organisation alone has it.

    Raises:
        Missing: no organisation has it.
        BadValue: several have the number.
    """
    found = []
    for world in WORLDS:
        office = simulation.office(ORDO, world)
        order = office.get("order", key) or office.first("order", equal("$.number", key))
        if order is not None:
            found.append((office, order))
    if len(found) > 1:
        raise BadValue(f"Several organisations have an order '{key}': give the id.")
    if not found:
        raise Missing(f"No Ordo order has the id or number '{key}'.")
    return found[0]


def find_customer(office: Office, license_number: Any) -> Body:
    """Return the customer of a license.

    Raises:
        BadValue: there is none.
    """
    if not isinstance(license_number, str) or not license_number:
        raise BadValue("The customer is given by license number.", "customer")
    customer = office.first("customer", equal("$.license_number", license_number))
    if customer is None:
        raise BadValue(f"No customer has the license '{license_number}'.", "customer")
    return customer


def _any_customer(simulation: Simulation, office: Office) -> Body:
    """Return a customer whose license is one active destination's and whose rep Flourish knows, by chance."""
    flourish = simulation.office(FLOURISH, office.account.world)
    for key in _shuffled(simulation, office, "customer"):
        customer = office.need("customer", key)
        license_number, email = customer["license_number"], customer["sales_rep"]
        there = flourish.find("destination", equal("$.license_number", license_number), equal("$.active", 1))
        reps = flourish.find("sales_rep", equal("$.email", email), equal("$.active", 1))
        if license_number and len(there) == 1 and len(reps) == 1:
            return customer
    raise BadValue("No customer matches.", "customer")


def _lines(simulation: Simulation, office: Office, sent: Any) -> list[Body]:
    if isinstance(sent, int) and not isinstance(sent, bool):
        return read_lines(office, _random_lines(simulation, office, sent))
    return read_lines(office, sent)


def _random_lines(simulation: Simulation, office: Office, count: int) -> list[Body]:
    """Return lines of different items whose SKU is exactly one item's that can be ordered in Flourish."""
    if not 1 <= count <= MAX_RANDOM_LINES:
        raise BadValue(f"The number of random lines is from 1 to {MAX_RANDOM_LINES}.", "lines")
    flourish = simulation.office(FLOURISH, office.account.world)
    found: list[Body] = []
    for key in _shuffled(simulation, office, "item"):
        sku = office.need("item", key)["sku"]
        if sku not in [each["sku"] for each in found] and _can_be_filled(flourish, sku):
            found.append({"sku": sku, "quantity": simulation.random.randint(1, MAX_EACHES)})
        if len(found) == count:
            return found
    raise BadValue(f"Only {len(found)} items match.", "lines")


def _can_be_filled(flourish: Office, sku: str) -> bool:
    items = flourish.find("item", equal("$.sku", sku), limit=2)
    if len(items) != 1:
        return False
    has_its_strain = items[0]["strain_id"] is not None or not items[0]["strain_required"]
    return bool(items[0]["active"] and items[0]["uom"] == "ea" and has_its_strain)


def _shuffled(simulation: Simulation, office: Office, kind: str) -> list[str]:
    keys = office.keys(kind)
    return simulation.random.sample(keys, len(keys))
