"""Working: what pages ask of the engine, committed first and announced after."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort, current_app

from portal.access import here
from portal.extensions import db
from portal.identity.people import current_person
from portal.sync import journal, queues
from portal.sync.engine import marks

_HOUR = 60 * 60


def actor() -> str:
    """The name under which the person signed in appears in stories."""
    person = current_person()
    return person.name if person else "Somebody"


def look_again(links: Sequence[UUID]) -> int:
    """Have links looked at now; return how many of them there are."""
    session = db.session()
    marked = sum(marks.look_again(session, link_id, actor=actor()) for link_id in links)
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
