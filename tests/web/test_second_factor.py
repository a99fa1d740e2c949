import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.identity import second_factor
from portal.models import INSTALLATION_CHAIN, Mail, SignIn, UserSession, utc_now
from portal.sync import mail
from tests.web import factory, phone
from tests.web.acts import recorded
from tests.web.conftest import Visitor, built, first
from tests.web.phone import Phone, enrolled

WRONG = "This code is wrong, or was used already."


@pytest.fixture
def user(sessions, company):
    return factory.member(sessions, company, "admin")


@pytest.fixture
def app_of(sessions, settings):
    return lambda user: enrolled(sessions, settings.master_keys, user.id)


@pytest.fixture(scope="session")
def strict(settings):
    """An installation that is no demo."""
    with built(replace(settings, second_factor=True)) as app:
        app.testing = True
        yield app


def test_the_right_password_alone_signs_nobody_in_who_has_a_second_factor(company, anybody, user, app_of):
    app_of(user)
    answer = anybody.sign_in(user.email)
    assert answer.location.startswith("/sign-in/code?next=")
    for address in (f"/t/{company.slug}/", "/", "/account"):
        assert anybody.get(address).location.startswith("/sign-in")


def test_the_code_signs_in_and_leads_back(company, anybody, user, app_of):
    app = app_of(user)
    anybody.get("/sign-in")
    target = f"/t/{company.slug}/orders?place=stuck"
    answer = anybody.post("/sign-in", {"email": user.email, "password": factory.PASSWORD, "next": target})
    page = anybody.get(answer.location).text
    assert 'autocomplete="one-time-code"' in page
    asked_for = first(r'name="next" value="([^"]+)"', page).replace("&amp;", "&")
    answer = anybody.post("/sign-in/code", {"code": app.code(), "next": asked_for})
    assert (answer.status_code, answer.location) == (303, target)
    assert anybody.get(target).status_code == 200


def test_a_wrong_code_is_told_beside_its_field_and_a_used_one_is_wrong(app, anybody, user, app_of):
    theirs = app_of(user)
    code = theirs.code()
    phone.sign_in(Visitor(app), user.email, theirs)
    anybody.sign_in(user.email)
    anybody.get("/sign-in/code")
    for wrong in (theirs.wrong(), code, "x", "aaaa-bbbb-cccc-dddd"):
        answer = anybody.post("/sign-in/code", {"code": wrong})
        assert answer.status_code == 422
        assert WRONG in first(r'id="code-error" class="error">([^<]*)<', answer.text)
    assert "Enter the code" in anybody.post("/sign-in/code", {"code": ""}).text


def test_the_sixth_code_burns_the_half_session_however_right_it_is(app, anybody, user, app_of):
    theirs = app_of(user)
    anybody.sign_in(user.email)
    anybody.get("/sign-in/code")
    for _ in range(5):
        assert anybody.post("/sign-in/code", {"code": theirs.wrong()}).status_code == 422
    answer = anybody.post("/sign-in/code", {"code": theirs.code()})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    # The password has to be given again; and the account's tries stay counted.
    assert anybody.get("/sign-in/code").location.startswith("/sign-in")
    other = Visitor(app)
    other.sign_in(user.email)
    other.get("/sign-in/code")
    assert other.post("/sign-in/code", {"code": theirs.code()}).status_code == 429
    app.extensions["trellis"].redis.flushdb()
    phone.sign_in(Visitor(app), user.email, theirs)


def test_between_password_and_code_lie_ten_minutes_at_most(sessions, anybody, user, app_of):
    theirs = app_of(user)
    anybody.sign_in(user.email)
    anybody.get("/sign-in/code")
    with sessions.identity() as session:
        session.execute(update(UserSession).values(created_at=utc_now() - timedelta(minutes=10, seconds=1)))
    assert anybody.post("/sign-in/code", {"code": theirs.code()}).location.startswith("/sign-in?")


