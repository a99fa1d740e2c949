"""The inbox: webhooks kept and marked in one commit, each with an outcome."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError
from sqlalchemy import func, text

from portal.models import Secret, new_id
from portal.sync import secrets
from portal.sync.engine.inbox import Inbox, take_again
from portal.sync.engine.sweep import sweep
from portal.sync.platforms.leaflink import WEBHOOK
from tests.sync.mapping.examples import order

TOKEN = "an-address-that-nobody-guesses"  # not a secret: a test's
HEADERS = {"Content-Type": "application/json", "User-Agent": "LL", "Authorization": "App secret"}


@pytest.fixture
def inbox(shop):
    """An inbox whose tokens stand for this shop's connection and hub."""
    for table in ("connection", "hub"):
        shop.set(table, webhook_token_hash=hashlib.sha256(f"{table} {TOKEN}".encode()).digest())
    with shop.desk.tenant(shop.tenant_id) as session:
        sealed = secrets.seal(
            shop.desk.settings.master_keys,
            "signing-key-of-leaflink",
            tenant_id=str(shop.tenant_id),
            owner_id=str(shop.connection_id),
            field="webhook_key",
        )
        session.add(
            Secret(
                id=new_id(),
                tenant_id=shop.tenant_id,
                owner_id=shop.connection_id,
                field="webhook_key",
                ciphertext=sealed.ciphertext,
                key_id=sealed.key_id,
                last_four=sealed.last_four,
                set_at=func.now(),
                set_by="test",
            )
        )
    inbox = Inbox(shop.desk)
    yield inbox
    inbox.close()


def leaflink(inbox):
    return inbox.endpoint("leaflink", f"connection {TOKEN}")


def flourish(inbox):
    return inbox.endpoint("flourish", f"hub {TOKEN}")


def send(inbox, endpoint, payload):
    inbox.take(endpoint, json.dumps(payload).encode(), payload, HEADERS)


def order_webhook(number="8f14e45f-ceea-467f"):
    return {"type": "order", "action": "create", "data": {"number": number, "short_id": "4F2A-1187"}}


def flourish_webhook(order_id="SO-1", **changed):
    return {
        "resource_type": "order",
        "data": {"id": order_id, "last_updated_timestamp": "2026-03-02T12:00:00Z"} | changed,
    }


def test_a_token_stands_for_its_connection_and_the_key_to_check_with(inbox, shop):
    endpoint = leaflink(inbox)

    assert (endpoint.source.id, endpoint.proof.keys) == (shop.connection_id, ("signing-key-of-leaflink",))
    assert endpoint.scheme is WEBHOOK
    assert flourish(inbox).source.is_hub


@pytest.mark.parametrize(
    ("platform", "token"),
    [
        ("leaflink", "unknown"),
        ("leaflink", f"hub {TOKEN}"),
        ("flourish", f"connection {TOKEN}"),
        ("ordo", f"connection {TOKEN}"),
        ("leaflink", ""),
    ],
)
def test_a_token_of_another_system_stands_for_nothing(inbox, platform, token):
    assert inbox.endpoint(platform, token) is None


@pytest.mark.parametrize(("state", "takes"), [("live", True), ("paused", True), ("disconnected", False)])
def test_whether_deliveries_are_kept_is_up_to_the_connections_state(inbox, shop, state, takes):
    shop.set("connection", state=state)

    assert leaflink(inbox).open is takes


@pytest.mark.promise("LL-24")
def test_a_delivery_is_kept_marks_its_order_and_gets_its_outcome_from_the_look(inbox, shop):
    shop.leaflink.put(order())
    send(inbox, leaflink(inbox), order_webhook())

    (delivery,) = shop.deliveries()
    assert (delivery.outcome, delivery.foreign_ref) == (None, order().number)
    assert "Authorization" not in delivery.headers
    assert shop.look() == 1

    (delivery,) = shop.deliveries()
    assert delivery.outcome == "applied"
    assert delivery.outcome_text.startswith("Both sides agree")
    assert shop.connection().last_delivery_at is not None


@pytest.mark.fault(38)
def test_the_same_bytes_are_one_delivery_and_one_effect(inbox, shop):
    shop.leaflink.put(order())
    for _ in range(5):
        send(inbox, leaflink(inbox), order_webhook())
    shop.look()
    send(inbox, leaflink(inbox), order_webhook())
    shop.look()

    (delivery,) = shop.deliveries()
    assert delivery.repeats == 5
    assert shop.flourish.count("create_order") == 1


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (flourish_webhook("SO-NOT-OURS"), "Not ours"),
        ({"resource_type": "inventory_summary", "data": {"item_id": "5"}}, "Nothing here is linked"),
    ],
)
def test_what_no_link_answers_for_is_ignored_with_a_reason(inbox, shop, payload, reason):
    send(inbox, flourish(inbox), payload)

    (delivery,) = shop.deliveries()
    assert delivery.outcome == "ignored"
    assert reason in delivery.outcome_text
    assert shop.claims() == []


def test_a_flourish_webhook_marks_the_link_with_its_id(inbox, shop):
    link_id = shop.arrive()
    shop.look()

    send(inbox, flourish(inbox), flourish_webhook())

    assert [claim.link_id for claim in shop.claims()] == [link_id]


