"""Visits: what Trellis's own people look at under a grant is written down in the company's audit.

In a transaction of its own before the answer leaves: what cannot be written down is not shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask, Response, current_app, g, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.access import Here, actor
from portal.identity import people
from portal.identity.people import Person
from portal.models import Connection, Hub, Link, Proof, Run
from portal.queries import grants
from portal.sync import audit

_PAGES = {
    "dashboard.show": "the dashboard",
    "dashboard.today": "the dashboard",
    "orders.index": "the list of orders",
    "problems.index": "the list of problems",
    "runs.index": "the list of runs",
    "writes.index": "the list of writes",
    "writes.download": "the file of writes",
    "connections.index": "the list of connections",
    "proofs.index": "the list of checks",
}
# The name of an address's id -> what it is of, and what people call the thing.
_THINGS = {
    "link_id": ("order", select(Link.label, Link.foreign_id), Link.id),
    "connection_id": ("connection", select(Connection.name), Connection.id),
    "hub_id": ("Flourish account", select(Hub.name), Hub.id),
    "run_id": ("run", select(Run.kind), Run.id),
    "proof_id": ("check", select(Proof.outcome), Proof.id),
}


def install(app: Flask) -> None:
    """Write down each page that is shown under a grant."""
    app.after_request(_after)


def _after(response: Response) -> Response:
    found, person = g.get("here"), people.current_person() if g.get("here") else None
    if request.method == "GET" and response.status_code < 300 and found and person:
        record(found, person, request.view_args or {}, request.endpoint or "", once=people.passive())
    return response


def record(found: Here, person: Person, values: Mapping[str, object], page: str, *, once: bool) -> None:
    """Write down that somebody looks at something, when they are here under a grant.

    Args:
        found: where they are.
        person: who.
        values: the ids in the address.
        page: the endpoint.
        once: do not repeat it: the page asks by itself, again and again.
    """
    if found.grant is None:
        return
    trellis = current_app.extensions["trellis"]
    with trellis.sessions.tenant(found.id) as session:
        subject = _subject(session, values, page)
        if once and grants.was_used(session, found.id, found.grant.id, subject.kind, subject.id):
            return
        audit.record(
            session,
            trellis.settings.master_keys,
            found.id,
            "grant.used",
            actor=actor(person, found),
            subject=subject,
            detail={"page": page, "grant": str(found.grant.id)},
        )


def _subject(session: Session, values: Mapping[str, object], page: str) -> audit.Subject:
    for name, (kind, query, column) in _THINGS.items():
        if name in values:
            row = session.execute(query.where(column == values[name])).first()
            called = next(filter(None, row), "") if row else ""
            return audit.Subject(kind, str(values[name]), f"{kind} {called}".strip())
    return audit.Subject("page", page, _PAGES.get(page, page))
