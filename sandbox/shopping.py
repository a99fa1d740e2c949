"""AIQ orders as the control API and the console ask for them, with defaults for what is left out."""

from typing import Any

from sandbox import reading
from sandbox.accounts import AIQ, FLOURISH, WORLDS
from sandbox.aiq import offers, orders, stock, venues
from sandbox.aiq.orders import Wanted, read_lines
from sandbox.aiq.statuses import CONFIRM, CONFIRMED, PENDING
from sandbox.aiq.terms import CURB_SIDE, DELIVERY, PICK_UP_TYPES, word
from sandbox.clock import parse
from sandbox.errors import BadValue, Missing
from sandbox.office import Office
from sandbox.simulation import Simulation
from sandbox.store import Body, equal
from sandbox.worlds.catalogue import PEOPLE

KNOWN_SHOPPER, NEW_SHOPPER = "known", "new"
PERSON = ("firstName", "lastName", "email", "phone", "birthday", "medicalId", "medicalExpiration")
ADDRESS = ("street", "city", "administrativeArea", "postalCode")
ASKED = (
    "company", "venue", "lines", "offers", "customer", "medical", "pickUpType", "deliveryAddress", "status",
    "orderId", "duplicate_number",
)  # fmt: skip
FIRST = (PENDING, CONFIRMED)
MAX_RANDOM_LINES = 20
MAX_EACHES = 3
MAX_NUMBER = 10**12
RANDOMIZED = "aiq_randomized_order_number"
RANDOM_NUMBERS = 10_000_000, 99_999_999


def place_order(simulation: Simulation, asked: Body) -> tuple[Office, Body]:
    """Place an AIQ order.

    Args:
        simulation: every platform.
        asked: `lines` (objects of sku and quantity, or a number of random ones), and optionally `company`,
            `venue` (an id), `offers` (names), `customer` (known, new, or fields of `PERSON` that differ from
            a new one's; null for one that is missing), `medical` (a patient's order or none), `pickUpType`,
            `deliveryAddress` (null for none), `status` (PENDING or CONFIRMED), `orderId` (the number that
            the shopper is shown), `duplicate_number` (true: the number of the venue's latest order).

    Raises:
        BadValue: a value is not valid.
        Missing: there is no such venue.
        Unavailable: AIQ does not have so much left of a product.
    """
    reading.known(asked, ASKED)
    office = simulation.office(AIQ, asked.get("company", WORLDS[0]))
    status = asked.get("status", PENDING)
    if status not in FIRST:
        raise BadValue(f"status is one of {', '.join(FIRST)}.", "status")
    venue = _venue(office, asked)
    pick_up = word(asked.get("pickUpType", CURB_SIDE), "pickUpType", PICK_UP_TYPES)
    wanted = Wanted(
        venue=venue,
        lines=_lines(simulation, office, venue, asked.get("lines")),
        pick_up=pick_up,
        taken=offers.named(office, venue["id"], asked.get("offers", [])),
        fields=_person(simulation, office, asked) | {"deliveryAddress": _address(venue, pick_up, asked)},
        number=_number(simulation, office, venue["id"], asked),
    )
    order = orders.place(office, wanted)
    return office, orders.act(office, order["id"], CONFIRM, "STORE") if status == CONFIRMED else order


def find_order(simulation: Simulation, key: str) -> tuple[Office, Body]:
    """Return an order and its organisation, by id, or by number where one order alone has it.

    Raises:
        Missing: no organisation has it.
        BadValue: several orders have the number.
    """
    found: list[tuple[Office, Body]] = []
    for world in WORLDS:
        office = simulation.office(AIQ, world)
        by_id = office.get("order", key)
        number = int(key) if key.isascii() and key.isdigit() and len(key) <= len(str(MAX_NUMBER)) else None
        by_number = office.find("order", equal("$.orderId", number)) if by_id is None and number else []
        found += [(office, each) for each in ([by_id] if by_id else by_number)]
    if len(found) > 1:
        raise BadValue(f"Several orders have the number '{key}': give the id.")
    if not found:
        raise Missing(f"No AIQ order has the id or number '{key}'.")
    return found[0]


def _venue(office: Office, asked: Body) -> Body:
    if "venue" in asked:
        return venues.standing(office, reading.text(asked, "venue"))
    found = office.first("venue", equal("$.deleted", 0))
    if found is None:
        raise BadValue("The organisation has no venue.", "venue")
    return found


def _number(simulation: Simulation, office: Office, venue: str, asked: Body) -> int | None:
    """Return the number that the shopper is shown, or None for the venue's next one."""
    if asked.get("duplicate_number"):
        latest = orders.latest_number(office, venue)
        if latest is None:
            raise BadValue("The venue has no order whose number could be given again.", "duplicate_number")
        return latest
    number = asked.get("orderId")
    if number is None:
        randomized = office.store.setting(RANDOMIZED, True)
        return simulation.random.randint(*RANDOM_NUMBERS) if randomized else None
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MAX_NUMBER:
        raise BadValue(f"orderId is a whole number from 1 to {MAX_NUMBER}.", "orderId")
    return number


