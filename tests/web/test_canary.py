"""Secrets stand nowhere but where they are sealed (I13): an order is run through, the other sides answer with
our own keys, and then the database, Redis, logs, pages and tracebacks are searched."""

from __future__ import annotations

import base64
import json
import logging
import traceback
import zlib

import pytest
import requests
from sqlalchemy import select, text

from portal.identity import accounts
from portal.models import Connection, Hub, Link, Stream
from portal.sync import audit, connecting, queues
from portal.sync.credentials import CannotConnect, replace_key
from portal.sync.engine import marks, poll, shift
from portal.sync.engine.accounts import Tape, open_hub, open_platform
from portal.sync.errors import SyncError
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY, WEBHOOK_KEY
from tests.sync.wire import Wire, answer
from tests.web import factory
from tests.web.conftest import Visitor
from tests.web.test_keys import connected

__all__ = ["connected"]

DANA = audit.Actor("Dana Reyes")
ECHOES = (
    "400 Bad Request",
    "401 Unauthorized",
    "403 Forbidden",
    "429 Too Many",
    "500 Server Error",
    "200 OK",
)
NEW_KEY = "a-new-key-0123456789"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


class Echo(Wire):
    """A platform that answers everything with what it was asked, our key included."""

    def __init__(self) -> None:
        self.status, self.json = ECHOES[0], True
        super().__init__(self._echo)

    def _echo(self, connection) -> None:
        said = self.requests[-1].decode("latin-1")
        body = json.dumps({"detail": said, "errors": [said]}) if self.json else f"<pre>{said}</pre>"
        kind = "application/json" if self.json else "text/html"
        connection.sendall(answer(body.encode(), self.status, kind=kind))


@pytest.fixture
def echo():
    wire = Echo()
    yield wire
    wire.close()


def run_an_order_through(desk, tenant, sandbox):
    placed = requests.post(f"{sandbox[0]}/control/leaflink/orders", json={"lines": 2}, timeout=10).json()
    with desk.tenant(tenant.id) as session:
        streams = session.scalars(select(Stream.id)).all()
    for stream_id in streams:
        poll.poll(desk, tenant.id, stream_id)
        queues.ring_poll(desk.redis, stream_id)
    shift.work(desk)
    queues.ring(desk.redis)
    return placed["number"]


def fail(desk, tenant, connected, echo, seen):
    """Have both sides answer with our own keys, in every way that calls can fail."""
    with desk.tenant(tenant.id) as session:
        for table in (Connection, Hub):
            for row in session.scalars(select(table)):
                row.base_url = echo.url
    for status in ECHOES:
        for echo.status, echo.json in ((status, True), (status, False)):
            look(desk, tenant)
            ask(desk, tenant, connected, seen)


def forget_pace(desk):
    """End what a 429 holds back: how long is waited is no part of this, only what is said."""
    if names := [*desk.redis.scan_iter("trellis:hold:*"), *desk.redis.scan_iter("trellis:budget:*")]:
        desk.redis.delete(*names)


def look(desk, tenant):
    forget_pace(desk)
    with desk.tenant(tenant.id) as session:
        session.execute(text("UPDATE connection SET open_until = NULL, state = 'live'"))
        session.execute(text("UPDATE hub SET open_until = NULL, state = 'live'"))
        session.execute(text("UPDATE stream SET due_at = now(), lease_until = NULL"))
        for link_id in session.scalars(select(Link.id)):
            marks.look_again(session, link_id, actor=DANA)
        streams = session.scalars(select(Stream.id)).all()
    for stream_id in streams:
        poll.poll(desk, tenant.id, stream_id)
    shift.work(desk)


def ask(desk, tenant, connected, seen):
    """Test the connection and replace its key; whatever is raised is kept as a traceback shows it."""
    with desk.tenant(tenant.id) as session:
        connection = session.get_one(Connection, connected.id)
        client = open_platform(desk, session, connection, Tape())
    for act in (
        client.company,
        lambda: replace_key(desk, tenant.id, connection, {"api_key": NEW_KEY}, actor=DANA),
        lambda: seen.append(repr(connecting.test(desk, tenant.id, connected.id, actor=DANA))),
    ):
        forget_pace(desk)
        try:
            act()
        except (SyncError, CannotConnect) as error:
            shown = traceback.TracebackException.from_exception(error)
            seen.append("".join(shown.format()))


