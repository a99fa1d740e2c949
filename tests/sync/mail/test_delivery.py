"""Mail is sent once it is committed, again and again until it is taken, and given up after a day."""

from __future__ import annotations

import logging
import stat
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update

from portal.models import Mail, utc_now
from portal.sync import mail, nightly, queues
from portal.sync.mail import delivery, transport
from tests.sync.mail.server import running

LINK = "https://trellis.example/reset/link?token=verysecret"
MESSAGE = mail.Message("olive@acme.example", "A new password", f"Choose it here:\n{LINK}\n\nÜnïcode.\n")


@pytest.fixture
def server():
    with running() as there:
        yield there


@pytest.fixture
def by_server(desk, server):
    """A desk that hands its mail to the server."""
    settings = replace(desk.settings, smtp_url=server.url, mail_from="trellis@acme.example")
    return replace(desk, settings=settings)


@pytest.fixture
def by_file(desk, tmp_path):
    """A desk without a mail server."""
    return replace(desk, settings=replace(desk.settings, data=tmp_path))


def put_down(desk, message=MESSAGE, **values):
    with desk.sessions.system() as session:
        mail.queue(session, desk.settings.master_keys, message, kind="password reset")
    with desk.sessions.system() as session:
        row = session.scalars(select(Mail).order_by(Mail.id.desc())).first()
        if values:
            session.execute(update(Mail).where(Mail.id == row.id).values(**values))
    return row.id


def row(desk, mail_id):
    with desk.sessions.system() as session:
        return session.get_one(Mail, mail_id)


def make_due(desk):
    with desk.sessions.system() as session:
        session.execute(text("UPDATE mail SET due_at = now()"))


def test_a_message_is_handed_in_once_and_then_nothing_of_it_is_kept(by_server, server):
    mail_id = put_down(by_server)
    assert delivery.deliver_due(by_server) == 1
    assert delivery.deliver_due(by_server) == 0
    ((to, body),) = server.taken
    assert "olive@acme.example" in to
    assert f"Message-ID: <{mail_id}@127.0.0.1>" in body
    assert "From: trellis@acme.example" in body
    sent = row(by_server, mail_id)
    assert (sent.sealed, sent.failure, sent.attempts) == (None, "", 1)
    assert sent.sent_at is not None


def test_one_that_is_not_taken_is_tried_again_with_growing_pauses(by_server, server):
    mail_id = put_down(by_server)
    pauses = []
    for _ in range(3):
        server.refusals.append("450 busy with olive@acme.example")
        make_due(by_server)
        assert delivery.deliver_due(by_server) == 0
        waits = row(by_server, mail_id)
        pauses.append(round((waits.due_at - utc_now()).total_seconds() / 30))
        assert waits.failure == "recipient refused: 450"
    assert pauses == [1, 2, 4]
    make_due(by_server)
    assert delivery.deliver_due(by_server) == 1
    assert len(server.taken) == 1


def test_the_pause_has_a_cap(by_server, server):
    mail_id = put_down(by_server, attempts=40)
    server.refusals.append("450 busy")
    delivery.deliver_due(by_server)
    assert timedelta(minutes=59) < row(by_server, mail_id).due_at - utc_now() <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("values", "refusal", "failure"),
    [
        ({"created_at": text("now() - interval '24 hours'")}, "450 busy", "recipient refused: 450"),
        ({}, "550 no such olive@acme.example", "recipient refused: 550"),
    ],
    ids=["after a day", "for good"],
)
def test_one_that_nobody_takes_is_given_up_and_why_is_kept(by_server, server, values, refusal, failure):
    mail_id = put_down(by_server, **values)
    server.refusals.append(refusal)
    assert delivery.deliver_due(by_server) == 0
    given_up = row(by_server, mail_id)
    assert given_up.given_up_at is not None
    assert (given_up.sealed, given_up.failure) == (None, failure)


