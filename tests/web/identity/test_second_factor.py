import threading
import time

import pytest
from sqlalchemy import select

from portal.identity import second_factor
from portal.models import RecoveryCode, SignIn
from portal.sync import secrets
from tests.web import factory
from tests.web.phone import Phone, enrolled


@pytest.fixture
def keys(settings):
    return settings.master_keys


@pytest.fixture
def user(sessions):
    return factory.user(sessions)


@pytest.fixture
def phone(sessions, keys, user):
    return enrolled(sessions, keys, user.id)


@pytest.fixture(autouse=True)
def still(monkeypatch):
    """The clock stands in the middle of a step."""
    now = time.time() // 30 * 30 + 15
    monkeypatch.setattr(time, "time", lambda: now)


def verified(sessions, keys, user, code):
    with sessions.identity() as session:
        return second_factor.verify(session, keys, user.id, code)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_of_the_step_before_and_after_is_right_too(sessions, keys, user, phone, steps, right):
    assert verified(sessions, keys, user, phone.code(steps)) is right


def test_a_code_counts_once_and_no_earlier_one_after_it(sessions, keys, user, phone):
    assert verified(sessions, keys, user, phone.code())
    assert not verified(sessions, keys, user, phone.code())
    assert not verified(sessions, keys, user, phone.code(-1))
    assert verified(sessions, keys, user, phone.code(1))


def test_of_two_requests_with_one_code_one_is_taken(sessions, keys, user, phone):
    code, answers = phone.code(), []
    threads = [
        threading.Thread(target=lambda: answers.append(verified(sessions, keys, user, code)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False, False, False, True]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\x00", "9" * 5000])
def test_what_is_no_code_is_wrong(sessions, keys, user, phone, code):
    assert not verified(sessions, keys, user, code)


def test_a_code_may_be_typed_with_a_space(sessions, keys, user, phone):
    code = phone.code()
    assert verified(sessions, keys, user, f" {code[:3]} {code[3:]} ")


def test_nothing_is_asked_for_before_the_first_code_is_in(sessions, keys, user):
    with sessions.identity() as session:
        second_factor.begin(session, keys, user.id)
        phone = Phone(second_factor.begun(session, keys, user.id) or "")
        assert second_factor.standing(session, user.id).confirmed_at is None
        assert not second_factor.verify(session, keys, user.id, phone.code())
        assert second_factor.confirm(session, keys, user.id, phone.wrong()) is None
        codes = second_factor.confirm(session, keys, user.id, phone.code())
    with sessions.identity() as session:
        assert len(set(codes or ())) == 10
        assert second_factor.standing(session, user.id).codes_left == 10
        assert second_factor.begun(session, keys, user.id) is None
        # The first code was used by confirming.
        assert not second_factor.verify(session, keys, user.id, phone.code())


def test_a_confirmed_secret_is_not_replaced_by_beginning_anew(sessions, keys, user, phone):
    with sessions.identity() as session:
        second_factor.begin(session, keys, user.id)
        assert second_factor.confirm(session, keys, user.id, phone.code()) is None
    assert verified(sessions, keys, user, phone.code())


def test_a_recovery_code_counts_once_and_only_for_its_owner(sessions, user):
    other = factory.user(sessions)
    with sessions.identity() as session:
        codes = second_factor.make_codes(session, user.id)
        second_factor.make_codes(session, other.id)
    with sessions.identity() as session:
        assert not second_factor.use_recovery_code(session, other.id, codes[0])
        assert second_factor.use_recovery_code(session, user.id, codes[0].upper().replace("-", " "))
        assert not second_factor.use_recovery_code(session, user.id, codes[0])
        assert second_factor.use_recovery_code(session, user.id, codes[1])
        assert second_factor.standing(session, user.id).codes_left == 8


def test_new_recovery_codes_end_the_old_ones(sessions, user):
    with sessions.identity() as session:
        old = second_factor.make_codes(session, user.id)
        second_factor.make_codes(session, user.id)
        assert not any(second_factor.use_recovery_code(session, user.id, code) for code in old)


def test_what_is_kept_shows_neither_the_secret_nor_a_code(sessions, keys, user):
    with sessions.identity() as session:
        second_factor.begin(session, keys, user.id)
        secret = second_factor.begun(session, keys, user.id)
        codes = second_factor.make_codes(session, user.id)
    with sessions.identity() as session:
        sealed = session.get_one(SignIn, user.id).totp_sealed
        kept = session.scalars(select(RecoveryCode.code_hash)).all()
    assert secret
    assert secret.encode() not in sealed
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


def test_a_secret_that_is_copied_to_another_person_opens_for_nobody(sessions, keys, user, phone):
    other = factory.user(sessions)
    with sessions.identity() as session:
        sealed = session.get_one(SignIn, user.id).totp_sealed
        theirs = session.get_one(SignIn, other.id)
        theirs.totp_sealed, theirs.totp_confirmed_at = (
            sealed,
            session.get_one(SignIn, user.id).totp_confirmed_at,
        )
    with pytest.raises(secrets.CannotOpen):
        verified(sessions, keys, other, phone.code())


def test_removing_leaves_nothing(sessions, keys, user, phone):
    with sessions.identity() as session:
        second_factor.make_codes(session, user.id)
        assert second_factor.remove(session, user.id)
        assert not second_factor.remove(session, user.id)
        assert second_factor.standing(session, user.id) == second_factor.Standing(
            None, begun=False, codes_left=0
        )
    assert not verified(sessions, keys, user, phone.code())
