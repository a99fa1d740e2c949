from datetime import timedelta

import pytest
from sqlalchemy import update

from portal.extensions import Sessions
from portal.identity import accounts
from portal.models import User, UserSession, utc_now
from tests.web import factory

WRONG = "The address and the password do not go together."


def test_signing_in_leads_to_the_only_tenant(sessions, company, anybody):
    user = factory.member(sessions, company, "viewer")
    assert anybody.sign_in(user.email).status_code == 303
    answer = anybody.get("/")
    assert answer.status_code == 302
    assert answer.location == f"/t/{company.slug}/"


def test_members_of_two_tenants_choose(sessions, company, as_user):
    other = factory.company(sessions, name="Sunrise Brands")
    user = factory.member(sessions, company, "viewer")
    with sessions.tenant(other.id) as session:
        accounts.add_member(session, other.id, user.id, "admin")
    text = as_user(user).get("/").text
    assert f"/t/{company.slug}/" in text
    assert f"/t/{other.slug}/" in text


def test_somebody_without_a_tenant_is_told_so(sessions, as_user):
    assert "You are in no company yet" in as_user(factory.user(sessions)).get("/").text


@pytest.mark.parametrize("password", ["wrong password!", "x", "é" * 128])
def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(sessions, anybody, password):
    user = factory.user(sessions)
    known = anybody.sign_in(user.email, password)
    unknown = anybody.sign_in("nobody@example.com", password)
    assert known.status_code == unknown.status_code == 422
    assert WRONG in known.text
    assert WRONG in unknown.text


def test_every_error_stands_beside_its_field(anybody):
    answer = anybody.sign_in("", "")
    assert answer.status_code == 422
    assert 'id="email-error" class="error">Enter your e-mail address.' in answer.text
    assert 'id="password-error" class="error">Enter your password.' in answer.text
    assert "That is not an e-mail address" in anybody.sign_in("a\x00b", "x").text
    assert "at most 128 characters" in anybody.sign_in("a@example.com", "x" * 129).text


def test_a_disabled_account_cannot_sign_in_and_is_signed_out(sessions: Sessions, anybody, as_user):
    user = factory.user(sessions)
    visitor = as_user(user)
    with sessions.identity() as session:
        session.get_one(User, user.id).disabled_at = utc_now()
    assert visitor.get("/").status_code == 302
    assert WRONG in anybody.sign_in(user.email).text


def test_the_sixth_attempt_on_an_account_has_to_wait_and_nobody_is_locked_out(sessions, anybody, app):
    user = factory.user(sessions)
    for _ in range(5):
        assert anybody.sign_in(user.email, "wrong password").status_code == 422
    refused = anybody.sign_in(user.email)
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "30"
    assert "Too many attempts" in refused.text
    app.extensions["trellis"].redis.flushdb()
    assert anybody.sign_in(user.email).status_code == 303


def test_signing_out_ends_the_session(company, admin):
    admin.get(f"/t/{company.slug}/")
    assert admin.post("/sign-out").status_code == 303
    assert admin.get(f"/t/{company.slug}/").status_code == 302


def test_a_session_ends_after_twelve_hours_however_busy_it_is(sessions, company, admin):
    assert admin.get(f"/t/{company.slug}/").status_code == 200
    with sessions.identity() as session:
        session.execute(update(UserSession).values(created_at=utc_now() - timedelta(hours=12, seconds=1)))
    assert admin.get(f"/t/{company.slug}/").status_code == 302


def test_signing_in_drops_what_the_cookie_held_before(sessions, anybody):
    user = factory.user(sessions)
    with anybody.client.session_transaction() as session:
        session["planted"] = "by somebody else"
    anybody.sign_in(user.email)
    with anybody.client.session_transaction() as session:
        assert "planted" not in session


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/%2f%2fevil.example",
        "/%5cevil.example",
        "/\tevil",
        "javascript:alert(1)",
        "/%09/evil.example",
        "evil.example",
        "///evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(sessions, anybody, target):
    user = factory.user(sessions)
    anybody.get("/sign-in")
    answer = anybody.post("/sign-in", {"email": user.email, "password": factory.PASSWORD, "next": target})
    assert answer.status_code == 303
    assert answer.location == "/"


def test_signing_in_leads_back_to_the_page_that_was_asked_for(sessions, company, anybody):
    user = factory.member(sessions, company, "viewer")
    target = f"/t/{company.slug}/orders?q=4F2A&place=stuck"
    asked = anybody.get(target)
    form = anybody.get(asked.location)
    assert 'name="next" value="/t/' in form.text
    answer = anybody.post("/sign-in", {"email": user.email, "password": factory.PASSWORD, "next": target})
    assert answer.location == target


def test_the_theme_is_kept_and_shown(admin, company):
    admin.get(f"/t/{company.slug}/")
    answer = admin.post("/theme", {"theme": "dark", "next": f"/t/{company.slug}/orders"})
    assert answer.location == f"/t/{company.slug}/orders"
    assert 'data-theme="dark"' in admin.get(f"/t/{company.slug}/").text
    admin.post("/theme", {"theme": "<script>", "next": "//evil.example"})
    assert 'data-theme="dark"' in admin.get(f"/t/{company.slug}/").text
