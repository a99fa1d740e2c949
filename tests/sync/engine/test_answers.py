"""Every shape of a bad answer, over a real wire, through the engine: rows 24 and 26 to 32 and 37 of the
catalogue of faults. It ends in a named retry or a named problem, and never in a bug or in a second order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from portal.sync import strict_json
from portal.sync.addresses import check_address
from portal.sync.engine.breaker import OPENS_AFTER
from portal.sync.errors import ConnectionBroken, Unsettled
from portal.sync.flourish.client import FlourishClient
from portal.sync.http import Caller, Limits
from portal.sync.platforms.leaflink.client import LeafLinkClient
from tests.sync.flourish import examples as flourish_examples
from tests.sync.mapping.examples import order
from tests.sync.platforms.leaflink import examples as leaflink_examples
from tests.sync.test_http import BOMB, CHUNKED, JSON_HEAD, LONG
from tests.sync.wire import Script, Wire, answer, says, says_and_hangs_up

ORDER = strict_json.write(leaflink_examples.order())
OUTBOUND = strict_json.write(flourish_examples.one(flourish_examples.order()))
REDIRECT = answer(b"", "302 Found", "Location: http://169.254.169.254/latest/meta-data/")


def changed(**members: Any) -> Script:
    return says(answer(strict_json.write(leaflink_examples.order(**members))))


# name, what LeafLink says to a read, the decision it leads to, part of its sentence
READS: list[tuple[str, Script, str, str]] = [
    ("truncated", says_and_hangs_up(answer(ORDER)[:-9]), "retry", "cut short"),
    (
        "truncated without length",
        says_and_hangs_up(JSON_HEAD + b"\r\n" + ORDER[:-9]),
        "retry",
        "cannot be read",
    ),
    ("truncated in a chunk", says_and_hangs_up(CHUNKED + b'8\r\n{"a"'), "retry", "cut short"),
    ("a page", says(answer(b"<html>Log in</html>", kind="text/html")), "retry", "a page instead of data"),
    ("a page called data", says(answer(b"<html>Maintenance</html>")), "retry", "cannot be read"),
    ("data called a page", says(answer(ORDER, kind="text/plain")), "retry", "a page instead of data"),
    ("no content", says(b"HTTP/1.1 204 No Content\r\n\r\n"), "retry", "an empty answer"),
    ("empty", says(answer(b"")), "retry", "an empty answer"),
    ("blank", says(answer(b" \n")), "retry", "an empty answer"),
    ("errors", says(answer(b'{"errors": [{"detail": "Try later."}]}')), "unreadable", "Try later."),
    ("null", says(answer(b"null")), "retry", "answered with nothing"),
    ("a list", says(answer(b"[]")), "unreadable", "should be an object"),
    ("missing", says(answer(b"{}")), "unreadable", "is missing"),
    ("wrong case", says(answer(ORDER.replace(b'"number"', b'"Number"'))), "unreadable", "number: is missing"),
    ("wrong case of a value", changed(status="submitted"), "unreadable", "status: has the unknown value"),
    ("an unknown status", changed(status="Escrowed"), "unreadable", "unknown value 'Escrowed'"),
    ("a changed type", changed(line_items={"0": 1}), "unreadable", "line_items: should be a list"),
    ("a price that is none", changed(total="twelve"), "unreadable", "total: should be a number"),
    ("huge", says(LONG), "retry", "more than 100,000 bytes"),
    ("a bomb", says(BOMB), "retry", "more than 100,000 bytes"),
    ("many values", says(answer(b"[" + b"0," * 49_000 + b"0]")), "unreadable", "should be an object"),
    ("a redirect", says(REDIRECT), "retry", "redirect (302)"),
    ("reset", says_and_hangs_up(b""), "retry", "the connection was lost"),
    ("no HTTP", says_and_hangs_up(b"SSH-2.0-OpenSSH\r\n"), "retry", "cannot be reached"),
    ("endless headers", says_and_hangs_up(JSON_HEAD + b"X: 1\r\n" * 200), "retry", "cannot be reached"),
    ("a giant header", says_and_hangs_up(JSON_HEAD + b"X: " + b"x" * 70_000), "retry", "cannot be reached"),
    (
        "two lengths",
        says(JSON_HEAD + b"Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}"),
        "retry",
        "cannot be",
    ),
    ("a length that is none", says(JSON_HEAD + b"Content-Length: x\r\n\r\n{}"), "retry", "was lost"),
    (
        "an unknown packing",
        says(answer(b"\x8b\x02\x80{}\x03", "200 OK", "Content-Encoding: br")),
        "unreadable",
        "not UTF-8",
    ),
]


@pytest.fixture
def wired() -> Iterator[Callable[[Script], tuple[Caller, Wire]]]:
    """A caller whose other end plays a script."""
    opened: list[Caller | Wire] = []

    def connect(script: Script) -> tuple[Caller, Wire]:
        wire = Wire(script)
        address = check_address(wire.url, hosts=(), allow_loopback=True)
        limits = Limits(connect=0.5, read=1.0, total=1.5, size=100_000)
        caller = Caller(
            address, {}, label="LeafLink", turnstile=lambda: None, user_agent="Trellis", limits=limits
        )
        opened.extend((caller, wire))
        return caller, wire

    yield connect
    for each in opened:
        each.close()


@pytest.mark.fault(26, 27, 28, 29, 30, 31, 32)
@pytest.mark.parametrize(
    ("script", "code", "words"), [row[1:] for row in READS], ids=[row[0] for row in READS]
)
def test_a_bad_answer_to_a_read_is_a_named_retry_or_a_named_problem(shop, wired, script, code, words):
    caller, wire = wired(script)
    link_id = shop.arrive()

    shop.look(replace(shop.account, client=LeafLinkClient(caller, lambda *_: None)))

    link = shop.link(link_id)
    assert (link.decision_code, words in link.decision_text) == (code, True), link.decision_text
    assert set(shop.problems()) == ({"unreadable"} if code == "unreadable" else set())
    assert link.due_at is not None
    assert len(wire.requests) == 1

    shop.pass_time(2000)
    shop.look_until_quiet()
    assert shop.link(link_id).state == "settled"
    assert shop.problems() == {}
    assert len(shop.flourish.live()) == 1


@pytest.mark.fault(29, 47)
def test_what_could_not_be_read_is_kept_for_whoever_is_asked(shop, wired):
    caller, _wire = wired(says(answer(b'{"a": 1, "a": 2, "email": "bob@example.com"}')))
    shop.arrive()

    shop.look(replace(shop.account, client=LeafLinkClient(caller)))

    kept = shop.problems()["unreadable"].evidence
    assert '"a": 1, "a": 2' in kept["excerpt"]
    assert "bob" not in kept["excerpt"]


# name, what Flourish says to a write
WRITES: list[tuple[str, Script]] = [
    ("truncated", says_and_hangs_up(answer(OUTBOUND)[:-9])),
    ("truncated without length", says_and_hangs_up(JSON_HEAD + b"\r\n" + OUTBOUND[:-9])),
    ("a page", says(answer(b"<html>Log in</html>", kind="text/html"))),
    ("no content", says(b"HTTP/1.1 204 No Content\r\n\r\n")),
    ("empty", says(answer(b""))),
    ("errors", says(answer(b'{"errors": [{"detail": "No."}]}'))),
    ("errors beside data", says(answer(b'{"errors": ["No."], "data": {"id": "SO-1"}}'))),
    ("null", says(answer(b'{"data": null, "status": 200}'))),
    ("no id", says(answer(b'{"data": {"order_status": "Created"}, "status": 200}'))),
    ("nonsense", says(answer(b"[1, , 2]"))),
    ("huge", says(LONG)),
    ("a bomb", says(BOMB)),
    ("a redirect", says(REDIRECT)),
    ("reset", says_and_hangs_up(b"")),
    ("a gateway's timeout", says(answer(b"<html>", "504 Gateway Timeout", kind="text/html"))),
]


@pytest.mark.fault(16, 26, 27, 28, 29, 30, 31, 32, 37)
@pytest.mark.parametrize("took_effect", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("script", [row[1] for row in WRITES], ids=[row[0] for row in WRITES])
def test_a_bad_answer_to_a_creation_is_unknown_until_both_sides_were_looked_at(
    shop, wired, script, took_effect
):
    caller, wire = wired(script)
    create, client = shop.flourish.create_order, FlourishClient(caller)

    def creates_and_answers_badly(draft):
        if took_effect:
            create(draft)
        return client.create_order(draft)

    shop.flourish.create_order = creates_and_answers_badly
    link_id = shop.arrive()
    shop.look()

    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("waiting", "unknown")
    assert [operation.status for operation in shop.operations(link_id)] == ["unknown"]
    # A look that finds nothing before the settle time proves nothing.
    for _ in range(3):
        shop.mark(order().number)
        shop.look()
    assert len(wire.requests) == 1

    shop.flourish.create_order = create
    shop.look_until_quiet()
    assert shop.link(link_id).state == "settled"
    assert len(shop.flourish.orders) == 1


@pytest.mark.fault(37)
def test_a_list_that_is_stale_for_half_a_minute_hides_no_order_of_ours(shop):
    shop.flourish.unlisted.add("SO-1")
    shop.flourish.fail("create_order", Unsettled("no complete answer"), effect=True)
    link_id = shop.arrive()
    shop.look()
    for _ in range(5):
        shop.pass_time(6)
        shop.mark(order().number)
        shop.look()
    assert shop.flourish.count("outbound_orders") == 0, "looked before the settle time"

    shop.flourish.unlisted.clear()
    shop.look_until_quiet()

    assert len(shop.flourish.orders) == 1
    assert shop.link(link_id).flourish_id == "SO-1"


@pytest.mark.fault(31)
def test_a_redirect_takes_the_key_nowhere(shop, wired):
    _sink_caller, sink = wired(says(answer(ORDER)))
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        caller, _wire = wired(says(answer(b"", status, f"Location: {sink.url}orders-received/x/")))
        shop.arrive()
        shop.look(replace(shop.account, client=LeafLinkClient(caller)))
        shop.pass_time(2000)
    assert sink.requests == []


class _Flapping(random.Random):
    """Refuses one call in twenty, by seed."""

    def refuse(self, world: Any) -> None:
        world.always = _Sometimes(self)


class _Sometimes(dict[str, BaseException]):
    """What a world asks whether a call fails: each now and then."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self._error = ConnectionBroken("a firewall says no", http_status=403)

    def __contains__(self, _name: object) -> bool:
        return self._chance.random() < 0.05

    def __getitem__(self, _name: str) -> BaseException:
        return self._error


@pytest.mark.fault(24)
@pytest.mark.parametrize("seed", range(3))
def test_a_firewall_that_refuses_one_call_in_twenty_never_stops_a_connection(shop, seed):
    chance = _Flapping(seed)
    chance.refuse(shop.leaflink)
    chance.refuse(shop.flourish)
    links = [shop.arrive(number=f"n{each}", label=f"L{each}") for each in range(20)]
    for _ in range(12):
        shop.look()
        assert (shop.connection().state, shop.connection().hub.state) == ("live", "live")
        assert "needs_credentials" not in shop.problems()
        shop.pass_time(2000)

    shop.leaflink.always, shop.flourish.always = {}, {}
    shop.look_until_quiet()
    assert {shop.link(link_id).state for link_id in links} == {"settled"}
    assert len(shop.flourish.live()) == len(links)
    assert shop.connection().failures < OPENS_AFTER
