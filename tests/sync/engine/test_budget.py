"""Rate budgets: one bucket for all workers of a key owner, and never no limit at all."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from redis import Redis

from portal.sync.contract import Throttle
from portal.sync.engine.budget import Budget
from portal.sync.engine.pace import Turnstile, _BudgetSpent, _Paced, paced
from portal.sync.errors import Retryable
from portal.sync.questions import DestinationByLicense, ItemBySku

SLOW = Throttle(per_second=0.01, burst=3)


@pytest.fixture
def away():
    """A Redis that nobody answers at."""
    redis = Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=0.2)
    yield redis
    redis.close()


def took(budget, owner, throttle, times):
    return sum(budget.take(owner, throttle) == 0 for _ in range(times))


@pytest.mark.promise("LL-27")
def test_workers_of_one_owner_share_one_bucket(desk):
    first, second = Budget(desk.redis), Budget(desk.redis)

    assert took(first, "leaflink:Ann", SLOW, 2) + took(second, "leaflink:Ann", SLOW, 5) == 3


@pytest.mark.promise("LL-27")
@pytest.mark.parametrize("without_redis", [False, True])
def test_work_that_can_wait_leaves_turns_to_orders_and_never_stands_before_them(desk, away, without_redis):
    """A long queue of products takes every turn that orders leave, and an order has its own at once."""
    budget = Budget(away) if without_redis else desk.budget
    orders = Throttle(per_second=20, burst=6)
    products, ended = [], threading.Event()

    def work() -> None:
        while not ended.is_set():
            products.append(budget.take("leaflink:Ann", orders.yielding(), ended))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.6)
    began = time.monotonic()
    waits = [budget.take("leaflink:Ann", orders) for _ in range(2)]
    waited = time.monotonic() - began
    ended.set()
    for thread in threads:
        thread.join()

    assert waits == [0, 0]
    # Two are kept for orders; one that is being taken may be in front of the second.
    assert waited < 0.1
    assert products.count(0) >= 8


def test_owners_do_not_share(desk):
    assert took(desk.budget, "leaflink:Ann", SLOW, 5) == 3
    assert took(desk.budget, "leaflink:Bob", SLOW, 5) == 3


def test_a_turn_that_is_too_far_off_is_told_in_seconds_and_not_waited_for(desk):
    took(desk.budget, "leaflink:Ann", SLOW, 3)
    began = time.monotonic()

    wait = desk.budget.take("leaflink:Ann", SLOW)

    assert 80 < wait <= 105
    assert time.monotonic() - began < 1


def test_a_turn_that_is_near_is_waited_for(desk):
    brisk = Throttle(per_second=20, burst=1)
    began = time.monotonic()

    assert took(desk.budget, "leaflink:Ann", brisk, 4) == 4
    assert time.monotonic() - began >= 0.13


def test_many_threads_at_once_never_get_more_than_the_burst(desk):
    got = []
    threads = [
        threading.Thread(target=lambda: got.append(desk.budget.take("leaflink:Ann", SLOW))) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got.count(0) == 3


@pytest.mark.fault(18)
def test_a_hold_holds_everybody_of_the_owner(desk):
    desk.budget.hold("leaflink:Ann", 60)

    assert Budget(desk.redis).take("leaflink:Ann", SLOW) > 50
    assert Budget(desk.redis).take("leaflink:Bob", SLOW) == 0


def test_a_hold_holds_back_those_who_wait_for_their_turn_already(desk):
    brisk = Throttle(per_second=5, burst=1)
    took(desk.budget, "leaflink:Ann", brisk, 1)
    ended: list[float] = []

    def call() -> None:
        assert desk.budget.take("leaflink:Ann", brisk) == 0
        ended.append(time.monotonic())

    waiting = [threading.Thread(target=call) for _ in range(3)]
    for thread in waiting:
        thread.start()
    time.sleep(0.05)
    asked = time.monotonic()
    Budget(desk.redis).hold("leaflink:Ann", 1.2)
    for thread in waiting:
        thread.join()

    assert min(ended) >= asked + 1.15


@pytest.mark.fault(18)
@pytest.mark.parametrize("without_redis", [False, True])
@pytest.mark.parametrize("waits_already", [False, True])
def test_after_a_hold_callers_come_one_by_one_at_the_pace_that_is_left(
    desk, away, without_redis, waits_already
):
    """All at once they would be refused again, and held again, for ever."""
    budget = Budget(away) if without_redis else desk.budget
    brisk = Throttle(per_second=40, burst=8)
    ended: list[float] = []

    def call() -> None:
        assert budget.take("leaflink:Ann", brisk) == 0
        ended.append(time.monotonic())

    if waits_already:
        took(budget, "leaflink:Ann", brisk, 8)
    else:
        budget.hold("leaflink:Ann", 0.5)
    held = time.monotonic()
    waiting = [threading.Thread(target=call) for _ in range(16)]
    for thread in waiting:
        thread.start()
    if waits_already:
        budget.hold("leaflink:Ann", 0.5)
        held = time.monotonic()
    for thread in waiting:
        thread.join()

    # The first had their turns before the hold, more of them on a busy machine. The others come at half of
    # forty a second, and a little more with each call. A thread that is woken late makes one gap narrow.
    after = sorted(one for one in ended if one >= held + 0.4)
    assert len(after) >= 4
    assert after[-1] - after[0] >= (len(after) - 1) / 32 * 0.8


def test_a_shorter_hold_does_not_end_a_longer_one(desk):
    desk.budget.hold("leaflink:Ann", 100)
    desk.budget.hold("leaflink:Ann", 1)

    assert 90 < desk.budget.take("leaflink:Ann", Throttle(per_second=50, burst=5)) <= 100


@pytest.mark.fault(18)
@pytest.mark.parametrize("seconds", [10**9, 1000.0])
def test_no_hold_is_longer_than_a_quarter_of_an_hour(desk, seconds):
    desk.budget.hold("leaflink:Ann", seconds)

    assert 850 < desk.budget.take("leaflink:Ann", SLOW) <= 901


@pytest.mark.promise("LL-27")
def test_after_a_429_the_pace_is_halved(desk):
    pace = Throttle(per_second=0.05, burst=1)
    took(desk.budget, "leaflink:Ann", pace, 1)
    before = desk.budget.take("leaflink:Ann", pace)
    desk.budget.hold("leaflink:Ann", 0.1)
    took(desk.budget, "leaflink:Ann", pace, 1)

    after = desk.budget.take("leaflink:Ann", pace)

    assert after > before * 1.5


def test_how_budgets_stand_is_told_by_owner(desk):
    budget = Budget(desk.redis)
    took(budget, "leaflink:Ann", SLOW, 2)
    budget.hold("leaflink:Ben", 20)

    ann, ben = budget.standing()
    assert (ann.owner, round(ann.left), ann.pace, ann.held_seconds) == ("leaflink:Ann", 1, 1.0, 0.0)
    assert (ben.owner, ben.pace) == ("leaflink:Ben", 0.5)
    assert 18 < ben.held_seconds <= 20
    assert len(budget.standing(most=1)) == 1


@pytest.mark.promise("MO-5")
def test_how_much_of_a_budget_is_used_counts_what_came_back(desk, away):
    quick = Throttle(per_second=1000, burst=4)
    took(desk.budget, "leaflink:Ann", SLOW, 2)
    took(desk.budget, "leaflink:Cas", quick, 2)
    desk.budget.hold("leaflink:Ben", 20)
    time.sleep(0.05)

    throttles = {"leaflink:Ann": SLOW, "leaflink:Ben": SLOW, "leaflink:Cas": quick, "leaflink:Dee": SLOW}
    use = desk.budget.use(throttles)

    shares = {owner: round(one.share, 1) for owner, one in use.items()}
    assert shares == {"leaflink:Ann": 0.7, "leaflink:Ben": 0.7, "leaflink:Cas": 0.0, "leaflink:Dee": 0.0}
    assert use["leaflink:Ben"].per_second == SLOW.per_second / 2
    assert 18 < use["leaflink:Ben"].held_seconds <= 20
    assert Budget(away).use(throttles) == {}


@pytest.mark.parametrize("held", [False, True])
def test_without_redis_a_process_keeps_a_bucket_of_its_own(away, held):
    budget = Budget(away)
    if held:
        budget.hold("leaflink:Ann", 60)
        assert budget.take("leaflink:Ann", SLOW) > 50
    else:
        assert took(budget, "leaflink:Ann", SLOW, 6) == 3


class Wire:
    """Answers each call with what the test gives it."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.calls = 0

    def read(self, path, *, query=None, headers=None):
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return {"path": path}

    def write(self, method, path, body=None, *, headers=None):
        return self.read(path)


