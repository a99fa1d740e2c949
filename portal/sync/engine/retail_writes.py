"""Writes for orders of shops: the customer of Flourish, and the retail order. Nothing that says who somebody
is stays in an operation, a log or a page."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from portal.models import Connection, Operation
from portal.sync.decisions import CreateCustomer, CreateRetailOrder, RetailAction
from portal.sync.engine.accounts import Account
from portal.sync.engine.writes import Outcome, Write, created, order_key, plain
from portal.sync.errors import Rejected, Retryable
from portal.sync.mapping.identity import is_same
from portal.sync.retail import CustomerLookup

MAKE_CUSTOMER = "make_customer"
# Between the digests of what a customer was made with, in the operation's natural key.
_AND = "+"
_DIGITS = 20
# For so long a list may not show yet who was made.
_LISTED_WITHIN = timedelta(hours=1)
_SOON_SECONDS = 1.0
# Two intents of one hub are compared one after the other.
_ONE_BY_ONE = text("SELECT pg_advisory_xact_lock(hashtextextended(:hub, 0))")


def write_of(action: RetailAction, account: Account, *, number: str, secret: bytes) -> Write:
    """Prepare the write for an action.

    Args:
        action: the planner's action.
        account: both sides, open.
        number: the platform's id of the link's order.
        secret: what digests are made with.
    """
    match action:
        case CreateCustomer():
            return _make_customer(action, account, secret)
        case CreateRetailOrder():
            return _create_order(action, account, number)


def digest(secret: bytes, sole_key: str) -> str:
    """What stands for something that says who somebody is, where it must be compared and not be kept."""
    return hmac.new(secret, sole_key.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def _make_customer(action: CreateCustomer, account: Account, secret: bytes) -> Write:
    draft, retail = action.draft, account.flourish.retail

    def call() -> Outcome:
        try:
            made = retail.create_customer(draft)
        except Rejected:
            # Flourish has one customer for each e-mail address: is it this one by now?
            found = retail.customers(CustomerLookup("email", draft.person.email))
            if any(is_same(each.person, draft.person) for each in found):
                reason = "Somebody else made this customer a moment ago"
                raise Retryable(reason, after=_SOON_SECONDS, throttled=True) from None
            raise
        told = f"Flourish remarks {made.remark}." if made.remark else ""
        return Outcome(made.id, f"Customer {made.id} made", told)

    digests = tuple(digest(secret, key) for key in action.sole_keys)
    return Write(
        kind=MAKE_CUSTOMER,
        side="flourish",
        natural_key=f"customer:{_AND.join(digests)}",
        once=False,
        purpose="make the customer",
        request={
            "is_verified": draft.is_verified,
            "is_patient": bool(draft.person.patient_id),
            "phone": bool(draft.person.phone),
            "address": draft.address is not None,
        },
        call=call,
        sole=digests,
    )


def _create_order(action: CreateRetailOrder, account: Account, number: str) -> Write:
    draft = action.draft
    facility = account.rules.within(draft.facility_id).facility.name

    def call() -> Outcome:
        return created(account.flourish.retail.create_order(draft), facility, is_retail=True)

    return Write(
        kind="create_order",
        side="flourish",
        natural_key=order_key(account.rules.connection_id, number, 0),
        once=True,
        purpose=f"create the order in {facility}",
        # Personal data is sent, not kept; nor is what the shopper wrote.
        request=plain(draft)
        | {
            "notes": list(draft.notes[:1]),
            "address": draft.address is not None,
            "phone": bool(draft.phone),
            "email": bool(draft.email),
        },
        call=call,
        base=action.base,
    )


def refuse_while_made(session: Session, hub_id: UUID, sole: Sequence[str]) -> None:
    """Let no two customers be made at once who may be one. The intent that is committed next bars others from
    then on, until its outcome is known, also where its worker died.

    Args:
        session: the transaction in which the intent is written.
        hub_id: the Flourish company.
        sole: digests of what the customer is made with.

    Raises:
        Retryable: somebody is made with one of these now.
    """
    session.execute(_ONE_BY_ONE, {"hub": f"customers {hub_id}"})
    open_ones = select(Operation.natural_key).where(
        Operation.hub_id == hub_id,
        Operation.kind == MAKE_CUSTOMER,
        Operation.status.in_(("intent", "unknown")),
    )
    if any(set(sole) & set(_digests_of(key)) for key in session.scalars(open_ones)):
        reason = "Another order's customer with the same phone or e-mail is being made"
        raise Retryable(reason, after=_SOON_SECONDS, throttled=True)


def made_lately(session: Session, hub_id: UUID, wanted: str) -> tuple[str, ...]:
    """Flourish's ids of customers that we made a moment ago with something, whose digest is given: a list may
    not show them yet."""
    made = select(Operation.natural_key, Operation.response_ref).where(
        Operation.connection_id.in_(select(Connection.id).where(Connection.hub_id == hub_id)),
        Operation.kind == MAKE_CUSTOMER,
        Operation.status == "ok",
        Operation.finished_at > func.now() - _LISTED_WITHIN,
    )
    found = (row.response_ref for row in session.execute(made) if wanted in _digests_of(row.natural_key))
    return tuple(dict.fromkeys(ref for ref in found if ref))


def _digests_of(natural_key: str) -> Iterable[str]:
    return natural_key.partition(":")[2].split(_AND)
