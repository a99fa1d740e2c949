"""Flourish's retail customers in Trellis's words, and back. Pure.

What is wrong with a field of a person is said without its value (`reading.Fields` knows such fields by name).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.sync.domain import Address
from portal.sync.flourish.retail_shapes import CUSTOMER
from portal.sync.mapping.keys import email_key, phone_key
from portal.sync.reading import Fields, Notice, words
from portal.sync.retail import (
    CustomerDraft,
    CustomerLookup,
    CustomerUpdate,
    MadeCustomer,
    Person,
    RetailCustomer,
)

_COUNTRY = "United States"
# The answer to a write says with this code that there is nothing to remark.
_REMARKS = ("CUS0002", "CUS0003")
# What the list is filtered by.
FILTERS = {"patient_id": "patient_id", "phone": "phone_number", "email": "email"}
# What a replacement takes of what is there; the rest is Flourish's own.
_KEPT = words("""
    email first_name last_name middle_name preferred_name dob allergies state medical_card_state
    medical_card_expiration patient_id phone is_verified is_active available_credit customer_group
    customer_disciplinary_status
""")
_ADDRESS = words("first_name last_name address_line_1 address_line_2 city state postcode country is_primary")


def read_customer(customer: Fields, notice: Notice) -> RetailCustomer:
    """Read a customer.

    Raises:
        Unreadable: a used field is missing or has another type.
    """
    customer.check(CUSTOMER, notice)
    person = Person(
        first_name=customer.text_or_empty("first_name").strip(),
        last_name=customer.text_or_empty("last_name").strip(),
        email=customer.text_or_empty("email").strip(),
        phone=customer.text_or_empty("phone").strip(),
        born=customer.day_or_none("dob"),
        patient_id=customer.text_or_empty("patient_id").strip(),
        card_state=customer.text_or_empty("medical_card_state").strip(),
        card_expires=customer.day_or_none("medical_card_expiration"),
    )
    return RetailCustomer(
        id=customer.ident("id"),
        person=person,
        is_active=customer.flag("is_active"),
        is_verified=customer.flag("is_verified"),
        merged_into=customer.text_or_empty("merged_customer_id").strip(),
        discipline=customer.text_or_empty("customer_disciplinary_status").strip(),
    )


def answers(customer: RetailCustomer, lookup: CustomerLookup) -> bool:
    """Tell whether a customer has what was asked for: the list's filters are described by name only.

    A merged profile's e-mail and patient id have an ending of Flourish's own, and count as they were.
    """
    person, ending = customer.person, f"-INACTIVE-{customer.id}"
    if lookup.by == "phone":
        return bool(lookup.value) and phone_key(person.phone) == phone_key(lookup.value)
    found = person.email if lookup.by == "email" else person.patient_id
    return email_key(found.removesuffix(ending)) == email_key(lookup.value)


def write_customer(draft: CustomerDraft) -> dict[str, Any]:
    """Make the body that creates a customer; what the draft does not have is left out, never invented."""
    person = draft.person
    body: dict[str, Any] = {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "dob": person.born.isoformat() if person.born else "",
        "phone": phone_key(person.phone),
        "patient_id": person.patient_id,
        "state": draft.state,
        "medical_card_state": person.card_state,
        "medical_card_expiration": person.card_expires.isoformat() if person.card_expires else "",
    }
    body = {name: value for name, value in body.items() if value}
    if draft.is_verified is not None:
        body["is_verified"] = draft.is_verified
    if draft.address is not None:
        name = {"first_name": person.first_name, "last_name": person.last_name}
        body["address"] = [
            {**name, **write_address(draft.address), "type": "shipping", "is_primary": True},
        ]
    return body


def write_address(address: Address) -> dict[str, Any]:
    """Make a postal address, as customers and orders have it."""
    return {
        "address_line_1": address.line_1,
        "address_line_2": address.line_2 or None,
        "city": address.city,
        "state": address.state,
        "postcode": address.zip_code,
        "country": _COUNTRY,
    }


def write_update(customer: Fields, update: CustomerUpdate) -> dict[str, Any]:
    """Make the body that replaces a customer: all that is there, with the changes. Whether their identity was
    checked, and what the shop thinks of them, is Flourish's alone and goes back as it came.

    Args:
        customer: as Flourish returned it.
        update: what is to be changed.
    """
    body = {name: customer.value[name] for name in sorted(_KEPT) if customer.has(name)}
    if customer.has("address"):
        body["address"] = [_kept_address(row) for row in customer.children("address")]
    expires = update.card_expires.isoformat() if update.card_expires else ""
    changes: Mapping[str, str] = {
        "phone": phone_key(update.phone),
        "patient_id": update.patient_id,
        "state": update.state,
        "medical_card_state": update.card_state,
        "medical_card_expiration": expires,
    }
    return body | {name: value for name, value in changes.items() if value}


def _kept_address(row: Fields) -> dict[str, Any]:
    """Keep an address; what kind it is has one name in lists and another alone."""
    kind = row.text_or_empty("type") or row.text_or_empty("address_type") or "shipping"
    return {**{name: row.value[name] for name in sorted(_ADDRESS) if row.has(name)}, "type": kind}


def read_made(answer: Any, made_id: str) -> MadeCustomer:
    """Read what Flourish remarked about a customer that was written."""
    code = answer.get("code") if isinstance(answer, Mapping) else None
    return MadeCustomer(made_id, code if code in _REMARKS else "")
