"""Retail customers: found by patient id, phone or e-mail, created with an e-mail that is nobody else's.

They are the company's, whatever facility. The sentences of refusals are assumed. A customer that is merged
into another becomes inactive, its status Merged, its e-mail and patient id end in `-INACTIVE-` and its id,
and its orders are the kept one's (external API).
"""

from collections.abc import Callable
from typing import Any

from sandbox.clock import stamp
from sandbox.errors import BadValue
from sandbox.flourish import reading
from sandbox.flourish.seed import padded
from sandbox.office import Office
from sandbox.store import Body, equal
from sandbox.worlds.parts import World

API_USER, SETUP_USER = "api", "setup"
BANNED = "banned"
DISCIPLINE = ("no issues", "warning - level 1", "warning - level 2", BANNED)
GROUPS = ("veteran", "student", "first responder", "employee", "industry")
ADDRESS_TYPES = ("shipping", "billing")
ADDRESS = (
    "first_name",
    "last_name",
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "postcode",
    "country",
)
TEXTS = (
    "middle_name",
    "preferred_name",
    "state",
    "patient_id",
    "medical_card_state",
    "allergies",
    "state_id",
)
UNIQUE = ("email", "patient_id")
NAMES = ("first_name", "last_name")
FINE, NO_REGISTRY = "CUS0001", "CUS0003"
MAX_ADDRESSES = 3
Reader = Callable[[Body, str], Any]


def _needed(body: Body, name: str) -> str:
    return (reading.text(body, name, needed=True) or "").strip()


def _email(body: Body, name: str) -> str:
    """Keep an e-mail in small letters, so that one address is one customer."""
    address = _needed(body, name).lower()
    if not all(address.rpartition("@")) or " " in address:
        raise BadValue(f"{name} is not a valid email")
    return address


def _needed_day(body: Body, name: str) -> str:
    _needed(body, name)
    return reading.day(body, name) or ""


def _phone(body: Body, name: str) -> str | None:
    """Keep the digits alone, as the list is filtered by them."""
    return "".join(each for each in reading.text(body, name) or "" if each.isdigit()) or None


def _flag(default: bool) -> Reader:
    def read(body: Body, name: str) -> bool:
        value = body.get(name)
        if value is not None and not isinstance(value, bool):
            raise BadValue(f"{name} must be a boolean")
        return default if value is None else bool(value)

    return read


def _word(words: tuple[str, ...], default: str | None) -> Reader:
    def read(body: Body, name: str) -> str | None:
        value = reading.text(body, name)
        if value and value not in words:
            raise BadValue(f"{name} must be one of {', '.join(words)}")
        return value or default

    return read


READERS: dict[str, Reader] = {
    "first_name": _needed,
    "last_name": _needed,
    "email": _email,
    "dob": _needed_day,
    "phone": _phone,
    **{name: lambda body, each: (reading.text(body, each) or "").strip() or None for name in TEXTS},
    "medical_card_expiration": reading.day,
    "is_active": _flag(True),
    "is_verified": _flag(False),
    "customer_group": _word(GROUPS, None),
    "customer_disciplinary_status": _word(DISCIPLINE, DISCIPLINE[0]),
}


def create(office: Office, body: Body, who: str = API_USER) -> Body:
    """Create a customer from the fields that POST takes.

    Args:
        office: the company.
        body: what was sent.
        who: who does it.

    Raises:
        BadValue: a field is missing or not valid, or somebody has the e-mail or the patient id.
    """
    fields = _fields(office, body)
    moment = stamp()
    customer = {
        "id": padded(office.next_number("customer")), **fields,
        "address": _addresses(office, body, who, moment), "available_credit": None,
        "state_id_expiration_timestamp": None, "merged_customer_id": None, "merged_timestamp": None,
        "customer_type": "Patient", "customer_origin": "Online", "customer_status": "Active",
        "created_timestamp": moment, "created_by": who, "last_updated_timestamp": moment,
        "last_updated_by": who,
    }  # fmt: skip
    office.put("customer", customer["id"], customer)
    return customer


def _fields(office: Office, body: Body, own_id: str = "") -> Body:
    fields = {name: read(body, name) for name, read in READERS.items()}
    if fields["patient_id"] and not fields["state"]:
        raise BadValue("state is required with patient_id")
    for name in UNIQUE:
        if fields[name] and _others(office, name, fields[name], own_id):
            raise BadValue(f"{name} already exists")
    return fields


def _others(office: Office, name: str, value: str, own_id: str) -> bool:
    return any(each["id"] != own_id for each in office.find("customer", equal(f"$.{name}", value)))


def replace(office: Office, key: str, body: Body, who: str = API_USER) -> Body:
    """Replace what is known of a customer, all of it; the addresses only where some are sent.

    Args:
        office: the company.
        key: the customer's id.
        body: what was sent.
        who: who does it.

    Raises:
        Missing: there is no such customer.
        BadValue: a field is missing or not valid, or somebody else has the e-mail or the patient id.
    """
    customer = office.need("customer", key)
    moment = stamp()
    customer |= _fields(office, body, key) | {"last_updated_timestamp": moment, "last_updated_by": who}
    if body.get("address"):
        customer["address"] = _addresses(office, body, who, moment)
    office.put("customer", key, customer)
    return customer


def code_of(customer: Body) -> str:
    """Return the code in the answer to a write: that a patient is in no registry, or nothing to say.

    The documentation shows CUS0002 and CUS0003; CUS0001 is assumed.
    """
    return NO_REGISTRY if customer["patient_id"] else FINE


def add_address(office: Office, key: str, sent: Body) -> int:
    """Give a customer an address that an order is sent to, unless it is there; returns its id."""
    customer = office.need("customer", key)
    new = _address(office, sent, API_USER, stamp())
    for each in customer["address"]:
        if all(each[name] == new[name] for name in ADDRESS if name not in NAMES):
            return int(each["id"])
    customer["address"].append(new)
    office.put("customer", key, customer)
    return int(new["id"])


def fill(office: Office, world: World) -> None:
    """Write the shoppers that a world knows, all but the last, whom Flourish has not met."""
    for shopper in world.shoppers[:-1]:
        create(office, {
            "first_name": shopper.first_name, "last_name": shopper.last_name, "email": shopper.email,
            "phone": shopper.phone, "dob": shopper.birthday, "patient_id": shopper.medical_id,
            "state": world.state, "is_verified": True,
        }, SETUP_USER)  # fmt: skip


def _addresses(office: Office, body: Body, who: str, moment: str) -> list[Body]:
    sent = reading.rows(body, "address")
    if len(sent) > MAX_ADDRESSES:
        raise BadValue(f"address has at most {MAX_ADDRESSES} entries")
    return [_address(office, each, who, moment) for each in sent]


def _address(office: Office, sent: Body, who: str, moment: str) -> Body:
    return {
        "id": office.next_number("address"),
        **{name: reading.text(sent, name) or "" for name in ADDRESS},
        "type": _word(ADDRESS_TYPES, ADDRESS_TYPES[0])(sent, "type"),
        "active": True, "is_primary": _flag(False)(sent, "is_primary"), "created_timestamp": moment,
        "created_by": who, "last_updated_timestamp": moment, "last_updated_by": who,
    }  # fmt: skip