def test_a_recovery_code_signs_in_once_and_the_audit_says_so(app, sessions, company, user, app_of):
    app_of(user)
    with sessions.identity() as session:
        codes = second_factor.make_codes(session, user.id)
    for visitor, status in ((Visitor(app), 303), (Visitor(app), 422)):
        visitor.sign_in(user.email)
        visitor.get("/sign-in/code")
        assert visitor.post("/sign-in/code", {"code": codes[0]}).status_code == status
    (row,) = recorded(sessions, company.id, "recovery_code.used")
    assert (row.actor, row.role) == (user.name, "admin")
    (row,) = recorded(sessions, company.id, "sign_in.refused")
    assert (row.actor, row.subject, row.detail) == ("Somebody", user.name, {"asked_for": "code"})


def test_the_session_that_begins_with_the_code_is_a_new_one(sessions, anybody, user, app_of):
    theirs = app_of(user)
    anybody.sign_in(user.email)
    anybody.get("/sign-in/code")
    with anybody.client.session_transaction() as session:
        half = session["half"]
    anybody.post("/sign-in/code", {"code": theirs.code()})
    with anybody.client.session_transaction() as session:
        assert "half" not in session
        whole = session["sid"]
    assert whole != half
    # The half one lets nobody in, not even as a whole one.
    with anybody.client.session_transaction() as session:
        session["sid"] = half
    assert anybody.get("/account").status_code == 302


def set_up(visitor: Visitor) -> tuple[Phone, list[str], str]:
    """Set an app up on the page, as a person does."""
    visitor.get("/account/second-factor")
    assert visitor.post("/account/second-factor/begin").status_code == 303
    page = visitor.get("/account/second-factor").text
    app = Phone(first(r'Key: <code class="wrap">([A-Z2-7 ]+)</code>', re.sub(r"\s+", " ", page)))
    answer = visitor.post("/account/second-factor/confirm", {"code": app.code()})
    assert answer.status_code == 200
    return app, re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text), page


def test_setting_it_up_shows_a_picture_the_key_and_ten_codes_once(sessions, company, user, as_user):
    visitor = as_user(user)
    elsewhere = as_user(user)
    _, codes, page = set_up(visitor)
    assert 'src="data:image/svg+xml' in page
    assert len(set(codes)) == 10
    later = visitor.get("/account/second-factor").text
    assert codes[0] not in later
    assert "10 are left" in later
    assert "Key:" not in later
    # What was signed in without it is signed out.
    assert visitor.get(f"/t/{company.slug}/").status_code == 200
    assert elsewhere.get(f"/t/{company.slug}/").status_code == 302
    assert recorded(sessions, company.id, "second_factor.added")


def test_a_wrong_first_code_turns_nothing_on(sessions, admin):
    admin.get("/account/second-factor")
    admin.post("/account/second-factor/begin")
    app = Phone(
        first(
            r'Key: <code class="wrap">([^<]+)</code>',
            admin.get("/account/second-factor").text.replace("\n", " "),
        )
    )
    answer = admin.post("/account/second-factor/confirm", {"code": app.wrong()})
    assert answer.status_code == 422
    assert "This code is wrong" in answer.text
    with sessions.identity() as session:
        assert session.scalars(select(SignIn.totp_confirmed_at)).all().count(None) >= 1
    assert "Set it up" in admin.get("/account/second-factor").text


def test_new_recovery_codes_take_the_place_of_the_old(sessions, company, user, as_user):
    visitor = as_user(user)
    _, old, _ = set_up(visitor)
    visitor.get("/account/second-factor")
    answer = visitor.post("/account/second-factor/codes")
    new = re.findall(r"<code>([a-z2-7-]{19})</code>", answer.text)
    assert len(new) == 10
    assert not set(old) & set(new)
    assert recorded(sessions, company.id, "recovery_codes.made")


