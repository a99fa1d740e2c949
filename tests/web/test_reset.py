import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from portal.identity import accounts
from portal.models import INSTALLATION_CHAIN, Mail, ResetToken, utc_now
from portal.sync import mail
from tests.web import factory
from tests.web.acts import recorded
from tests.web.conftest import Visitor, first
from tests.web.phone import enrolled

NEW = "another long password"


@pytest.fixture
def user(sessions, company, clean_mail):
    return factory.member(sessions, company, "admin")


@pytest.fixture
def clean_mail(sessions):
    with sessions.system() as session:
        session.execute(update(Mail).values(sealed=None, sent_at=utc_now()))


@pytest.fixture
def waiting(sessions, settings):
    """The messages that wait to be sent."""

    def read():
        with sessions.system() as session:
            rows = session.scalars(select(Mail).where(Mail.sealed.is_not(None)).order_by(Mail.id)).all()
            return [mail.opened(settings.master_keys, row) for row in rows]

    return read


@pytest.fixture
def link(app, user, waiting):
    """Asks for a link; gives it."""

    def ask():
        visitor = Visitor(app)
        visitor.get("/reset")
        assert visitor.post("/reset", {"email": user.email.upper()}).status_code == 200
        return first(r"http://127.0.0.1:8000(/reset/link\?token=\S+)", waiting()[-1].text)

    return ask


def choose(visitor, link, new=NEW):
    answer = visitor.get(link, follow_redirects=True)
    if answer.status_code != 200:
        return answer
    return visitor.post("/reset/choose", {"new": new, "again": new})


def test_a_link_sets_a_new_password_ends_all_sessions_and_signs_nobody_in(
    app, sessions, company, user, link, waiting, as_user
):
    inside, visitor = as_user(user), Visitor(app)
    address = link()
    assert waiting()[-1].to == user.email
    answer = choose(visitor, address)
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert "Your new password is set" in visitor.get("/sign-in").text
    assert visitor.get("/account").status_code == 302
    assert inside.get("/account").status_code == 302
    assert visitor.sign_in(user.email, factory.PASSWORD).status_code == 422
    assert visitor.sign_in(user.email, NEW).status_code == 303
    actions = [row.action for row in recorded(sessions, company.id)]
    assert actions[1:3] == ["password.reset_asked", "password.reset"]
    assert waiting()[-1].subject == "Your password was changed"


def test_following_a_link_does_not_use_it_up_and_choosing_does(app, link):
    address = link()
    for _ in range(3):
        assert Visitor(app).get(address, follow_redirects=True).status_code == 200
    assert choose(Visitor(app), address, "short").status_code == 422
    assert choose(Visitor(app), address).status_code == 303
    answer = choose(Visitor(app), address)
    assert answer.status_code == 404
    assert "This link is over" in answer.text


def test_a_page_that_was_open_before_cannot_use_a_used_link(app, link):
    address, first_one, second_one = link(), Visitor(app), Visitor(app)
    for visitor in (first_one, second_one):
        visitor.get(address, follow_redirects=True)
    assert first_one.post("/reset/choose", {"new": NEW, "again": NEW}).status_code == 303
    assert second_one.post("/reset/choose", {"new": NEW, "again": NEW}).status_code == 404


def test_a_link_lasts_for_half_an_hour(app, sessions, link):
    address = link()
    with sessions.identity() as session:
        lasts = session.scalars(select(ResetToken.expires_at - ResetToken.created_at)).all()
        assert set(lasts) == {timedelta(minutes=30)}
        session.execute(update(ResetToken).values(expires_at=utc_now()))
    assert choose(Visitor(app), address).status_code == 404


def test_a_new_link_ends_the_one_before_it(app, link):
    before, after = link(), link()
    assert choose(Visitor(app), before).status_code == 404
    assert choose(Visitor(app), after).status_code == 303


@pytest.mark.parametrize("token", ["", "x", "%00", "%E2%80%A8", "a" * 5000])
def test_nonsense_is_no_link(anybody, token):
    assert anybody.get(f"/reset/link?token={token}", follow_redirects=True).status_code == 404
    assert anybody.get("/reset/choose").status_code == 404


def test_the_address_that_holds_the_token_is_told_to_nobody(anybody, link):
    answer = anybody.get(link())
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.location == "/reset/choose"
    assert "token=" not in anybody.get("/reset/choose").text


def test_the_second_factor_is_asked_for_afterwards_as_before(app, sessions, settings, user, link):
    enrolled(sessions, settings.master_keys, user.id)
    visitor = Visitor(app)
    # Twelve characters do, beside a second factor.
    assert choose(visitor, link(), "twelve chars").status_code == 303
    assert visitor.sign_in(user.email, "twelve chars").location.startswith("/sign-in/code")


def test_an_unknown_address_gets_the_same_answer_and_no_mail(sessions, anybody, user, waiting):
    anybody.get("/reset")
    known = anybody.post("/reset", {"email": user.email}).text
    before = len(waiting())
    unknown = anybody.post("/reset", {"email": "nobody@example.com"}).text
    without_tokens = [re.sub(r"[\w.-]{60,}", "", text) for text in (known, unknown)]
    assert without_tokens[0] == without_tokens[1]
    assert len(waiting()) == before
    assert recorded(sessions, INSTALLATION_CHAIN, "password.reset_asked")[-1].subject == "an unknown address"


def test_an_address_gets_three_mails_an_hour_and_the_answer_stays_the_same(anybody, user, waiting):
    anybody.get("/reset")
    answers = [anybody.post("/reset", {"email": user.email}).status_code for _ in range(5)]
    assert answers == [200] * 5
    assert len(waiting()) == 3


def test_a_closed_account_gets_no_mail(sessions, anybody, user, waiting):
    with sessions.identity() as session:
        accounts.disable(session, user.id)
    anybody.get("/reset")
    anybody.post("/reset", {"email": user.email})
    assert waiting() == []


def test_what_is_no_address_is_told_beside_its_field(anybody):
    anybody.get("/reset")
    answer = anybody.post("/reset", {"email": "x\r\nBcc: y@example.com"})
    assert answer.status_code == 422
    assert "That is not an e-mail address" in first(r'id="email-error" class="error">([^<]*)<', answer.text)