@pytest.mark.fault(18, 19)
@pytest.mark.parametrize(
    ("error", "held"),
    [
        (Retryable("slow down", after=33, throttled=True), [33]),
        (Retryable("slow down", throttled=True), [5.0]),
        (Retryable("down", after=33), []),
        (_BudgetSpent("spent", after=33, throttled=True), []),
    ],
    ids=["429 with a time", "429 without", "down", "our own budget"],
)
@pytest.mark.parametrize("call", ["read", "write"])
def test_a_429_holds_the_whole_account_back_and_our_own_refusal_does_not(error, held, call):
    holds: list[float] = []
    calls = _Paced(cast(Any, Wire(error)), cast(Any, SimpleNamespace(hold=holds.append)))

    with pytest.raises(Retryable):
        calls.read("x") if call == "read" else calls.write("POST", "x")

    assert holds == held


def test_a_spent_budget_calls_nobody_and_is_no_failure(desk):
    from portal.sync.addresses import check_address

    address = check_address("http://127.0.0.1:1/", hosts=(), allow_loopback=True)
    calls = paced(address, {}, "LeafLink", Turnstile(desk, f"leaflink:{uuid4()}", Throttle(0.001, 1)))
    with pytest.raises(Retryable, match="cannot be reached"):
        calls.read("x")

    with pytest.raises(Retryable) as refused:
        calls.read("x")

    assert refused.value.throttled
    assert (refused.value.after or 0) > 100


