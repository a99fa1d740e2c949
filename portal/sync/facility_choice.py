"""The choice of a facility: where the orders of a connection go, and whether both sides answer (ON-1).

A new connection is a draft until its facility is chosen; then it is ready once both sides answer.
"""

from __future__ import annotations

from uuid import UUID

from portal.models import Connection, Facility
from portal.sync import audit, connecting, journal
from portal.sync.credentials import CannotConnect
from portal.sync.decisions import Finding
from portal.sync.engine.desk import Desk

_MAY_CHOOSE = ("draft", "checking", "ready")
# What keeps a connection from being ready. A permission that is missing is the checklist's to judge.
_STOPS = frozenset({"test_refused", "test_failed"})


def choose(
    desk: Desk, tenant_id: UUID, connection_id: UUID, facility_id: UUID | None, *, actor: audit.Actor
) -> None:
    """Choose the facility of a connection that is not live yet; it then has to be checked.

    Raises:
        CannotConnect: the facility is none of its Flourish account's, or the connection is further already.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
        facility = session.get(Facility, facility_id) if facility_id else None
        if facility is None or facility.hub_id != connection.hub_id:
            raise CannotConnect("Choose one of the facilities in the list.", field="facility")
        if not facility.active:
            raise CannotConnect(
                f"{facility.name} is not active in Flourish: no order can go there.", field="facility"
            )
        if connection.state not in _MAY_CHOOSE:
            raise CannotConnect(
                f"{connection.name} is {connection.state.replace('_', ' ')}: its facility stays as it is."
            )
        before, connection.facility_id, connection.state = connection.facility, facility.id, "checking"
        journal.log(session, connection, "info", f"{actor} chose {facility.name} for its orders")
        audit.record(
            session,
            desk.settings.master_keys,
            tenant_id,
            "connection.facility_chosen",
            actor=actor,
            subject=audit.account(connection),
            detail={"facility": facility.name, "before": before.name if before else "none"},
        )


def check(desk: Desk, tenant_id: UUID, connection_id: UUID, *, actor: audit.Actor) -> tuple[Finding, ...]:
    """Call both sides of a connection, which makes one that was being checked ready unless one fails.

    Returns:
        What is not right, missing permissions among it.
    """
    findings = connecting.test(desk, tenant_id, connection_id, actor=actor)
    if any(finding.code in _STOPS for finding in findings):
        return findings
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id, with_for_update={"key_share": True})
        if connection.state == "checking":
            connection.state = "ready"
            journal.log(session, connection, "done", "Both sides answer: it is ready to go live")
    return findings
