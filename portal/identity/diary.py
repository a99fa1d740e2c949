"""The diary: what people do to their own sign-in, told to the audit of everybody whom it concerns.

An act of a person is in the chain of each company that they are a member of; one of Trellis's own people, of
somebody without a company, or of a stranger is in the installation's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import INSTALLATION_CHAIN, Membership, Tenant, User, new_id
from portal.sync import audit

# Whoever did not prove who they are.
SOMEBODY = "Somebody"
# Never what was typed: it may be a password in the wrong field.
_STRANGER = audit.Subject("person", "", "an unknown address")


def write(
    session: Session,
    keys: Mapping[str, bytes],
    person: User | None,
    action: str,
    *,
    actor: audit.Actor,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Record an act about a person's sign-in, last in its transaction.

    Args:
        session: an identity session.
        keys: the installation's encryption keys.
        person: whose sign-in it is; None for an address that belongs to nobody.
        action: a key of `audit.ACTS`.
        actor: who does it; where it is the person, with the role that they have in each company.
        detail: what else is worth knowing.
    """
    # Asked for strangers too: the time of an answer must not tell who is one.
    rows = session.execute(
        select(Membership.tenant_id, Membership.role)
        .join(Tenant, Tenant.id == Membership.tenant_id)
        .where(Membership.user_id == (person.id if person else new_id()), Tenant.retired_at.is_(None))
        # In one order everywhere: each write locks the end of its chain.
        .order_by(Membership.tenant_id)
    ).all()
    chains = [(row.tenant_id, row.role) for row in rows]
    if not chains or (person and person.staff_role):
        chains.insert(0, (INSTALLATION_CHAIN, (person and person.staff_role) or ""))
    themselves = person is not None and actor.id == person.id
    subject = audit.Subject("person", str(person.id), person.name) if person else _STRANGER
    for chain, role in chains:
        audit.record(
            session,
            keys,
            chain,
            action,
            actor=replace(actor, role=role) if themselves else actor,
            subject=None if themselves and action in _OF_ONESELF else subject,
            detail=detail,
        )


# Whose words are a whole sentence without an object.
_OF_ONESELF = frozenset(
    {
        "signed_in",
        "signed_out",
        "password.reset",
        "second_factor.added",
        "recovery_code.used",
        "recovery_codes.made",
    }
)
