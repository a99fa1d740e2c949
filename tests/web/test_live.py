import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import pytest
from sqlalchemy import select

from portal.config import Settings
from portal.extensions import new_redis
from portal.live import scopes, stream
from portal.models import Link, Membership
from portal.sync import journal
from tests.web import factory
from tests.web.serving import Watcher, served


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[tuple[object, int]]:
    with served(replace(settings, live_watchers=3)) as running:
        yield running


@pytest.fixture
def port(server):
    return server[1]


@pytest.fixture
def user(sessions, company):
    return factory.member(sessions, company, "viewer")


@pytest.fixture
def cookie(as_user, user):
    return as_user(user).client.get_cookie("trellis_session").value


@pytest.fixture
def link(sessions, company):
    with sessions.tenant(company.id) as session:
        return factory.order(session, company, state="waiting")


@pytest.fixture
def tell(sessions, company, link, redis_url):
    """Write a row of the story and announce it, as the engine does; or keep quiet about it."""
    redis = new_redis(redis_url)

    def write(title, *, announced=True):
        with sessions.tenant(company.id) as session:
            locked = session.scalars(select(Link).where(Link.id == link.id).with_for_update()).one()
            journal.tell(session, locked, journal.Entry("trellis", "Trellis", title))
            journal.log(session, locked, "info", f"logged {title}")
        if announced:
            journal.announce(redis, session)

    yield write
    redis.close()


@pytest.fixture
def address(company, link):
    return f"/events/t/{company.slug}/orders/{link.id}"


@pytest.fixture
def log_address(company):
    return f"/events/t/{company.slug}/connections/{company.connection_id}/log"


def test_a_row_arrives_within_a_second_and_brings_the_regions(port, cookie, address, tell):
    with Watcher(port, address, cookie) as watcher:
        assert watcher.status == 200
        messages = watcher.messages()
        assert 'hx-target="#order-verdict"' in next(messages)[1]
        began = time.monotonic()
        tell("Allocated")
        cursor, row = next(messages)
        assert time.monotonic() - began < 1
        assert cursor == "1"
        assert "<b>Allocated</b>" in row


def test_rows_hold_nothing_of_one_person(port, cookie, address, tell, user):
    tell("Allocated")
    with Watcher(port, address, cookie) as watcher:
        messages = watcher.messages()
        told = next(messages)[1] + next(messages)[1]
    assert "csrf" not in told
    assert "<form" not in told
    assert user.name not in told


def test_a_reconnect_goes_on_without_gap_or_repetition(port, cookie, address, tell):
    for number in range(5):
        tell(f"row {number}")
    with Watcher(port, f"{address}?after=0", cookie) as watcher:
        assert watcher.rows(3) == ["1", "2", "3"]
    tell("while nobody watched")
    with Watcher(port, f"{address}?after=0", cookie, last_id="3") as watcher:
        assert watcher.rows(3) == ["4", "5", "6"]
        tell("and then")
        assert watcher.rows(1) == ["7"]


def test_writers_at_once_lose_no_row(port, cookie, address, tell):
    with Watcher(port, address, cookie) as watcher:
        writers = [threading.Thread(target=lambda: [tell("x") for _ in range(10)]) for _ in range(4)]
        for writer in writers:
            writer.start()
        rows = watcher.rows(40)
        for writer in writers:
            writer.join()
    assert rows == [str(number) for number in range(1, 41)]


def test_a_row_that_nobody_announced_arrives_with_the_next_look(port, cookie, address, tell, monkeypatch):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.5)
    with Watcher(port, address, cookie) as watcher:
        time.sleep(0.3)
        tell("quiet", announced=False)
        assert watcher.rows(1) == ["1"]


def test_without_redis_the_database_is_asked_every_two_seconds(settings, cookie, address, tell, caplog):
    deaf = replace(settings, redis_url="redis://127.0.0.1:1/0")
    with served(deaf) as (_, port), Watcher(port, address, cookie) as watcher:
        time.sleep(0.5)
        began = time.monotonic()
        tell("quiet", announced=False)
        assert watcher.rows(1) == ["1"]
        assert time.monotonic() - began < 4


@pytest.mark.promise("MO-1")
def test_log_lines_arrive_in_order_and_filtered(port, cookie, log_address, tell):
    tell("before")
    with Watcher(port, f"{log_address}?after=0", cookie) as watcher:
        messages = watcher.messages()
        assert "logged before" in next(messages)[1]
        tell("after")
        cursor, html = next(messages)
        assert (cursor, "logged after" in html) == ("2", True)
    with Watcher(port, f"{log_address}?after=0&text=after", cookie) as watcher:
        assert watcher.rows(1) == ["2"]