def test_an_unknown_flourish_order_that_names_our_link_in_its_note_marks_it(inbox, shop):
    """Its creation is on its way to being recorded, or the worker died."""
    link_id = shop.arrive()
    shop.claims()
    dirty = shop.link(link_id).dirty_seq
    note = f"Trellis {shop.connection_id} {order().number}"

    send(inbox, flourish(inbox), flourish_webhook("SO-7", notes=[{"note": note, "internal_only": True}]))

    assert shop.link(link_id).dirty_seq == dirty + 1
    assert shop.deliveries()[0].outcome is None


@pytest.mark.parametrize(
    "note", ["Trellis", "Trellis x y", "Trellis 00000000-0000-7000-8000-000000000000 n1", "Call first"]
)
def test_a_note_that_names_no_link_of_ours_marks_nothing(inbox, shop, note):
    send(inbox, flourish(inbox), flourish_webhook("SO-7", notes=[{"note": note, "internal_only": True}]))

    assert shop.deliveries()[0].outcome == "ignored"


@pytest.mark.fault(52)
def test_the_echo_of_what_was_seen_already_is_stale_and_marks_nothing(inbox, shop):
    link_id = shop.arrive()
    shop.look()
    made = shop.flourish.orders["SO-1"]
    note = {"note": made.notes[0], "internal_only": True}

    send(
        inbox,
        flourish(inbox),
        flourish_webhook(last_updated_timestamp=made.updated_at.isoformat(), notes=[note]),
    )

    (delivery,) = shop.deliveries()
    assert (delivery.outcome, delivery.link_id) == ("stale", link_id)
    assert shop.claims() == []


def test_a_signed_body_that_cannot_be_read_is_kept_with_a_problem(inbox, shop):
    for _ in range(2):
        inbox.keep_unreadable(leaflink(inbox), b'{"a": NaN}', HEADERS, "NaN is no number")

    (delivery,) = shop.deliveries()
    assert (delivery.outcome, delivery.body, delivery.repeats) == ("problem", b'{"a": NaN}', 1)
    assert shop.problems()["unreadable_webhook"].who == "support"


@pytest.mark.parametrize("data", [{}, {"number": ""}, {"number": None}])
def test_a_webhook_about_an_order_that_it_does_not_name_is_kept_with_a_problem(inbox, shop, data):
    send(inbox, leaflink(inbox), {"type": "order", "action": "update", "data": data})

    assert shop.deliveries()[0].outcome == "problem"
    assert set(shop.problems()) == {"unreadable_webhook"}


def test_a_refused_signature_is_counted_and_nothing_of_it_is_kept(inbox, shop):
    for endpoint in (leaflink(inbox), leaflink(inbox), flourish(inbox)):
        inbox.refuse(endpoint, "the signature is wrong")

    connection = shop.connection()
    assert (connection.refused_deliveries, connection.hub.refused_deliveries) == (2, 1)
    assert connection.last_refusal == connection.hub.last_refusal == "the signature is wrong"
    assert shop.deliveries() == []


@pytest.mark.fault(10)
def test_a_delivery_is_kept_while_redis_is_away(inbox, shop):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    endpoint = leaflink(inbox)
    lonely = Inbox(replace(shop.desk, redis=away))

    send(lonely, endpoint, order_webhook())

    assert len(shop.deliveries()) == 1
    assert len(shop.claims()) == 1
    lonely.close()
    away.close()


@pytest.mark.fault(11)
def test_a_delivery_is_kept_while_redis_is_full(inbox, shop):
    redis = shop.desk.redis
    before = redis.config_get("maxmemory*")
    redis.config_set("maxmemory", "1")
    redis.config_set("maxmemory-policy", "noeviction")
    try:
        with pytest.raises(OutOfMemoryError):
            redis.set("one", "more")
        send(inbox, leaflink(inbox), order_webhook())
        assert sweep(shop.desk) == 0
    finally:
        for name in ("maxmemory", "maxmemory-policy"):
            redis.config_set(name, before[name])

    assert len(shop.deliveries()) == 1
    assert sweep(shop.desk) == 1
    assert len(shop.claims()) == 1


def test_nothing_is_kept_when_the_commit_fails(inbox, shop):
    with shop.desk.sessions.engine.begin() as connection:
        connection.execute(text("ALTER TABLE delivery ADD CONSTRAINT no_more CHECK (topic = '') NOT VALID"))
    try:
        with pytest.raises(Exception, match="no_more"):
            send(inbox, leaflink(inbox), order_webhook())
        assert shop.deliveries() == []
        assert shop.claims() == []
    finally:
        with shop.desk.sessions.engine.begin() as connection:
            connection.execute(text("ALTER TABLE delivery DROP CONSTRAINT no_more"))


@pytest.mark.fault(83)
def test_a_body_of_a_person_is_kept_without_who_it_is_and_known_again(inbox, shop):
    customer = {"dob": "1990-02-03", "last_name": "Quist", "email": "nia@guests.example"}
    payload = {"resource_type": "retail_order", "data": {"order_id": "00000042", "customer": customer}}
    for _ in range(2):
        send(inbox, flourish(inbox), payload)
    (delivery,) = shop.deliveries()
    assert delivery.repeats == 1
    assert b"00000042" in delivery.body
    for told in (b"1990", b"Quist", b"guests"):
        assert told not in delivery.body

    take_again(shop.desk, delivery, shop.hub_id)
    (again,) = shop.deliveries()
    assert (again.id, again.body) == (delivery.id, delivery.body)
