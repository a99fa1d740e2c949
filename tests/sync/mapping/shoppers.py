"""Shoppers and Flourish's customers, and ways to change them for a test. All names are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from portal.sync.flourish.retail_client import RetailClient
from portal.sync.mapping.identity import Ask, Make, Review, Said, Use, identify
from portal.sync.retail import CustomerLookup, Person, RetailCustomer, Shopper
from portal.sync.shopping import IdentityRules

BORN = date(1990, 2, 3)
NIA = Person(
    first_name="Nia",
    last_name="Quist",
    email="nia@guests.example",
    phone="(415) 555-0100",
    born=BORN,
    patient_id="MMJ-1",
    card_state="CA",
    card_expires=date(2027, 12, 31),
)
BY_PATIENT_ID = CustomerLookup("patient_id", "MMJ-1")
BY_PHONE = CustomerLookup("phone", "4155550100")
BY_EMAIL = CustomerLookup("email", "nia@guests.example")


def person(**changes: Any) -> Person:
    return replace(NIA, **changes)


def adult(**changes: Any) -> Shopper:
    """Nia as an adult; `changes` are of her person."""
    return Shopper(person(**changes), is_patient=False, ordered_on=date(2026, 11, 28), state="CA")


def patient(**changes: Any) -> Shopper:
    """Nia as a patient."""
    return replace(adult(**changes), is_patient=True)


def customer(ref: str = "7", *, person: Person | None = None, **changes: Any) -> RetailCustomer:
    """Flourish's customer of Nia, without a patient id unless a person is given."""
    theirs = person or replace(NIA, patient_id="")
    return replace(RetailCustomer(ref, theirs, is_active=True, is_verified=True), **changes)


def who_is(
    retail: RetailClient, shopper: Shopper, rules: IdentityRules, *, said: Said | None = None
) -> Use | Make | Review:
    """Ask Flourish one thing after the other, as the engine does, until it is known who a shopper is."""
    found: dict[CustomerLookup, tuple[RetailCustomer, ...]] = {}
    end = identify(shopper, rules, found, said=said)
    while isinstance(end, Ask):
        found[end.lookup] = retail.customers(end.lookup)
        end = identify(shopper, rules, found, said=said)
    return end
