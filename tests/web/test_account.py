from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.identity import accounts
from portal.models import UserSession, utc_now
from tests.web import factory
from tests.web.acts import recorded
from tests.web.conftest import Visitor, built, first

NEW = "another long password"


@pytest.fixture
def user(sessions, company):
    return factory.member(sessions, company, "admin")


@pytest.fixture
def visitor(user, as_user):
    found = as_user(user)
    found.get("/account")
    return found


def change(visitor, old=factory.PASSWORD, new=NEW, again=None):
    return visitor.post(
        "/account/password", {"old": old, "new": new, "again": new if again is None else again}
    )


def test_the_account_shows_who_one_is_and_is_linked_from_every_page(company, visitor, user):
    page = visitor.get("/account").text
    assert user.name in page
    assert user.email in page
    assert 'href="/account"' in visitor.get(f"/t/{company.slug}/").text


def test_changing_the_password_ends_all_other_sessions_and_renews_this_one(
    app, sessions, company, user, visitor, as_user
):
    elsewhere = as_user(user)
    with visitor.client.session_transaction() as session:
        before = session["sid"]
    assert change(visitor).status_code == 303
    assert "Your password is changed" in visitor.get("/account").text
    assert elsewhere.get("/account").status_code == 302
    with visitor.client.session_transaction() as session:
        assert session["sid"] != before
        session["sid"] = before
    assert visitor.get("/account").status_code == 302
    assert Visitor(app).sign_in(user.email, factory.PASSWORD).status_code == 422
    assert Visitor(app).sign_in(user.email, NEW).status_code == 303
    assert recorded(sessions, company.id, "password.changed")


@pytest.mark.parametrize(
    ("field", "values", "says"),
    [
        ("old", {"old": "wrong password here"}, "This is not your password."),
        ("old", {"old": ""}, "Enter your password."),
        ("new", {"new": "too short"}, "at least 15"),
        ("new", {"new": "passwordpassword"}, "tried first"),
        ("new", {"new": factory.PASSWORD}, "your password of now"),
        ("new", {"new": "x" * 129}, "at most 128"),
        ("again", {"again": "something else"}, "not the same"),
    ],
)
def test_a_password_that_cannot_be_taken_is_told_beside_its_field(app, user, visitor, field, values, says):
    answer = change(visitor, **values)
    assert answer.status_code == 422
    assert says in first(rf'id="{field}-error" class="error">([^<]*)<', answer.text)
    assert Visitor(app).sign_in(user.email, factory.PASSWORD).status_code == 303


def test_the_old_password_is_not_guessed_on_this_page(visitor):
    for _ in range(5):
        assert change(visitor, old="wrong password here").status_code == 422
    assert change(visitor).status_code == 429


def test_sessions_are_listed_and_ended_one_by_one(app, sessions, company, user, visitor):
    phone = Visitor(app)
    agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19) Safari/605.1"
    phone.sign_in(user.email, headers={"User-Agent": agent})
    page = visitor.get("/account").text
    assert "Safari on iPhone" in page
    assert page.count("This one") == 1
    session_id = first(r'name="session" value="([^"]+)"', page)
    assert visitor.post("/account/sessions/end", {"session": session_id}).status_code == 303
    assert "Safari on iPhone" not in visitor.get("/account").text
    assert phone.get("/account").status_code == 302
    assert visitor.get("/account").status_code == 200
    assert recorded(sessions, company.id, "session.ended")


def test_all_other_sessions_are_ended_at_once(user, visitor, as_user):
    others = [as_user(user) for _ in range(3)]
    assert visitor.post("/account/sessions/end-others").status_code == 303
    assert [other.get("/account").status_code for other in others] == [302] * 3
    assert visitor.get("/account").status_code == 200


