import pytest

from portal.identity import accounts
from portal.models import Membership, SignIn
from tests.web import factory


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"email": "not an address"}, "is not an e-mail address"),
        ({"name": "  "}, "Give a name"),
        ({"password": "short"}, "too short"),
        ({"password": "x" * 129}, "too long"),
        ({"staff_role": "king"}, "not a staff role"),
        ({"email": "somebody@example.com", "password": "Somebody@example.com"}, "is the e-mail address"),
    ],
)
def test_an_account_that_cannot_be_made_says_why(sessions, values, words):
    good = {"email": "new@example.com", "name": "New", "password": factory.PASSWORD}
    with pytest.raises(accounts.NotAccepted, match=words), sessions.identity() as session:
        accounts.create_user(session, **{**good, **values})


def test_an_address_has_one_account_however_it_is_written(sessions):
    user = factory.user(sessions)
    with pytest.raises(accounts.NotAccepted, match="already"), sessions.identity() as session:
        accounts.create_user(session, user.email.upper(), "Other", factory.PASSWORD)
    with sessions.identity() as session:
        found = accounts.verify(session, f" {user.email.upper()} ", factory.PASSWORD)
        assert found is not None
        assert found.id == user.id


def test_passwords_are_kept_as_argon2id(sessions):
    user = factory.user(sessions)
    with sessions.identity() as session:
        kept = session.get_one(SignIn, user.id).password_hash
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_kept_with_weaker_settings_is_hashed_again(sessions):
    from argon2 import PasswordHasher

    user = factory.user(sessions)
    with sessions.identity() as session:
        weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
        session.get_one(SignIn, user.id).password_hash = weak.hash(factory.PASSWORD)
    with sessions.identity() as session:
        assert accounts.verify(session, user.email, factory.PASSWORD) is not None
    with sessions.identity() as session:
        kept = session.get_one(SignIn, user.id).password_hash
    assert "m=19456" in kept


def test_a_long_password_does_not_match_by_its_beginning(sessions):
    with sessions.identity() as session:
        user = accounts.create_user(session, "long@example.com", "Long", "p" * 128)
    with sessions.identity() as session:
        assert accounts.verify(session, user.email, "p" * 129) is None
        assert accounts.verify(session, user.email, "p" * 100_000) is None


def test_the_last_owner_stays_owner(sessions, company):
    owner = factory.member(sessions, company, "owner")
    for change in (accounts.add_member, accounts.set_role):
        with pytest.raises(accounts.NotAccepted, match="last owner"), sessions.tenant(company.id) as session:
            change(session, company.id, owner.id, "viewer")
    factory.member(sessions, company, "owner")
    with sessions.tenant(company.id) as session:
        accounts.set_role(session, company.id, owner.id, "viewer")
        assert session.get_one(Membership, (company.id, owner.id)).role == "viewer"


def test_a_role_is_given_to_members_only(sessions, company):
    with sessions.tenant(company.id) as session:
        with pytest.raises(accounts.NotAccepted, match="not a member"):
            accounts.set_role(session, company.id, factory.user(sessions).id, "admin")
        with pytest.raises(accounts.NotAccepted, match="not a role"):
            accounts.add_member(session, company.id, factory.user(sessions).id, "king")
