"""Webhooks at the door: what is taken, what is refused, and that nothing makes it fall over."""

from __future__ import annotations

import hashlib
import json

import pytest
from sqlalchemy import func, select

from portal.models import Connection, Delivery, Link, Problem, Secret
from portal.sync import secrets
from portal.sync.platforms.leaflink import WEBHOOK
from portal.sync.signing import sign
from tests.databases import full_disk
from tests.sync.engine.shop import open_shop
from tests.web.conftest import built

TOKEN, KEY = "a-token-of-128-bits", "the-key-of-the-company"
NUMBER = "6f1c1d0a-2b3c-4d5e-8f90-a1b2c3d4e5f6"
ORDER = json.dumps(
    {"type": "order", "action": "create", "data": {"number": NUMBER, "short_id": "4F2A"}}
).encode()


@pytest.fixture
def shop(desk, tenant_id):
    shop = open_shop(desk, tenant_id)
    shop.set("connection", webhook_token_hash=hashlib.sha256(TOKEN.encode()).digest())
    sealed = secrets.seal(
        desk.settings.master_keys,
        KEY,
        tenant_id=str(tenant_id),
        owner_id=str(shop.connection_id),
        field="webhook_key",
    )
    with desk.tenant(tenant_id) as session:
        session.add(
            Secret(
                tenant_id=tenant_id,
                owner_id=shop.connection_id,
                field="webhook_key",
                ciphertext=sealed.ciphertext,
                key_id=sealed.key_id,
                last_four="",
                set_at=func.now(),
                set_by="test",
            )
        )
    return shop


@pytest.fixture
def door(settings, shop):
    with built(settings) as app:
        yield app.test_client()
        app.extensions["trellis_inbox"].close()


def deliver(door, body=ORDER, *, token=TOKEN, platform="leaflink", signature=None):
    given = sign(WEBHOOK, KEY, body) if signature is None else signature
    headers = {"LL-Signature": given} if given else {}
    return door.post(f"/webhooks/{platform}/{token}", data=body, headers=headers).status_code


def kept(shop, table):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(table)).all()


def test_a_signed_order_is_kept_and_marked_before_it_is_answered(door, shop):
    assert deliver(door) == 202
    (delivery,) = kept(shop, Delivery)
    assert (delivery.body, delivery.topic, delivery.outcome) == (ORDER, "order/create", None)
    assert [link.foreign_id for link in kept(shop, Link)] == [NUMBER]


def test_the_same_bytes_again_are_accepted_and_kept_once(door, shop):
    assert [deliver(door) for _ in range(3)] == [202, 202, 202]
    assert [row.repeats for row in kept(shop, Delivery)] == [2]


@pytest.mark.parametrize("place", [{"token": "nobody's"}, {"platform": "flourish"}, {"platform": "ordo"}])
def test_an_unknown_token_is_not_found(door, shop, place):
    assert deliver(door, **place) == 404
    assert kept(shop, Delivery) == []


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    "signature",
    ["", "x", "é", "AAAA", "====", "sha256=abc", sign(WEBHOOK, "another key", ORDER)],
    ids=["missing", "short", "not ASCII", "too short", "padding", "prefixed", "another key's"],
)
def test_a_missing_wrong_or_malformed_signature_is_refused_and_only_counted(door, shop, signature):
    assert deliver(door, signature=signature or False) == 401
    assert kept(shop, Delivery) == []
    assert [row.refused_deliveries for row in kept(shop, Connection)] == [1]


def test_more_than_a_mebibyte_is_too_large(door, shop):
    assert deliver(door, b" " * (1024 * 1024 + 1)) == 413
    assert kept(shop, Delivery) == []


@pytest.mark.fault(46, 47)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1]",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b'{"a": 1, "a": 2}',
        b'{"a":' * 2000 + b"1" + b"}" * 2000,
        b"\xff\xfe{\x00}\x00",
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
    ids=[
        "empty",
        "cut",
        "a list",
        "NaN",
        "infinity",
        "NUL",
        "half a character",
        "a name twice",
        "too deep",
        "UTF-16",
        "a giant number",
    ],
)
def test_a_signed_body_that_cannot_be_read_is_kept_with_a_problem(door, shop, body):
    assert deliver(door, body) == 400
    assert [(row.body, row.outcome) for row in kept(shop, Delivery)] == [(body, "problem")]
    assert [row.code for row in kept(shop, Problem)] == ["unreadable_webhook"]


@pytest.mark.fault(71)
@pytest.mark.parametrize("state", ["draft", "disconnected"])
def test_a_connection_that_is_not_in_use_takes_nothing(door, shop, state):
    shop.set("connection", state=state)
    assert deliver(door) == 410
    assert kept(shop, Delivery) == []


@pytest.mark.fault(78)
def test_what_a_full_disk_cannot_keep_is_refused_with_503_and_taken_when_it_comes_again(door, shop):
    with full_disk(shop.desk.sessions.engine, "delivery"):
        assert deliver(door) == 503
    assert kept(shop, Delivery) == []
    assert kept(shop, Link) == []

    assert deliver(door) == 202
    assert len(kept(shop, Delivery)) == 1
