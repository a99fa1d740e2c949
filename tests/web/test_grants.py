"""Support grants: asked for, given, used, ended; and the broken glass."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from portal.config import Settings
from portal.extensions import new_redis
from portal.live import stream
from portal.models import INSTALLATION_CHAIN, AuditEvent, Grant, Link, Mail, Membership, utc_now
from portal.sync import journal, mail
from tests.web import admission, factory
from tests.web.acts import BUT_SIGN_INS
from tests.web.serving import Watcher, served

ASKED = {"reason": "Order 4F2A-1187 is stuck", "ticket": "T-204", "minutes": "30"}


@pytest.fixture
def agent(sessions):
    return factory.user(sessions, name="Sam Port", staff_role="support")


@pytest.fixture
def support(as_user, agent):
    return as_user(agent)


@pytest.fixture
def operator(as_user, sessions):
    return as_user(factory.user(sessions, name="Opal Rator", staff_role="operator"))


@pytest.fixture
def owner(sessions, company):
    return factory.member(sessions, company, "owner", name="Olivia Owner")


@pytest.fixture
def order(sessions, company):
    with sessions.tenant(company.id) as session:
        return factory.order(session, company, label="4F2A-1187")


@pytest.fixture
def let_in(sessions, company, agent):
    """Let the agent in, as the company does."""

    def give(**more):
        with sessions.tenant(company.id) as session:
            return admission.grant(session, company, agent, given=True, **more)

    return give


@pytest.fixture
def grants(sessions, company):
    def read():
        with sessions.tenant(company.id) as session:
            return session.scalars(select(Grant).order_by(Grant.created_at)).all()

    return read


@pytest.fixture
def acts(sessions, company):
    """What the company's audit says, as (action, actor, subject)."""

    def read(chain=None):
        with sessions.system() as session:
            rows = session.scalars(
                select(AuditEvent)
                .where(AuditEvent.chain == (chain or company.id), BUT_SIGN_INS)
                .order_by(AuditEvent.seq)
            )
            return [(row.action, row.actor, row.subject) for row in rows]

    return read


def test_an_agent_asks_and_the_company_sees_who_why_and_how_long(company, support, admin, acts):
    assert "Ask for access" in support.get("/support/").text
    asked = support.post(f"/support/companies/{company.id}/ask", ASKED)
    assert asked.status_code == 303
    page = admin.get(f"/t/{company.slug}/support-access").text
    for word in ("Sam Port", "Order 4F2A-1187 is stuck", "T-204", "30 minutes", "read-only"):
        assert word in page
    assert "asking for access" in admin.get(f"/t/{company.slug}/").text
    assert acts() == [("grant.asked", "Sam Port", "Sam Port")]
    assert support.get(f"/t/{company.slug}/").status_code == 404


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"reason": ""}, "Give a reason"),
        ({"reason": "x" * 301}, "5 to 300"),
        ({"ticket": "x" * 61}, "60 characters"),
        ({"minutes": "4"}, "5 to 60"),
        ({"minutes": "61"}, "5 to 60"),
        ({"minutes": "soon"}, "minutes"),
        ({"minutes": "9" * 30}, "5 to 60"),
    ],
)
def test_what_is_asked_for_is_bounded(company, support, grants, changed, word):
    support.get("/support/")
    answer = support.post(f"/support/companies/{company.id}/ask", ASKED | changed)
    assert answer.status_code == 422
    assert word in answer.text
    assert grants() == []


def test_whoever_asked_waits_for_the_answer(company, support, grants):
    for status in (303, 422):
        answer = support.post(f"/support/companies/{company.id}/ask", ASKED)
        assert answer.status_code == status
    assert "asked this company already" in answer.text
    assert len(grants()) == 1


def test_a_company_that_is_not_there_cannot_be_asked(support, operator):
    assert support.get(f"/support/companies/{uuid4()}/ask").status_code == 404
    assert operator.get(f"/support/companies/{uuid4()}/break-glass").status_code == 404