def _person(simulation: Simulation, office: Office, asked: Body) -> Body:
    """Return the fields of an order that say whose it is."""
    sent, medical = asked.get("customer", KNOWN_SHOPPER), asked.get("medical")
    if medical is not None and not isinstance(medical, bool):
        raise BadValue("medical is true or false.", "medical")
    if sent == KNOWN_SHOPPER:
        person = _known(simulation, office, medical)
    elif sent == NEW_SHOPPER or isinstance(sent, dict):
        person = _new(office, medical) | (_told(sent) if isinstance(sent, dict) else {})
    else:
        raise BadValue(f"customer is {KNOWN_SHOPPER}, {NEW_SHOPPER} or an object.", "customer")
    if medical is False:
        person |= {"medicalId": None, "medicalExpiration": None}
    year, month, day = (person["birthday"] or "--").split("-")
    return {
        **person,
        "name": " ".join(part for part in (person["firstName"], person["lastName"]) if part) or None,
        "birthdayYear": int(year) if year else None,
        "birthdayMonth": int(month) if month else None,
        "birthdayDay": int(day) if day else None,
    }


def _known(simulation: Simulation, office: Office, medical: bool | None) -> Body:
    """Return one of the shoppers that the world knows; a patient where the order is to be one's."""
    users = [each for each in office.find("user") if each["medicalId"] or not medical]
    user = simulation.random.choice(users)
    expires = "2027-12-31" if user["medicalId"] else None
    return {name: user.get(name) for name in PERSON} | {"user": user["id"], "medicalExpiration": expires}


def _new(office: Office, medical: bool | None) -> Body:
    """Return somebody whom nobody knows, another one each time."""
    place = office.next_number("guest")
    first, last = PEOPLE[place % len(PEOPLE)][0], PEOPLE[place // len(PEOPLE) % len(PEOPLE)][1]
    return {
        "firstName": first, "lastName": last, "email": f"{first}.{last}.{place}@guests.example".lower(),
        "phone": f"415556{place % 10_000:04d}", "birthday": "1991-04-17", "user": None,
        "medicalId": f"MMJ-N-{place}" if medical else None,
        "medicalExpiration": "2027-12-31" if medical else None,
    }  # fmt: skip


def _told(sent: Body) -> Body:
    """Return what is said of a person: texts, or null for what is missing."""
    reading.known(sent, PERSON)
    told = {name: reading.text_or_none(sent, name) for name in sent}
    for name in ("birthday", "medicalExpiration"):
        if told.get(name):
            told[name] = _date(name, told[name] or "")
    return told


def _date(name: str, text: str) -> str:
    try:
        return parse(text).date().isoformat()
    except BadValue as error:
        raise BadValue(f"{name} is a date, as 1991-04-17.", name) from error


def _address(venue: Body, pick_up: str, asked: Body) -> Body | None:
    """Return where a delivery goes to: what is said, else a house near the venue."""
    if "deliveryAddress" in asked:
        sent = asked["deliveryAddress"]
        if sent is not None and not isinstance(sent, dict):
            raise BadValue("deliveryAddress is an object, or null.", "deliveryAddress")
        if sent is None:
            return None
        reading.known(sent, ADDRESS)
        return {name: reading.text_or_none(sent, name) for name in ADDRESS}
    if pick_up != DELIVERY:
        return None
    near = venue["address"]
    return {"street": "12 Fern Court"} | {name: near[name] for name in ADDRESS[1:]}


def _lines(simulation: Simulation, office: Office, venue: Body, sent: Any) -> list[Body]:
    if isinstance(sent, int) and not isinstance(sent, bool):
        return read_lines(office, venue["id"], _random_lines(simulation, office, venue, sent))
    return read_lines(office, venue["id"], sent)


def _random_lines(simulation: Simulation, office: Office, venue: Body, count: int) -> list[Body]:
    """Return lines of different products that are there and that Flourish sells under the same SKU."""
    if not 1 <= count <= MAX_RANDOM_LINES:
        raise BadValue(f"The number of random lines is from 1 to {MAX_RANDOM_LINES}.", "lines")
    flourish = simulation.office(FLOURISH, office.account.world)
    held = stock.held(office, venue["id"])
    there = office.find("product", equal("$.venue", venue["id"]))
    found: list[Body] = []
    for product in simulation.random.sample(there, len(there)):
        left = stock.left(product, held)
        if stock.is_shown(product, left) and _can_be_sold(flourish, product):
            quantity = simulation.random.randint(1, min(MAX_EACHES, int(left)))
            found.append({"sku": product["sku"], "quantity": quantity})
        if len(found) == count:
            return found
    raise BadValue(f"Only {len(found)} products match.", "lines")


def _can_be_sold(flourish: Office, product: Body) -> bool:
    items = flourish.find("item", equal("$.sku", product["sku"]), limit=2)
    return product["price"] is not None and len(items) == 1 and bool(items[0]["active"])
