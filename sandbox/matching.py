"""What both platforms agree on, so that an order placed without further words can be filled."""

from collections import Counter
from decimal import Decimal

from sandbox.accounts import FLOURISH, LEAFLINK
from sandbox.errors import BadValue
from sandbox.leaflink.lines import WantedLine
from sandbox.office import Office
from sandbox.simulation import Simulation
from sandbox.store import Body, equal

MAX_RANDOM_LINES = 50
MAX_CASES = 4


def random_lines(simulation: Simulation, world: str, count: int) -> list[WantedLine]:
    """Return lines of different matching products, in whole cases.

    Raises:
        BadValue: the count is out of range.
    """
    if not 1 <= count <= MAX_RANDOM_LINES:
        raise BadValue(f"The number of random lines is from 1 to {MAX_RANDOM_LINES}.", "lines")
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    lines: list[WantedLine] = []
    for key in _shuffled(simulation, leaflink.keys("product")):
        product = leaflink.need("product", key)
        if _can_be_filled(leaflink, flourish, product):
            cases = simulation.random.randint(1, MAX_CASES)
            lines.append(WantedLine(product, Decimal(cases * product["unit_multiplier"])))
        if len(lines) == count:
            return lines
    raise BadValue(f"Only {len(lines)} products match.", "lines")


def _shuffled(simulation: Simulation, keys: list[str]) -> list[str]:
    return simulation.random.sample(keys, len(keys))


def _can_be_filled(leaflink: Office, flourish: Office, product: Body) -> bool:
    """Return whether a product is Available and exactly one orderable item has its SKU."""
    same_sku = equal("$.sku", product["sku"])
    items = flourish.find("item", same_sku, limit=2)
    if product["listing_state"] != "Available" or len(items) != 1 or leaflink.count("product", same_sku) != 1:
        return False
    has_its_strain = items[0]["strain_id"] is not None or not items[0]["strain_required"]
    return bool(items[0]["active"] and items[0]["uom"] == "ea" and has_its_strain)


def matching_reps(simulation: Simulation, world: str) -> list[int]:
    """Return the staff whose e-mail is that of exactly one active rep of the first Flourish facility."""
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    home = flourish.find("facility", limit=1)[0]["id"]
    reps = [rep for rep in flourish.find("sales_rep") if rep["email"]]
    count = Counter(rep["email"].casefold() for rep in reps)
    there = {rep["email"].casefold() for rep in reps if rep["active"] and rep["facility_id"] == home}
    good = {email for email in there if count[email] == 1}
    return [
        staff["id"]
        for staff in leaflink.find("staff")
        if staff["is_active"] and staff["email"].casefold() in good
    ]


def matching_customer(simulation: Simulation, world: str) -> Body:
    """Return a customer whose license is one destination's and whose own rep matches, chosen by chance.

    Raises:
        BadValue: there is none.
    """
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    reps = set(matching_reps(simulation, world))
    for key in _shuffled(simulation, leaflink.keys("customer")):
        customer = leaflink.need("customer", key)
        same_license = equal("$.license_number", customer["license_number"])
        known = customer["license_number"] and flourish.count("destination", same_license) == 1
        if (
            known
            and leaflink.count("customer", same_license) == 1
            and reps.intersection(customer["managers"])
        ):
            return customer
    raise BadValue("No customer matches.", "customer")


def random_mismatch(simulation: Simulation, world: str) -> tuple[str, Body]:
    """Return something that both platforms do not agree on, chosen by chance: first its kind, then the thing.

    Args:
        simulation: both platforms.
        world: whose data.

    Returns:
        product, customer or staff, and LeafLink's record.

    Raises:
        BadValue: everything matches.
    """
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    known = {_letters(each["license_number"]) for each in flourish.find("destination")}
    kinds = {
        "product": [each for each in leaflink.find("product") if _cannot_be_filled(leaflink, flourish, each)],
        "customer": [each for each in leaflink.find("customer") if _differs(flourish, each, known)],
        "staff": _unmatched_staff(leaflink, flourish),
    }
    found = [
        (kind, thing)
        for kind, things in kinds.items()
        if things
        for thing in [simulation.random.choice(things)]
    ]
    if not found:
        raise BadValue(f"Everything matches in {world}.", "mismatch")
    return simulation.random.choice(found)


def _cannot_be_filled(leaflink: Office, flourish: Office, product: Body) -> bool:
    """Return whether a product that can be ordered in LeafLink cannot be in Flourish."""
    return product["listing_state"] == "Available" and not _can_be_filled(leaflink, flourish, product)


def _differs(flourish: Office, customer: Body, known: set[str]) -> bool:
    """Return whether a customer lacks license or address, or has a license that only resembles one."""
    license_number = customer["license_number"]
    if not license_number or not customer["address"]:
        return True
    if flourish.first("destination", equal("$.license_number", license_number)) is not None:
        return False
    return any(each and _letters(license_number).startswith(each) for each in known)


def _letters(license_number: str | None) -> str:
    return "".join(each for each in (license_number or "").casefold() if each.isalnum())


def _unmatched_staff(leaflink: Office, flourish: Office) -> list[Body]:
    """Return the staff whose e-mail is not that of exactly one active rep with a facility."""
    reps = [rep for rep in flourish.find("sales_rep") if rep["email"]]
    count = Counter(rep["email"].casefold() for rep in reps)
    good = {rep["email"].casefold() for rep in reps if rep["active"] and rep["facility_id"]}
    return [
        staff
        for staff in leaflink.find("staff")
        if staff["is_active"]
        and not (staff["email"].casefold() in good and count[staff["email"].casefold()] == 1)
    ]
