"""The checker: proves the invariants of an installation, and names every thing that breaks one.

Our rows are read tenant by tenant, under the tenant's own role; both sides are read live, within the rate
budgets and outside of any transaction. Nothing is ever written. What looks wrong on a first look at both
sides is looked at again before it is said: people and workers go on meanwhile.

Not checked yet, with the reason, stands in `report.NOT_YET`: stock (I3), tenants apart (I11), the audit
chain (I12), bounded resources (I16) and the metamorphic test (I17). Of I10 the part that only the other
side's ledger can prove (no call above the rate, none after a revocation) is left to the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Tenant
from portal.sync.checker.clocks import clocks
from portal.sync.checker.live import prove_sides
from portal.sync.checker.opening import Check
from portal.sync.checker.place import Place
from portal.sync.checker.problems import problems_speak
from portal.sync.checker.report import Report, Seen
from portal.sync.checker.secrecy import secrets_kept
from portal.sync.checker.work import inbox_closed, no_write_without_intent, work_closed
from portal.sync.engine.desk import Desk

__all__ = ["Check", "Place", "Report", "check_tenants", "one_place", "places"]

_Look = Callable[[Session, Place], Seen]


def places(desk: Desk) -> list[Place]:
    """Every tenant that is there, by slug."""
    with desk.sessions.system() as session:
        rows = session.execute(
            select(Tenant.id, Tenant.slug).where(Tenant.retired_at.is_(None)).order_by(Tenant.slug)
        ).all()
    return [Place(row.id, row.slug, desk.settings.settle_seconds) for row in rows]


def one_place(desk: Desk, tenant_id: UUID) -> Place | None:
    """One tenant, or None when it is not there any more."""
    return next((place for place in places(desk) if place.tenant_id == tenant_id), None)


def check_tenants(check: Check, tenants: Sequence[Place]) -> Report:
    """Prove every invariant for these tenants.

    Returns:
        The check's report.
    """
    for place in tenants:
        check.tell(f"{place.slug}: reading its rows")
        _prove_rows(check, place)
        if not check.report.offline:
            prove_sides(check, place)
    return check.report


def _prove_rows(check: Check, place: Place) -> None:
    """The invariants that our own rows prove, each in a short transaction of its own."""
    looks: dict[str, _Look] = {
        "I7": inbox_closed,
        "I8": work_closed,
        "I9": problems_speak,
        "I10": no_write_without_intent,
        "I13": partial(secrets_kept, keys=check.desk.settings.master_keys),
        "I15": clocks,
    }
    for code, look in looks.items():
        with check.desk.tenant(place.tenant_id) as session:
            check.report.add(code, look(session, place))
