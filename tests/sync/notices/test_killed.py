"""A worker that ends in the middle of sending: the message is sent again, as it was, under the same id."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import threading

import pytest
from standardwebhooks import Webhook

from portal.sync.notices import collecting, sending
from tests.sandbox.receiver import receiving
from tests.sync.wire import Wire, answer


@pytest.fixture
def receiver():
    with receiving() as there:
        yield there


def happens(room, *causes):
    room.report(*causes)
    collecting.collect(room.desk)


def deliver(room):
    return sending.deliver_due(room.desk)


@pytest.mark.promise("MO-7")
def test_a_worker_that_dies_after_it_was_taken_sends_it_again_under_the_same_id(room, receiver, monkeypatch):
    _, secret = room.rule(receiver.url)
    happens(room, "FL-1")

    class Killed(BaseException):
        """The process ends here."""

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "_note", die)
        with pytest.raises(Killed):
            deliver(room)
    # Somebody has it for now; news that come meanwhile are another message.
    assert deliver(room) == 0
    happens(room, "FL-1", "FL-2")
    room.later(minutes=3)
    assert deliver(room) == 1
    first, again = receiver.came
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert Webhook(secret).verify(again.body, again.headers)["data"]["count"] == 1
    assert [notice.count for notice in room.notices()] == [1, 1]


@pytest.mark.processes
def test_a_worker_that_is_killed_while_it_sends_loses_nothing(room):
    killed = threading.Event()

    def play(connection):
        if not killed.is_set():
            killed.set()
            worker.kill()
        else:
            connection.sendall(answer(b"", "200 OK"))

    wire = Wire(play)
    _, secret = room.rule(wire.url)
    happens(room, "FL-1")
    settings = room.desk.settings
    key_id, key = next(iter(settings.master_keys.items()))
    environment = {
        "DATABASE_URL": settings.database_url.replace("+psycopg", ""),
        "REDIS_URL": settings.redis_url,
        "TRELLIS_SECRET_KEY": settings.secret_key,
        "TRELLIS_MASTER_KEY": f"{key_id}:{base64.b64encode(key).decode()}",
        "TRELLIS_ALLOW_LOOPBACK": "1",
    }
    job = (sys.executable, "-c", "from portal.sync import jobs; jobs.deliver_notices()")
    worker = subprocess.Popen(job, env={**os.environ, **environment})
    assert worker.wait(60) == -signal.SIGKILL
    assert room.notices()[0].state == "waiting"
    room.later(minutes=3)
    assert deliver(room) == 1
    first, again = (request.partition(b"\r\n\r\n") for request in wire.requests)
    assert first[2] == again[2]
    headers = dict(line.split(": ", 1) for line in again[0].decode().split("\r\n")[1:])
    assert Webhook(secret).verify(again[2], headers)["data"]["count"] == 1
    assert headers["webhook-id"].encode() in first[0]
    wire.close()
