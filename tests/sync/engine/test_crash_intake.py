"""A process dies while changes come in, by webhook or by poll; nothing that was told is lost or doubled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal.sync.engine.crash import INBOX, POINTS, POLL, PULL
from portal.sync.engine.poll import poll
from portal.sync.engine.sweep import sweep
from tests.sync.engine.crashing import CrashNow, CrashPoints
from tests.sync.engine.test_crash import FLOWS
from tests.sync.engine.test_inbox import inbox, leaflink, order_webhook, send
from tests.sync.engine.test_poll import T0, again, opened, page, read, stream
from tests.sync.mapping.examples import order

__all__ = ["inbox", "opened"]

NUMBERS = ("a", "b", "c")


@pytest.fixture
def points(monkeypatch):
    """Crash points that a test plans with."""
    return CrashPoints(monkeypatch)


def list_two_pages(shop):
    for number in NUMBERS:
        shop.leaflink.put(order(number=number, label=number.upper()))
    shop.leaflink.pages = [page("a", "b"), page("c", at=T0 + timedelta(hours=1))]
    return stream(shop)


def test_every_crash_point_is_in_the_matrix():
    """A point that no flow passes would be proven by nothing."""
    passed = {point for flow in FLOWS.values() for point in flow.trail}

    assert passed | {*INBOX, *POLL, *PULL} == set(POINTS)


def test_a_poll_passes_a_point_for_each_page_and_one_before_its_watermark(opened, points):
    stream_id = list_two_pages(opened)

    poll(opened.desk, opened.tenant_id, stream_id)

    assert points.passed == ["page_marked", "page_marked", "before_watermark"]


@pytest.mark.fault(35)
@pytest.mark.parametrize(("point", "turn"), [("page_marked", 1), ("page_marked", 2), ("before_watermark", 1)])
def test_a_poll_that_dies_is_read_again_from_where_it_began(opened, points, point, turn):
    stream_id = list_two_pages(opened)
    points.crash_at(point, turn=turn)
    with pytest.raises(CrashNow):
        poll(opened.desk, opened.tenant_id, stream_id)
    opened.look_until_quiet()
    assert read(opened, stream_id).watermark is None

    again(opened, stream_id)
    opened.look_until_quiet()

    row = read(opened, stream_id)
    assert (row.watermark, row.lease_until, row.failures) == (T0 + timedelta(hours=1), None, 0)
    assert opened.leaflink.asked_since == [None, None]
    assert opened.flourish.count("create_order") == len(opened.flourish.live()) == len(NUMBERS)
    assert opened.problems() == {}


@pytest.mark.fault(9, 38)
@pytest.mark.parametrize("sent_again", [True, False], ids=["sent again", "not sent again"])
def test_a_web_process_that_dies_once_it_has_kept_a_delivery_loses_nothing(inbox, shop, points, sent_again):
    shop.leaflink.put(order())
    endpoint = leaflink(inbox)
    points.crash_at("kept")
    with pytest.raises(CrashNow):
        send(inbox, endpoint, order_webhook())
    if sent_again:  # it got no answer
        send(inbox, endpoint, order_webhook())

    assert points.passed == ["kept"] * (1 + sent_again)
    assert sweep(shop.desk) == 1
    shop.look_until_quiet()

    (delivery,) = shop.deliveries()
    assert (delivery.outcome, delivery.repeats) == ("applied", int(sent_again))
    assert shop.flourish.count("create_order") == 1
    assert shop.problems() == {}