def test_a_server_that_is_away_is_waited_for(desk):
    settings = replace(desk.settings, smtp_url="smtp://127.0.0.1:1", mail_from="trellis@acme.example")
    away = replace(desk, settings=settings)
    mail_id = put_down(away)
    assert delivery.deliver_due(away) == 0
    assert row(away, mail_id).failure == "ConnectionRefusedError"


def test_a_key_that_is_gone_is_waited_for(by_server):
    mail_id = put_down(by_server)
    other = replace(by_server, settings=replace(by_server.settings, master_keys={"k2": b"k" * 32}))
    assert delivery.deliver_due(other) == 0
    assert "'t1' is not configured" in row(by_server, mail_id).failure
    make_due(by_server)
    assert delivery.deliver_due(by_server) == 1


def test_of_several_workers_one_sends_each_message(by_server, server):
    for _ in range(12):
        put_down(by_server)
    workers = [threading.Thread(target=delivery.deliver_due, args=(by_server,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(server.taken) == 12


def test_what_a_dead_worker_had_is_sent_when_its_lease_is_over(by_server, server):
    mail_id = put_down(by_server)
    assert [leased.id for leased in delivery._lease(by_server)] == [mail_id]
    assert delivery.deliver_due(by_server) == 0
    make_due(by_server)
    assert delivery.deliver_due(by_server) == 1


def test_the_server_is_told_the_password_of_its_address(by_server, server):
    url = server.url.replace("smtp://", "smtp://trellis:p%40ss@")
    put_down(by_server)
    delivery.deliver_due(replace(by_server, settings=replace(by_server.settings, smtp_url=url)))
    assert len(server.logins) == 1


def test_beyond_loopback_nothing_is_said_without_encryption(monkeypatch, by_server, server):
    monkeypatch.setattr(transport, "_is_loopback", lambda _host: False)
    mail_id = put_down(by_server)
    assert delivery.deliver_due(by_server) == 0
    assert server.taken == server.logins == []
    assert row(by_server, mail_id).failure == "SMTPNotSupportedError"


def test_without_a_server_it_is_a_file_of_its_owner_and_the_log_names_no_link(by_file, caplog, tmp_path):
    mail_id = put_down(by_file)
    with caplog.at_level(logging.INFO):
        assert delivery.deliver_due(by_file) == 1
    path = tmp_path / "mail" / f"{mail_id}.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert LINK in path.read_text()
    (line,) = [record.getMessage() for record in caplog.records]
    assert str(path) in line
    assert "verysecret" not in line
    assert "olive" not in line
    assert [message for _, message in transport.written(by_file.settings)] == [MESSAGE]


@pytest.mark.parametrize(
    ("to", "subject"),
    [
        ("a@example.com\r\nBcc: b@example.com", "x"),
        ("a@example.com\nb", "x"),
        ("a@example.com, b@example.com", "x"),
        ("a@example.com", "x\r\n\r\nbody"),
        ("a@example.com", "x\u2028y"),
        ("a@example.com", "x\x00y"),
    ],
)
def test_a_header_cannot_be_smuggled_in(to, subject):
    with pytest.raises(ValueError, match="a line or an address more"):
        mail.Message(to, subject, "text")


def test_the_schedule_rings_for_what_is_due(by_file, monkeypatch):
    rung = []
    monkeypatch.setattr(queues, "ring_mail", lambda _redis: rung.append("mail"))
    nightly.run_due(by_file)
    put_down(by_file)
    nightly.run_due(by_file)
    assert rung == ["mail"]


def test_what_is_over_since_a_month_is_dropped_and_what_waits_is_not(by_file, tmp_path):
    long_ago = text("now() - interval '31 days'")
    old = put_down(by_file)
    delivery.deliver_due(by_file)
    put_down(by_file)
    delivery.deliver_due(by_file)
    put_down(by_file, due_at=text("now() + interval '1 hour'"), created_at=long_ago)
    with by_file.sessions.system() as session:
        session.execute(update(Mail).where(Mail.id == old).values(created_at=long_ago))
    delivery.drop_old(by_file)
    with by_file.sessions.system() as session:
        left = session.scalars(select(Mail.id)).all()
    assert len(left) == 2
    assert old not in left
