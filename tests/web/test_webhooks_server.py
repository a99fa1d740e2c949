"""The webhook door as it is open to the world: rows 38 and 42 to 48 of the catalogue of faults, over the real
server and raw sockets."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from portal import asgi
from portal.identity import tenants
from portal.models import Link
from tests.sync.engine.shop import open_shop
from tests.web.endpoints import (
    NUMBER,
    deliver,
    exchange,
    flourish_webhook,
    open_endpoint,
    order_webhook,
    post,
)
from tests.web.serving import served

MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def served_port(settings):
    """One server for the module, whose limits no test here reaches."""
    quick = replace(settings, webhook_rate=60_000, webhook_burst=60_000, webhook_refusals=60_000)
    with served(quick) as (application, port):
        yield port
        application.flask.extensions["trellis_inbox"].close()


@pytest.fixture
def port(clean, served_port):
    return served_port


@pytest.fixture
def shop(desk, tenant_id):
    return open_shop(desk, tenant_id)


@pytest.fixture
def leaflink(shop):
    return open_endpoint(shop)


@pytest.fixture
def flourish(shop):
    return open_endpoint(shop, "flourish")


def request(endpoint, body, *headers, length=None):
    """A request as bytes, with these header lines."""
    size = len(body) if length is None else length
    lines = [b"POST %s HTTP/1.1" % endpoint.path.encode(), b"Host: x", b"Content-Length: %d" % size, *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def status(raw):
    assert raw.startswith(b"HTTP/1.1 "), raw[:80]
    return int(raw[9:12])


@pytest.mark.fault(38)
def test_the_same_bytes_a_hundred_times_at_once_are_one_delivery(port, leaflink, shop):
    body = order_webhook()
    with ThreadPoolExecutor(100) as senders:
        answers = list(senders.map(lambda _: deliver(port, leaflink, body), range(100)))

    assert answers == [202] * 100
    (delivery,) = leaflink.deliveries()
    assert delivery.repeats == 99
    with shop.desk.tenant(shop.tenant_id) as session:
        assert [link.foreign_id for link in session.query(Link)] == [NUMBER]


def mutations(signature: str) -> list[str]:
    """The signature with each character changed, dropped, doubled or in the other case, and respelled."""
    places = range(len(signature))
    found = {
        *(signature[:at] + other + signature[at + 1 :] for at in places for other in "AQ9/=é \x7f,"),
        *(signature[:at] + signature[at + 1 :] for at in places),
        *(signature[:at] + signature[at] + signature[at:] for at in places),
        *(signature[:at] + signature[at].swapcase() + signature[at + 1 :] for at in places),
        *(form.format(signature) for form in ("sha256={}", "v1,{}", "{},", ",{}", "{0},{0}", '"{}"', "{}==")),
        *(signature[:length] for length in places),
        signature.swapcase(),
        signature.encode().hex(),
        "é",
        "\x00",
        "🖋",
    }
    return sorted(found - {signature})


@pytest.mark.fault(42)
@pytest.mark.parametrize("platform", ["leaflink", "flourish"])
def test_no_signature_but_the_one_is_taken_however_it_is_changed(clean, desk, tenant_id, settings, platform):
    endpoint = open_endpoint(open_shop(desk, tenant_id), platform)
    body = order_webhook() if platform == "leaflink" else flourish_webhook()
    quick = replace(settings, webhook_refusals=60_000)
    changed = mutations(endpoint.sign(body))
    with served(quick) as (application, _port):
        client = application.flask.test_client()
        answers = {
            client.post(endpoint.path, data=body, environ_overrides={_variable(endpoint): each}).status_code
            for each in changed
        }
        application.flask.extensions["trellis_inbox"].close()

    assert len(changed) > 300
    assert answers == {401}
    assert endpoint.deliveries() == []
    assert endpoint.refused() == len(changed)


def _variable(endpoint) -> str:
    return f"HTTP_{endpoint.header.upper().replace('-', '_')}"


RAW_HEADERS = {
    "missing": (),
    "empty": (b"%h: ",),
    "twice the right one": (b"%h: %s", b"%h: %s"),
    "the right one and another": (b"%h: %s", b"%h: AAAA"),
    "an empty one and the right one": (b"%h: ", b"%h: %s"),
    "the right one under a like name": (b"%h-X: %s",),
    "not ASCII": (b"%h: \xe9\xff",),
    "UTF-8": (b"%h: \xc3\xa9",),
    "a tab inside": (b"%h: a\tb",),
    "a NUL": (b"%h: \x00",),
    "folded": (b"%h: a\r\n b",),
    "giant": (b"%h: " + b"A" * 60_000,),
}


@pytest.mark.fault(42)
@pytest.mark.parametrize("lines", RAW_HEADERS.values(), ids=RAW_HEADERS)
def test_a_header_that_is_not_the_one_signature_is_refused(port, leaflink, lines):
    body = order_webhook()
    name, signature = leaflink.header.encode(), leaflink.sign(body).encode()
    headers = [line.replace(b"%h", name).replace(b"%s", signature) for line in lines]

    assert status(exchange(port, request(leaflink, body, *headers, b"Connection: close"))) in (400, 401)
    assert leaflink.deliveries() == []


@pytest.mark.fault(40, 43)
def test_a_body_that_is_sent_again_a_day_later_is_known_and_harmless(port, leaflink, shop):
    placed = shop.arrive()
    shop.look_until_quiet()
    number = shop.link(placed).foreign_id
    assert deliver(port, leaflink, order_webhook(number)) == 202
    shop.look_until_quiet()
    writes = shop.writes()

    shop.pass_time(86_400)
    assert deliver(port, leaflink, order_webhook(number)) == 202
    shop.look_until_quiet()

    assert shop.writes() == writes
    assert [row.repeats for row in leaflink.deliveries()] == [1]
    assert len(shop.flourish.orders) == 1


@pytest.mark.fault(44)
def test_what_one_company_signed_is_refused_at_every_other_address(port, desk):
    endpoints = []
    for number in range(5):
        tenant = tenants.create(desk.sessions, slug=f"company-{number}", name=f"T{number}", timezone="UTC")
        endpoints.append(open_endpoint(open_shop(desk, tenant.id, f"Company {number}")))
    body = order_webhook()

    for signer in endpoints:
        for target in endpoints:
            wanted = 202 if signer is target else 401
            assert post(port, target.path, body, signer.signed(body))[0] == wanted

    assert [len(endpoint.deliveries()) for endpoint in endpoints] == [1] * 5
    assert [endpoint.refused() for endpoint in endpoints] == [4] * 5


@pytest.mark.fault(44)
def test_what_flourish_signed_is_no_delivery_of_leaflink(port, leaflink, flourish):
    body = flourish_webhook()
    headers = {leaflink.header: flourish.sign(body), flourish.header: flourish.sign(body)}
    assert post(port, leaflink.path, body, headers)[0] == 401
    assert post(port, flourish.path.replace("flourish", "leaflink"), body, headers)[0] == 404
    assert leaflink.deliveries() == []


@pytest.mark.fault(45)
def test_a_body_is_taken_up_to_a_mebibyte_and_not_beyond(port, leaflink):
    whole = order_webhook(pad="x" * (MEBIBYTE - len(order_webhook(pad=""))))
    assert len(whole) == MEBIBYTE
    assert deliver(port, leaflink, whole) == 202
    assert deliver(port, leaflink, whole[:-2] + b" " + whole[-2:]) == 413
    assert len(leaflink.deliveries()) == 1


@pytest.mark.fault(45)
def test_a_body_in_chunks_without_end_is_cut_off_at_a_mebibyte(port, leaflink):
    head = (
        b"POST %s HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" % leaflink.path.encode()
    )
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        sender.sendall(head)
        for _ in range(20):
            sender.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")
        assert status(sender.recv(65_536)) == 413
    assert leaflink.deliveries() == []


@pytest.mark.fault(45)
@pytest.mark.parametrize("first", [b"POST /webhooks/le", b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPOST /x"])
def test_senders_that_drip_the_head_of_a_request_are_let_go_and_hold_nobody_up(
    port, leaflink, monkeypatch, first
):
    monkeypatch.setattr(asgi, "HEAD_SECONDS", 1.0)
    over = threading.Event()

    def was_let_go(sender: socket.socket) -> bool:
        with sender:
            sender.sendall(first)
            while not over.wait(0.1):
                try:
                    sender.sendall(b"x")
                except OSError:
                    return True
        return False

    timer = threading.Timer(10, over.set)
    timer.start()
    with ThreadPoolExecutor(20) as pool:
        senders = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(20)]
        dripping = [pool.submit(was_let_go, sender) for sender in senders]
        assert deliver(port, leaflink, order_webhook()) == 202
        assert all(each.result() for each in dripping)
    timer.cancel()


@pytest.mark.fault(45)
def test_a_body_that_never_ends_is_answered_when_its_time_is_up(port, leaflink, monkeypatch):
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.5)
    began = time.monotonic()
    assert status(exchange(port, request(leaflink, b"{", b"Connection: close", length=100))) == 408
    assert time.monotonic() - began >= 0.5


@pytest.mark.fault(45)
def test_what_is_announced_and_never_comes_is_no_delivery(port, leaflink):
    body = order_webhook()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        signature = f"{leaflink.header}: {leaflink.sign(body)}".encode()
        sender.sendall(request(leaflink, body[:-5], signature, length=len(body)))
    assert deliver(port, leaflink, order_webhook("another")) == 202
    assert [row.foreign_ref for row in leaflink.deliveries()] == ["another"]


DEEP = {
    f"{kind}, {depth} deep": opening * depth + b"1" + closing * depth
    for kind, opening, closing in (("lists", b"[", b"]"), ("objects", b'{"a":', b"}"))
    for depth in (65, 100, 1_000, 10_000, 100_000)
}
UNREADABLE = DEEP | {
    "a million levels, never closed": b"[" * 1_000_000,
    "NaN": b'{"a": NaN}',
    "Infinity": b'{"a": -Infinity}',
    "a number beyond all": b'{"a": 1e999}',
    "an integer of 5,000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"type": "order", "type": "product"}',
    "half a character": b'{"a": "\\ud800"}',
    "a NUL": b'{"a": "\\u0000"}',
    "a bare NUL": b'{"a": "\x00"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"type": "order"}'.encode("utf-16"),
    "UTF-32": '{"type": "order"}'.encode("utf-32"),
    "Latin-1": '{"a": "é"}'.encode("latin-1"),
    "a list": b"[]",
    "a text": b'"order"',
    "nothing": b"",
    "a form": b"type=order&action=create",
    "values without end": b"[" + b"{}," * 300_000 + b"{}]",
}


@pytest.mark.fault(46, 47)
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_a_signed_body_that_is_no_strict_json_is_refused_and_kept_with_a_problem(port, leaflink, shop, body):
    assert deliver(port, leaflink, body) == 400
    assert [(row.topic, row.outcome) for row in leaflink.deliveries()] == [("unreadable", "problem")]
    assert set(shop.problems()) == {"unreadable_webhook"}


@pytest.mark.fault(46, 47)
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
def test_an_unsigned_body_is_not_even_parsed(port, leaflink, body):
    assert post(port, leaflink.path, body, {leaflink.header: "AAAA"})[0] == 401
    assert leaflink.deliveries() == []


UNKNOWN = {
    "another type": {"type": "manifest", "data": {"number": NUMBER}},
    "no type": {"type": None},
    "a type that is a list": {"type": ["order"]},
    "a type that is a number": {"type": 7},
    "data that are a list": {"data": [1]},
    "a type of another case": {"type": "Order"},
}


@pytest.mark.fault(48)
@pytest.mark.parametrize("changed", UNKNOWN.values(), ids=UNKNOWN)
def test_what_nobody_knows_is_kept_with_its_outcome_and_marks_nothing(port, leaflink, shop, changed):
    assert deliver(port, leaflink, order_webhook(**changed)) == 202
    (delivery,) = leaflink.deliveries()
    assert (delivery.outcome, delivery.link_id) == ("ignored", None)
    assert delivery.outcome_text.startswith("Trellis does not sync")
    assert shop.claims() == []


@pytest.mark.fault(48)
@pytest.mark.parametrize("resource", [b'"dock"', b"null", b"{}", b"[7]", b'"Order"'])
def test_what_nobody_knows_of_flourish_is_kept_too(port, flourish, resource):
    assert deliver(port, flourish, flourish_webhook().replace(b'"order"', resource, 1)) == 202
    assert [row.outcome for row in flourish.deliveries()] == ["ignored"]
