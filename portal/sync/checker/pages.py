"""What our pages say, beside the rows themselves: nothing may be missing from the lists that people go by."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal.models import Link, Problem, utc_now
from portal.queries import bounded, dashboard, problems
from portal.queries.scope import Scope
from portal.sync.checker.place import Place
from portal.sync.checker.report import CounterExample, Seen, seen

_EVER = datetime(1970, 1, 1, tzinfo=UTC)


def orders_shown(session: Session, place: Place) -> Seen:
    """I2: every order is counted in one place of the dashboard, and every stuck one calls for somebody."""
    orders = select(func.count()).where(Link.kind == "order")
    known = session.scalar(orders) or 0
    stuck = session.scalar(orders.where(Link.state == "stuck")) or 0
    scope = Scope(place.tenant_id)
    shown = sum(one.number for one in dashboard.seen_since(session, scope, _EVER).values())
    calling = dashboard.attention(session, scope, utc_now()).stuck.number
    return seen(
        0,
        [
            CounterExample("dashboard", f"it shows {there} {what} orders of {rows}", place.page(""))
            for what, there, rows in (
                ("known", shown, known),
                ("stuck", calling, min(stuck, bounded.MOST + 1)),
            )
            if there != rows
        ],
    )


def problems_shown(session: Session, place: Place) -> Seen:
    """I9: every problem that is not closed is counted, and is on the page of problems by its cause, among
    those that are open or those that are ignored."""
    is_ignored = Problem.ignored_until.is_not(None)
    query = select(is_ignored, func.count()).where(Problem.closed_at.is_(None)).group_by(is_ignored)
    found = {row[0]: row[1] for row in session.execute(query)}
    wrong = []
    for state in ("open", "ignored"):
        rows, filters = found.get(state == "ignored", 0), problems.Filters(state=state)
        shown = [(problems.count(session, place.tenant_id, filters), min(rows, bounded.MOST + 1))]
        if rows <= problems.MOST_GROUPED:
            causes = problems.by_cause(session, place.tenant_id, filters, size=rows + 1).rows
            shown.append((sum(cause.number for cause in causes), rows))
        wrong += [
            CounterExample(
                "problems page", f"it shows {there} of {there_are} {state} problems", place.page("problems")
            )
            for there, there_are in shown
            if there != there_are
        ]
    return seen(0, wrong)
