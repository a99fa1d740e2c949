"""Faults of webhooks, met by a receiver over HTTP."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from sandbox.clock import parse
from tests.sandbox.receiver import Receiver, receiving
from tests.sandbox.street import Street, served

HOOK = {"company": "greenleaf", "key": "hub-key"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with served(tmp_path_factory.mktemp("street")) as street:
        yield street


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def street(running: Street, receiver: Receiver) -> Street:
    running.control("POST", "reset", {"seed": 3})
    running.control("POST", "flourish/webhooks", {**HOOK, "url": receiver.url})
    return running


def told(receiver: Receiver, count: int) -> list[str]:
    """Return the orders that were told of, in the order of arrival."""
    messages = [each.message for each in receiver.wait(count, 15)]
    return [each["data"]["original_order_id"] for each in messages if each["resource_type"] == "order"]


def test_shuffled_webhooks_come_all_once_and_in_another_order(street, receiver):
    street.fault("webhook-shuffle", argument=3)
    names = [f"order-{place}" for place in range(6)]
    for name in names:
        street.create(name)
    came = told(receiver, 12)
    assert sorted(came) == names
    assert came != names


def dues(street: Street) -> list[float]:
    """Return after how many seconds each delivery is due, oldest first."""
    rows = street.control("GET", "deliveries").json()
    return [(parse(row["due"]) - parse(row["created"])).total_seconds() for row in reversed(rows)]


def test_the_same_seed_shuffles_alike(street, receiver):
    def shuffle() -> list[float]:
        street.control("POST", "reset", {"seed": 9})
        street.control("POST", "flourish/webhooks", {**HOOK, "url": receiver.url})
        street.fault("webhook-shuffle", argument=80_000)
        for name in ("one", "two", "three"):
            street.create(name)
        return [round(due) for due in dues(street)]

    first = shuffle()
    assert first == shuffle()
    assert first != sorted(first)
    assert len(first) == 6


def test_a_delayed_webhook_comes_late_and_as_it_was_signed(street, receiver):
    street.fault("webhook-delay", argument=1, times=2)
    street.create("late")
    assert receiver.came == []
    assert told(receiver, 2) == ["late"]
    assert all("Auth-Signature" in each.headers for each in receiver.came)


def test_a_webhook_can_be_a_day_late(street):
    street.fault("webhook-delay", argument=86_400)
    street.create()
    day = timedelta(days=1).total_seconds()
    assert dues(street) == [pytest.approx(day, abs=1)] * 2


def test_faults_of_webhooks_add_up(street, receiver):
    street.fault("webhook-duplicate")
    street.fault("webhook-delay", argument=0.5)
    street.create("both")
    assert told(receiver, 4) == ["both", "both"]
    assert dues(street) == [pytest.approx(0.5, abs=0.1)] * 4
