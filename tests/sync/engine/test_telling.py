"""Telling LeafLink an order's id in Flourish and that it is paid, through crashes and lost answers."""

from __future__ import annotations

import pytest

from portal.sync.errors import Rejected, Unsettled
from tests.sync.engine.crashing import CrashNow, CrashPoints, look_of
from tests.sync.mapping.examples import order

NUMBER = order().number
LOST_ANSWER = Unsettled("LeafLink answered 502", http_status=502)


@pytest.fixture(autouse=True)
def switched_on(shop):
    """The company has a key, and wants payments told."""
    shop.choose(external_id_key="erp", write_paid=True)


def pay(shop):
    shop.flourish.change("SO-1", payment_status="Paid")
    shop.mark(NUMBER)


def there(shop):
    found = shop.leaflink.orders[NUMBER]
    return found.external_ids, found.paid


@pytest.mark.promise("LL-23")
@pytest.mark.promise("LL-25")
def test_the_id_is_written_after_the_order_is_created_and_paid_once_it_is(shop):
    link_id = shop.arrive()
    shop.look()
    assert there(shop) == ({"erp": "SO-1"}, False)
    assert shop.link(link_id).decision_code == "agree"

    pay(shop)
    shop.look()
    assert there(shop) == ({"erp": "SO-1"}, True)

    shop.mark(NUMBER)
    shop.look()
    assert [one.kind for one in shop.operations()] == ["create_order", "tell_platform", "tell_platform"]


def test_a_changed_order_costs_at_most_four_calls_of_leaflink(shop):
    shop.arrive(reps=("77",))
    shop.look()
    assert len(shop.leaflink.calls) <= 4
    pay(shop)
    before = len(shop.leaflink.calls)
    shop.look()
    assert len(shop.leaflink.calls) - before <= 4


@pytest.mark.promise("LL-25")
def test_what_a_person_takes_back_in_leaflink_stays_taken_back(shop):
    shop.arrive()
    shop.look()
    pay(shop)
    shop.look()

    shop.leaflink.put(shop.leaflink.orders[NUMBER], paid=False)
    shop.mark(NUMBER)
    shop.look()

    assert there(shop)[1] is False


@pytest.mark.promise("LL-23")
def test_an_order_that_moved_carries_the_id_of_the_new_one(shop):
    shop.route_by_rep()
    shop.arrive(reps=("77",))
    shop.look()

    shop.leaflink.put(shop.leaflink.orders[NUMBER], reps=("88",))
    shop.mark(NUMBER)
    shop.look()

    assert there(shop)[0] == {"erp": "SO-2"}


@pytest.mark.promise("LL-23")
def test_the_id_is_taken_back_when_the_order_is_gone_twice_and_in_no_list(shop):
    link_id = shop.arrive()
    shop.look()
    gone = shop.flourish.orders.pop("SO-1")
    shop.mark(NUMBER)

    shop.look()
    assert there(shop)[0] == {"erp": "SO-1"}
    assert shop.link(link_id).decision_code == "gone_in_flourish"
    assert shop.link(link_id).due_at is not None

    shop.pass_time(61)
    shop.look()
    assert there(shop)[0] == {}
    assert (shop.link(link_id).state, list(shop.problems())) == ("stuck", ["gone_in_flourish"])
    assert shop.link(link_id).due_at is None

    shop.flourish.orders["SO-1"] = gone
    shop.mark(NUMBER)
    shop.look()
    assert there(shop)[0] == {"erp": "SO-1"}
    assert shop.problems() == {}


def test_an_order_that_a_list_still_shows_keeps_its_id(shop):
    link_id = shop.arrive()
    shop.look()
    shop.flourish.unread.add("SO-1")
    for _ in range(3):
        shop.mark(NUMBER)
        shop.look()
        shop.pass_time(61)

    assert there(shop)[0] == {"erp": "SO-1"}
    assert shop.link(link_id).decision_code == "gone_in_flourish"


def test_a_key_that_leaflink_does_not_know_is_a_problem_and_statuses_go_on(shop):
    shop.leaflink.always["tell"] = Rejected("No such key", field="external_ids", http_status=400)
    link_id = shop.arrive(transitions=("accepted",))
    shop.look()
    assert list(shop.problems()) == ["refused"]

    shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(NUMBER)
    shop.look()
    assert shop.leaflink.orders[NUMBER].status == "Accepted"

    del shop.leaflink.always["tell"]
    shop.mark(NUMBER)
    shop.look()
    assert shop.link(link_id).state == "settled"


TRAIL = look_of(writes=1)
CASES = [(point, TRAIL[: position + 1].count(point)) for position, point in enumerate(TRAIL)]


@pytest.mark.fault(1, 2, 3, 4)
@pytest.mark.parametrize(("point", "turn"), CASES)
def test_a_killed_worker_leaves_nothing_untold(shop, monkeypatch, point, turn):
    shop.arrive()
    shop.look()
    pay(shop)
    points = CrashPoints(monkeypatch)
    points.crash_at(point, turn=turn)
    with pytest.raises(CrashNow):
        shop.look()
    shop.pass_time(46)

    shop.look_until_quiet()

    assert there(shop) == ({"erp": "SO-1"}, True)
    assert shop.problems() == {}
    assert {one.status for one in shop.operations()} <= {"ok", "abandoned"}


@pytest.mark.parametrize("effect", [True, False, "late"])
def test_a_lost_answer_is_looked_after(shop, effect):
    shop.arrive()
    shop.look()
    pay(shop)
    shop.leaflink.fail("tell", LOST_ANSWER, effect=effect)
    shop.look()
    shop.leaflink.land()

    shop.look_until_quiet()

    assert there(shop) == ({"erp": "SO-1"}, True)
