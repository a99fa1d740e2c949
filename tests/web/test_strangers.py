"""What somebody who is not signed in learns about who has an account: nothing."""

import logging
import time

import pytest

from portal.extensions import new_redis
from portal.identity import throttle as throttles
from portal.models import INSTALLATION_CHAIN
from tests.web import factory
from tests.web.acts import recorded
from tests.web.asked import statements


def test_what_a_stranger_typed_is_kept_nowhere(sessions, anybody):
    typed = "my.secret.passw0rd@example.com"
    anybody.sign_in(typed, "wrong password here")
    row = recorded(sessions, INSTALLATION_CHAIN, "sign_in.refused")[-1]
    assert (row.actor, row.subject, row.subject_id) == ("Somebody", "an unknown address", "")
    assert "passw0rd" not in str(row)


def test_a_refused_attempt_costs_the_database_the_same_whoever_is_tried(
    sessions, engine, app, anybody, company
):
    user = factory.member(sessions, company, "admin")
    # Both chains have begun.
    anybody.sign_in(user.email, "wrong password here")
    anybody.sign_in("nobody@example.com", "wrong password here")
    with app.app_context():
        asked = []
        for email in (user.email, "nobody@example.com"):
            with statements() as seen:
                anybody.sign_in(email, "wrong password here")
            asked.append(seen)
    assert asked[0] == asked[1]


def test_attempts_that_have_to_wait_are_not_recorded(sessions, anybody, company):
    user = factory.member(sessions, company, "admin")
    for _ in range(9):
        anybody.sign_in(user.email, "wrong password here")
    assert len(recorded(sessions, company.id, "sign_in.refused")) == throttles.TRIES_PER_ACCOUNT


def test_an_attack_on_everybody_is_told_to_the_log_once(redis_url, caplog, monkeypatch):
    monkeypatch.setattr(throttles, "ALARM_PER_MINUTE", 3)
    redis = new_redis(redis_url)
    throttle = throttles.Throttle(redis)
    with caplog.at_level(logging.WARNING):
        for number in range(8):
            throttle.sign_in(f"{number}@example.com", f"10.0.0.{number}")
    redis.close()
    assert [record.message for record in caplog.records] == [
        "more than 3 attempts to sign in within a minute"
    ]


@pytest.mark.parametrize("email", ["known", "nobody@example.com"])
def test_the_answer_to_a_reset_takes_as_long_for_everybody(sessions, anybody, email):
    user = factory.user(sessions)
    anybody.get("/reset")
    began = time.monotonic()
    answer = anybody.post("/reset", {"email": user.email if email == "known" else email})
    assert time.monotonic() - began >= 0.2
    assert "If this address has an account" in answer.text
