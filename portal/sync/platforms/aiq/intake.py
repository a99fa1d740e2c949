"""What an order says before it goes to Flourish: whether a patient or an adult buys, and how the goods change
hands (AQ-6). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from portal.sync.decisions import Finding, Rules
from portal.sync.platforms.aiq.terms import SHIPPING
from portal.sync.retail import Fulfilment, Shopper
from portal.sync.shopping import Admission, IdentityRules, ShopOrder, Store


@dataclass(frozen=True)
class Purpose:
    """For whom an order is. It is said to Flourish either way, and cannot be changed there later."""

    is_recreational: bool
    warnings: tuple[str, ...] = ()


# Settings: how goods of who orders in the store change hands; who may buy, and how they are known.
AT_COUNTER_IS, PATIENTS_ALONE = "at_counter", "patients_alone"
STRICT_IDENTITY, VERIFIES_NEW = "strict_identity", "verify_new_customers"
LEAST_AGE, LEAST_PATIENT_AGE, REWARDS = "least_age_years", "least_patient_age_years", "rewards"


def admit(order: ShopOrder, store: Store, rules: Rules) -> Admission | Finding:
    """Say whether an order may go to Flourish, and how (AQ-6 to AQ-9).

    Args:
        order: as AIQ has it.
        store: where it was placed.
        rules: the connection's.
    """
    chosen = rules.chosen
    sent = as_sent(order, at_counter=Fulfilment(chosen.get(AT_COUNTER_IS, Fulfilment.PICKUP)))
    hindered = hindrance(sent)
    if hindered is not None:
        return hindered
    day = order.placed_at.astimezone(ZoneInfo(rules.facility.timezone)).date()
    for_whom = purpose(sent, store, day, for_patients_alone=chosen.get(PATIENTS_ALONE) is True)
    if isinstance(for_whom, Finding):
        return for_whom
    address = sent.customer.address
    shopper = Shopper(
        person=sent.person,
        is_patient=not for_whom.is_recreational,
        ordered_on=day,
        state=(address.state or store.state).strip().upper(),
        address=address if address.line_1 else None,
    )
    identity = IdentityRules(
        is_strict=chosen.get(STRICT_IDENTITY) is not False,
        verifies_new=chosen.get(VERIFIES_NEW) is True,
        least_age_years=int(chosen.get(LEAST_AGE, IdentityRules.least_age_years)),
        least_patient_age_years=int(chosen.get(LEAST_PATIENT_AGE, IdentityRules.least_patient_age_years)),
    )
    return Admission(sent, shopper, identity, chosen.get(REWARDS) or {}, for_whom.warnings)


def purpose(
    order: ShopOrder, store: Store, day: date, *, for_patients_alone: bool = False
) -> Purpose | Finding:
    """Say for whom an order is, by itself alone: who buys as a patient today may buy as an adult tomorrow.

    Args:
        order: the order.
        store: where it was placed.
        day: when, by the store's calendar.
        for_patients_alone: whether the connection says that adults may not shop in a medical store.
    """
    person = order.person
    if not person.patient_id:
        if store.is_medical and for_patients_alone:
            return _no_card()
        return Purpose(is_recreational=True)
    if person.card_expires is not None and person.card_expires < day:
        return _expired(person.card_expires)
    state, here = person.card_state.strip().upper(), store.state.strip().upper()
    elsewhere = bool(state and here) and state != here
    warnings = (f"The medical card is of {state}, and the store is in {here}.",) if elsewhere else ()
    return Purpose(is_recreational=False, warnings=warnings)


def as_sent(order: ShopOrder, *, at_counter: Fulfilment) -> ShopOrder:
    """Give an order that was placed in the store itself the way to hand over that the connection says."""
    if order.is_at_counter and order.fulfilment is Fulfilment.PICKUP:
        return replace(order, fulfilment=at_counter)
    return order


def hindrance(order: ShopOrder) -> Finding | None:
    """Say why the goods of an order cannot change hands as it says; None where they can."""
    if order.fulfilment is None:
        known = order.hand_over == SHIPPING
        return Finding(
            "hand_over_unknown",
            "The goods are to be sent, which Flourish does not do"
            if known
            else f"AIQ says {order.hand_over}, and Trellis does not know what that is",
            "Agree on pickup or delivery with the shopper, and enter the order in Flourish by hand.",
            cause=order.hand_over,
        )
    address = order.customer.address
    if order.fulfilment is Fulfilment.DELIVERY and not (
        address.line_1 and (address.city or address.zip_code)
    ):
        return Finding(
            "delivery_address_missing",
            "It is to be delivered, and says no address",
            "Ask the shopper, and enter the order in Flourish by hand; or cancel it in AIQ.",
        )
    return None


def _no_card() -> Finding:
    return Finding(
        "medical_card_missing",
        "The store sells to patients alone, and the order has no medical id",
        "Ask the shopper for the card, and enter it in AIQ; or cancel the order there.",
    )


def _expired(day: date) -> Finding:
    return Finding(
        "medical_card_expired",
        "The medical card had expired when the order was placed",
        "Ask the shopper for the new card, and enter it in AIQ; or cancel the order there.",
        cause=day.isoformat(),
    )