def test_what_was_asked_for_is_given_or_less(company, support, admin, grants, acts):
    support.post(f"/support/companies/{company.id}/ask", ASKED | {"may_act": "y"})
    page = f"/t/{company.slug}/support-access"
    admin.get(page)
    give = f"{page}/{grants()[0].id}/give"
    assert "30 minutes were asked for" in admin.post(give, {"minutes": "31"}).text
    assert admin.post(give, {"minutes": "60"}).status_code == 422
    assert admin.post(give, {"minutes": "10"}).status_code == 303
    row = grants()[0]
    assert row.ends_at - row.given_at == timedelta(minutes=10)
    assert not row.may_act
    assert row.given_by == "Dana Reyes"
    assert support.get(f"/t/{company.slug}/").status_code == 200
    assert ("grant.given", "Dana Reyes", "Sam Port") in acts()
    # A second answer changes nothing.
    assert admin.post(give, {"minutes": "30"}).status_code == 422
    assert grants()[0].ends_at == row.ends_at


def test_a_declined_request_lets_nobody_in(company, support, admin, grants, acts):
    support.post(f"/support/companies/{company.id}/ask", ASKED)
    admin.get(f"/t/{company.slug}/support-access")
    admin.post(f"/t/{company.slug}/support-access/{grants()[0].id}/decline")
    assert support.get(f"/t/{company.slug}/").status_code == 404
    assert acts()[-1] == ("grant.declined", "Dana Reyes", "Sam Port")
    answer = admin.post(f"/t/{company.slug}/support-access/{grants()[0].id}/give", {"minutes": "30"})
    assert answer.status_code == 422
    assert support.get(f"/t/{company.slug}/").status_code == 404


def test_a_request_that_nobody_answered_lapses(sessions, company, agent, support, admin):
    with sessions.tenant(company.id) as session:
        row = admission.grant(session, company, agent, created_at=utc_now() - timedelta(hours=25))
    page = f"/t/{company.slug}/support-access"
    assert "not answered" in admin.get(page).text
    assert admin.post(f"{page}/{row.id}/give", {"minutes": "30"}).status_code == 422
    assert support.get(f"/t/{company.slug}/").status_code == 404


def test_both_sides_see_on_every_page_that_somebody_is_in(company, support, viewer, admin, let_in):
    grant = let_in()
    for address in ("", "orders", "problems", "connections"):
        inside = support.get(f"/t/{company.slug}/{address}").text
        assert "You are in Greenleaf Farms as support until" in inside
        assert "read-only" in inside
        assert "Order 4F2A-1187 is stuck" in inside
        told = viewer.get(f"/t/{company.slug}/{address}").text
        assert "Sam Port of Trellis may be in" in told
        assert "End now" not in told
        assert f"{grant.id}/end" in admin.get(f"/t/{company.slug}/{address}").text


@pytest.mark.parametrize("how", ["ended by the company", "left", "its time is over"])
def test_access_ends_with_the_next_click(sessions, company, support, admin, let_in, order, how):
    grant = let_in()
    address = f"/t/{company.slug}/orders/{order.id}"
    assert support.get(address).status_code == 200
    if how == "left":
        assert support.post(f"/support/grants/{grant.id}/leave").status_code == 303
    elif how == "ended by the company":
        admin.get(f"/t/{company.slug}/support-access")
        assert admin.post(f"/t/{company.slug}/support-access/{grant.id}/end").status_code == 303
    else:
        with sessions.tenant(company.id) as session:
            past = "given_at = given_at - interval '30 min', ends_at = now()"
            session.execute(text(f"UPDATE support_grant SET {past} WHERE id = :id"), {"id": grant.id})
    assert support.get(address).status_code == 404
    assert support.get(f"{address}/story").status_code == 404
    assert support.post(f"{address}/look").status_code == 404
    assert "Sam Port of Trellis may be in" not in admin.get(f"/t/{company.slug}/").text