def test_a_run_shows_its_own_lines_only(sessions, company, port, cookie, tell):
    tell("of no run")
    with sessions.tenant(company.id) as session:
        run = factory.run(session, company)
        factory.line(session, company, "of the run", run_id=run.id)
    with Watcher(port, f"/events/t/{company.slug}/runs/{run.id}", cookie) as watcher:
        cursor, html = next(watcher.messages())
        assert (cursor, "of the run" in html, "of no run" in html) == ("2", True, False)


def test_lines_that_the_filters_hold_back_are_passed_over(port, cookie, log_address, tell, monkeypatch):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.3)
    tell("held back")
    with Watcher(port, f"{log_address}?after=0&text=nothing", cookie) as watcher:
        cursors = (cursor for _, cursor, _ in watcher.events())
        assert next(cursors) == "0"
        assert next(cursors) == "1"


def test_streams_stay_open_by_a_heartbeat(port, cookie, address, monkeypatch):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.3)
    with Watcher(port, address, cookie) as watcher:
        beats = ((event, cursor) for event, cursor, _ in watcher.events() if event)
        assert [next(beats) for _ in range(3)] == [("beat", "0")] * 3


def test_who_is_shut_out_loses_the_stream_with_the_next_heartbeat(
    sessions, company, port, cookie, address, user, monkeypatch
):
    monkeypatch.setattr(stream, "BEAT_SECONDS", 0.3)
    with Watcher(port, address, cookie) as watcher:
        with sessions.tenant(company.id) as session:
            session.delete(session.get_one(Membership, (company.id, user.id)))
        for _ in watcher.messages():
            continue  # Until the server ends it.
    with Watcher(port, address, cookie) as watcher:
        assert watcher.status == 404


def test_over_the_cap_the_answer_is_503_until_somebody_leaves(port, cookie, address):
    watchers = [Watcher(port, address, cookie) for _ in range(3)]
    assert [watcher.status for watcher in watchers] == [200] * 3
    with Watcher(port, address, cookie) as refused:
        assert refused.status == 503
    watchers.pop().close()
    deadline = time.monotonic() + 5
    status = 503
    while status == 503 and time.monotonic() < deadline:
        time.sleep(0.1)
        with Watcher(port, address, cookie) as again:
            status = again.status
    assert status == 200
    for watcher in watchers:
        watcher.close()


def test_signed_out_visitors_get_401(port, address, admin):
    for cookie in ("", "nonsense"):
        with Watcher(port, address, cookie) as watcher:
            assert watcher.status == 401
            assert watcher.answer.headers["HX-Redirect"] == "/sign-in"


@pytest.mark.fault(74)
def test_foreign_and_unknown_scopes_do_not_exist(
    sessions, port, as_user, company, address, log_address, cookie
):
    other = factory.company(sessions)
    stranger = as_user(factory.member(sessions, other, "owner")).client.get_cookie("trellis_session").value
    for path in (address, log_address):
        with Watcher(port, path, stranger) as watcher:
            assert watcher.status == 404
    for path in (
        f"/events/t/{other.slug}/orders/{uuid4()}",
        f"{address}/more",
        "/events/",
        "/events/t/x/orders/not-an-id",
        f"/events/t/{company.slug}/runs/{uuid4()}",
        f"/events/t/{company.slug}/connections/{uuid4()}/log",
        f"/events/t/{company.slug}/problems/{uuid4()}",
    ):
        with Watcher(port, path, cookie) as watcher:
            assert watcher.status == 404, path


@pytest.mark.parametrize(
    "query", ["after=-1", "after=x", "after=99999999999999999999", "after=%FF", "level=%00"]
)
def test_nonsense_in_a_cursor_is_the_beginning(port, cookie, address, tell, query):
    tell("first")
    with Watcher(port, f"{address}?{query}", cookie) as watcher:
        assert watcher.rows(1) == ["1"]


def test_watchers_at_the_same_place_share_one_look(server, cookie, address, tell, monkeypatch):
    looks = []
    really = scopes.look

    def counted(app, watch, cursor):
        looks.append(cursor)
        return really(app, watch, cursor)

    _, port = server
    monkeypatch.setattr("portal.live.stream.look", counted)
    watchers = [Watcher(port, address, cookie) for _ in range(3)]
    for watcher in watchers:
        next(watcher.messages())
    time.sleep(0.4)
    looks.clear()
    tell("once")
    assert [watcher.rows(1) for watcher in watchers] == [["1"]] * 3
    assert looks.count(0) == 1
    for watcher in watchers:
        watcher.close()


def test_the_server_stops_at_once_although_streams_are_open(settings, cookie, address):
    began = time.monotonic()
    with served(settings) as (_, port):
        watcher = Watcher(port, address, cookie)
        next(watcher.messages())
    ended = list(watcher.messages())
    watcher.close()
    assert ended == []
    assert time.monotonic() - began < 4
