import pytest
from sqlalchemy import select

from portal.identity import accounts, passwords
from portal.models import SignIn
from tests.web import factory

ADDRESS = "olive@acme.example"


@pytest.mark.parametrize(
    ("password", "second_factor", "says"),
    [
        ("fourteen chars", False, "at least 15"),
        ("fifteen chars..", False, None),
        ("eleven char", True, "at least 12"),
        ("twelve chars", True, None),
        ("p" * 128, False, None),
        ("p" * 129, False, "at most 128"),
        ("Olive@ACME.example", False, "e-mail address"),
        ("1qaz2wsx3edc4rfv", False, "tried first"),
        ("1QAZ2wsx3EDC4rfv", False, "tried first"),
        ("passwordpassword", False, "tried first"),
        ("123456123456123456", False, "tried first"),
        ("qwertyqwerty", True, "tried first"),
        # No rule about which characters.
        ("all small letters here", False, None),
        ("只有十五个字符的一个很好的密码", False, None),
        ("               ", False, None),
    ],
)
def test_a_password_is_long_and_not_common_and_nothing_else_is_asked_of_it(password, second_factor, says):
    wrong = passwords.objection(password, ADDRESS, second_factor=second_factor)
    assert wrong is None if says is None else says in (wrong or "")


def test_the_blocklist_is_whole():
    assert len(passwords._common()) == 10_000


def test_without_a_hash_nothing_matches():
    assert not passwords.matches(None, "the password of nobody")
    assert not passwords.matches("no hash", "no hash")


def test_a_new_password_takes_the_place_of_the_old_one(sessions):
    user = factory.user(sessions)
    with sessions.identity() as session:
        before = session.scalar(select(SignIn.password_set_at).where(SignIn.user_id == user.id))
        passwords.replace(session, user.id, "another long password")
    with sessions.identity() as session:
        assert accounts.verify(session, user.email, factory.PASSWORD) is None
        assert accounts.verify(session, user.email, "another long password") is not None
        after = session.scalar(select(SignIn.password_set_at).where(SignIn.user_id == user.id))
    assert after > before
