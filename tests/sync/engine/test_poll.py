"""Polls: lists of changes from a watermark less an overlap, which only mark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal.models import Hub, Stream, new_id
from portal.sync.contract import Page
from portal.sync.domain import Hint
from portal.sync.engine import poll as polls
from portal.sync.engine import streams
from portal.sync.engine.poll import FLOURISH_ORDERS, poll
from portal.sync.errors import ConnectionBroken, Retryable
from tests.sync.mapping.examples import order

REVOKED = ConnectionBroken("it is revoked", http_status=401)
T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
OVERLAP = timedelta(seconds=900)


@pytest.fixture
def opened(shop, monkeypatch):
    """Polls open this shop's worlds."""
    monkeypatch.setattr(polls, "open_platform", lambda *_: shop.leaflink)
    monkeypatch.setattr(polls, "open_hub", lambda *_: shop.flourish)
    for table in ("connection", "hub"):
        shop.set(table, last_delivery_at=datetime.now(UTC))
    return shop


def stream(shop, name="orders", *, of_hub=False):
    row = Stream(
        id=new_id(),
        tenant_id=shop.tenant_id,
        source_id=shop.hub_id if of_hub else shop.connection_id,
        hub_id=shop.hub_id,
        connection_id=None if of_hub else shop.connection_id,
        name=name,
        interval_seconds=30,
    )
    with shop.desk.tenant(shop.tenant_id) as session:
        session.add(row)
    return row.id


def read(shop, stream_id):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.get_one(Stream, stream_id)


def again(shop, stream_id):
    shop.pass_time(1000)
    return poll(shop.desk, shop.tenant_id, stream_id)


def page(*numbers, at=T0):
    return Page(
        tuple(Hint("order", number, "order", at + timedelta(seconds=n)) for n, number in enumerate(numbers))
    )


