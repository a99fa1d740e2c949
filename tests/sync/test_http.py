"""The HTTP room against a wire that misbehaves: rows 7, 16, 18, 26 to 32 of the catalogue of faults."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
import responses

from portal import extensions
from portal.sync import redaction
from portal.sync.addresses import check_address
from portal.sync.errors import Rejected, Retryable, SyncError, Unreadable, Unsettled
from portal.sync.http import Caller, Exchange, Limits
from tests.sync.wire import Script, Wire, answer, drips, says, says_and_hangs_up

KEY = "canary-key-42"
LIMITS = Limits(connect=0.5, read=0.3, total=0.6, size=100_000)


@pytest.fixture
def over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def open_wire() -> Iterator[Callable[[Script], Wire]]:
    wires: list[Wire] = []

    def opened(script: Script) -> Wire:
        wires.append(Wire(script))
        return wires[-1]

    yield opened
    for wire in wires:
        wire.close()


@pytest.fixture
def call(open_wire) -> Iterator[Callable[..., Caller]]:
    callers: list[Caller] = []

    def made(url: str, *, limits: Limits = LIMITS, observe=None, turnstile=lambda: None) -> Caller:
        address = check_address(url, hosts=(), allow_loopback=True)
        caller = Caller(
            address,
            {"Authorization": f"App {KEY}"},
            label="LeafLink",
            turnstile=turnstile,
            user_agent="Trellis",
            observe=observe,
            limits=limits,
        )
        callers.append(caller)
        return caller

    yield made
    for caller in callers:
        caller.close()


def outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except SyncError as error:
        return type(error)


JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = JSON_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
LONG = answer(b'"' + b"x" * 200_000 + b'"')
BOMB = answer(gzip.compress(b" " * 20_000_000), "200 OK", "Content-Encoding: gzip")

FAULTS = [
    # name, script, what a read comes to, what a write comes to
    ("hangs up at once", says_and_hangs_up(b""), Retryable, Unsettled),
    ("hangs up in the headers", says_and_hangs_up(JSON_HEAD), Retryable, Unsettled),
    ("says less than it promised", says_and_hangs_up(answer(b'{"a": 1}')[:-3]), Retryable, Unsettled),
    ("hangs up in a chunk", says_and_hangs_up(CHUNKED + b'8\r\n{"a"'), Retryable, Unsettled),
    (
        "cuts an answer without length",
        says_and_hangs_up(JSON_HEAD + b'\r\n{"a": [1, 2'),
        Retryable,
        Unsettled,
    ),
    ("speaks no HTTP", says_and_hangs_up(b"SSH-2.0-OpenSSH\r\n"), Retryable, Unsettled),
    ("says nothing", lambda _: None, Retryable, Unsettled),
    ("shows a page", says(answer(b"<html>Log in</html>", kind="text/html")), Retryable, Unsettled),
    ("says data and means a page", says(answer(b"<html>")), Retryable, Unsettled),
    ("is null", says(answer(b"null")), Retryable, Unsettled),
    ("holds nonsense", says(answer(b"[1, , 2]")), Unreadable, Unsettled),
    ("is empty", says(answer(b"")), Retryable, Unsettled),
    ("has no content", says(b"HTTP/1.1 204 No Content\r\n\r\n"), Retryable, Unsettled),
    ("complains", says(answer(b'{"errors": [{"detail": "No."}]}')), Unreadable, Unsettled),
    ("holds NaN", says(answer(b'{"a": NaN}')), Unreadable, Unsettled),
    ("holds a key twice", says(answer(b'{"a": 1, "a": 2}')), Unreadable, Unsettled),
    ("is nested too deep", says(answer(b"[" * 5000 + b"]" * 5000)), Unreadable, Unsettled),
    ("is huge", says(LONG), Retryable, Unsettled),
    ("is a bomb", says(BOMB), Retryable, Unsettled),
    ("is packed wrongly", says(answer(b"no gzip", "200 OK", "Content-Encoding: gzip")), Retryable, Unsettled),
    ("redirects", says(answer(b"", "302 Found", "Location: http://127.0.0.1:9/")), Retryable, Unsettled),
    ("fails", says(answer(b"oops", "500 Oops", kind="text/html")), Retryable, Unsettled),
    ("is down with a time", says(answer(b"", "503 Down", "Retry-After: 7")), Retryable, Retryable),
    ("is down without a time", says(answer(b"", "503 Down")), Retryable, Unsettled),
    ("knows no such thing", says(answer(b'{"detail": "Not found."}', "404 No")), None, Rejected),
    ("refuses", says(answer(b'{"detail": "No."}', "400 No")), Rejected, Rejected),
]


@pytest.mark.fault(16, 26, 27, 28, 30, 31, 32, 47)
@pytest.mark.parametrize(
    ("script", "read", "write"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_each_fault_is_named_by_what_happens_next(script, read, write, open_wire, call):
    wire = open_wire(script)
    caller = call(wire.url)
    assert outcome(lambda: caller.read("orders/")) is read
    assert outcome(lambda: caller.write("POST", "orders/", {"a": 1})) is write
    assert len(wire.requests) == 2, "a call is made once, whatever comes of it"


@pytest.mark.fault(7)
@pytest.mark.parametrize("part", ["body", "headers", "body without length"])
def test_an_answer_that_drips_ends_when_the_total_time_is_up(part, open_wire, call, over):
    head = {
        "body": JSON_HEAD + b"Content-Length: 100000\r\n\r\n",
        "headers": JSON_HEAD,
        "body without length": JSON_HEAD + b"\r\n",
    }[part]
    drop = b"X-Drop: 1\r\n" if part == "headers" else b" "
    caller = call(open_wire(drips(head, drop, over)).url)
    for act, wanted in (
        (lambda: caller.read("a"), Retryable),
        (lambda: caller.write("PUT", "a", {}), Unsettled),
    ):
        started = time.monotonic()
        assert outcome(act) is wanted
        assert time.monotonic() - started < LIMITS.total + 0.5


@pytest.mark.fault(26)
@pytest.mark.parametrize("body", [b'{"a": {"b": "x}"}, "c": [1, 2.50, true]}', b'[{"id": 1}, {"id": 2}]'])
def test_a_body_cut_anywhere_is_read_again_and_never_half(body, open_wire, call):
    for length in range(1, len(body)):
        caller = call(open_wire(says_and_hangs_up(JSON_HEAD + b"\r\n" + body[:length])).url)
        with pytest.raises(Retryable):
            caller.read("a")


@pytest.mark.fault(32)
def test_nothing_was_sent_when_nobody_listens_so_a_write_may_be_made_again(call):
    caller = call("http://127.0.0.1:1/")
    assert outcome(lambda: caller.read("a")) is Retryable
    assert outcome(lambda: caller.write("POST", "a", {})) is Retryable


@pytest.mark.fault(32)
def test_a_name_that_is_not_found_is_known_before_anything_is_sent():
    address = check_address("https://x.invalid/", hosts=("x.invalid",), allow_loopback=False)
    caller = Caller(address, {}, label="Flourish", turnstile=lambda: None, user_agent="Trellis")
    with caller, pytest.raises(Retryable, match="Flourish cannot be reached"):
        caller.write("POST", "a", {})


@pytest.mark.fault(31)
def test_the_key_never_follows_a_redirect(open_wire, call):
    sink = open_wire(says(answer()))
    wire = open_wire(says(answer(b"", "307 Temporary Redirect", f"Location: {sink.url}")))
    with pytest.raises(Retryable, match="redirect"):
        call(wire.url).read("a")
    with pytest.raises(Unsettled, match="redirect"):
        call(wire.url).write("POST", "a", {})
    assert sink.requests == []


@pytest.mark.fault(31)
def test_a_redirect_with_a_huge_body_is_not_read_without_limit(open_wire, call):
    head = b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 50000000\r\n\r\n"
    caller = call(open_wire(says(head + b"x" * 1_000_000)).url)
    with pytest.raises(Retryable, match="more than 100,000 bytes"):
        caller.read("a")


@pytest.mark.fault(31)
def test_an_absolute_address_of_another_host_is_not_called(open_wire, call):
    wire, other = open_wire(says(answer())), open_wire(says(answer()))
    caller = call(wire.url)
    assert caller.read(wire.url + "page?offset=2") == {}
    for elsewhere in (other.url, wire.url.replace("http", "https"), wire.url.replace("//", "//user@")):
        with pytest.raises(Unreadable, match="another host"):
            caller.read(elsewhere)
    assert (len(wire.requests), len(other.requests)) == (1, 0)


@pytest.mark.fault(63)
def test_numbers_come_and_go_exactly(open_wire, call):
    wire = open_wire(says(answer(b'{"price": 0.1, "big": 12345678901234567.8901, "whole": 7}')))
    answered = call(wire.url).write("POST", "a", {"price": Decimal("4.7500"), "tiny": Decimal("1E-7")})
    assert answered == {"price": Decimal("0.1"), "big": Decimal("12345678901234567.8901"), "whole": 7}
    assert wire.requests[0].endswith(b'{"price":4.7500,"tiny":0.0000001}')


@pytest.mark.fault(47)
def test_nul_characters_in_an_answer_are_replaced(open_wire, call):
    wire = open_wire(says(answer(rb'{"a\u0000": "b\u0000c \ud800"}')))
    assert call(wire.url).read("a") == {"a�": "b�c �"}


def test_calls_of_one_thread_share_a_connection_and_threads_do_not(open_wire, call):
    wire = open_wire(says(answer()))
    caller = call(wire.url)
    for _ in range(3):
        caller.read("a")
    assert wire.connections == 1
    threads = [threading.Thread(target=caller.read, args=("a",)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (wire.connections, len(wire.requests)) == (4, 6)


def test_cookies_proxies_and_netrc_of_the_machine_play_no_part(open_wire, call, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    wire = open_wire(says(answer(b"{}", "200 OK", "Set-Cookie: session=1; Path=/")))
    caller = call(wire.url)
    caller.read("a")
    caller.read("a")
    assert b"Cookie" not in wire.requests[1]
    assert f"Authorization: App {KEY}".encode() in wire.requests[0]
    assert b"User-Agent: Trellis\r\n" in wire.requests[0]


@pytest.mark.fault(76)
def test_no_call_is_made_without_a_turn_or_inside_a_transaction(open_wire, call, monkeypatch):
    wire = open_wire(says(answer()))

    def spent() -> None:
        raise Retryable("The budget is spent", after=2)

    with pytest.raises(Retryable, match="budget"):
        call(wire.url, turnstile=spent).read("a")
    monkeypatch.setattr(extensions._open, "sessions", {1}, raising=False)
    for act in (lambda: call(wire.url).read("a"), lambda: call(wire.url).write("POST", "a")):
        with pytest.raises(extensions.OpenTransaction):
            act()
    assert wire.requests == []


def test_every_call_takes_one_turn(open_wire, call):
    turns: list[int] = []
    caller = call(open_wire(says(answer())).url, turnstile=lambda: turns.append(1))
    caller.read("a")
    caller.write("POST", "a")
    assert len(turns) == 2


def unwanted(value):
    raise AssertionError("nobody asked")


@pytest.mark.fault(83)
def test_an_exchange_tells_everything_but_secrets_and_personal_data(open_wire, call):
    told: list[Exchange] = []
    body = {"detail": f"no such key {KEY}", "email": "bob@example.com", "customer": {"phone": "555", "id": 7}}
    raw = answer(json.dumps(body).encode(), "400 No", "Date: Sat, 21 Nov 2020 12:00:00 GMT")
    caller = call(open_wire(says(raw)).url, observe=told.append)
    with pytest.raises(Rejected):
        caller.write(
            "POST", "orders/?email=bob@example.com&limit=1", {"api_key": KEY, "qty": 3, "zip": "80202"}
        )
    (exchange,) = told
    assert (exchange.method, exchange.path) == ("POST", "/api/orders/?email=***&limit=1")
    assert (exchange.status, exchange.outcome) == (400, "rejected")
    assert json.loads(exchange.request) == {"api_key": "***", "qty": 3, "zip": "***"}
    assert json.loads(exchange.answer) == {
        "detail": "no such key ***",
        "email": "***",
        "customer": {"phone": "***", "id": 7},
    }
    assert KEY not in repr(exchange)
    assert exchange.skew_seconds is not None
    assert exchange.skew_seconds < -100_000_000


def test_a_body_is_made_fit_to_be_shown_only_when_somebody_asks(open_wire, call, monkeypatch):
    told: list[Exchange] = []
    caller = call(open_wire(says(answer(b'{"phone": "555"}'))).url, observe=told.append)
    with monkeypatch.context() as patch:
        patch.setattr(redaction, "redact", unwanted)
        caller.read("a")
    assert (told[0].request, json.loads(told[0].answer)) == ("", {"phone": "***"})


def test_a_lost_call_is_told_of_too(call):
    told: list[Exchange] = []
    with pytest.raises(Retryable):
        call("http://127.0.0.1:1/", observe=told.append).read("a")
    assert [(exchange.status, exchange.outcome) for exchange in told] == [(None, "retryable")]
    assert "refused" in told[0].reason


def test_no_reason_shows_addresses_or_memory_of_this_machine(call, open_wire):
    for url in ("http://127.0.0.1:1/", open_wire(says_and_hangs_up(b"")).url):
        with pytest.raises(Retryable) as caught:
            call(url).read("a")
        assert "0x" not in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)


@responses.activate
def test_https_addresses_are_called_at_their_own_paths():
    responses.get("https://app.leaflink.com/api/v2/orders/", json={"ok": True})
    address = check_address(
        "https://app.leaflink.com/api/v2", hosts=("app.leaflink.com",), allow_loopback=False
    )
    with Caller(address, {}, label="LeafLink", turnstile=lambda: None, user_agent="Trellis") as caller:
        assert caller.read("/orders/", query={"limit": 1}, headers={"FacilityID": "7"}) == {"ok": True}
    sent = responses.calls[0].request
    assert (sent.url, sent.headers["FacilityID"]) == ("https://app.leaflink.com/api/v2/orders/?limit=1", "7")
