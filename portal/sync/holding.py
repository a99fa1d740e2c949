"""Holding: a person has nothing written for one order until it is released, as a stop switch does for all.

It is read and decided on as ever, so that its page says what would be done.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func
from sqlalchemy.orm import Session

from portal.models import Link
from portal.sync import audit, journal

LONGEST_REASON = 300


class NoReason(Exception):
    """A hold has to say why, in one line: people read it on the order's page until it is over."""


def hold(session: Session, keys: Mapping[str, bytes], link: Link, reason: str, *, actor: audit.Actor) -> bool:
    """Put an order on hold, in force from the next write on.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        link: the order, locked.
        reason: why, as people will read it.
        actor: who does it.

    Returns:
        False when it is on hold already: then who and why stay as they were.

    Raises:
        NoReason: the reason is empty, or no line.
    """
    why = " ".join(reason.replace("\x00", "").split())
    if not why or len(why) > LONGEST_REASON:
        raise NoReason(f"Say why, in at most {LONGEST_REASON} characters.")
    if link.on_hold_since is not None:
        return False
    link.on_hold_since, link.on_hold_by, link.on_hold_because = func.now(), actor.name, why
    _tell(session, link, actor, "Put on hold", f"Nothing is written for it until it is released: {why}")
    _record(session, keys, link, "order.held", actor, {"reason": why})
    return True


def release(session: Session, keys: Mapping[str, bytes], link: Link, *, actor: audit.Actor) -> bool:
    """Let an order be written again, and have it looked at now.

    Args:
        session: a session inside the tenant.
        keys: the installation's encryption keys.
        link: the order, locked.
        actor: who does it.

    Returns:
        False when it is not on hold.
    """
    if link.on_hold_since is None:
        return False
    link.on_hold_since = link.on_hold_by = link.on_hold_because = None
    link.dirty_seq += 1
    link.due_at = func.now()
    _tell(session, link, actor, "Released", "Trellis goes on with it.")
    _record(session, keys, link, "order.released", actor, {})
    return True


def _tell(session: Session, link: Link, actor: audit.Actor, title: str, text: str) -> None:
    journal.tell(session, link, journal.Entry("trellis", actor.name, title, text, tone="warn"))
    journal.log(session, link, "info", f"{actor}: {title}")


def _record(
    session: Session,
    keys: Mapping[str, bytes],
    link: Link,
    action: str,
    actor: audit.Actor,
    detail: Mapping[str, str],
) -> None:
    subject = audit.Subject("order", str(link.id), link.label)
    audit.record(session, keys, link.tenant_id, action, actor=actor, subject=subject, detail=dict(detail))
