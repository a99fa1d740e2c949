"""Who a customer is, said by a person where the rules of `mapping.identity` ask for one (AQ-7).

What Flourish and the shop have of somebody is read when a person asks to see it, shown in part, and kept
nowhere: of what is decided, only Flourish's id of the customer stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Link, Problem
from portal.sync import audit, journal
from portal.sync.engine.accounts import Tape, open_hub, open_platform
from portal.sync.engine.desk import Desk
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.keys import email_key, name_key, phone_key
from portal.sync.mapping.shop_orders import CUSTOMER, NEW_CUSTOMER
from portal.sync.retail import Person, RetailCustomer
from portal.sync.shopping import ShopOrder

# Reviews of identity, and whether somebody new may be made instead of who was found. Flourish would refuse to
# make who was refused already, or who is not known well enough.
ASKED: Mapping[str, bool] = {
    "customer_several": True,
    "customer_differs": True,
    "customer_phone_of_another": True,
    "customer_other_patient": True,
    "customer_unknown": True,
    "customer_refused": False,
    "customer_no_email": False,
    "customer_incomplete": False,
}
_BANNED = "customer_banned"
_TOO_LATE = "This order does not wait for that any more. Look again."


class CannotChoose(Exception):
    """Why an order cannot be for that customer, in words for the page."""


@dataclass(frozen=True)
class Glimpse:
    """What is shown of somebody: enough to tell two people apart, and no more; empty where nothing is known.

    Args:
        name: the whole name.
        born: the year of birth.
        phone: the last four digits.
        email: the first letter, and the domain.
        patient_id: its last four characters.
    """

    name: str = ""
    born: str = ""
    phone: str = ""
    email: str = ""
    patient_id: str = ""


@dataclass(frozen=True)
class Candidate:
    """A customer of Flourish who may be the one who ordered.

    Args:
        id: Flourish's.
        seen: what is shown of them; nothing where Flourish does not show the customer any more.
        same: in words, what they have in common with who ordered.
        hindrance: why the order cannot be for them; empty for nothing.
        is_verified: whether somebody has seen their ID.
        discipline: Flourish's word for what the shop thinks of them.
    """

    id: str
    seen: Glimpse = Glimpse()
    same: tuple[str, ...] = ()
    hindrance: str = ""
    is_verified: bool = False
    discipline: str = ""


@dataclass(frozen=True)
class Choosing:
    """What a person sees who is to decide: who ordered, as the shop says, and who it may be in Flourish."""

    ordered: Glimpse | None
    candidates: tuple[Candidate, ...]


def is_open(link: Link) -> bool:
    """Whether an order waits for a person to say who its customer is, or may be helped by that. For a banned
    customer it is only where a person chose them, and may have meant another."""
    was_said = link.decision_code == _BANNED and CUSTOMER in link.choices
    asks = link.decision_code in ASKED or was_said
    return link.kind == "order" and asks and link.flourish_id is None


def may_be_new(link: Link) -> bool:
    """Whether a person may say that the customer of an order is to be made anew."""
    return is_open(link) and ASKED.get(link.decision_code or "", True)


def chosen(link: Link) -> str:
    """What a person said already, in words; empty for nothing."""
    choice = str(link.choices.get(CUSTOMER) or "")
    return _words(choice) if choice else ""


def _words(choice: str) -> str:
    return "somebody new" if choice == NEW_CUSTOMER else f"customer {choice} of Flourish"


def choosing(desk: Desk, tenant_id: UUID, link_id: UUID) -> Choosing:
    """Read from both sides who ordered and who that may be.

    Raises:
        SyncError: one of them could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        link = session.get_one(Link, link_id)
        connection = session.get_one(Connection, link.connection_id)
        flourish = open_hub(desk, session, connection.hub, Tape())
        platform = open_platform(desk, session, connection, Tape())
        number, ids = link.foreign_id, _found(session, link)
    order = platform.order(number)
    person = order.person if isinstance(order, ShopOrder) else None
    candidates = tuple(_candidate(flourish, each, person) for each in ids)
    return Choosing(glimpse(person) if person is not None else None, candidates)


def _found(session: Session, link: Link) -> list[str]:
    """Whom the review names, from the problem that is open about it."""
    problems = select(Problem.evidence).where(
        Problem.link_id == link.id, Problem.code == link.decision_code, Problem.closed_at.is_(None)
    )
    named = (each for evidence in session.scalars(problems) for each in evidence.get("customers") or ())
    return list(dict.fromkeys(str(each) for each in named))


