"""The breaker: after failures in a row an account is left alone for a while, then tried by one link."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub
from portal.sync import journal
from portal.sync.decisions import Finding
from portal.sync.engine.accounts import Account
from portal.sync.engine.claim import Claim
from portal.sync.engine.desk import Desk
from portal.sync.engine.gate import is_open
from portal.sync.errors import ConnectionBroken, SyncError

OPENS_AFTER = 5
_OPEN_SECONDS = 15.0
_LONGEST_SECONDS = 300.0
# One refusal may be a firewall's, or of one server that does not know the key yet; so many in a row are not.
_PROBES = 3
# One link of this process asks; the others that were refused meanwhile hear what came of it.
_probing = threading.Lock()


def note_answer(session: Session, connection_id: UUID) -> None:
    """The account answered: failures before it count no more."""
    connection = _locked(session, connection_id)
    connection.failures = 0
    connection.open_until = None
    journal.report(session, connection, (), code="not_answering", solved="It answers again.")


def note_failure(session: Session, connection_id: UUID, why: str) -> None:
    """Count a look that failed; after some in a row, the account is left alone for a while. A look that was
    under way when that began says nothing new.

    Args:
        session: a session inside the tenant.
        connection_id: the connection.
        why: what failed, in a sentence.
    """
    connection = _locked(session, connection_id)
    now: datetime = session.execute(select(func.now())).scalar_one()
    if is_open(connection.open_until, now):
        return
    connection.failures += 1
    if connection.failures < OPENS_AFTER:
        return
    seconds = min(_OPEN_SECONDS * 2 ** (connection.failures - OPENS_AFTER), _LONGEST_SECONDS)
    connection.open_until = now + timedelta(seconds=seconds)
    finding = Finding(
        "not_answering",
        f"Calls fail again and again: {why.rstrip('.') or 'no answer'}",
        "Nothing needs to be done: orders wait and go on by themselves once it answers.",
        text=f"{connection.failures} attempts in a row failed.",
    )
    journal.report(session, connection, (finding,), code=finding.code)
    journal.log(session, connection, "wait", f"Left alone for {round(seconds)} s after failures in a row")


def _locked(session: Session, connection_id: UUID) -> Connection:
    return session.execute(
        select(Connection).where(Connection.id == connection_id).with_for_update(key_share=True)
    ).scalar_one()


def credentials_refused(desk: Desk, claim: Claim, account: Account, error: ConnectionBroken) -> bool:
    """Confirm with a cheap probe of each side; stop the first one whose key is refused again and again.

    Returns:
        Whether one is stopped. Refusals that the probe does not repeat stop nothing.
    """
    with _probing:
        if _is_stopped(desk, claim):
            return True
        for side, probe in (("platform", account.client.company), ("flourish", account.flourish.company)):
            if refused_again(probe):
                return _stop(desk, claim, side, error)
    return False


def refused_again(probe: Callable[[], object]) -> bool:
    """Tell whether a key that was refused once is refused each time that it is tried again."""
    for _ in range(_PROBES):
        try:
            probe()
        except ConnectionBroken:
            continue
        except SyncError:
            return False  # it does not answer now: that says nothing about the key
        return False
    return True


def _is_stopped(desk: Desk, claim: Claim) -> bool:
    with desk.tenant(claim.tenant_id) as session:
        connection = session.get_one(Connection, claim.connection_id)
        return "needs_credentials" in (connection.state, connection.hub.state)


def _stop(desk: Desk, claim: Claim, side: str, error: ConnectionBroken) -> bool:
    """Stop a side, unless its key was replaced since this shift began, which then has the old one."""
    began = claim.at - timedelta(seconds=desk.settings.drain_seconds)
    with desk.tenant(claim.tenant_id) as session:
        connection = session.get_one(Connection, claim.connection_id)
        owner = connection if side == "platform" else connection.hub
        if owner.proven_at is not None and owner.proven_at > began:
            return False
        stop(session, connection, owner, error)
        return True


def stop(session: Session, connection: Connection, owner: Connection | Hub, error: ConnectionBroken) -> None:
    """Make no more calls with a key that is refused, and say so on a connection that it serves.

    One that was disconnected while it was called has no key any more, and needs none.
    """
    if "disconnected" in (connection.state, owner.state):
        return
    finding = Finding(
        "needs_credentials",
        f"The key of {owner.name} is refused",
        "An admin replaces the key; everything waiting then goes on by itself.",
        text=error.reason,
    )
    if owner.state != "needs_credentials":
        journal.log(session, connection, "stuck", f"{finding.title}: calls have stopped")
    owner.state = "needs_credentials"
    journal.report(session, connection, (finding,), code=finding.code)
