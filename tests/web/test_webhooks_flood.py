"""Floods of webhooks are shed before their bodies are read: rows 42 and 50 of the catalogue of faults."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.flood import Buckets, Floodgate, Sender
from tests.sync.engine.shop import open_shop
from tests.web.conftest import built
from tests.web.endpoints import deliver, open_endpoint, order_webhook, post
from tests.web.serving import served

HERE, THERE = Sender.of("192.0.2.1", "/webhooks/leaflink/a"), Sender.of("192.0.2.2", "/webhooks/leaflink/a")
OTHER = Sender.of("192.0.2.1", "/webhooks/leaflink/b")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def gate(settings, clock):
    limits = replace(settings, webhook_rate=10, webhook_burst=100, webhook_refusals=20)
    return Floodgate(limits, clock)


def admitted(gate, sender, times):
    return sum(gate.wait(sender) == 0 for _ in range(times))


@pytest.mark.fault(50)
def test_a_burst_is_let_in_and_then_so_many_a_second(gate, clock):
    assert admitted(gate, HERE, 150) == 100
    assert gate.wait(THERE) == 1, "the limit is of the webhook, whoever sends"
    assert admitted(gate, OTHER, 100) == 100
    clock.now += 2
    assert admitted(gate, HERE, 150) == 20


@pytest.mark.fault(50)
@given(st.lists(st.floats(0.0, 5.0), max_size=300))
def test_no_pattern_of_arrivals_gets_more_than_burst_and_rate(pauses):
    clock, taken = 0.0, 0
    buckets = Buckets(size=20, per_second=3.0)
    for pause in pauses:
        clock += pause
        if not buckets.seconds_until_one(b"k", clock):
            buckets.take(b"k", clock)
            taken += 1
    assert taken <= 20 + 3.0 * clock + 1e-6


@pytest.mark.fault(42)
def test_twenty_refusals_a_minute_shut_out_that_sender_from_that_webhook_alone(gate, clock):
    for _ in range(50):
        if not gate.wait(HERE):
            gate.refused(HERE)
    assert gate.wait(HERE) > 0
    assert [gate.wait(sender) for sender in (THERE, OTHER)] == [0, 0]

    clock.now += 60
    assert admitted(gate, HERE, 1) == 1


def test_what_the_limits_remember_is_bounded_and_names_nobody():
    buckets = Buckets(size=20, per_second=1.0)
    for number in range(30_000):
        buckets.take(str(number).encode(), 0.0)
    assert len(buckets._levels) <= 10_000
    assert b"192.0.2" not in HERE.pair
    assert b"leaflink" not in HERE.webhook


@pytest.fixture
def endpoint(desk, tenant_id):
    return open_endpoint(open_shop(desk, tenant_id))


def close(application):
    application.extensions["trellis_inbox"].close()


@pytest.mark.fault(50)
def test_a_flood_is_answered_before_its_bodies_are_sent(endpoint, settings):
    narrow = replace(settings, webhook_rate=1, webhook_burst=5)
    with served(narrow) as (application, port):
        for number in range(5):
            assert deliver(port, endpoint, order_webhook(f"n{number}")) == 202

        head = f"POST {endpoint.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n".encode()
        with socket.create_connection(("127.0.0.1", port), timeout=5) as sender:
            sender.sendall(head)
            answer = sender.recv(4096)
        assert answer.startswith(b"HTTP/1.1 429 ")
        assert b"retry-after: 1\r\n" in answer.lower()

        with ThreadPoolExecutor(16) as senders:
            flood = list(senders.map(lambda n: deliver(port, endpoint, order_webhook(f"f{n}")), range(300)))
        assert set(flood) <= {202, 429}
        assert flood.count(202) + 5 == len(endpoint.deliveries())
        assert flood.count(429) > 200
        close(application.flask)


@pytest.mark.fault(42, 50)
def test_after_twenty_wrong_signatures_a_sender_is_not_listened_to_and_nobody_else_suffers(
    endpoint, settings, desk
):
    other = open_endpoint(open_shop(desk, endpoint.tenant_id, "Another"))
    with served(replace(settings, proxies=1)) as (application, port):
        body = order_webhook()
        answers = [post(port, endpoint.path, body, {endpoint.header: "AAAA"})[0] for _ in range(40)]
        assert answers.count(401) in (20, 21)
        assert set(answers[21:]) == {429}
        assert endpoint.refused() == answers.count(401)

        elsewhere = {"X-Forwarded-For": "198.51.100.7", **endpoint.signed(body)}
        assert post(port, endpoint.path, body, elsewhere)[0] == 202
        assert deliver(port, other, body) == 202
        close(application.flask)


@pytest.mark.fault(50)
def test_without_our_own_server_in_front_the_same_limits_hold(endpoint, settings):
    with built(replace(settings, webhook_rate=1, webhook_burst=3, webhook_refusals=2)) as app:
        client = app.test_client()
        body = order_webhook()
        answers = [
            client.post(endpoint.path, data=body, headers=endpoint.signed(body)).status_code for _ in range(5)
        ]
        assert answers == [202, 202, 202, 429, 429]
        close(app)
