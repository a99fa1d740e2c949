"""Stop switches on pages: who may turn them, and the banner while one is on."""

from __future__ import annotations

import re

import pytest

from portal.models import Installation, Tenant, utc_now
from portal.queries import stops
from portal.sync import switches
from portal.sync.audit import Actor
from tests.web import factory
from tests.web.test_dashboard import bottom_line

pytestmark = pytest.mark.promise("MO-11")

REASON = "A wrong <price> list went out"


@pytest.fixture(autouse=True)
def nothing_stopped(sessions, settings):
    """The installation is one for all tests."""
    yield
    with sessions.system() as session:
        switches.resume_everybody(session, settings.master_keys, actor=Actor("Opal"))


@pytest.fixture
def operator(sessions, as_user):
    return as_user(factory.user(sessions, name="Opal Operator", staff_role="operator"))


def banner(visitor, address: str) -> str:
    found = re.search(r'<div class="notice warn" role="status">(.*?)</div>', visitor.get(address).text, re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", found[1]).split()) if found else ""


def own(sessions, company):
    with sessions.tenant(company.id) as session:
        return session.get_one(Tenant, company.id)


def stop(visitor, company, reason: str = REASON):
    visitor.get(f"/t/{company.slug}/connections")
    return visitor.post(f"/t/{company.slug}/connections/stop", {"reason": reason})


def test_an_admin_stops_the_company_and_everybody_reads_why_on_every_page(sessions, company, admin, as_user):
    assert stop(admin, company).status_code == 303

    assert own(sessions, company).stop_reason == REASON
    viewer = as_user(factory.member(sessions, company, "viewer"))
    for page in ("", "orders", "problems", "runs", "connections", "proofs"):
        said = banner(viewer, f"/t/{company.slug}/{page}")
        assert "All writing of Greenleaf Farms is stopped." in said
        assert "Dana Reyes, " in said
        assert "A wrong &lt;price&gt; list went out" in said
    assert bottom_line(viewer, company) == "Stopped"
    assert "Stop all writing" not in viewer.get(f"/t/{company.slug}/connections").text


def test_letting_it_go_ends_the_banner(sessions, company, admin):
    stop(admin, company)
    admin.get(f"/t/{company.slug}/connections")

    answer = admin.post(f"/t/{company.slug}/connections/go", follow_redirects=True)

    assert "Trellis writes again" in answer.text
    assert own(sessions, company).stopped_at is None
    assert banner(admin, f"/t/{company.slug}/") == ""


def test_letting_it_go_while_the_operators_switch_is_on_promises_no_writing(
    sessions, settings, company, admin
):
    stop(admin, company)
    with sessions.system() as session:
        switches.stop_everybody(session, settings.master_keys, actor=Actor("Opal Operator"), reason=REASON)
    admin.get(f"/t/{company.slug}/connections")

    answer = admin.post(f"/t/{company.slug}/connections/go", follow_redirects=True)

    assert "Trellis writes again" not in answer.text
    assert "still nothing is written: a stop switch is on" in answer.text
    assert own(sessions, company).stopped_at is None


def test_resuming_a_connection_of_a_stopped_company_promises_no_writing(company, admin):
    stop(admin, company)
    page = f"/t/{company.slug}/connections/{company.connection_id}"
    admin.get(page)
    admin.post(f"{page}/pause")

    answer = admin.post(f"{page}/resume", follow_redirects=True)

    assert "Resumed" not in answer.text
    assert "still nothing is written: a stop switch is on" in answer.text


def test_a_stop_without_a_reason_is_asked_again(sessions, company, admin):
    answer = stop(admin, company, reason="  ")

    assert answer.status_code == 422
    assert "Say why" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert own(sessions, company).stopped_at is None


@pytest.mark.parametrize("act", ["stop", "go"])
def test_a_viewer_turns_no_switch(sessions, company, viewer, act):
    viewer.get(f"/t/{company.slug}/connections")

    answer = viewer.post(f"/t/{company.slug}/connections/{act}", {"reason": REASON})

    assert answer.status_code == 403
    assert own(sessions, company).stopped_at is None


def test_the_operator_stops_everybody_and_lets_everybody_go(sessions, company, admin, operator):
    operator.get("/support/")
    assert operator.post("/support/stop", {"reason": REASON}).status_code == 303

    for visitor, page in ((operator, "/support/"), (admin, f"/t/{company.slug}/")):
        said = banner(visitor, page)
        assert "The operator of Trellis has stopped all writing, for every company." in said
        assert "Opal Operator, " in said
    assert bottom_line(admin, company) == "Stopped"
    operator.get("/support/")
    assert operator.post("/support/go").status_code == 303
    assert banner(admin, f"/t/{company.slug}/") == ""
    with sessions.system() as session:
        assert session.get_one(Installation, True).stopped_at is None


def test_the_operators_stop_needs_a_reason_too(sessions, operator):
    operator.get("/support/")

    answer = operator.post("/support/stop", {"reason": ""})

    assert (answer.status_code, "Say why" in answer.text) == (422, True)
    with sessions.system() as session:
        assert stops.standing(session) == []


@pytest.mark.parametrize("who", ["support", "owner", "nobody"])
@pytest.mark.parametrize("act", ["stop", "go"])
def test_nobody_but_an_operator_turns_the_global_switch(sessions, company, as_user, anybody, who, act):
    if who == "support":
        visitor = as_user(factory.user(sessions, staff_role="support"))
        assert "Stop all writing" not in visitor.get("/support/").text
    elif who == "owner":
        visitor = as_user(factory.member(sessions, company, "owner"))
        visitor.get(f"/t/{company.slug}/connections")
    else:
        visitor = anybody
        visitor.get("/sign-in")

    answer = visitor.post(f"/support/{act}", {"reason": REASON})

    assert answer.status_code == (401 if who == "nobody" else 404)
    with sessions.system() as session:
        assert stops.standing(session) == []


def test_the_company_of_a_stop_without_words_is_said_too(sessions, company, admin):
    """A switch that was turned before switches asked for a reason."""
    with sessions.tenant(company.id) as session:
        session.get_one(Tenant, company.id).stopped_at = utc_now()

    assert "Somebody, " in banner(admin, f"/t/{company.slug}/")
