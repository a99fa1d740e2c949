"""Who is believed about where a request comes from: nobody, or so many proxies as were named."""

from dataclasses import replace

import pytest
from flask import request

from portal.access import public
from portal.config import Settings
from portal.proxies import sender
from tests.web.conftest import built
from tests.web.serving import served
from tests.web.test_asgi import ask

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "444",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
}


def seen(settings, headers):
    """What the application believes about a request."""

    @public
    def look():
        return [request.remote_addr, request.scheme, request.host, request.script_root]

    with built(settings) as app:
        app.add_url_rule("/look", "look", look)
        return app.test_client().get("/look", headers=headers).json


def test_without_proxies_nobodys_word_counts(settings: Settings):
    assert seen(settings, FORGED) == ["127.0.0.1", "http", "localhost", ""]


def test_behind_one_proxy_its_word_counts_and_what_it_passed_on_does_not(settings: Settings):
    behind = replace(settings, proxies=1)
    told = {**FORGED, "X-Forwarded-For": "203.0.113.9, 198.51.100.4", "X-Forwarded-Proto": "http, https"}
    assert seen(behind, told) == ["198.51.100.4", "https", "localhost", ""]


def test_behind_two_proxies_the_outer_ones_word_counts(settings: Settings):
    told = {"X-Forwarded-For": "203.0.113.9, 198.51.100.4, 10.0.0.1"}
    assert seen(replace(settings, proxies=2), told)[0] == "198.51.100.4"
    assert seen(replace(settings, proxies=2), {"X-Forwarded-For": "203.0.113.9"})[0] == "127.0.0.1"


@pytest.mark.parametrize(
    ("proxies", "headers", "expected"),
    [
        (0, [b"203.0.113.9"], "127.0.0.1"),
        (1, [], "127.0.0.1"),
        (1, [b"203.0.113.9"], "203.0.113.9"),
        (1, [b"203.0.113.9", b"198.51.100.4"], "198.51.100.4"),
        (2, [b"203.0.113.9, 198.51.100.4"], "203.0.113.9"),
        (1, [b"\xff"], "\xff"),
    ],
)
def test_floods_are_counted_by_the_same_address(proxies, headers, expected):
    scope = {"client": ("127.0.0.1", 5), "headers": [(b"x-forwarded-for", value) for value in headers]}
    assert sender(proxies, scope) == expected


@pytest.fixture(scope="module")
def port(settings: Settings):
    with served(replace(settings, webhook_refusals=2)) as (_, port):
        yield port


def test_the_server_believes_nobody_either(port):
    """Not even those on this machine, as uvicorn would by itself."""
    codes = [
        ask(port, "POST", "/webhooks/leaflink/nope", headers={"X-Forwarded-For": f"203.0.113.{number}"})[0]
        for number in range(4)
    ]
    assert codes == [404, 404, 429, 429]


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b"]
)
@pytest.mark.parametrize(
    "path", ["/sign-in", "/healthz", "/nope", "/events/t/a/orders/b", "/webhooks/leaflink/x"]
)
def test_a_host_that_is_not_ours_gets_nothing(port, host, path):
    method = "POST" if "webhooks" in path else "GET"
    status, text = ask(port, method, path, headers={"Host": host, "X-Forwarded-Host": "localhost"})
    assert status in (400, 404)
    assert b"evil" not in text
    assert status == 400 or path == "/events/t/a/orders/b"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:9", "trellis.example.com", "trellis.internal"])
def test_our_own_names_are_the_public_one_this_machine_and_those_of_the_settings(settings: Settings, host):
    named = replace(settings, public_url="https://trellis.example.com", trusted_hosts=("trellis.internal",))
    with built(named) as app:
        assert app.test_client().get("/healthz", headers={"Host": host}).status_code == 200
        assert app.test_client().get("/healthz", headers={"Host": f"x.{host}"}).status_code == 400
