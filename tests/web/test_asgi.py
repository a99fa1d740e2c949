import http.client
import json
import socket

import pytest

from portal import asgi
from portal.config import Settings
from tests.web.serving import served


@pytest.fixture(scope="module")
def port(settings: Settings):
    with served(settings) as (_, port):
        yield port


def ask(port, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    chunked = "Transfer-Encoding" in (headers or {})
    connection.request(method, path, body=body, headers=headers or {}, encode_chunked=chunked)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, text


def raw(port, request):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        sender.sendall(request)
        return sender.recv(4096)


def test_pages_are_served_beside_the_streams(port):
    assert ask(port, "GET", "/healthz") == (200, b"ok")
    assert json.loads(ask(port, "GET", "/readyz")[1])["database"] == "ok"


def test_static_files_are_served(port):
    for name in (
        "css/tokens.css",
        "vendor/htmx.min.js",
        "vendor/hx-sse.min.js",
        "js/live-fallback.js",
        "icon.svg",
    ):
        assert ask(port, "GET", f"/static/{name}")[0] == 200


def test_a_body_in_chunks_is_read_whole(port):
    status, _ = ask(
        port,
        "POST",
        "/sign-in",
        iter([b"email=", b"a"]),
        {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"},
    )
    # Read and refused for its missing token, not taken for empty.
    assert status == 400


def test_too_large_a_body_is_refused_with_and_without_a_length(port):
    big = b"x" * (1024 * 1024 + 1)
    assert ask(port, "POST", "/webhooks/leaflink/nobody", big)[0] in (404, 413)
    assert ask(port, "POST", "/sign-in", big, {"Content-Type": "application/x-www-form-urlencoded"})[0] == 413
    chunks = iter([big[:600_000], big[600_000:]])
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Transfer-Encoding": "chunked"}
    assert ask(port, "POST", "/sign-in", chunks, headers)[0] == 413


def test_bytes_that_are_no_address_are_refused(port):
    assert b" 400 " in raw(port, b"GET /sign-in?q=\xff HTTP/1.1\r\nHost: x\r\n\r\n")


def test_other_methods_on_streams_are_not_found(port):
    assert ask(port, "POST", "/events/t/x/orders/y")[0] in (400, 404)


@pytest.mark.parametrize(
    "host", [b"a" * 300, b"[::1", b"a b", b"", b"\xc3\xa9", b"x:y:z", b"xn--" + b"a" * 70]
)
@pytest.mark.parametrize("target", [b"POST /webhooks/leaflink/nobody", b"GET /sign-in"])
def test_a_host_that_is_none_is_refused_like_any_other_bad_request(port, target, host):
    answer = raw(port, target + b" HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 0\r\n\r\n")
    assert answer[9:12] in (b"200", b"400", b"404")


@pytest.mark.fault(50)
def test_when_too_many_wait_for_a_thread_the_rest_is_told_so_at_once(port, monkeypatch):
    monkeypatch.setattr(asgi, "MOST_WAITING", 0)
    assert ask(port, "POST", "/webhooks/leaflink/nobody", b"{}")[0] == 429
    assert ask(port, "GET", "/sign-in")[0] == 503
    monkeypatch.undo()
    assert ask(port, "GET", "/sign-in")[0] == 200