def test_what_was_found_is_asked_for_once_in_a_drain_and_destinations_each_time(shop):
    account = shop.account
    for _ in range(2):
        account.answer(ItemBySku("FL-1"))
        account.answer(ItemBySku("GONE"))
        account.answer(DestinationByLicense("C10-0000001-LIC"))

    assert shop.flourish.count("answer") == 1 + 2 + 2


def test_an_account_with_an_agreed_rate_is_called_at_that_and_not_faster():
    usual = Throttle(4, 8, grows_to=4)

    assert usual.agreed(None) is usual
    assert usual.agreed(40) == Throttle(40, 40)
    assert usual.agreed(2) == Throttle(2, 8)


def test_a_turn_taken_ahead_is_this_threads_next_call_and_no_other(desk):
    turnstile = Turnstile(desk, f"leaflink:{uuid4()}", Throttle(0.001, 2))
    turnstile.ahead()
    turnstile()
    turnstile()

    with pytest.raises(Retryable):
        turnstile()


@pytest.mark.fault(18)
def test_a_429_takes_a_turn_away_that_was_taken_ahead(desk):
    """Between a write's turn and its call its intent is committed, which may take long."""
    turnstile = Turnstile(desk, f"leaflink:{uuid4()}", Throttle(100.0, 100))
    turnstile.ahead()
    turnstile.hold(30)

    with pytest.raises(_BudgetSpent) as refused:
        turnstile()

    assert 28 < (refused.value.after or 0) <= 30


def test_a_worker_that_is_to_end_waits_for_no_turn(desk):
    desk.stopping.set()
    turnstile = Turnstile(desk, f"leaflink:{uuid4()}", Throttle(0.2, 1))
    turnstile()

    began = time.monotonic()
    with pytest.raises(Retryable):
        turnstile()

    assert time.monotonic() - began < 2
