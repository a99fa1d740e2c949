"""Waiving: somebody answers for a check that is not ready, with a reason and until a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Connection, Waiver, utc_now
from portal.sync import audit
from portal.sync.checks import Check
from portal.sync.readiness.results import close_regression

LONGEST = timedelta(days=366)
_SHORTEST_REASON, _LONGEST_REASON = 5, 300


class WrongWaiver(ValueError):
    """It cannot be waived so; `field` is "reason" or "until", and the message says why."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Wish:
    """What somebody wants to waive a check for, and until when."""

    reason: str
    until: datetime

    def refuse(self) -> None:
        """Refuse what cannot be.

        Raises:
            WrongWaiver: the reason is too short or too long, or the time is over or too far off.
        """
        length = len(self.reason.strip())
        if not _SHORTEST_REASON <= length <= _LONGEST_REASON:
            raise WrongWaiver(
                "reason",
                f"Give a reason of {_SHORTEST_REASON} to {_LONGEST_REASON} characters: others read it.",
            )
        if self.until <= utc_now():
            raise WrongWaiver("until", "Choose a day that is not over yet.")
        if self.until > utc_now() + LONGEST:
            raise WrongWaiver("until", "Choose a day within a year: what was true then may not be any more.")


def waive(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    check: Check,
    wish: Wish,
    *,
    actor: audit.Actor,
) -> None:
    """Waive a check, in place of an earlier waiver.

    Args:
        session: a session inside the connection's tenant.
        keys: the installation's encryption keys.
        connection: the connection.
        check: the check.
        wish: the reason, and until when.
        actor: who answers for it.

    Raises:
        WrongWaiver: it cannot be waived so.
    """
    wish.refuse()
    _end(session, connection, check, by=actor)
    session.add(
        Waiver(
            tenant_id=connection.tenant_id,
            connection_id=connection.id,
            name=check.name,
            waived_by=actor.name,
            reason=wish.reason.strip(),
            expires_at=wish.until,
        )
    )
    close_regression(session, connection, check, because=f"{actor} waived the check.")
    detail = {"check": check.title, "reason": wish.reason.strip(), "until": wish.until}
    _record(session, keys, connection, "check.waived", actor, detail)


def take_back(
    session: Session, keys: Mapping[str, bytes], connection: Connection, check: Check, *, actor: audit.Actor
) -> bool:
    """Take a waiver back; False when there is none."""
    if not _end(session, connection, check, by=actor):
        return False
    _record(session, keys, connection, "check.waiver_taken_back", actor, {"check": check.title})
    return True


def _end(session: Session, connection: Connection, check: Check, *, by: audit.Actor) -> bool:
    standing = session.scalars(
        select(Waiver)
        .where(Waiver.connection_id == connection.id, Waiver.name == check.name, Waiver.ended_at.is_(None))
        .with_for_update()
    ).first()
    if standing is None:
        return False
    standing.ended_at, standing.ended_by = func.now(), by.name
    session.flush()
    return True


def _record(
    session: Session,
    keys: Mapping[str, bytes],
    connection: Connection,
    action: str,
    actor: audit.Actor,
    detail: Mapping[str, object],
) -> None:
    subject = audit.account(connection)
    audit.record(session, keys, connection.tenant_id, action, actor=actor, subject=subject, detail=detail)
