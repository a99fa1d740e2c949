"""The gate: how a connection's checks stand now, and whether it may go live."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from portal.models import Connection, utc_now
from portal.queries import readiness as kept
from portal.sync import rivals
from portal.sync.credentials import CannotConnect, proven
from portal.sync.engine.desk import Desk
from portal.sync.readiness.declared import checks_of
from portal.sync.readiness.standing import Checklist, Going, Standing, checklist
from portal.sync.registry import platform as platform_by_key

# The check of orders that Flourish's own integration makes, which going live asks again.
_RIVAL = "rival"


def stands(session: Session, connection: Connection) -> Checklist:
    """Say how each check of a connection stands, by what is kept: nothing is read from either side.

    Args:
        session: a session inside the connection's tenant.
        connection: the connection.
    """
    run = kept.going(session, connection.tenant_id, connection.id)
    return checklist(
        checks_of(platform_by_key(connection.platform)),
        kept.results(session, connection.tenant_id, connection.id),
        kept.waivers(session, connection.tenant_id, connection.id),
        now=utc_now(),
        going=Going(run.id, run.about) if run is not None else None,
    )


def refuse_unready(
    desk: Desk, tenant_id: UUID, connection_id: UUID, *, despite: str, despite_rival: bool
) -> dict[str, Any]:
    """Keep a connection from going live while a check blocks it.

    Args:
        desk: what to work with.
        tenant_id: whose it is.
        connection_id: the connection.
        despite: why it goes live all the same; empty to be refused.
        despite_rival: also while Flourish's own integration makes orders of the platform.

    Returns:
        What the audit is to tell of: why, and the titles of the checks.

    Raises:
        CannotConnect: a check blocks, or Flourish's own integration still makes orders.
    """
    with desk.tenant(tenant_id) as session:
        connection = session.get_one(Connection, connection_id)
        if connection.state != "ready":
            return {}  # it is live already, or may not go live for another reason
        blocking = stands(session, connection).blocking
        waived = {one.name for one in kept.waivers(session, tenant_id, connection_id)}
    if despite_rival:
        blocking = tuple(one for one in blocking if one.check.name != _RIVAL)
    if blocking and not despite:
        raise CannotConnect(_refusal(blocking))
    if not despite_rival and _RIVAL not in waived:
        rival = proven(lambda: rivals.made_lately(desk, tenant_id, connection_id))
        if rival:
            raise CannotConnect(rival)
    titles = [one.check.title for one in blocking]
    return ({"despite": despite, "blocking": titles} if titles else {}) | (
        {"despite_rival": True} if despite_rival else {}
    )


def _refusal(blocking: tuple[Standing, ...]) -> str:
    if all(one.result is None for one in blocking):
        return "The checks were not run yet: run them first, so that nothing goes live that cannot work."
    count = "One check blocks" if len(blocking) == 1 else f"{len(blocking)} checks block"
    return f"{count} going live. " + " ".join(_of(one) for one in blocking)


def _of(one: Standing) -> str:
    return f"{one.check.title}: {one.result.evidence if one.result else 'not checked yet.'}"