def test_nobody_ends_or_gives_what_is_not_theirs(sessions, company, support, as_user, let_in, operator):
    grant = let_in()
    assert operator.post(f"/support/grants/{grant.id}/leave").status_code == 404
    other = factory.company(sessions)
    stranger = as_user(factory.member(sessions, other, "owner"))
    stranger.get(f"/t/{other.slug}/support-access")
    assert stranger.post(f"/t/{other.slug}/support-access/{grant.id}/end").status_code == 404
    assert support.get(f"/t/{company.slug}/").status_code == 200
    # An agent who is in does not give themselves more.
    assert (
        support.post(f"/t/{company.slug}/support-access/{grant.id}/give", {"minutes": "60"}).status_code
        == 403
    )


def test_a_grant_is_for_one_agent_and_one_company(sessions, company, as_user, support, let_in):
    let_in()
    other = factory.company(sessions)
    assert support.get(f"/t/{other.slug}/").status_code == 404
    colleague = as_user(factory.user(sessions, staff_role="support"))
    assert colleague.get(f"/t/{company.slug}/").status_code == 404


def test_who_may_look_only_does_nothing(company, support, order, let_in):
    let_in()
    base = f"/t/{company.slug}"
    page = support.get(f"{base}/connections/{company.connection_id}").text
    assert "Pause writing" not in page
    for address in (
        f"orders/{order.id}/look",
        f"connections/{company.connection_id}/pause",
        "connections/stop",
        "problems/choose",
    ):
        assert support.post(f"{base}/{address}").status_code == 403


def test_who_may_act_pauses_and_does_not_resume(sessions, company, support, order, let_in):
    let_in(may_act=True)
    base = f"/t/{company.slug}/connections/{company.connection_id}"
    assert "Pause writing" in support.get(base).text
    assert support.post(f"/t/{company.slug}/orders/{order.id}/look").status_code == 303
    assert support.post(f"{base}/pause").status_code == 303
    assert "Resume" not in support.get(base).text
    assert support.post(f"{base}/resume").status_code == 403
    assert support.post(f"/t/{company.slug}/connections/stop", {"reason": "x"}).status_code == 403
    story = support.get(f"/t/{company.slug}/orders/{order.id}").text
    assert "Sam Port (support)" in story


def test_each_page_that_is_looked_at_is_in_the_companys_audit(company, support, admin, let_in, order, acts):
    grant = let_in()
    support.get(f"/t/{company.slug}/")
    for _ in range(2):
        support.get(f"/t/{company.slug}/orders/{order.id}")
    support.get(f"/t/{company.slug}/orders/{uuid4()}")
    who = "Sam Port (support)"
    assert acts() == [
        ("grant.used", who, "the dashboard"),
        ("grant.used", who, "order 4F2A-1187"),
        ("grant.used", who, "order 4F2A-1187"),
    ]
    page = admin.get(f"/t/{company.slug}/support-access/{grant.id}").text
    assert "the dashboard" in page
    assert "order 4F2A-1187" in page


def test_what_a_page_asks_for_by_itself_is_written_down_once(company, support, let_in, order, acts):
    let_in()
    for _ in range(3):
        assert support.get(f"/t/{company.slug}/orders/{order.id}/story").status_code == 200
    assert [subject for _, _, subject in acts()] == ["order 4F2A-1187"]


