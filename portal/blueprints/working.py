"""Working: what pages ask of the engine, committed first and announced after."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import abort, current_app, g, url_for

from portal import access
from portal.access import here
from portal.extensions import Sessions, db
from portal.identity.people import current_person
from portal.models import Connection
from portal.queries import connections
from portal.sync import audit, journal, queues
from portal.sync.engine import marks
from portal.sync.engine.desk import Desk

_HOUR = 60 * 60


def who() -> audit.Actor:
    """The person signed in, as the audit names them."""
    person = current_person()
    return access.actor(person, g.get("here")) if person else audit.Actor("Somebody")


def keys() -> Mapping[str, bytes]:
    """The installation's encryption keys, which the audit's own keys are sealed with."""
    found: Mapping[str, bytes] = current_app.extensions["trellis"].settings.master_keys
    return found


def desk() -> Desk:
    """What the engine works with, for acts that call foreign systems: commit before them."""
    found: Desk = current_app.extensions["trellis"].desk
    return found


def connection(connection_id: UUID) -> Connection:
    """The connection of this company that an address names; there is no page without one."""
    return connections.one(db.session(), here().id, connection_id) or abort(404)


def sessions() -> Sessions:
    """Sessions beside the request's own."""
    found: Sessions = current_app.extensions["trellis"].sessions
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


def limit_address(what: str, email: str, *, times: int, seconds: int = _HOUR) -> None:
    """Answer 429 when one address is written to too often, by whomever."""
    throttle = current_app.extensions["trellis"].throttle
    # No address of a person in Redis.
    digest = hashlib.sha256(email.strip().lower().encode("utf-8", "replace")).hexdigest()[:32]
    if not throttle.allow(f"{what}:{digest}", times=times, seconds=seconds):
        abort(429)


def external(endpoint: str, **values: Any) -> str:
    """The address of a page as a mail carries it: never what a request says that our host is."""
    host: str = current_app.extensions["trellis"].settings.public_url
    return host + url_for(endpoint, **values)


def ring_alone(link_id: UUID) -> None:
    """Have a worker look now at a link that is worked on alone."""
    queues.ring_alone(current_app.extensions["trellis"].redis, link_id)


def ring_preview(preview_id: UUID) -> None:
    """Have a worker take up a preview now."""
    queues.ring_preview(current_app.extensions["trellis"].redis, preview_id)


def ring_reconciliation(report_id: UUID) -> None:
    """Have a worker take up a report now."""
    queues.ring_reconciliation(current_app.extensions["trellis"].redis, report_id)


def ring() -> None:
    """Have the workers look now at what is due."""
    queues.ring(current_app.extensions["trellis"].redis)
