"""Webhooks in any order, late, and beside a poll: rows 39, 40 and 51 of the catalogue of faults."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import permutations

import pytest

from portal.sync.contract import Page
from portal.sync.domain import Hint
from portal.sync.engine.poll import poll
from tests.sync.engine.test_inbox import flourish, flourish_webhook, inbox, leaflink, order_webhook, send
from tests.sync.engine.test_poll import opened, stream
from tests.sync.mapping.examples import order

__all__ = ["inbox", "opened"]

# What LeafLink and Flourish sent while an order went from submitted to shipped.
ACTIONS = ("create", "accept", "allocate", "fulfill", "ship")


def happen(shop, number: str, label: str):
    """Have an order go all its way on both sides; gives the webhook of each event, as it was sent then."""
    link_id = shop.arrive(number=number, label=label)
    shop.look_until_quiet()
    flourish_id = shop.link(link_id).flourish_id
    times = [f"2026-03-02T12:0{minute}:00Z" for minute in range(3)]
    shop.flourish.change(flourish_id, status="Shipped")
    shop.leaflink.put(shop.leaflink.orders[number], status="Shipped", transitions=("complete",))
    bodies = {
        "create": ("leaflink", order_webhook(number) | {"action": "create"}),
        "accept": ("leaflink", order_webhook(number) | {"action": "accept"}),
        "ship": ("leaflink", order_webhook(number) | {"action": "ship"}),
        "allocate": (
            "flourish",
            flourish_webhook(flourish_id, order_status="Allocated", last_updated_timestamp=times[0]),
        ),
        "fulfill": (
            "flourish",
            flourish_webhook(flourish_id, order_status="Shipped", last_updated_timestamp=times[1]),
        ),
    }
    return link_id, bodies


@pytest.mark.fault(39)
def test_five_webhooks_in_any_order_come_to_the_same_end(inbox, shop):
    doors = {"leaflink": leaflink(inbox), "flourish": flourish(inbox)}
    link_id, bodies = happen(shop, "n1", "4F2A-1")
    shop.look_until_quiet()
    ends = set()
    writes = shop.writes()
    for arrived in permutations(ACTIONS):
        for action in arrived:
            door, payload = bodies[action]
            send(inbox, doors[door], payload)
        shop.look_until_quiet()
        link = shop.link(link_id)
        ends.add((link.state, link.foreign_status, link.flourish_status, link.flourish_id))

    assert ends == {("settled", "Shipped", "Shipped", "SO-1")}
    assert shop.writes() == writes
    assert len(shop.flourish.orders) == 1


@pytest.mark.fault(39, 40)
@pytest.mark.parametrize("late", ACTIONS)
def test_a_webhook_that_comes_alone_and_a_day_late_brings_everything(inbox, shop, late):
    doors = {"leaflink": leaflink(inbox), "flourish": flourish(inbox)}
    link_id, bodies = happen(shop, "n1", "4F2A-1")
    shop.pass_time(86_400)

    door, payload = bodies[late]
    send(inbox, doors[door], payload)
    shop.look_until_quiet()

    link = shop.link(link_id)
    assert (link.state, link.foreign_status, link.flourish_status) == ("settled", "Shipped", "Shipped")
    assert {row.outcome for row in shop.deliveries()} == {"applied"}


@pytest.mark.fault(51)
def test_a_webhook_and_a_poll_at_once_are_one_order(inbox, opened):
    door = leaflink(inbox)
    stream_id = stream(opened)
    numbers = [f"n{each}" for each in range(20)]
    for number in numbers:
        opened.leaflink.put(order(number=number, label=f"L{number}"))
    hints = tuple(Hint("order", number, "poll", datetime.now(UTC)) for number in numbers)
    opened.leaflink.pages = [Page(hints)]

    with ThreadPoolExecutor(4) as pool:
        polled = pool.submit(poll, opened.desk, opened.tenant_id, stream_id)
        sent = [pool.submit(send, inbox, door, order_webhook(number)) for number in numbers]
        for each in (polled, *sent):
            each.result()
    opened.look_until_quiet()

    assert len(opened.flourish.orders) == len(numbers)
    assert opened.flourish.count("create_order") == len(numbers)
    assert opened.leaflink.count("order") <= 3 * len(numbers)
