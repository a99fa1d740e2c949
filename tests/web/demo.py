"""A company with one of everything that pages show, for tests in a browser and for looking at pages."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from portal.extensions import Sessions
from portal.models import Link, utc_now
from tests.web import checked, factory, notified
from tests.web.factory import Company


def fill(sessions: Sessions, company: Company) -> UUID:
    """Fill a company; return the order whose story is the longest."""
    with sessions.tenant(company.id) as session:
        told = _told_order(session, company)
        _stuck_orders(session, company)
        _waiting_orders(session, company)
        run = factory.run(session, company)
        factory.run(session, company, kind="poll", state="done", finished_at=utc_now() + timedelta(seconds=2))
        _notifications(session, company)
        _log(session, company, told, run.id)
        checked.fill(session, company)
        return told.id


def _notifications(session: Session, company: Company) -> None:
    """One that is told by mail, and a webhook that was switched off with a long answer in its log."""
    notified.notice(session, notified.rule(session, company), "SKU BD-35-LMN is unknown in Flourish")
    off = {"off_at": utc_now(), "off_because": "It answered 410: nothing is taken there any more."}
    address = f"https://hooks.example.com/{'a-long-path/' * 12}"
    gone = notified.rule(session, company, channel="webhook", address=address, **off)
    notified.notice(session, gone, "x" * 400, sent_at=None, given_up_at=utc_now())


def _told_order(session: Session, company: Company) -> Link:
    now = utc_now()
    link = factory.order(session, company, label="4F2A-1187", placed_at=now - timedelta(minutes=40))
    link.decision_text = "LeafLink says Fulfilled and Flourish says Allocated: they go together."
    link.foreign_status = "Fulfilled"
    drift = [["GG-1G-PR eaches", "540", "500"], ["Requested date", "2026-04-01", "2026-04-09"]]
    link.snapshot = {**link.snapshot, "drift": drift}
    factory.operation(session, link)
    factory.event(
        session,
        link,
        "Order submitted",
        side="platform",
        actor="Harbor Wellness, buyer",
        how="webhook",
        text="2 lines, $1,842.00",
    )
    factory.event(
        session,
        link,
        "Bring it in",
        actor="Trellis decided",
        how="routing: one facility",
        text="Submitted is a status that you chose, and the order belongs to Oakland DC.",
    )
    factory.event(
        session,
        link,
        "Created 00018842",
        side="flourish",
        how="POST outbound order, 412 ms",
        tone="ok",
        text="1 case × 24 is 24 eaches of BD-35-LMN.",
        detail={
            "changes": [["BD-35-LMN", None, "24 ea at $4.75"], ["Terms", None, "Net 15"]],
            "request": {"original_order_id": "4F2A-1187", "notes": ["Trellis 1 4F2A-1187"]},
            "answer": {"id": "00018842", "status": "Created"},
        },
    )
    factory.event(
        session,
        link,
        "Quantity changed",
        side="platform",
        actor="Sam Ortiz, LeafLink",
        how="webhook",
        detail={"changes": [["GG-1G-PR", "500", "540"]]},
    )
    factory.event(
        session,
        link,
        "Flourish answered 503",
        side="flourish",
        how="PUT, first attempt",
        tone="warn",
        text="Trellis tries again in 2 s.",
    )
    factory.event(session, link, "Lines updated", side="flourish", how="PUT, second attempt", tone="ok")
    factory.event(session, link, "Allocated", side="flourish", actor="Warehouse, Flourish", how="webhook")
    factory.event(
        session,
        link,
        "Move LeafLink to Fulfilled",
        actor="Trellis decided",
        how="status table",
        text="Allocated goes with Fulfilled. It takes two steps, Accepted first.",
    )
    factory.event(
        session, link, "Accepted, then Fulfilled", side="platform", how="2 transitions, 640 ms", tone="ok"
    )
    factory.delivery(session, link)
    factory.delivery(
        session, link, outcome="stale", outcome_text="A newer state was known already.", repeats=2
    )
    return link


def _stuck_orders(session: Session, company: Company) -> None:
    for number in range(11):
        link = factory.order(
            session,
            company,
            label=f"4F2A-12{number:02}",
            state="stuck",
            flourish_id=None,
            foreign_status="Submitted",
            decision_code="sku_unknown",
            decision_text="A line names a SKU that Flourish does not have.",
            next_step="Correct the SKU; the order then goes on by itself.",
            placed_at=utc_now() - timedelta(hours=3, minutes=number),
        )
        factory.problem(session, link)
    other = factory.order(
        session,
        company,
        label="4F2A-1300",
        state="stuck",
        decision_code="edited_late",
        decision_text="LeafLink changed the order after Flourish allocated it.",
    )
    factory.event(session, other, "Stopped", tone="bad", text="The order was edited after allocation.")
    factory.problem(
        session,
        other,
        code="edited_late",
        cause="",
        title="Edited after allocation",
        text="GG-1G-PR 40 to 60.",
        evidence={"difference": [["GG-1G-PR eaches", "40", "60", "40"]]},
        next_step="Take the allocation back in Flourish, or undo the edit in LeafLink.",
    )
    closed = factory.problem(
        session, other, code="rep_unknown", cause="sam@example.com", title="The sales rep is unknown"
    )
    closed.closed_at, closed.closed_because = utc_now(), "A later look found the rep."


def _waiting_orders(session: Session, company: Company) -> None:
    now = utc_now()
    waiting = factory.order(
        session,
        company,
        label="4F2A-1401",
        state="waiting",
        flourish_id=None,
        foreign_status="Submitted",
        decision_code="unknown_outcome",
        decision_text="It is not known yet whether Flourish took the order.",
        next_step="Trellis looks in Flourish, and creates the order only if it is not there.",
        state_since=now - timedelta(seconds=20),
        due_at=now + timedelta(seconds=40),
        snapshot=factory.snapshot(flourish=None),
    )
    factory.operation(
        session, waiting, status="unknown", finished_at=None, settle_at=now + timedelta(seconds=40)
    )
    factory.event(
        session,
        waiting,
        "No answer",
        side="flourish",
        tone="warn",
        how="POST outbound order, timed out after 20 s",
    )
    factory.order(
        session,
        company,
        label="4F2A-1402",
        state="skipped",
        flourish_id=None,
        foreign_status="Draft",
        decision_code="draft",
        decision_text="Draft is not a status that you chose to bring in.",
        next_step="It is looked at again when LeafLink changes it.",
    )
    factory.order(
        session,
        company,
        label="4F2A-1403",
        state="new",
        flourish_id=None,
        snapshot={},
        foreign_status=None,
        next_step=None,
    )
    for number in range(60):
        factory.order(session, company, placed_at=now - timedelta(days=1, minutes=number))


def _log(session: Session, company: Company, link: Link, run_id: UUID) -> None:
    about = {"entity": "order 4F2A-1187", "link_id": link.id, "run_id": run_id}
    factory.line(session, company, "Flourish says Allocated (webhook 8c1e, signature right)", **about)
    factory.line(
        session,
        company,
        "Both sides read in 233 ms: LeafLink Submitted, Flourish Allocated",
        raw={"leaflink": {"status": "Submitted"}},
        **about,
    )
    factory.line(session, company, "LeafLink accepted", level="done", **about)
    factory.line(
        session, company, "LeafLink asked to wait 2 s (429). Not counted as a failure", level="wait", **about
    )
    factory.line(
        session, company, "SKU BD-35-LMN is unknown in Flourish; the order waits", level="stuck", **about
    )
    factory.line(session, company, "Polled orders changed since 10:47: 6, all known", run_id=run_id)