def tables(engine):
    """Every table, as PostgreSQL copies it out in binary: bytes stand in it as they are."""
    raw = engine.raw_connection()
    try:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        for (name,) in raw.cursor().execute(names).fetchall():
            with raw.cursor().copy(f"COPY {name} TO STDOUT (FORMAT binary)") as rows:
                yield f"table {name}", b"".join(bytes(row) for row in rows)
    finally:
        raw.close()


def in_redis(redis):
    for key in redis.keys("*"):
        values = {b"hash": redis.hgetall, b"string": redis.get, b"set": redis.smembers}.get(redis.type(key))
        held = values(key) if values else redis.dump(key)
        for part in (*held.items(),) if isinstance(held, dict) else (held,):
            raw = part[1] if isinstance(part, tuple) else part
            plain = zlib.decompress(raw) if isinstance(raw, bytes) and raw[:1] == b"\x78" else b""
            yield f"redis {key!r}", repr((key, part)).encode() + plain


def pages(app, desk, tenant, connected):
    person = factory.user(desk.sessions, name="Dana Reyes")
    with desk.sessions.tenant(tenant.id) as session:
        accounts.add_member(session, tenant.id, person.id, "owner")
        links = session.scalars(select(Link.id)).all()
    visitor = Visitor(app)
    visitor.sign_in(person.email)
    one = f"connections/{connected.id}"
    names = ["", "orders", "problems", "runs", "connections", "proofs", one, f"{one}/log", f"{one}/keys"]
    names += [f"{one}/flourish-keys", *(f"orders/{link_id}" for link_id in links[:40])]
    for name in names:
        shown = visitor.get(f"/t/{tenant.slug}/{name}")
        assert shown.status_code == 200, name
        yield f"page {name}", shown.data
    typed = visitor.post(f"/t/{tenant.slug}/{one}/keys", {"api_key": NEW_KEY})
    yield "page that refuses a key", typed.data
    yield "page of a test", visitor.post(f"/t/{tenant.slug}/{one}/test").data
    yield "export", visitor.post(f"/t/{tenant.slug}/company/export", buffered=True).data


@pytest.mark.fault(83)
def test_a_secret_is_found_nowhere_but_sealed(
    app, desk, engine, tenant, connected, sandbox, echo, caplog, capfd
):
    caplog.set_level(logging.DEBUG)
    with desk.tenant(tenant.id) as session:
        hub = open_hub(desk, session, session.scalars(select(Hub)).one(), Tape())
    seen = [repr(desk), repr(desk.settings), repr(hub)]
    number = run_an_order_through(desk, tenant, sandbox)
    fail(desk, tenant, connected, echo, seen)

    master = next(iter(desk.settings.master_keys.values()))
    token = connected.webhook_url.rpartition("/")[2]
    canaries = {
        "LeafLink's key": LEAFLINK_KEY.encode(),
        "its signing key": WEBHOOK_KEY.encode(),
        "Flourish's key": sandbox[1].encode(),
        "a key that was refused": NEW_KEY.encode(),
        "the webhook's token": token.encode(),
        "the secret key": desk.settings.secret_key.encode(),
        "the master key": master,
        "the master key in base64": base64.b64encode(master),
    }
    places = dict(tables(engine)) | dict(in_redis(desk.redis)) | dict(pages(app, desk, tenant, connected))
    printed = capfd.readouterr()
    places |= {"logs": caplog.text.encode(), "printed": (printed.out + printed.err).encode()}
    places["tracebacks"] = "\n".join(seen).encode()

    assert any(LEAFLINK_KEY.encode() in one for one in echo.requests)
    assert sum(str(number).encode() in content for content in places.values()) > 3
    assert not [
        (name, place) for place, held in places.items() for name, canary in canaries.items() if canary in held
    ]