@pytest.mark.parametrize("session_id", ["", "nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_session_that_is_not_ones_own_is_not_ended(sessions, visitor, as_user, session_id):
    stranger = as_user(factory.user(sessions))
    with sessions.identity() as session:
        theirs = session.query(UserSession.id).order_by(UserSession.created_at.desc()).first()
    for value in (session_id, str(theirs[0])):
        answer = visitor.post("/account/sessions/end", {"session": value})
        assert answer.status_code == 303
    assert stranger.get("/account").status_code == 200


@pytest.mark.parametrize(("role", "minutes"), [(None, 30), ("support", 15), ("operator", 15)])
def test_a_session_that_nobody_uses_ends(sessions, as_user, role, minutes):
    visitor = as_user(factory.user(sessions, staff_role=role))
    for idle, status in ((timedelta(minutes=minutes, seconds=-30), 200), (timedelta(minutes=minutes), 302)):
        with sessions.identity() as session:
            session.execute(update(UserSession).values(seen_at=utc_now() - idle))
        assert visitor.get("/account").status_code == status


def test_a_page_that_updates_by_itself_keeps_no_session_alive(sessions, company, visitor):
    with sessions.tenant(company.id) as session:
        link, run = factory.order(session, company), factory.run(session, company)
    polls = (
        f"orders/{link.id}/story",
        f"runs/{run.id}/lines",
        f"connections/{company.connection_id}/log/lines",
    )
    twenty_minutes_ago = utc_now() - timedelta(minutes=20)
    with sessions.identity() as session:
        session.execute(update(UserSession).values(seen_at=twenty_minutes_ago))
    for address in polls:
        visitor.get(f"/t/{company.slug}/{address}")
    with sessions.identity() as session:
        assert {row.seen_at for row in session.query(UserSession.seen_at)} == {twenty_minutes_ago}
    visitor.get(f"/t/{company.slug}/runs/{run.id}")
    with sessions.identity() as session:
        assert max(row.seen_at for row in session.query(UserSession.seen_at)) > twenty_minutes_ago


def test_the_cookie_of_before_signing_in_and_after_signing_out_lets_nobody_in(anybody, user):
    anybody.get("/sign-in")
    before = anybody.client.get_cookie("trellis_session").value
    anybody.sign_in(user.email)
    inside = anybody.client.get_cookie("trellis_session").value
    anybody.get("/account")
    anybody.post("/sign-out")
    for cookie in (before, inside):
        anybody.client.set_cookie("trellis_session", cookie)
        assert anybody.get("/account").status_code == 302


def test_a_session_asks_for_three_hundred_pages_a_minute_and_as_many_fragments(settings, sessions, user):
    with built(replace(settings, pages_per_minute=4)) as app:
        visitor = Visitor(app)
        visitor.sign_in(user.email)
        app.extensions["trellis"].redis.flushdb()
        assert [visitor.get("/account").status_code for _ in range(5)] == [200] * 4 + [429]
        fragment = {"HX-Request": "true"}
        assert [visitor.get("/account", headers=fragment).status_code for _ in range(5)] == [200] * 4 + [429]
        other = Visitor(app)
        other.sign_in(user.email)
        assert other.get("/account").status_code == 200


class TestConfirm:
    @pytest.fixture
    def stale(self, sessions, visitor):
        with sessions.identity() as session:
            session.execute(update(UserSession).values(proven_at=utc_now() - timedelta(minutes=6)))
        return visitor

    def test_it_leads_back_to_a_page_of_ours_and_to_no_other(self, stale):
        stale.get("/confirm?next=/account")
        for target, leads in (("/account", "/account"), ("//evil.example", "/"), ("/\\evil", "/")):
            answer = stale.post("/confirm", {"proof": factory.PASSWORD, "next": target})
            assert (answer.status_code, answer.location) == (303, leads)

    def test_a_wrong_password_is_told_and_audited_and_the_sixth_ends_the_session(
        self, sessions, company, user, stale
    ):
        stale.get("/confirm")
        for _ in range(5):
            answer = stale.post("/confirm", {"proof": "wrong password here"})
            assert answer.status_code == 422
            assert "That is wrong" in answer.text
        assert stale.post("/confirm", {"proof": factory.PASSWORD}).status_code == 429
        assert stale.get("/account").status_code == 302
        rows = recorded(sessions, company.id, "sign_in.refused", "session.ended")
        assert [row.action for row in rows] == ["sign_in.refused"] * 5 + ["session.ended"]

    def test_a_sensitive_act_waits_for_it(self, stale):
        page = "http://localhost/account/second-factor"
        stale.get("/account/second-factor")
        answer = stale.post("/account/second-factor/begin", headers={"Referer": page})
        assert answer.location == "/confirm?next=/account/second-factor"
        stale.post("/confirm", {"proof": factory.PASSWORD})
        assert stale.post("/account/second-factor/begin").location == "/account/second-factor"


def test_signing_in_and_out_and_failing_to_is_in_every_company_of_the_person(sessions, company, user, app):
    other = factory.company(sessions, name="Sunrise")
    with sessions.tenant(other.id) as session:
        accounts.add_member(session, other.id, user.id, "viewer")
    visitor = Visitor(app)
    visitor.sign_in(user.email, "wrong password here")
    visitor.sign_in(user.email)
    visitor.get("/account")
    visitor.post("/sign-out")
    for chain, role in ((company.id, "admin"), (other.id, "viewer")):
        rows = recorded(sessions, chain)
        assert [row.action for row in rows] == ["sign_in.refused", "signed_in", "signed_out"]
        assert [row.actor for row in rows] == ["Somebody", user.name, user.name]
        assert [row.role for row in rows] == ["", role, role]
        assert rows[0].subject == user.name
        assert {row.address for row in rows} == {"127.0.0.1"}
        assert all(row.reference for row in rows)