def test_removing_it_takes_a_recent_proof_ends_other_sessions_and_is_mailed(
    app, sessions, settings, company, user, app_of
):
    theirs, visitor, elsewhere = app_of(user), Visitor(app), Visitor(app)
    phone.sign_in(visitor, user.email, theirs)
    phone.sign_in(elsewhere, user.email, theirs, steps=1)
    with sessions.identity() as session:
        session.execute(update(UserSession).values(proven_at=utc_now() - timedelta(minutes=5, seconds=1)))
    visitor.get("/account/second-factor")
    page = "http://localhost/account/second-factor"
    answer = visitor.post("/account/second-factor/remove", headers={"Referer": page})
    assert answer.location == "/confirm?next=/account/second-factor"
    visitor.get(answer.location)
    answer = visitor.post("/confirm", {"proof": factory.PASSWORD, "next": "/account/second-factor"})
    assert answer.location == "/account/second-factor"
    assert (
        "is removed"
        in (
            visitor.post("/account/second-factor/remove"),
            visitor.get("/account/second-factor").text,
        )[1]
    )
    assert elsewhere.get("/account").status_code == 302
    assert recorded(sessions, company.id, "second_factor.removed")
    with sessions.system() as session:
        told = [mail.opened(settings.master_keys, row) for row in session.scalars(select(Mail))]
    assert (user.email, "Your second factor was removed") in [(one.to, one.subject) for one in told]
    assert Visitor(app).sign_in(user.email).location == "/"


@pytest.mark.parametrize("who", ["owner", "support", "operator"])
def test_who_must_have_one_gets_no_further_without_and_is_told_why(strict, sessions, company, who):
    if who == "owner":
        user, address = factory.member(sessions, company, "owner"), f"/t/{company.slug}/"
    else:
        user, address = factory.user(sessions, staff_role=who), "/support/"
    visitor = Visitor(strict)
    visitor.sign_in(user.email)
    assert visitor.get(address).location == "/account/second-factor"
    page = visitor.get("/account/second-factor").text
    assert "You get no further before this is set up" in page
    assert ("an owner of Greenleaf Farms" if who == "owner" else f"({who})") in page
    set_up(visitor)
    assert visitor.get(address).status_code == 200


def test_who_must_have_one_cannot_remove_it_but_move_to_another_app(strict, sessions, company):
    user = factory.member(sessions, company, "owner")
    visitor = Visitor(strict)
    visitor.sign_in(user.email)
    set_up(visitor)
    page = visitor.get("/account/second-factor").text
    assert "Remove the second factor" not in page
    answer = visitor.post("/account/second-factor/remove")
    assert answer.status_code == 422
    assert "cannot be removed: you need it as an owner" in answer.text
    assert visitor.get(f"/t/{company.slug}/").status_code == 200
    assert visitor.post("/account/second-factor/move").status_code == 303
    assert visitor.get(f"/t/{company.slug}/").location == "/account/second-factor"
    app, _, _ = set_up(visitor)
    assert visitor.get(f"/t/{company.slug}/").status_code == 200
    again = Visitor(strict)
    phone.sign_in(again, user.email, app, steps=1)
    assert again.get(f"/t/{company.slug}/").status_code == 200


def test_admins_may_go_without(strict, sessions, company):
    visitor = Visitor(strict)
    visitor.sign_in(factory.member(sessions, company, "admin").email)
    assert visitor.get(f"/t/{company.slug}/").status_code == 200


def test_acts_of_trellis_own_people_are_in_the_installations_chain(app, sessions, app_of):
    user = factory.user(sessions, staff_role="operator", name="Opal")
    phone.sign_in(Visitor(app), user.email, app_of(user))
    rows = [row for row in recorded(sessions, INSTALLATION_CHAIN, "signed_in") if row.actor_id == user.id]
    assert [(row.actor, row.role) for row in rows] == [("Opal", "operator")]
