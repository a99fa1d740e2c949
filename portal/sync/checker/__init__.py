"""The checker: proves the invariants of an installation, and names every thing that breaks one.

Three truths are compared: our rows, read tenant by tenant under the tenant's own role; both sides, read live
within the rate budgets and outside of any transaction, and in the demo the sandbox's own books; and what our
pages count. Nothing is ever written. What looks wrong on a first look at both sides is looked at again before
it is said: people and workers go on meanwhile.

Not checked yet, with the reason, stands in `report.NOT_YET`: bounded resources (I16) and the
metamorphic test (I17). Without the sandbox's books nobody but the platform itself knows each call that was
made: then I10 and I11 are proven by our rows alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Tenant
from portal.sync.checker.acts import acts_kept
from portal.sync.checker.apart import companies_apart
from portal.sync.checker.calls import keys_fit, keys_of, made_once, within_budget, writes_were_intended
from portal.sync.checker.clocks import clocks
from portal.sync.checker.history import moves_go_forward, writers_go_forward
from portal.sync.checker.items import stock_kept
from portal.sync.checker.ledger import Books
from portal.sync.checker.live import prove_sides
from portal.sync.checker.opening import Check
from portal.sync.checker.pages import orders_shown, problems_shown
from portal.sync.checker.place import Place
from portal.sync.checker.problems import problems_speak
from portal.sync.checker.report import Report, Seen
from portal.sync.checker.secrecy import secrets_kept
from portal.sync.checker.work import inbox_closed, no_write_without_intent, work_closed
from portal.sync.engine.desk import Desk
from portal.sync.errors import SyncError
from portal.sync.secrets import CannotOpen

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
    books = None if check.report.offline else _books(check)
    for place in tenants:
        check.tell(f"{place.slug}: reading its rows")
        _prove_rows(check, place)
        if not check.report.offline:
            prove_sides(check, place)
        if books is not None:
            check.tell(f"{place.slug}: reading the sandbox's books")
            _prove_books(check, place, books)
    return check.report


def _prove_rows(check: Check, place: Place) -> None:
    """The invariants that our own rows prove, each in a short transaction of its own."""
    keys = check.desk.settings.master_keys
    looks: tuple[tuple[str, _Look], ...] = (
        ("I2", orders_shown),
        ("I3", stock_kept),
        ("I5", moves_go_forward),
        ("I7", inbox_closed),
        ("I8", work_closed),
        ("I9", problems_speak),
        ("I9", problems_shown),
        ("I10", no_write_without_intent),
        ("I11", companies_apart),
        ("I12", partial(acts_kept, keys=keys, path=check.desk.settings.audit_anchors)),
        ("I13", partial(secrets_kept, keys=keys)),
        ("I15", clocks),
        ("I15", writers_go_forward),
    )
    for code, look in looks:
        with check.desk.tenant(place.tenant_id) as session:
            check.report.add(code, look(session, place))


def _books(check: Check) -> Books | None:
    """The sandbox's books: read before our rows, so that whatever they hold is in our rows already."""
    try:
        return check.books(check.desk)
    except SyncError as error:
        check.report.skip(f"the sandbox's books could not be read: {error}")
        return None


def _prove_books(check: Check, place: Place, books: Books) -> None:
    with check.desk.tenant(place.tenant_id) as session:
        try:
            keys = keys_of(check.desk, session, place)
        except CannotOpen as error:
            check.report.skip(f"keys could not be opened: {error}")
            return
        check.report.add("I10", within_budget(books, keys))
        check.report.add("I10", writes_were_intended(session, place, books, keys))
        check.report.add("I11", keys_fit(session, place, books, keys))
        found, ever = made_once(session, place, books)
    known = {example.where for example in check.report.verdicts["I1"].counter_examples}
    news = tuple(example for example in found.wrong if example.where not in known)
    check.report.add("I1", Seen(found.looked, news))
    check.report.ever_doubled |= ever
