"""The pages of a connection's states: what each needs next, going live, giving up, taking up again."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import select, text

from portal.models import AuditEvent, Connection, Facility, Link, Preview, Secret, new_id, utc_now
from portal.sync import audit
from portal.sync.connecting import add_connection, add_hub
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY
from tests.web import checked, factory, newcomers

DANA = audit.Actor("Dana")
GOOD = {"api_key": LEAFLINK_KEY, "webhook_key": WEBHOOK_KEY}


def words(answer):
    main = answer.text.partition("<main")[2]
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


@pytest.fixture
def page(company):
    return f"/t/{company.slug}/connections/{company.connection_id}"


def be(sessions, company, state, **more):
    with sessions.tenant(company.id) as session:
        row = session.get_one(Connection, company.connection_id)
        row.state = state
        for name, value in more.items():
            setattr(row, name, value)


def state(sessions, company):
    with sessions.tenant(company.id) as session:
        return session.get_one(Connection, company.connection_id).state


NEXT = (
    # State, what is said of what comes next, and the button that leads there.
    ("draft", "Say which facility its orders go to.", "Choose the facility"),
    ("checking", "Both sides have to answer once with its keys.", "Call both sides"),
    ("ready", "Not every check ran yet.", "Check both sides"),
    ("paused", "Whatever waited is worked through.", "Resume"),
    ("needs_credentials", "Its key is refused.", "Replace it"),
    ("disconnected", "A key of the same company takes it up again.", "Connect it again"),
)


@pytest.mark.promise("ON-1")
@pytest.mark.parametrize(("at", "says", "button"), NEXT)
def test_each_state_says_what_comes_next_and_leads_there(
    sessions, company, page, admin, viewer, at, says, button
):
    be(sessions, company, at)
    shown, looked_at = words(admin.get(page)), words(viewer.get(page))
    assert (says in shown, button in shown) == (True, True)
    assert (says in looked_at, f"To do {says} {button}" in looked_at) == (True, False)


def test_a_disconnected_one_offers_nothing_that_needs_its_keys(sessions, company, page, admin):
    offered = {"Test connection", "Preview the first sync"}
    for at, shown in (("ready", offered), ("disconnected", set())):
        be(sessions, company, at, live_since=None)
        assert {one for one in offered if one in words(admin.get(page))} == shown


def test_a_live_one_that_hears_its_webhook_needs_nothing(sessions, company, page, admin):
    assert "Next" not in re.findall(r"<h2[^>]*>([^<]+)</h2>", admin.get(page).text)
    be(sessions, company, "live", last_delivery_at=None)
    assert "No delivery of LeafLink has come yet" in words(admin.get(page))


@pytest.mark.parametrize(
    ("at", "step"),
    [
        ("live", "facility"),
        ("live", "go-live"),
        ("draft", "go-live"),
        ("live", "connect-again"),
        ("disconnected", "disconnect"),
        ("disconnected", "keys"),
    ],
)
def test_a_step_that_is_not_its_state_s_leads_back_to_its_page(sessions, company, page, admin, at, step):
    be(sessions, company, at)
    assert admin.get(f"{page}/{step}").location == page
    assert admin.post(f"{page}/{step}").location == page
    assert state(sessions, company) == at


@pytest.mark.promise("ON-1")
def test_from_ready_the_way_leads_over_checks_and_preview_to_going_live(sessions, company, page, admin):
    be(sessions, company, "ready", live_since=None)
    assert "Going live waits for the checks." in words(admin.get(page))
    shown = admin.get(f"{page}/go-live")
    assert "Cannot start yet" in words(shown)
    assert "Match every product by SKU" in words(shown)
    assert "<button" not in shown.text.partition("What happens then")[2]

    with sessions.tenant(company.id) as session:
        checked.all_ready(session, company)
    assert "See what the first sync would do, before it does it. Preview" in words(admin.get(page))
    shown = words(admin.get(f"{page}/go-live"))
    assert "There is no preview, so only orders are synced" in shown
    assert "Preview the first sync Go live with orders only" in shown

    with sessions.tenant(company.id) as session:
        preview = a_preview(session, company)
    assert "What the first sync would do was previewed." in words(admin.get(page))
    shown = admin.get(f"{page}/go-live")
    assert "3 products are described anew" in words(shown)
    approves = rf'{page}/preview/live"(?:(?!</form>).)*name="preview"\s+value="{preview.id}"'
    assert re.search(approves, shown.text, re.DOTALL)


def a_preview(session, company):
    counts = {"acts": {"update_product": 3}, "calls": {"platform": 3}}
    owned = {"tenant_id": company.id, "connection_id": company.connection_id, "started_by": "Dana Reyes"}
    preview = Preview(id=new_id(), **owned, state="done", finished_at=utc_now(), counts=counts)
    session.add(preview)
    session.flush()
    return preview


def test_what_going_live_does_is_said_in_counts(sessions, company, page, admin):
    be(sessions, company, "ready", live_since=None)
    with sessions.tenant(company.id) as session:
        factory.order(session, company, label="A", state="new", decision_code=None)
        factory.order(session, company, label="B", state="settled")
    assert "1 are known already." in words(admin.get(f"{page}/go-live"))


@pytest.mark.promise("ON-1")
def test_what_disconnecting_stops_is_said_in_counts_and_a_reason_is_asked_for(sessions, company, page, admin):
    with sessions.tenant(company.id) as session:
        for name, at in (("A", "waiting"), ("B", "stuck"), ("C", "settled")):
            link = factory.order(session, company, label=name, state=at)
        factory.problem(session, link)
    shown = words(admin.get(f"{page}/disconnect"))
    assert "2 orders on the way go no further; 1 of them is stuck." in shown
    assert "1 open problem is closed unsolved." in shown

    refused = admin.post(f"{page}/disconnect", {"reason": " "})
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    assert state(sessions, company) == "live"

    assert admin.post(f"{page}/disconnect", {"reason": "Sold elsewhere"}).status_code == 303
    assert "Its keys are destroyed" in words(admin.get(page))
    assert state(sessions, company) == "disconnected"
    with sessions.tenant(company.id) as session:
        secrets = session.scalars(select(Secret).where(Secret.owner_id == company.connection_id)).all()
        told = session.scalars(select(AuditEvent).where(AuditEvent.action == "connection.disconnected")).one()
        left = session.scalars(select(Link.state).where(Link.kind == "order").order_by(Link.label)).all()
    assert (secrets, told.detail["reason"]) == ([], "Sold elsewhere")
    assert left == ["skipped", "skipped", "settled"]


@pytest.mark.parametrize("step", ["facility", "go-live", "disconnect", "connect-again"])
def test_who_may_only_look_takes_no_step(page, viewer, step):
    viewer.get(page)
    assert viewer.get(f"{page}/{step}").status_code == 403
    assert viewer.post(f"{page}/{step}").status_code == 403


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def draft(engine, desk, sessions, sandbox):
    """A new company, both sides of the sandbox connected: its tenant and the draft."""
    with engine.begin() as database:
        database.execute(text("UPDATE connection SET state = 'disconnected'"))
    tenant, (url, key) = newcomers.bare(sessions), sandbox
    hub = add_hub(
        desk,
        tenant.id,
        name="Flourish",
        base_url=f"{url}/flourish/external/api",
        credentials={"api_key": key},
        actor=DANA,
    )
    made = add_connection(
        desk,
        tenant.id,
        hub_id=hub.id,
        platform_key="leaflink",
        name="LeafLink",
        credentials=GOOD,
        actor=DANA,
        base_url=f"{url}/leaflink/api/v2/",
    )
    return tenant, made


@pytest.fixture
def at(draft):
    return f"/t/{draft[0].slug}/connections/{draft[1].id}"


@pytest.fixture
def dana(sessions, draft, as_user):
    return as_user(factory.member(sessions, draft[0], "admin"))


def now(sessions, draft):
    with sessions.tenant(draft[0].id) as session:
        return session.get_one(Connection, draft[1].id)


def a_facility(sessions, draft):
    with sessions.tenant(draft[0].id) as session:
        return session.scalars(select(Facility.id).order_by(Facility.name)).first()


def test_without_a_choice_the_facility_page_says_what_is_missing(sessions, draft, at, dana):
    dana.get(at)
    for typed in ({}, {"facility": "nonsense"}, {"facility": str(draft[0].id)}):
        answer = dana.post(f"{at}/facility", typed)
        assert answer.status_code == 422
        assert "Choose one of the facilities in the list." in words(answer)
    assert now(sessions, draft).state == "draft"


def test_a_side_that_does_not_answer_keeps_it_from_being_ready_until_it_does(sessions, draft, at, dana):
    place, good = a_facility(sessions, draft), now(sessions, draft).base_url
    with sessions.tenant(draft[0].id) as session:
        session.get_one(Connection, draft[1].id).base_url = "http://127.0.0.1:1/api/v2/"
    dana.get(at)
    dana.post(f"{at}/facility", {"facility": str(place)})
    assert "LeafLink cannot be reached" in words(dana.get(at))
    assert now(sessions, draft).state == "checking"
    with sessions.tenant(draft[0].id) as session:
        session.get_one(Connection, draft[1].id).base_url = good
    dana.post(f"{at}/check")
    assert now(sessions, draft).state == "ready"


def test_the_addresses_are_shown_again_to_who_may_and_the_audit_tells(sessions, draft, at, dana):
    dana.get(at)
    shown = dana.post(f"{at}/addresses").text
    assert draft[1].webhook_url in shown
    assert "/webhooks/flourish/" in shown
    with sessions.tenant(draft[0].id) as session:
        acts = session.scalars(select(AuditEvent.action)).all()
    assert "connection.addresses_shown" in acts


@pytest.mark.promise("ON-1")
def test_it_is_connected_again_with_a_new_key_of_its_company(sessions, draft, at, dana):
    dana.get(at)
    dana.post(f"{at}/disconnect", {"reason": "Trying"})

    other = dana.post(f"{at}/connect-again", {**GOOD, "api_key": "ll-sunrise-key"})
    assert (other.status_code, "opens Sunrise Brands, not Greenleaf Farms" in words(other)) == (422, True)
    assert "ll-sunrise-key" not in other.text
    nothing = dana.post(f"{at}/connect-again", {"api_key": LEAFLINK_KEY})
    assert "Company webhook key is missing." in words(nothing)

    again = dana.post(f"{at}/connect-again", GOOD)
    assert (again.status_code, "LeafLink answered" in words(again)) == (200, True)
    assert draft[1].webhook_url not in again.text
    assert now(sessions, draft).state == "draft"
