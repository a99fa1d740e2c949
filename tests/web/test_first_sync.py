"""The page of the first sync: what is done, what is left, and pausing it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import null, update

from portal.models import Link, Operation, Preview, utc_now
from portal.queries import previews
from tests.web.test_previews import made


def progress(company, more=""):
    return f"/t/{company.slug}/connections/{company.connection_id}/first-sync{more}"


@pytest.fixture
def going(sessions, company):
    """A first sync of two things, of which one is done by one write."""
    preview = made(sessions, company, approved_at=utc_now() - timedelta(minutes=3), approved_by="Dana Reyes")
    with sessions.tenant(company.id) as session:
        for sku, changed in (
            (
                "AB-35",
                {"looked_at": utc_now(), "due_at": null(), "state": "settled", "decision_code": "agree"},
            ),
            ("GG-1", {"due_at": utc_now()}),
        ):
            link = Link(
                tenant_id=company.id,
                connection_id=company.connection_id,
                hub_id=company.hub_id,
                kind="item",
                foreign_id=sku,
                label=sku,
                **changed,
            )
            session.add(link)
            session.flush()
            if sku == "AB-35":
                session.add(
                    Operation(
                        tenant_id=company.id, connection_id=company.connection_id, hub_id=company.hub_id,
                        link_id=link.id, kind="set_stock", system="leaflink", natural_key="k", once=False,
                        request={}, status="ok", fence=1, finished_at=utc_now(),
                    )
                )  # fmt: skip
    return preview


@pytest.mark.promise("ON-5")
def test_the_first_sync_shows_what_is_done_what_is_left_and_can_be_paused(sessions, company, going, admin):
    text = " ".join(admin.get(progress(company)).text.split())
    assert '<b class="num">1</b> of 2 products and orders of the preview are done, by 1 write.' in text
    assert "About a minute is left." in text
    assert "Pause writing" in text

    paused = admin.post(
        f"/t/{company.slug}/connections/{company.connection_id}/pause", {"back": "first-sync"}
    )
    assert paused.headers["Location"].endswith("/first-sync")
    with sessions.tenant(company.id) as session:
        # A look that the pause held back: it is not done with that.
        held = {"looked_at": utc_now(), "due_at": None, "state": "waiting", "decision_code": "set_stock"}
        session.execute(update(Link).where(Link.foreign_id == "GG-1").values(held))
    text = admin.get(progress(company, "/now")).text
    assert '<b class="num">1</b> of 2' in text
    assert "Nothing is written until somebody resumes" in text
    assert "Resume" in text

    admin.post(f"/t/{company.slug}/connections/{company.connection_id}/resume", {"back": "first-sync"})
    with sessions.tenant(company.id) as session:
        session.execute(
            update(Link)
            .where(Link.foreign_id == "GG-1")
            .values(looked_at=utc_now(), due_at=None, state="stuck", decision_code="refused")
        )
    text = admin.get(progress(company)).text
    assert "Everything that the preview showed is done" in text
    assert "every 3s" not in text


@pytest.mark.promise("ON-5")
def test_what_was_tried_alone_before_is_done_already(sessions, company, going, admin):
    before = going.approved_at - timedelta(minutes=1)
    tried = {"looked_at": before, "tried_until": before, "due_at": None, "state": "settled"}
    with sessions.tenant(company.id) as session:
        session.execute(update(Link).where(Link.foreign_id == "GG-1").values(decision_code="agree", **tried))
    assert "Everything that the preview showed is done" in admin.get(progress(company)).text


def test_what_is_left_is_told_by_the_rate_only_once_there_is_one(sessions, company, admin):
    preview = made(sessions, company, approved_at=utc_now(), approved_by="Dana Reyes")
    assert "About a minute is left." in admin.get(progress(company)).text
    with sessions.tenant(company.id) as session:
        assert previews.first_sync(session, session.get_one(Preview, preview.id)).lately is None


def test_without_an_approved_preview_there_is_no_first_sync_to_watch(company, admin):
    assert "No first sync yet" in admin.get(progress(company)).text