@pytest.mark.promise("LL-24")
def test_a_poll_marks_what_changed_and_keeps_the_latest_time_as_watermark(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a", "b"), page("c", at=T0 + timedelta(hours=1))]

    assert poll(opened.desk, opened.tenant_id, stream_id) == {opened.connection_id}

    row = read(opened, stream_id)
    assert (row.watermark, row.last_found, row.failures) == (T0 + timedelta(hours=1), 3, 0)
    assert row.lease_until is None
    assert {opened.link(claim.link_id).foreign_id for claim in opened.claims()} == {"a", "b", "c"}
    assert opened.leaflink.asked_since == [None]


@pytest.mark.fault(35)
def test_the_next_poll_reads_an_overlap_again_and_marks_nothing_twice(opened):
    stream_id = stream(opened)
    source = opened.leaflink.put(order())
    opened.leaflink.pages = [page(source.number, at=source.updated_at)]
    poll(opened.desk, opened.tenant_id, stream_id)
    opened.look()
    looked = opened.leaflink.count("order")

    assert again(opened, stream_id) == set()

    assert opened.leaflink.asked_since[1] == source.updated_at - OVERLAP
    assert read(opened, stream_id).last_found == 0
    assert opened.look() == 0
    assert opened.leaflink.count("order") == looked


def test_another_version_of_a_known_order_is_marked(opened):
    stream_id = stream(opened)
    source = opened.leaflink.put(order())
    opened.leaflink.pages = [page(source.number, at=source.updated_at)]
    poll(opened.desk, opened.tenant_id, stream_id)
    opened.look()

    opened.leaflink.pages = [page(source.number, at=source.updated_at + timedelta(seconds=1))]
    assert again(opened, stream_id) == {opened.connection_id}
    assert opened.look() == 1


def test_a_poll_that_breaks_off_keeps_its_marks_and_not_its_watermark(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a"), page("b")]

    def break_off():
        opened.leaflink.fail("changed_orders", Retryable("LeafLink is down", after=40))

    pages = opened.leaflink.changed_orders

    def breaking(since):
        for number, one in enumerate(pages(since)):
            if number == 0:
                break_off()
            yield one

    opened.leaflink.changed_orders = breaking
    assert poll(opened.desk, opened.tenant_id, stream_id) == set()

    row = read(opened, stream_id)
    assert (row.watermark, row.failures, row.lease_until) == (None, 1, None)
    assert opened.look() == 1
    opened.leaflink.changed_orders = pages
    again(opened, stream_id)
    assert read(opened, stream_id).watermark == T0


@pytest.mark.fault(35)
def test_the_watermark_never_goes_back(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a", at=T0)]
    poll(opened.desk, opened.tenant_id, stream_id)
    opened.leaflink.pages = [page("b", at=T0 - timedelta(days=1))]
    again(opened, stream_id)
    opened.leaflink.pages = []
    again(opened, stream_id)

    assert read(opened, stream_id).watermark == T0


def test_three_failures_in_a_row_are_a_problem_that_closes_when_it_works_again(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a")]
    opened.leaflink.fail("changed_orders", Retryable("LeafLink is down"), times=3)
    seen = []
    poll(opened.desk, opened.tenant_id, stream_id)
    for _ in range(2):
        seen.append(set(opened.problems()))
        again(opened, stream_id)

    assert seen == [set(), set()]
    assert opened.problems()["poll_fails"].title == "Polling LeafLink's orders does not work"
    again(opened, stream_id)
    assert opened.problems() == {}
    assert opened.closed_problems() == {"poll_fails": "Polling works again."}


def test_a_refused_key_is_a_problem_at_once(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a")]
    opened.leaflink.fail("changed_orders", ConnectionBroken("Invalid token", http_status=401))

    poll(opened.desk, opened.tenant_id, stream_id)

    assert set(opened.problems()) == {"poll_fails"}


def test_a_bug_in_a_poll_is_a_visible_problem_and_the_stream_is_read_again(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a")]
    opened.leaflink.fail("changed_orders", KeyError("results"))

    poll(opened.desk, opened.tenant_id, stream_id)

    assert opened.problems()["bug"].who == "operator"
    assert read(opened, stream_id).lease_until is None
    again(opened, stream_id)
    assert opened.problems() == {}


@pytest.mark.parametrize("state", ["needs_credentials", "disconnected", "draft"])
def test_a_stream_that_may_not_be_read_claims_no_success(opened, state):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a")]
    opened.leaflink.fail("changed_orders", Retryable("down"), times=3)
    for _ in range(3):
        again(opened, stream_id)
    opened.set("connection", state=state)

    assert again(opened, stream_id) == set()

    row = read(opened, stream_id)
    assert (row.last_ok_at, row.lease_until) == (None, None)
    assert "poll_fails" in opened.problems()


def test_a_paused_connection_is_polled_all_the_same(opened):
    stream_id = stream(opened)
    opened.set("connection", state="paused")
    opened.leaflink.pages = [page("a")]

    assert poll(opened.desk, opened.tenant_id, stream_id) == {opened.connection_id}


@pytest.mark.fault(14)
def test_a_stream_is_read_by_one_process_at_a_time_and_only_when_it_is_due(opened):
    stream_id = stream(opened)
    opened.leaflink.pages = [page("a")]
    with opened.desk.tenant(opened.tenant_id) as session:
        assert streams.claim_stream(session, stream_id, lease_seconds=45)
    assert poll(opened.desk, opened.tenant_id, stream_id) == set()

    opened.pass_time(46)  # the process that had it died
    assert poll(opened.desk, opened.tenant_id, stream_id) == {opened.connection_id}
    assert poll(opened.desk, opened.tenant_id, stream_id) == set()


def test_a_long_list_is_kept_page_by_page_for_the_process_that_reads_it(opened):
    stream_id = stream(opened)
    lease_seconds = opened.desk.settings.lease_seconds

    def slow_pages(_since):
        yield page("a")
        left = read(opened, stream_id).lease_until - datetime.now(UTC)
        opened.pass_time(lease_seconds - 1)
        yield page("b")
        assert read(opened, stream_id).lease_until - datetime.now(UTC) > left - timedelta(seconds=2)

    opened.leaflink.changed_orders = slow_pages

    assert poll(opened.desk, opened.tenant_id, stream_id) == {opened.connection_id}
    assert read(opened, stream_id).lease_until is None


def test_flourishs_list_marks_the_links_that_it_concerns_and_no_other(opened):
    stream_id = stream(opened, FLOURISH_ORDERS, of_hub=True)
    link_id = opened.arrive()
    opened.look()
    seen = opened.flourish.orders["SO-1"].updated_at
    hints = (Hint("order", "SO-1", "order", seen), Hint("order", "SO-999", "order", seen))
    opened.flourish.pages = [Page(hints)]

    assert poll(opened.desk, opened.tenant_id, stream_id) == set()
    opened.flourish.change("SO-1", status="Allocated")
    changed = opened.flourish.orders["SO-1"].updated_at
    opened.flourish.pages = [Page((Hint("order", "SO-1", "order", changed),))]
    assert again(opened, stream_id) == {opened.connection_id}

    assert opened.look() == 1
    assert opened.link(link_id).flourish_status == "Allocated"
    with opened.desk.tenant(opened.tenant_id) as session:
        assert session.scalars(select(Hub.id)).all() == [opened.hub_id]


@pytest.mark.fault(23, 24)
@pytest.mark.parametrize("of_hub", [False, True])
def test_a_key_that_is_refused_each_time_it_is_tried_stops_the_calls(opened, of_hub):
    stream_id = stream(opened, FLOURISH_ORDERS if of_hub else "orders", of_hub=of_hub)
    world = opened.flourish if of_hub else opened.leaflink
    world.pages = [page("a")]
    world.always = dict.fromkeys(("changed_orders", "company"), REVOKED)

    again(opened, stream_id)

    owner = opened.connection().hub if of_hub else opened.connection()
    assert owner.state == "needs_credentials"
    assert "needs_credentials" in opened.problems()
    assert world.calls == ["changed_orders", *["company"] * 3]


@pytest.mark.fault(24)
@pytest.mark.parametrize("of_hub", [False, True])
@pytest.mark.parametrize("refused", [0, 2])
def test_a_list_that_is_refused_while_the_key_is_good_stops_nothing(opened, of_hub, refused):
    stream_id = stream(opened, FLOURISH_ORDERS if of_hub else "orders", of_hub=of_hub)
    world = opened.flourish if of_hub else opened.leaflink
    world.pages = [page("a")]
    world.always["changed_orders"] = REVOKED
    for _ in range(5):
        world.fail("company", REVOKED, times=refused)
        again(opened, stream_id)

    assert (opened.connection().state, opened.connection().hub.state) == ("live", "live")
    assert set(opened.problems()) == {"poll_fails"}
