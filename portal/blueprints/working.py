"""Working: what pages ask of the engine, committed first and announced after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import abort, current_app, g, request

from portal.access import here
from portal.extensions import db
from portal.identity.people import current_person
from portal.identity.throttle import network
from portal.sync import audit, journal, queues
from portal.sync.engine import marks

_HOUR = 60 * 60


def who() -> audit.Actor:
    """The person signed in, as the audit names them."""
    person = current_person()
    found = g.get("here")
    role = found.role if found else (person.staff_role or "") if person else ""
    return audit.Actor(
        name=person.name if person else "Somebody",
        id=person.id if person else None,
        role=role,
        address=network(request.remote_addr or ""),
        reference=g.get("reference", ""),
    )


def keys() -> Mapping[str, bytes]:
    """The installation's encryption keys, which the audit's own keys are sealed with."""
    found: Mapping[str, bytes] = current_app.extensions["trellis"].settings.master_keys
    return found


def actor() -> audit.Actor:
    """The person signed in, as stories name them."""
    return who()


def record(action: str, subject: audit.Subject | None = None, **detail: Any) -> None:
    """Record an act of the person signed in, in this request's transaction."""
    audit.record(db.session(), keys(), here().id, action, actor=who(), subject=subject, detail=detail)


def look_again(links: Sequence[UUID], action: str, subject: audit.Subject) -> int:
    """Have links looked at now, as one act; return how many of them there are."""
    session = db.session()
    marked = sum(marks.look_again(session, link_id, actor=actor()) for link_id in links)
    if marked:
        record(action, subject, orders=marked)
    commit()
    ring()
    return marked


def commit() -> None:
    """Commit what a view did, then tell the watchers."""
    session = db.session()
    session.commit()
    journal.announce(current_app.extensions["trellis"].redis, session)


def limit(what: str, *, times: int, seconds: int = _HOUR) -> None:
    """Answer 429 when a tenant does something too often."""
    throttle = current_app.extensions["trellis"].throttle
    if not throttle.allow(f"{what}:{here().id}", times=times, seconds=seconds):
        abort(429)


def ring() -> None:
    """Have the workers look now at what is due."""
    queues.ring(current_app.extensions["trellis"].redis)
