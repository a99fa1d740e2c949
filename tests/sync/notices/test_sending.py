"""Sending: once where it is taken, again with growing pauses where not, and the same message each time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from portal.models import Connection, Mail, new_id, utc_now
from portal.sync import mail
from portal.sync.mail import transport
from portal.sync.notices import collecting, rules, sending, writing
from portal.sync.readiness import results
from tests.sandbox.receiver import receiving
from tests.sync.mail.server import running
from tests.sync.readiness.test_results import CHECK, READY, WRONG
from tests.sync.wire import Wire, answer, says
from tests.web import factory


@pytest.fixture
def receiver():
    with receiving() as there:
        there.statuses = [204]
        yield there


def happens(room, *causes):
    room.report(*causes)
    collecting.collect(room.desk)


def deliver(room):
    return sending.deliver_due(room.desk)


@pytest.mark.promise("MO-7")
def test_a_problem_reaches_a_webhook_signed_as_standard_webhooks_has_it(room, receiver):
    _, secret = room.rule(receiver.url)
    happens(room, "FL-1")
    assert deliver(room) == 1
    (came,) = receiver.came
    message = Webhook(secret).verify(came.body, came.headers)
    assert message["type"] == "problem.opened"
    assert message["data"]["problems"][0]["title"] == "SKU FL-1 is unknown"
    (notice,) = room.notices()
    assert came.headers["webhook-id"] == f"msg_{notice.id.hex}"
    assert (notice.state, notice.attempts) == ("sent", 1)
    assert [(one.taken, one.status) for one in room.attempts()] == [(True, 204)]
    assert deliver(room) == 0


def test_what_was_changed_on_the_way_or_signed_by_somebody_else_does_not_verify(room, receiver):
    _, secret = room.rule(receiver.url)
    happens(room, "FL-1")
    deliver(room)
    (came,) = receiver.came
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(came.body.replace(b"FL-1", b"FL-2"), came.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(came.body, came.headers | {"webhook-id": "msg_other"})
    _, others = room.rule(receiver.url)
    with pytest.raises(WebhookVerificationError):
        Webhook(others).verify(came.body, came.headers)


@pytest.mark.promise("MO-7")
def test_a_problem_reaches_a_mailbox(room):
    room.rule("ops@acme.example", channel="email")
    with running() as server:
        settings = replace(room.desk.settings, smtp_url=server.url, mail_from="trellis@acme.example")
        happens(room, "FL-1")
        assert sending.deliver_due(replace(room.desk, settings=settings)) == 1
    ((to, body),) = server.taken
    (notice,) = room.notices()
    assert "ops@acme.example" in to
    assert f"Message-ID: <{notice.id}@127.0.0.1>" in body
    assert "Subject: Greenleaf Farms: SKU FL-1 is unknown" in body
    assert notice.state == "sent"


def test_without_a_mail_server_it_is_where_the_demo_shows_mail(room, tmp_path):
    settings = replace(room.desk.settings, data=tmp_path)
    room.rule("ops@acme.example", channel="email")
    happens(room, "FL-1")
    assert sending.deliver_due(replace(room.desk, settings=settings)) == 1
    ((_, message),) = transport.written(settings)
    assert message.to == "ops@acme.example"


@pytest.mark.promise("MO-7")
def test_what_is_not_taken_is_sent_again_with_growing_pauses_for_a_day_and_then_given_up(room, receiver):
    room.rule(receiver.url)
    receiver.statuses = [500]
    happens(room, "FL-1")
    pauses = []
    while room.notices()[0].due_at is not None:
        assert deliver(room) == 0
        (notice,) = room.notices()
        if notice.due_at is not None:
            pause = notice.due_at - room.attempts()[-1].at
            pauses.append(round(pause.total_seconds()))
            room.later(seconds=pause.total_seconds() + 1)
    assert pauses == [round(pause.total_seconds()) for pause in sending.PAUSES]
    assert 20 * 3600 < sum(pauses) <= 26 * 3600
    assert notice.state == "given_up"
    assert {one.reason for one in room.attempts()} == {"it answered 500"}
    assert len(receiver.came) == len(pauses) + 1
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.came}) == 1
    assert all(
        int(one.headers["webhook-timestamp"]) >= int(receiver.came[0].headers["webhook-timestamp"])
        for one in receiver.came
    )


def test_one_that_takes_it_later_is_no_failure_any_more(room, receiver):
    rule_id, _ = room.rule(receiver.url)
    receiver.statuses = [503, 200]
    happens(room, "FL-1")
    deliver(room)
    assert room.one(rule_id).failing_since is not None
    room.later(seconds=10)
    assert deliver(room) == 1
    assert room.one(rule_id).failing_since is None
    assert [(one.taken, one.status) for one in room.attempts()] == [(False, 503), (True, 200)]


def test_what_asks_to_wait_is_left_alone_for_so_long(room):
    wire = Wire(says(answer(b"", "429 Too Many Requests", "Retry-After: 600")))
    room.rule(wire.url)
    happens(room, "FL-1")
    deliver(room)
    (notice,) = room.notices()
    assert 590 < (notice.due_at - room.attempts()[0].at).total_seconds() <= 601
    wire.close()


@pytest.mark.parametrize(
    ("raw", "taken", "reason"),
    [
        (answer(b"", "200 OK"), True, ""),
        (answer(b"thanks", "202 Accepted", kind="text/html"), True, ""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True, ""),
        (answer(b"", "302 Found", "Location: http://127.0.0.1:1/elsewhere"), False, "it answered 302"),
        (answer(b'{"error": "no"}', "401 Unauthorized"), False, "it answered 401"),
        (answer(b"x" * 70_000, "200 OK"), False, "it sent more than 65,536 bytes"),
        (b"", False, "no complete answer from it: the connection was lost"),
    ],
)
def test_an_answer_takes_a_message_or_does_not(room, raw, taken, reason):
    def play(connection):
        connection.sendall(raw)
        if not raw:
            connection.close()

    wire = Wire(play)
    room.rule(wire.url)
    happens(room, "FL-1")
    assert deliver(room) == taken
    (attempt,) = room.attempts()
    assert (attempt.taken, attempt.reason) == (taken, reason)
    assert wire.connections == 1
    wire.close()


def test_what_was_answered_is_kept_without_secrets_and_personal_data(room):
    body = json.dumps(
        {"token": "abc123secret", "email": "sam@buyer.example", "said": "mail sam@buyer.example"}
    )
    wire = Wire(says(answer(body.encode(), "400 Bad Request")))
    room.rule(wire.url)
    happens(room, "FL-1")
    deliver(room)
    kept = room.attempts()[0].answer
    assert "said" in kept
    assert "abc123secret" not in kept
    assert "sam@" not in kept
    wire.close()


def test_a_host_that_leads_into_a_private_network_is_not_called(room, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *_a, **_k: [(2, 1, 6, "", ("10.0.0.7", 443))])
    room.rule("https://hooks.example.com/x")
    happens(room, "FL-1")
    deliver(room)
    assert room.attempts()[0].reason == "it cannot be reached: its name leads into a private network"


@pytest.mark.promise("MO-7")
def test_one_that_is_gone_is_switched_off_with_a_problem_and_a_mail_to_owners_and_admins(room, receiver):
    for role in ("owner", "admin", "viewer"):
        factory.member(room.desk.sessions, room.company, role, email=f"{role}@acme.example")
    rule_id, _ = room.rule(receiver.url, pace="minutes_5")
    other, _ = room.rule("ops@acme.example", channel="email")
    receiver.statuses = [410]
    happens(room, "FL-1")
    deliver(room)
    rule = room.one(rule_id)
    assert rule.off_because == "It answered 410: nothing is taken there any more."
    (problem,) = room.problems("notices_off")
    assert problem.title == f"Notifications to {rules.where_to(rule)} are switched off"
    with room.desk.sessions.system() as session:
        waiting = session.query(Mail).filter(Mail.tenant_id == room.company.id).all()
        told = [mail.opened(room.desk.settings.master_keys, row) for row in waiting]
    assert sorted(message.to for message in told) == ["admin@acme.example", "owner@acme.example"]
    # It tells nothing any more; others tell of it.
    happens(room, "FL-1", "FL-2")
    room.later(minutes=30)
    deliver(room)
    assert len(receiver.came) == 1
    assert any(
        entry["code"] == "notices_off"
        for notice in room.notices()
        if notice.rule_id == other
        for entry in notice.told["entries"]
    )


def test_one_that_took_nothing_for_days_is_switched_off_and_one_that_failed_for_hours_is_not(room, receiver):
    rule_id, _ = room.rule(receiver.url, pace="minutes_5")
    receiver.statuses = [500]
    for day in range(5):
        happens(room, *(f"FL-{number}" for number in range(day + 1)))
        while (due_at := room.notices()[-1].due_at) is not None:
            room.later(seconds=max(0.0, (due_at - utc_now()).total_seconds()))
            deliver(room)
        if day == 0:
            assert room.one(rule_id).off_at is None
    assert "lastly because it answered 500" in room.one(rule_id).off_because
    assert len(room.problems("notices_off")) == 1


def test_switched_on_again_it_tells_from_then_on_and_its_problem_is_closed(room, receiver):
    rule_id, _ = room.rule(receiver.url)
    receiver.statuses = [410, 200]
    happens(room, "FL-1")
    deliver(room)
    room.act(rule_id, rules.switch_on)
    (problem,) = room.problems("notices_off")
    assert problem.closed_because == "It is switched on again."
    happens(room, "FL-1", "FL-2")
    room.later(minutes=30)
    assert deliver(room) == 1
    assert room.one(rule_id).failing_since is None


@pytest.mark.promise("MO-7")
def test_while_a_secret_is_replaced_both_sign_and_afterwards_the_new_one_alone(room, receiver):
    rule_id, old = room.rule(receiver.url)
    new = room.act(rule_id, rules.replace_secret)
    assert new != old

    def verified(secret, came):
        try:
            return bool(Webhook(secret).verify(came.body, came.headers))
        except WebhookVerificationError:
            return False

    happens(room, "FL-1")
    deliver(room)
    assert [verified(secret, receiver.came[-1]) for secret in (old, new)] == [True, True]
    room.later(hours=25)
    happens(room, "FL-1", "FL-2")
    deliver(room)
    assert [verified(secret, receiver.came[-1]) for secret in (old, new)] == [False, True]


def test_an_overlap_can_be_ended_at_once(room, receiver):
    rule_id, old = room.rule(receiver.url)
    room.act(rule_id, rules.replace_secret)
    room.act(rule_id, rules.end_overlap)
    happens(room, "FL-1")
    deliver(room)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.came[0].body, receiver.came[0].headers)


def test_a_secret_that_cannot_be_opened_is_a_failed_try_and_nothing_is_sent_unsigned(room, receiver):
    room.rule(receiver.url)
    happens(room, "FL-1")
    stranger = replace(room.desk, settings=replace(room.desk.settings, master_keys={"t2": bytes(32)}))
    assert sending.deliver_due(stranger) == 0
    assert receiver.came == []
    assert "cannot be opened" in room.attempts()[0].reason
    room.later(seconds=10)
    assert deliver(room) == 1


def test_a_test_is_tried_once_and_says_nothing_about_how_messages_fare(room, receiver):
    rule_id, secret = room.rule(receiver.url)
    receiver.statuses = [410, 200]
    for taken in (False, True):
        notice_id = room.act(rule_id, lambda keeper, rule: writing.put_test_down(keeper.session, rule))
        outcome = sending.deliver(room.desk, room.company.id, notice_id)
        assert outcome is not None
        assert outcome.taken is taken
        assert deliver(room) == 0
    assert Webhook(secret).verify(receiver.came[1].body, receiver.came[1].headers)["type"] == "test"
    assert (room.one(rule_id).failing_since, room.one(rule_id).off_at) == (None, None)
    assert [notice.state for notice in room.notices()] == ["given_up", "sent"]


def test_what_was_sent_can_be_sent_again_under_the_same_id(room, receiver):
    rule_id, _ = room.rule(receiver.url)
    happens(room, "FL-1")
    deliver(room)
    with room.desk.tenant(room.company.id) as session:
        rule = session.get_one(type(room.one(rule_id)), rule_id)
        notice = session.get_one(type(room.notices()[0]), room.notices()[0].id)
        rules.send_again(room.keeper(session), rule, notice)
    assert deliver(room) == 1
    assert len({(one.headers["webhook-id"], one.body) for one in receiver.came}) == 1
    assert len(receiver.came) == 2


def test_a_rule_that_is_removed_sends_nothing_more(room, receiver):
    rule_id, _ = room.rule(receiver.url)
    happens(room, "FL-1")
    room.act(rule_id, rules.remove)
    assert deliver(room) == 0
    assert receiver.came == []
    assert room.notices()[0].state == "given_up"


@pytest.mark.promise("ON-6")
def test_a_check_that_was_ready_and_is_not_any_more_is_told_and_that_it_is_so_again(room, receiver):
    room.rule(receiver.url, kinds=("readiness",), resolved=True)
    for verdict in (READY, WRONG, WRONG, READY):
        with room.desk.tenant(room.company.id) as session:
            connection = session.get_one(Connection, room.company.connection_id)
            results.keep(session, connection, CHECK, verdict, new_id())
        collecting.collect(room.desk)
    assert deliver(room) == 2
    told = [json.loads(came.body) for came in receiver.came]
    assert [message["type"] for message in told] == ["problem.opened", "problem.resolved"]
    assert told[0]["data"]["problems"][0]["title"].endswith(CHECK.title)
