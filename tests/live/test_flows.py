"""When each flow of a connection last worked, and why nothing flows."""

from collections import Counter
from dataclasses import replace

import pytest

from portal.live.flows import why_off
from portal.models import Connection, Hub, utc_now
from portal.sync import flows
from portal.sync.course import Course, Wanted
from portal.sync.flows import FLOURISH_POLLS, ORDERS, POLLS, PRODUCTS, STATUSES, STOCK, WEBHOOKS
from portal.sync.kinds import KINDS
from portal.sync.platforms.leaflink import LEAFLINK

BOTH = {"source_of_truth": "both"}


def test_every_kind_of_write_belongs_to_one_flow_and_an_item_that_is_put_whole_to_two():
    told = Counter(kind for flow in flows.FLOWS for kind in flow.kinds)
    assert told == {**dict.fromkeys(KINDS, 1), "put_product": 2}
    assert "put_product" in STOCK.kinds


def connection(state="live", *, hub="live", settings=None, begun=True):
    now = utc_now()
    return Connection(
        state=state,
        hub=Hub(state=hub),
        settings=settings or {},
        live_since=now if state in ("live", "paused", "needs_credentials", "disconnected") else None,
        catalogue_since=now if begun else None,
    )


# flow, connection -> what is said.
CASES = [
    (ORDERS, connection(), ""),
    (ORDERS, connection("checking"), "not live yet"),
    (ORDERS, connection("paused"), "paused"),
    (ORDERS, connection("needs_credentials"), "needs a key"),
    (ORDERS, connection("disconnected"), "disconnected"),
    (ORDERS, connection(hub="needs_credentials"), "needs a key"),
    (WEBHOOKS, connection("needs_credentials"), ""),
    (WEBHOOKS, connection("draft"), "not live yet"),
    (WEBHOOKS, connection("disconnected"), "disconnected"),
    (POLLS, connection("paused"), ""),
    (POLLS, connection("ready"), "not live yet"),
    (POLLS, connection("needs_credentials"), "needs a key"),
    (FLOURISH_POLLS, connection(hub="needs_credentials"), "needs a key"),
    (STATUSES, connection(), ""),
    (STATUSES, connection(settings={"status_table": {"Shipped": ""}}), "switched off"),
    (STOCK, connection(), ""),
    (STOCK, connection(begun=False), "not begun"),
    (STOCK, connection(settings={"source_of_truth": "product description only"}), "switched off"),
    (PRODUCTS, connection(), "switched off"),
    (PRODUCTS, connection(settings=BOTH), ""),
    (PRODUCTS, connection(settings=BOTH, begun=False), "not begun"),
    (PRODUCTS, connection("paused", settings=BOTH), "paused"),
]


@pytest.mark.promise("MO-9")
@pytest.mark.parametrize(("flow", "of", "said"), CASES)
def test_a_flow_that_cannot_come_says_why(flow, of, said):
    assert why_off(flow, of, LEAFLINK) == said


def test_of_a_platform_that_sends_no_webhooks_none_are_missing():
    assert why_off(WEBHOOKS, connection(), replace(LEAFLINK, webhook=None)) == "none are sent"


def test_a_platform_whose_course_goes_by_no_table_is_moved():
    course = Course(LEAFLINK.course.next_move, target=lambda *_: Wanted("Shipped"))
    without = replace(LEAFLINK, course=course, settings=(), default_status_table={})

    assert why_off(STATUSES, connection(), without) == ""
