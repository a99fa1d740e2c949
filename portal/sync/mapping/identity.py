"""Identity: which customer of Flourish somebody is who orders in a shop (AQ-7, AQ-8).

Patients are looked for by their patient id, then everybody by phone, then by e-mail, and who is not found is
made. Two people may share a phone, and a number is given to somebody else one day, so by default each of
these is believed only together with the same birth date and last name. Whatever is not clear is a person's to
decide: an order on the wrong profile shows somebody's purchases to somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from portal.sync.decisions import Finding
from portal.sync.mapping.keys import email_key, name_key, phone_key
from portal.sync.retail import CustomerDraft, CustomerLookup, Person, RetailCustomer, Shopper
from portal.sync.shopping import IdentityRules

# What Flourish's lists answered so far; merged profiles are followed to the kept one before.
Found = Mapping[CustomerLookup, tuple[RetailCustomer, ...]]

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
_BY = {"patient_id": "patient id", "phone": "phone number", "email": "e-mail address"}
_NOBODY = "Nobody in Flourish has this patient id, phone or e-mail."
_SAID_NEW = "A person said that it is somebody new."
_PROFILE = "Choose the customer in Trellis, or correct the profile in Flourish."
_SHOP = "Correct it in the shop's order, or make the customer in Flourish by hand."


@dataclass(frozen=True)
class Said:
    """What a person said of one order: this customer, or that somebody new is to be made."""

    customer: RetailCustomer | None = None
    is_new: bool = False


@dataclass(frozen=True)
class Ask:
    """Flourish has to be asked this first."""

    lookup: CustomerLookup


@dataclass(frozen=True)
class Use:
    """It is this customer of Flourish."""

    customer_id: str
    why: str


@dataclass(frozen=True)
class Make:
    """Nobody in Flourish is it: this one is to be made."""

    draft: CustomerDraft
    why: str


@dataclass(frozen=True)
class Review:
    """A person has to say who it is."""

    finding: Finding


Identity = Ask | Use | Make | Review


@dataclass
class _Search:
    """One go through the lookups. `strangers` are customers who have the phone and are somebody else. For
    somebody who is said to be new only who is the same in all counts: then they were made a moment ago."""

    shopper: Shopper
    rules: IdentityRules
    is_new: bool = False
    strangers: list[str] = field(default_factory=list)


def identify(
    shopper: Shopper,
    rules: IdentityRules,
    found: Found,
    *,
    said: Said | None = None,
) -> Identity:
    """Say which customer a shopper is, or what has to be asked or decided first.

    Args:
        shopper: as the platform says.
        rules: the connection's.
        found: what the lookups that were asked for brought.
        said: what a person decided for this order.
    """
    shopper = replace(shopper, person=_usable(shopper.person))
    hindrance = _too_young(shopper, rules)
    if hindrance is not None:
        return Review(hindrance)
    if said is not None and said.customer is not None:
        return _use(said.customer, shopper, "A person said that it is this customer.", is_said=True)
    is_new = said is not None and said.is_new
    met = _look(_Search(shopper, rules, is_new=is_new), found)
    if met is not None:
        return met
    return _make(shopper, rules, _SAID_NEW if is_new else _NOBODY)


def sole_keys(person: Person) -> tuple[str, ...]:
    """What no two customers may be made with at once, so that two orders of somebody new make one; never to
    be shown. One each for what somebody is looked for by, as `sole_key` makes it."""
    person = _usable(person)
    lookups = (
        CustomerLookup("patient_id", person.patient_id),
        CustomerLookup("phone", person.phone),
        CustomerLookup("email", person.email),
    )
    return tuple(sole_key(lookup) for lookup in lookups if lookup.value)


def sole_key(lookup: CustomerLookup) -> str:
    """The same of one thing."""
    return f"{lookup.by}:{lookup.value.casefold()}"


def _usable(person: Person) -> Person:
    """Leave out a phone and an e-mail that cannot be somebody's own, such as 888-888-8888."""
    phone, email = phone_key(person.phone), email_key(person.email)
    return replace(
        person,
        first_name=person.first_name.strip(),
        last_name=person.last_name.strip(),
        phone=phone if len(set(phone)) > 1 else "",
        email=email if _EMAIL.fullmatch(email) else "",
        patient_id=person.patient_id.strip(),
    )


def _look(search: _Search, found: Found) -> Identity | None:
    """Go through the lookups; None when nobody is found by any."""
    for lookup in _lookups(search.shopper):
        if lookup not in found:
            return Ask(lookup)
        met = _met(search, lookup, [each for each in found[lookup] if each.is_active])
        if met is not None:
            return met
    if search.strangers:
        return Review(_phone_of_another(search.strangers))
    return None


def _lookups(shopper: Shopper) -> list[CustomerLookup]:
    """What is looked for, in order; an adult's order says nothing of a patient id (AQ-7)."""
    person = shopper.person
    patient = [CustomerLookup("patient_id", person.patient_id)] if shopper.is_patient else []
    steps = [*patient, CustomerLookup("phone", person.phone), CustomerLookup("email", person.email)]
    return [lookup for lookup in steps if lookup.value]