def _candidate(flourish: FlourishClient, customer_id: str, ordered: Person | None) -> Candidate:
    customer = flourish.retail.customer(customer_id)
    if customer is None:
        return Candidate(customer_id, hindrance=_unknown(customer_id))
    return Candidate(
        id=customer.id,
        seen=glimpse(customer.person),
        same=_same(customer.person, ordered) if ordered is not None else (),
        hindrance=hindrance(customer),
        is_verified=customer.is_verified,
        discipline=customer.discipline,
    )


def glimpse(person: Person) -> Glimpse:
    """Leave of a person what may be shown."""
    mailbox, at, domain = person.email.partition("@")
    phone = phone_key(person.phone)
    return Glimpse(
        name=f"{person.first_name} {person.last_name}".strip(),
        born=str(person.born.year) if person.born is not None else "",
        phone=_end(phone),
        email=f"{mailbox[:1]}…@{domain}" if at else "",
        patient_id=_end(person.patient_id),
    )


def _end(text: str) -> str:
    """The last four characters of what is longer than that."""
    return f"…{text[-4:]}" if len(text) > 4 else "…" if text else ""


def _same(theirs: Person, ordered: Person) -> tuple[str, ...]:
    """Name what two have in common, compared whole."""
    pairs = {
        "last name": (name_key(theirs.last_name), name_key(ordered.last_name)),
        "birth date": (theirs.born, ordered.born),
        "phone number": (phone_key(theirs.phone), phone_key(ordered.phone)),
        "e-mail address": (email_key(theirs.email), email_key(ordered.email)),
        "patient id": (theirs.patient_id.casefold(), ordered.patient_id.casefold()),
    }
    return tuple(what for what, (one, other) in pairs.items() if one and one == other)


def hindrance(customer: RetailCustomer) -> str:
    """Say why an order cannot be for a customer; empty where it can."""
    if customer.merged_into:
        return f"Customer {customer.id} is part of {customer.merged_into} in Flourish now: choose that one."
    if customer.is_banned:
        return f"Flourish has customer {customer.id} as banned. Lift the ban there, or cancel the order."
    if not customer.is_active:
        return f"Customer {customer.id} is not active in Flourish. Make the profile active there first."
    return ""


def _unknown(customer_id: str) -> str:
    return f"Flourish has no customer {customer_id}."


def name(desk: Desk, tenant_id: UUID, link_id: UUID, customer_id: str, *, actor: audit.Actor) -> None:
    """Take down that an order is for this customer of Flourish, who is looked for there before.

    Raises:
        CannotChoose: Flourish has no such customer, the order cannot be for them, or it is too late.
        SyncError: Flourish could not be asked.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, session.get_one(Link, link_id).connection_id)
        flourish = open_hub(desk, session, connection.hub, Tape())
    customer = flourish.retail.customer(customer_id)
    if customer is None:
        raise CannotChoose(_unknown(customer_id))
    if reason := hindrance(customer):
        raise CannotChoose(reason)
    _choose(desk, tenant_id, link_id, customer.id, actor=actor)


def make_new(desk: Desk, tenant_id: UUID, link_id: UUID, *, actor: audit.Actor) -> None:
    """Take down that an order is for none of Flourish's customers, so that one is to be made.

    Raises:
        CannotChoose: that cannot be said of this order, or not any more.
    """
    _choose(desk, tenant_id, link_id, NEW_CUSTOMER, actor=actor)


def _choose(desk: Desk, tenant_id: UUID, link_id: UUID, choice: str, *, actor: audit.Actor) -> None:
    with desk.tenant(tenant_id) as session:
        link = session.scalars(select(Link).where(Link.id == link_id).with_for_update(key_share=True)).one()
        if not is_open(link) or (choice == NEW_CUSTOMER and not may_be_new(link)):
            raise CannotChoose(_TOO_LATE)
        if link.choices.get(CUSTOMER) == choice:
            return
        link.choices = {**link.choices, CUSTOMER: choice}
        link.dirty_seq += 1
        link.due_at = func.now()
        who = _words(choice)
        journal.tell(session, link, journal.Entry("trellis", actor.name, f"Said that it is for {who}"))
        journal.log(session, link, "info", f"{actor} said that it is for {who}")
        subject = audit.Subject("order", str(link.id), link.label)
        keys, detail = desk.settings.master_keys, {"customer": choice}
        audit.record(
            session, keys, tenant_id, "order.customer_chosen", actor=actor, subject=subject, detail=detail
        )
