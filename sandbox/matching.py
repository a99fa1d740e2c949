"""What both platforms agree on, so that an order placed without further words can be filled."""

from collections import Counter
from collections.abc import Iterable

from sandbox.accounts import FLOURISH, LEAFLINK
from sandbox.errors import BadValue
from sandbox.leaflink.lines import WantedLine, by_sku
from sandbox.money import decimal
from sandbox.simulation import Simulation
from sandbox.store import Body, Condition, equal

MAX_RANDOM_LINES = 50
HAS_ITS_STRAIN = Condition(
    "(json_extract(body, '$.strain_required') = 0 OR json_extract(body, '$.strain_id') IS NOT NULL)", ()
)


def _once(values: Iterable[str]) -> set[str]:
    return {value for value, count in Counter(values).items() if count == 1 and value}


def matching_skus(simulation: Simulation, world: str) -> list[str]:
    """Return the SKUs of products that are Available and have exactly one orderable item of the same SKU."""
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    listed = _once(leaflink.values("product", "$.sku", equal("$.listing_state", "Available")))
    twice = {sku for sku, count in Counter(leaflink.values("product", "$.sku")).items() if count > 1}
    items = _once(
        flourish.values("item", "$.sku", equal("$.active", 1), equal("$.uom", "ea"), HAS_ITS_STRAIN)
    )
    return sorted((listed & items) - twice)


def random_lines(simulation: Simulation, world: str, count: int) -> list[WantedLine]:
    """Return lines of different matching products, in whole cases.

    Raises:
        BadValue: the count is out of range.
    """
    if not 1 <= count <= MAX_RANDOM_LINES:
        raise BadValue(f"The number of random lines is from 1 to {MAX_RANDOM_LINES}.", "lines")
    office = simulation.office(LEAFLINK, world)
    lines = []
    for sku in simulation.random.sample(matching_skus(simulation, world), count):
        product = by_sku(office, sku)
        cases = simulation.random.randint(1, 4)
        lines.append(WantedLine(product, decimal(cases * product["unit_multiplier"], "quantity")))
    return lines


def matching_reps(simulation: Simulation, world: str) -> list[int]:
    """Return the staff whose e-mail is that of exactly one active rep of the first Flourish facility."""
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    home = flourish.find("facility", limit=1)[0]["id"]
    known = _once(email.casefold() for email in flourish.values("sales_rep", "$.email") if email)
    there = flourish.values("sales_rep", "$.email", equal("$.active", 1), equal("$.facility_id", home))
    good = known & {email.casefold() for email in there if email}
    staff = leaflink.find("staff", equal("$.is_active", 1))
    return [each["id"] for each in staff if each["email"].casefold() in good]


def matching_customer(simulation: Simulation, world: str) -> Body:
    """Return a customer whose license is a destination's and whose own rep matches, chosen by chance."""
    leaflink, flourish = simulation.office(LEAFLINK, world), simulation.office(FLOURISH, world)
    licenses = _once(flourish.values("destination", "$.license_number", equal("$.active", 1)))
    reps = set(matching_reps(simulation, world))
    own = _once(leaflink.values("customer", "$.license_number"))
    customers = [
        each
        for each in leaflink.find("customer")
        if each["license_number"] in licenses & own and reps.intersection(each["managers"])
    ]
    return simulation.random.choice(customers)
