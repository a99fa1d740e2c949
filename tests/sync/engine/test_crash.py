"""A worker dies at every point that it passes, in every kind of write; the next one ends with one order."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from portal.sync.engine import crash
from portal.sync.engine.crash import END, SETTLING, WRITE
from portal.sync.errors import Unsettled
from portal.sync.mapping.money import line_total
from tests.sync.engine.crashing import CrashNow, CrashPoints, look_of, matrix
from tests.sync.engine.shop import Shop
from tests.sync.mapping.examples import customer, line, order

# A create may be on its way: its intent stands, and its outcome does not.
IN_FLIGHT = ("after_intent", "after_call")
NEW_LICENSE = "C10-NEW-9"
SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)
EVERY_MOVE = ("accepted", "fulfilled", "shipped", "cancelled", "rejected")
LOST_ANSWER = Unsettled("Flourish answered 502", http_status=502)


def place(shop, **changed):
    return shop.arrive(transitions=EVERY_MOVE, **changed)


def place_for_three_writes(shop):
    """An order that needs a destination, is created, and is finished."""
    return place(shop, customer=customer(license=NEW_LICENSE), ship_at=SHIP_AT)


def place_for_two_writes(shop):
    return place(shop, customer=customer(license=NEW_LICENSE))


def allocate(shop):
    link_id = place(shop)
    shop.look()
    shop.flourish.change("SO-1", status="Allocated")
    shop.mark(order().number)
    return link_id


def cancel(shop):
    link_id = place(shop)
    shop.look()
    shop.leaflink.put(shop.leaflink.orders[order().number], status="Cancelled")
    shop.mark(order().number)
    return link_id


def edit(shop):
    """Several parts of an order that is in Flourish, all for one update."""
    link_id = place(shop, notes="Ring", term="Net 30", ship_at=SHIP_AT)
    shop.look()
    lines = (line(eaches="20"), line("FL-2"))
    shop.leaflink.put(
        shop.leaflink.orders[order().number],
        lines=lines,
        total=sum(map(line_total, lines)),
        notes="Call",
        term="Net 7",
        ship_at=SHIP_AT + timedelta(days=2),
    )
    shop.mark(order().number)
    return link_id


def change_the_term(shop):
    link_id = place(shop, term="Net 30")
    shop.look()
    shop.flourish.change("SO-1", term="Net 7")
    shop.mark(order().number)
    return link_id


def lose_the_answer(place_it, create, *, effect):
    """A create whose answer was lost, its settle time over."""

    def prepare(shop):
        link_id = place_it(shop)
        shop.flourish.fail(create, LOST_ANSWER, effect=effect)
        shop.look()
        shop.pass_time(shop.settle_seconds + 1)
        return link_id

    return prepare


def lose_the_answer_and_wait(shop):
    link_id = place(shop)
    shop.flourish.fail("create_order", LOST_ANSWER, effect=True)
    shop.look()
    shop.mark(order().number)
    return link_id


@dataclass(frozen=True)
class Flow:
    """A look at one order: how it comes about, the points that it passes, and what stands at the end."""

    prepare: Callable[[Shop], object]
    trail: tuple[str, ...]
    # How often each create is called in all, before the look and after it.
    called: dict[str, int] = field(default_factory=lambda: {"create_order": 1})
    leaflink: str = "Submitted"
    live: int = 1


ORDER, DESTINATION = (place, "create_order"), (place_for_two_writes, "create_destination")
FLOWS = {
    "made and finished": Flow(
        place_for_three_writes, look_of(writes=3), called={"create_order": 1, "create_destination": 1}
    ),
    "moved twice": Flow(allocate, look_of(writes=2), leaflink="Fulfilled"),
    "cancelled": Flow(cancel, look_of(writes=1), leaflink="Cancelled", live=0),
    "edited": Flow(edit, look_of(writes=1), called={"create_order": 1}),
    "term changed in Flourish": Flow(change_the_term, look_of(writes=1)),
    "lost order found": Flow(lose_the_answer(*ORDER, effect=True), look_of(writes=0, settling=True)),
    "lost order not there": Flow(
        lose_the_answer(*ORDER, effect=False), look_of(writes=1, settling=True), called={"create_order": 2}
    ),
    "lost destination found": Flow(
        lose_the_answer(*DESTINATION, effect=True),
        look_of(writes=1, settling=True),
        called={"create_order": 1, "create_destination": 1},
    ),
    "lost destination not there": Flow(
        lose_the_answer(*DESTINATION, effect=False),
        look_of(writes=2, settling=True),
        called={"create_order": 1, "create_destination": 2},
    ),
    "too early to look": Flow(lose_the_answer_and_wait, ("claimed", *END)),
}
CASES = matrix(FLOWS)


@pytest.fixture
def points(monkeypatch):
    """Crash points that a test plans with."""
    return CrashPoints(monkeypatch)


def die(shop, points, point, turn=1):
    """Look, and die at the point; then the lease runs out."""
    points.crash_at(point, turn=turn)
    with pytest.raises(CrashNow):
        shop.look()
    shop.pass_time(46)


def assert_one_order_and_nothing_left_open(shop, link_id, flow):
    link = shop.link(link_id)
    assert (link.state, link.lease_owner, link.due_at) == ("settled", None, None)
    assert (link.flourish_id, link.done_seq, link.crashes) == ("SO-1", link.dirty_seq, 0)
    assert len(shop.flourish.orders) == 1
    assert len(shop.flourish.live()) == flow.live
    assert shop.leaflink.orders[order().number].status == flow.leaflink == link.foreign_status
    assert len({one.license for one in shop.flourish.destinations}) == len(shop.flourish.destinations)
    assert {one.status for one in shop.operations()} <= {"ok", "abandoned"}
    assert {create: shop.flourish.count(create) for create in flow.called} == flow.called
    worked = [one.kind for one in shop.operations() if one.status == "ok"]
    assert {create: worked.count(create) for create in flow.called} == dict.fromkeys(flow.called, 1)
    assert shop.problems() == {}


@pytest.mark.parametrize("name", FLOWS)
def test_a_look_passes_the_points_that_the_matrix_says(shop, points, name):
    FLOWS[name].prepare(shop)
    points.passed.clear()

    shop.look()

    assert tuple(points.passed) == FLOWS[name].trail


@pytest.mark.fault(1, 2, 3, 4)
@pytest.mark.parametrize(("name", "point", "turn"), CASES, ids=[f"{n}-{p}-{t}" for n, p, t in CASES])
def test_a_killed_worker_leaves_nothing_that_the_next_one_does_not_bring_to_its_end(
    shop, points, name, point, turn
):
    flow = FLOWS[name]
    link_id = flow.prepare(shop)
    die(shop, points, point, turn)

    shop.look_until_quiet()

    assert_one_order_and_nothing_left_open(shop, link_id, flow)


@pytest.mark.fault(1, 2, 3)
@pytest.mark.parametrize(
    ("first", "second"),
    [*product(WRITE, WRITE), *product(("after_intent", "after_call"), SETTLING)],
)
def test_two_workers_that_die_one_after_the_other_leave_one_order_too(shop, points, first, second):
    flow = FLOWS["made and finished"]
    link_id = flow.prepare(shop)
    die(shop, points, first, turn=2)  # in the create, after the destination
    for _ in range(2):  # the second one may have to wait first
        points.crash_at(second)
        with suppress(CrashNow):
            shop.look()
        if not points.clear():
            break
        shop.pass_time(shop.settle_seconds)
    else:
        raise AssertionError(f"nobody passed {second} after a death at {first}")
    shop.pass_time(46)

    shop.look_until_quiet()

    assert_one_order_and_nothing_left_open(shop, link_id, flow)


def test_a_kill_before_the_intent_needs_no_wait(shop, points):
    link_id = place(shop)
    die(shop, points, "before_intent")

    shop.look()

    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("outbound_orders") == 0


@pytest.mark.fault(1, 2)
@pytest.mark.parametrize("point", ["after_intent", "after_call"])
@pytest.mark.parametrize("create", ["create_destination", "create_order"])
def test_a_kill_while_a_create_may_be_on_its_way_is_waited_out(shop, points, create, point):
    link_id = place_for_two_writes(shop)
    die(shop, points, point, turn=1 if create == "create_destination" else 2)

    shop.look()

    assert shop.link(link_id).decision_code == "unknown"
    assert shop.flourish.count(create) == (point == "after_call")


@pytest.mark.fault(1)
def test_a_worker_that_dies_again_and_again_at_the_same_point_still_makes_one_order(shop, points):
    link_id = place(shop)
    for _ in range(4):
        points.crash_at("after_call")
        with suppress(CrashNow):
            shop.look()
        shop.pass_time(1000)
    points.clear()
    shop.look_until_quiet()

    assert shop.flourish.count("create_order") == 1
    assert shop.link(link_id).state == "settled"


def test_the_story_says_that_a_worker_died(shop, points):
    link_id = place(shop)
    die(shop, points, "after_call")
    shop.look_until_quiet()

    story = shop.story(link_id)
    assert "A worker died in the middle" in story
    assert "Found SO-1" in story


def test_a_crash_point_kills_only_when_the_environment_names_it(monkeypatch, tmp_path):
    killed = []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append(number))
    flag = tmp_path / "flag"

    crash.point("after_call")
    monkeypatch.setenv("TRELLIS_CRASH_AT", "after_call")
    monkeypatch.setenv("TRELLIS_CRASH_FLAG", str(flag))
    crash.point("after_call")
    flag.touch()
    crash.point("before_intent")
    assert killed == []
    crash.point("after_call")

    assert len(killed) == 1
    assert not flag.exists()
