"""Trials: one order is synced for real before its connection goes live (LL-26). Of one SKU that is
`catalogue.try_one`."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Connection
from portal.sync import audit, journal
from portal.sync.domain import Hint
from portal.sync.engine import marks
from portal.sync.engine.gate import TRIES
from portal.sync.mapping.intake import BRING_IN, INTAKE


class CannotTry(Exception):
    """Why it cannot be tried, in words for the page."""


def try_order(
    session: Session,
    keys: Mapping[str, bytes],
    connection_id: UUID,
    number: str,
    *,
    label: str,
    actor: audit.Actor,
) -> UUID:
    """Have one order brought in for real, alone, although its connection is not live yet.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's keys, for the audit.
        connection_id: the connection.
        number: the platform's id of the order.
        label: as people call it.
        actor: who asks.

    Returns:
        The order's link, due now.

    Raises:
        CannotTry: the connection is not ready, or it is live: then orders come in by themselves.
    """
    connection = session.get_one(Connection, connection_id)
    if connection.state not in TRIES or connection.facility_id is None:
        raise CannotTry(
            f"{connection.name} is {connection.state.replace('_', ' ')}: one is tried before it is live."
        )
    link_id = marks.mark(session, connection, Hint("order", number, "asked for", label=label))
    link = marks.have_tried(session, link_id)
    # Every order is from before go-live as long as nobody went live.
    link.choices = {**link.choices, INTAKE: BRING_IN}
    journal.tell(session, link, journal.Entry("trellis", actor.name, "Asked for this one alone"))
    about = audit.Subject("order", str(link.id), link.label or number)
    audit.record(session, keys, connection.tenant_id, "order.tried", actor=actor, subject=about)
    return link_id