def test_what_cannot_be_written_down_is_not_shown(app, company, support, let_in, order, monkeypatch):
    let_in()
    monkeypatch.setattr("portal.visits.audit.record", lambda *_, **__: 1 / 0)
    monkeypatch.setattr(app, "testing", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    answer = support.get(f"/t/{company.slug}/orders/{order.id}")
    assert answer.status_code == 500
    assert "4F2A-1187" not in answer.text


def test_looking_at_ones_own_company_is_nobodys_business(company, admin, acts):
    admin.get(f"/t/{company.slug}/orders")
    assert acts() == []


@pytest.mark.promise("MO-11")
def test_an_operator_breaks_the_glass_and_everybody_is_told(
    sessions, settings, company, owner, operator, viewer, acts
):
    address = f"/support/companies/{company.id}/break-glass"
    assert operator.post(address, ASKED | {"reason": ""}).status_code == 422
    assert operator.get(f"/t/{company.slug}/").status_code == 404
    assert operator.post(address, ASKED).location == f"/t/{company.slug}/"
    assert "to look and to stop" in operator.get(f"/t/{company.slug}/").text
    assert "without having been asked in" in viewer.get(f"/t/{company.slug}/").text
    taken = ("break_glass.taken", "Opal Rator", company_name := "Greenleaf Farms")
    assert taken in acts()
    assert taken in acts(INSTALLATION_CHAIN)
    with sessions.system() as session:
        waiting = session.scalars(select(Mail).where(Mail.tenant_id == company.id)).all()
        told = [mail.opened(settings.master_keys, row) for row in waiting]
    assert [message.to for message in told] == [owner.email]
    for word in ("Opal Rator", company_name, ASKED["reason"], "T-204", "30 minutes"):
        assert word in told[0].text


@pytest.mark.promise("MO-11")
def test_the_broken_glass_stops_and_changes_nothing_else(company, operator, order):
    operator.post(f"/support/companies/{company.id}/break-glass", ASKED)
    base = f"/t/{company.slug}"
    connection = f"{base}/connections/{company.connection_id}"
    assert operator.post(f"{base}/orders/{order.id}/look").status_code == 403
    assert operator.post(f"{connection}/test").status_code == 403
    assert operator.post(f"{connection}/pause").status_code == 303
    assert operator.post(f"{connection}/resume").status_code == 403
    assert operator.post(f"{base}/connections/stop", {"reason": "a flood"}).status_code == 303
    assert operator.post(f"{base}/connections/go").status_code == 403


@pytest.mark.promise("MO-11")
def test_only_operators_break_the_glass_and_only_agents_ask(company, support, operator, admin):
    assert support.get(f"/support/companies/{company.id}/break-glass").status_code == 404
    assert operator.get(f"/support/companies/{company.id}/ask").status_code == 404
    assert admin.get(f"/support/companies/{company.id}/ask").status_code == 404


@pytest.fixture
def watch(settings: Settings, as_user, company, order):
    """Open an order's stream as somebody."""
    with served(settings) as (_, port):

        def open_stream(user):
            cookie = as_user(user).client.get_cookie("trellis_session").value
            return Watcher(port, f"/events/t/{company.slug}/orders/{order.id}", cookie)

        yield open_stream


def test_no_row_is_sent_after_access_was_taken_away(
    sessions, company, admin, agent, watch, let_in, order, redis_url, acts
):
    grant = let_in()
    with watch(agent) as watcher:
        messages = watcher.messages()
        assert "order-verdict" in next(messages)[1]
        admin.get(f"/t/{company.slug}/support-access")
        assert admin.post(f"/t/{company.slug}/support-access/{grant.id}/end").status_code == 303
        redis = new_redis(redis_url)
        with sessions.tenant(company.id) as session:
            locked = session.scalars(select(Link).where(Link.id == order.id).with_for_update()).one()
            journal.tell(session, locked, journal.Entry("trellis", "Trellis", "Not for support"))
        journal.announce(redis, session)
        redis.close()
        assert list(messages) == []
    assert [subject for action, _, subject in acts() if action == "grant.used"] == ["order 4F2A-1187"]


@pytest.mark.parametrize("role", ["member", "support"])
def test_a_stream_ends_at_its_next_beat_when_its_watcher_may_no_more(
    sessions, company, watch, let_in, agent, monkeypatch, role
):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.3)
    watcher_is = agent if role == "support" else factory.member(sessions, company, "viewer")
    grant = let_in()
    with watch(watcher_is) as watcher:
        messages = watcher.messages()
        next(messages)
        with sessions.tenant(company.id) as session:
            if role == "support":
                session.get_one(Grant, grant.id).revoked_at = utc_now()
            else:
                session.delete(session.get_one(Membership, (company.id, watcher_is.id)))
        assert [cursor for cursor, _ in messages if cursor != ":"] == []
