"""The journal: numbered without gaps, problems one per cause, announced after the commit only."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from redis import Redis
from sqlalchemy import select

from portal.models import Connection, Link, LogLine, SearchTerm, TimelineEvent
from portal.sync import journal
from portal.sync.decisions import Finding
from tests.sync.engine.shop import open_shop


@pytest.fixture
def shop(desk, tenant_id):
    return open_shop(desk, tenant_id)


def finding(code="sku_unknown", cause="A", **changed):
    return Finding(code, f"SKU {cause} is unknown", "Give the item this SKU.", cause=cause, **changed)


def report(shop, *findings, **how):
    with shop.desk.tenant(shop.tenant_id) as session:
        return journal.report(session, session.get_one(Connection, shop.connection_id), findings, **how)


def write_and_roll_back(shop):
    with suppress(RuntimeError), shop.desk.tenant(shop.tenant_id) as session:
        journal.log(session, session.get_one(Connection, shop.connection_id), "info", "never")
        raise RuntimeError


def test_problems_become_exactly_what_is_wrong_now(shop):
    assert report(shop, finding(cause="A"), finding(cause="B")) == (2, 0)
    assert report(shop, finding(cause="B"), finding("rep_unknown", "C")) == (1, 1)

    assert set(shop.problems()) == {"sku_unknown", "rep_unknown"}
    assert shop.problems()["sku_unknown"].times_seen == 2
    assert report(shop) == (0, 2)
    assert shop.problems() == {}


def test_a_problem_seen_again_has_the_newest_words(shop):
    report(shop, finding(text="Near: a."))
    report(shop, finding(text="Near: b."))

    assert shop.problems()["sku_unknown"].text == "Near: b."


def test_speaking_of_one_code_leaves_the_others_alone(shop):
    report(shop, finding(), finding("not_answering", ""))

    assert report(shop, code="not_answering", solved="It answers again.") == (0, 1)
    assert set(shop.problems()) == {"sku_unknown"}
    assert shop.closed_problems() == {"not_answering": "It answers again."}


def test_a_problem_that_comes_back_is_a_new_one(shop):
    report(shop, finding())
    first = shop.problems()["sku_unknown"].id
    report(shop)
    report(shop, finding())

    assert shop.problems()["sku_unknown"].id != first


def test_log_lines_are_numbered_without_gaps_by_writers_at_once(shop):
    def write(name):
        for number in range(8):
            with shop.desk.tenant(shop.tenant_id) as session:
                connection = session.get_one(Connection, shop.connection_id)
                journal.log(session, connection, "info", f"{name} {number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with shop.desk.tenant(shop.tenant_id) as session:
        numbers = session.scalars(select(LogLine.number).order_by(LogLine.number)).all()
    assert numbers == list(range(1, 33))


def test_a_line_that_was_rolled_back_leaves_no_gap(shop):
    write_and_roll_back(shop)
    with shop.desk.tenant(shop.tenant_id) as session:
        journal.log(session, session.get_one(Connection, shop.connection_id), "info", "first")

    assert shop.log() == ["first"]


def test_a_story_is_numbered_from_one(shop):
    link_id = shop.arrive()
    with shop.desk.tenant(shop.tenant_id) as session:
        link = session.get_one(Link, link_id)
        for title in ("one", "two"):
            journal.tell(session, link, journal.Entry("trellis", "Trellis", title))
    with shop.desk.tenant(shop.tenant_id) as session:
        rows = session.scalars(select(TimelineEvent).order_by(TimelineEvent.seq)).all()

    assert [(row.seq, row.title) for row in rows] == [(1, "one"), (2, "two")]


def test_an_order_is_found_by_its_words_each_kept_once(shop):
    link_id = shop.arrive()
    for _ in range(2):
        with shop.desk.tenant(shop.tenant_id) as session:
            journal.remember_terms(
                session, session.get_one(Link, link_id), ["4F2A-1187", " 4f2a-1187 ", "", "Corner"]
            )
    with shop.desk.tenant(shop.tenant_id) as session:
        terms = session.scalars(select(SearchTerm.term).order_by(SearchTerm.term)).all()

    # The first two and their like are the order's own, from when it was marked.
    assert terms == ["4f2a-1187", "4f2a1187", "8f14e45f-ceea-467f", "8f14e45fceea467f", "corner"]


def test_news_is_announced_after_the_commit_and_never_before(shop):
    listener = shop.desk.redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(journal.CHANNEL)
    listener.get_message(timeout=5)
    with shop.desk.tenant(shop.tenant_id) as session:
        connection = session.get_one(Connection, shop.connection_id)
        journal.log(session, connection, "info", "first")
        journal.log(session, connection, "info", "second")
        session.flush()
        assert listener.get_message(timeout=0.05) is None

    message = listener.get_message(timeout=5)
    assert json.loads(message["data"]) == [f"log:{shop.connection_id}"]
    listener.close()


def test_news_of_what_was_rolled_back_is_never_announced(shop):
    listener = shop.desk.redis.pubsub(ignore_subscribe_messages=True)
    listener.subscribe(journal.CHANNEL)
    listener.get_message(timeout=5)
    write_and_roll_back(shop)

    assert listener.get_message(timeout=0.05) is None
    listener.close()


def test_redis_being_away_costs_no_row(shop):
    away = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    desk = shop.desk.__class__(shop.desk.settings, shop.desk.sessions, away, shop.desk.budget)
    with desk.tenant(shop.tenant_id) as session:
        journal.log(session, session.get_one(Connection, shop.connection_id), "info", "kept")
    away.close()

    assert shop.log() == ["kept"]


def test_two_who_find_the_same_problem_of_a_connection_at_once_open_one(shop):
    with ThreadPoolExecutor(1) as other:
        with shop.desk.tenant(shop.tenant_id) as session:
            connection = session.get_one(Connection, shop.connection_id)
            assert journal.report(session, connection, (finding(),)) == (1, 0)
            session.flush()
            second = other.submit(report, shop, finding())
            time.sleep(0.3)
        assert second.result() == (0, 0)

    assert list(shop.problems()) == ["sku_unknown"]