def _met(search: _Search, lookup: CustomerLookup, hits: list[RetailCustomer]) -> Identity | None:
    """Judge who was found by one thing; None to look further."""
    if not hits:
        return None
    shopper, by = search.shopper, _BY[lookup.by]
    same = [each for each in hits if is_same(each.person, shopper.person)]
    if search.is_new:
        return _use(same[0], shopper, _SAID_NEW) if len(same) == 1 else None
    if len(hits) > 1 and len(same) != 1:
        return Review(_several(by, hits))
    if same:
        why = f"Flourish has one customer with this {by}, birth date and last name."
        return _use(same[0], shopper, why)
    if not search.rules.is_strict:
        return _use(hits[0], shopper, f"Flourish has one customer with this {by}.")
    if lookup.by == "phone":
        search.strangers.append(hits[0].id)
        return None
    return Review(_differs(by, hits[0]))


def is_same(theirs: Person, ours: Person) -> bool:
    """Whether birth date and last name are known on both sides and the same."""
    names = name_key(theirs.last_name), name_key(ours.last_name)
    return ours.born is not None and theirs.born == ours.born and bool(names[0]) and names[0] == names[1]


def _use(customer: RetailCustomer, shopper: Shopper, why: str, *, is_said: bool = False) -> Identity:
    if customer.is_banned:
        return Review(_banned(customer))
    theirs, ours = customer.person.patient_id, shopper.person.patient_id
    if shopper.is_patient and not is_said and theirs and theirs.casefold() != ours.casefold():
        return Review(_another_patient(customer))
    return Use(customer.id, why)


def _make(shopper: Shopper, rules: IdentityRules, why: str) -> Identity:
    person = shopper.person
    if not person.email:
        return Review(_no_email())
    missing = _missing(shopper)
    if missing:
        return Review(_incomplete(missing))
    patient = shopper.is_patient and person.patient_id
    own = person if patient else replace(person, patient_id="", card_state="", card_expires=None)
    draft = CustomerDraft(
        person=own,
        state=shopper.state,
        # Left out unless the shop wants everybody new to be checked: nobody has seen an ID of theirs (AQ-8).
        is_verified=False if rules.verifies_new else None,
        address=shopper.address,
    )
    return Make(draft, why)


def _missing(shopper: Shopper) -> list[str]:
    """What Flourish wants of a new customer and the platform does not say."""
    person = shopper.person
    wanted = {
        "first name": bool(person.first_name),
        "last name": bool(person.last_name),
        "birth date": person.born is not None,
        "state of the patient": bool(shopper.state) or not (shopper.is_patient and person.patient_id),
    }
    return [what for what, is_there in wanted.items() if not is_there]


def age_on(born: date, day: date) -> int:
    """How old somebody is on a day, in whole years; who was born on a 29th of February has it on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _too_young(shopper: Shopper, rules: IdentityRules) -> Finding | None:
    least = rules.least_patient_age_years if shopper.is_patient else rules.least_age_years
    born = shopper.person.born
    if born is None or age_on(born, shopper.ordered_on) >= least:
        return None
    return Finding(
        "customer_too_young",
        f"By the birth date of the order its customer is younger than {least}",
        "Check who ordered. If the birth date is wrong, correct it in the shop; else cancel the order there.",
    )


def unknown(customer_id: str) -> Finding:
    """What a person is told who chose a customer that Flourish does not have."""
    return Finding(
        "customer_unknown",
        f"Flourish has no customer {customer_id}",
        "Choose another customer in Trellis, or say there that a new one is to be made.",
        cause=customer_id,
    )


def _several(by: str, hits: list[RetailCustomer]) -> Finding:
    return Finding(
        "customer_several",
        f"{len(hits)} customers in Flourish have the {by} of this order, and not one alone its birth date and"
        " last name",
        "Choose the customer in Trellis, or merge the profiles in Flourish.",
        cause=by,
        evidence={"customers": [each.id for each in hits]},
    )


def _differs(by: str, hit: RetailCustomer) -> Finding:
    return Finding(
        "customer_differs",
        f"The customer with this {by} in Flourish has another birth date or last name",
        _PROFILE,
        cause=by,
        evidence={"customers": [hit.id]},
    )


def _phone_of_another(strangers: list[str]) -> Finding:
    return Finding(
        "customer_phone_of_another",
        "The phone number of this order is somebody else's in Flourish, and its e-mail address is nobody's",
        "Choose the customer in Trellis, or say there that a new one is to be made.",
        cause="phone number",
        evidence={"customers": strangers},
    )


def _another_patient(hit: RetailCustomer) -> Finding:
    return Finding(
        "customer_other_patient",
        "Who has the phone number or e-mail address of this order has another patient id in Flourish",
        _PROFILE,
        evidence={"customers": [hit.id]},
    )


def _banned(hit: RetailCustomer) -> Finding:
    return Finding(
        "customer_banned",
        "Flourish has the customer as banned",
        "Cancel the order in the shop, or lift the ban in Flourish.",
        evidence={"customers": [hit.id]},
    )


def _no_email() -> Finding:
    return Finding(
        "customer_no_email",
        "The customer is not in Flourish, and has no e-mail address that could be used to make them",
        f"Flourish wants one of every customer. {_SHOP}",
    )


def _incomplete(missing: list[str]) -> Finding:
    return Finding(
        "customer_incomplete",
        f"The customer is not in Flourish, and the order does not say their {', '.join(missing)}",
        _SHOP,
        cause=", ".join(missing),
    )


def refused() -> Finding:
    """What a person is told when Flourish refused to make a customer, and shows nobody who is it."""
    return Finding(
        "customer_refused",
        "Flourish refused to make the customer, and shows nobody with this e-mail address",
        "Look for an inactive profile with it in Flourish, and choose the customer in Trellis.",
    )
