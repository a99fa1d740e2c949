"""Moves: an order whose rep changed is cancelled in one facility and made in the other, whatever happens."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest

from portal.sync.engine.crash import WRITE
from portal.sync.errors import Rejected, Unsettled
from tests.sync.engine.crashing import CrashNow, CrashPoints, look_of
from tests.sync.engine.verdicts import Watch
from tests.sync.mapping.examples import customer, order

NUMBER = order().number
RAE, DEE = ("77",), ("88",)  # Oakland's, Denver's
LOST_ANSWER = Unsettled("Flourish answered 502", http_status=502)
EVERY_MOVE = ("accepted", "fulfilled", "shipped", "cancelled", "rejected")


@pytest.fixture
def points(monkeypatch):
    """Crash points that a test plans with."""
    return CrashPoints(monkeypatch)


@pytest.fixture(autouse=True)
def by_rep(shop):
    """Orders go to their rep's facility."""
    shop.route_by_rep()


def place(shop, reps=RAE, **changed):
    link_id = shop.arrive(reps=reps, transitions=EVERY_MOVE, **changed)
    shop.look()
    return link_id


def give_to(shop, reps):
    """Have the seller set other reps, which a webhook or poll then tells of."""
    shop.leaflink.put(shop.leaflink.orders[NUMBER], reps=reps)
    shop.mark(NUMBER)


def where(shop):
    """Each Flourish order's facility and status, oldest first."""
    return [(one.facility_name, one.status) for one in shop.flourish.orders.values()]


def kinds(shop, status="ok"):
    return [one.kind for one in shop.operations() if one.status == status]


@pytest.mark.promise("LL-21")
@pytest.mark.fault(58)
def test_an_order_goes_to_its_reps_facility_and_moves_with_another_rep(shop):
    link_id = place(shop)
    assert where(shop) == [("Oakland", "Created")]

    give_to(shop, DEE)
    shop.look()

    link = shop.link(link_id)
    assert where(shop) == [("Oakland", "Cancelled"), ("Denver", "Created")]
    assert (link.state, link.decision_code, link.flourish_id, link.former_ids) == (
        "settled",
        "agree",
        "SO-2",
        ["SO-1"],
    )
    assert kinds(shop) == ["create_order", "cancel_to_move", "create_order"]
    assert link.base["route"] == {"reps": ["88"], "facility": "8"}
    assert shop.leaflink.orders[NUMBER].status == "Submitted"
    story = shop.story(link_id)
    assert story[-5:] == [
        "Move it from Oakland to Denver:",
        "Cancelled SO-1",
        "Bring it in again:",
        "Created SO-2",
        "Both sides agree:",
    ]
    assert shop.problems() == {}


def test_a_second_look_at_a_moved_order_writes_nothing(shop):
    place(shop)
    give_to(shop, DEE)
    shop.look()
    writes = shop.writes()

    shop.mark(NUMBER)
    shop.look()

    assert shop.writes() == writes


def test_from_a_to_b_to_a_before_anybody_looked_writes_nothing(shop):
    place(shop)
    give_to(shop, DEE)
    give_to(shop, RAE)

    shop.look()

    assert where(shop) == [("Oakland", "Created")]


@pytest.mark.promise("LL-21")
def test_from_a_to_b_to_a_ends_where_it_began_as_one_order(shop):
    link_id = place(shop)
    for reps in (DEE, RAE):
        give_to(shop, reps)
        shop.look()

    link = shop.link(link_id)
    assert where(shop) == [("Oakland", "Cancelled"), ("Denver", "Cancelled"), ("Oakland", "Created")]
    assert (link.flourish_id, link.former_ids) == ("SO-3", ["SO-1", "SO-2"])


@pytest.mark.parametrize("point", ["after_call", "after_record"])
def test_a_rep_that_goes_back_between_the_steps_ends_where_it_began(shop, points, point):
    link_id = place(shop)
    give_to(shop, DEE)
    points.crash_at(point)
    with pytest.raises(CrashNow):
        shop.look()
    give_to(shop, RAE)

    shop.pass_time(46)
    shop.look_until_quiet()

    link = shop.link(link_id)
    assert where(shop) == [("Oakland", "Cancelled"), ("Oakland", "Created")]
    assert (link.state, link.flourish_id, link.former_ids) == ("settled", "SO-2", ["SO-1"])
    assert shop.leaflink.orders[NUMBER].status == "Submitted"


TRAIL = look_of(writes=2)
CASES = [(point, TRAIL[: position + 1].count(point)) for position, point in enumerate(TRAIL)]


def test_a_look_that_moves_an_order_passes_the_points_that_the_matrix_says(shop, points):
    place(shop)
    give_to(shop, DEE)
    points.passed.clear()

    shop.look()

    assert tuple(points.passed) == TRAIL


@pytest.mark.promise("LL-21")
@pytest.mark.fault(1, 2, 3, 4)
@pytest.mark.parametrize(("point", "turn"), CASES)
@pytest.mark.fault(4, 58)
def test_a_worker_killed_in_a_move_leaves_nothing_that_the_next_one_does_not_end(shop, points, point, turn):
    link_id = place(shop)
    give_to(shop, DEE)
    points.crash_at(point, turn=turn)
    with pytest.raises(CrashNow):
        shop.look()
    shop.pass_time(46)

    shop.look_until_quiet()

    assert_moved(shop, link_id)


@pytest.mark.fault(1, 2, 3)
@pytest.mark.parametrize("first", WRITE)
@pytest.mark.parametrize("second", WRITE)
def test_two_workers_killed_in_a_move_leave_one_order_too(shop, points, first, second):
    link_id = place(shop)
    give_to(shop, DEE)
    for point in (first, second):
        points.crash_at(point)
        with suppress(CrashNow):
            shop.look()
        points.clear()
        shop.pass_time(shop.settle_seconds + 46)

    shop.look_until_quiet()

    assert_moved(shop, link_id)


def assert_moved(shop, link_id):
    link = shop.link(link_id)
    assert (link.state, link.due_at, link.lease_until) == ("settled", None, None)
    assert where(shop) == [("Oakland", "Cancelled"), ("Denver", "Created")]
    assert (link.flourish_id, link.former_ids, link.claimants) == ("SO-2", ["SO-1"], [])
    assert shop.leaflink.orders[NUMBER].status == "Submitted"
    assert shop.leaflink.count("move") == 0
    assert kinds(shop).count("create_order") == 2
    assert shop.problems() == {}


@pytest.mark.promise("LL-21")
@pytest.mark.parametrize("call", ["cancel_order", "create_order"])
@pytest.mark.parametrize("effect", [True, False, "late"])
def test_an_answer_that_is_lost_in_a_move_is_waited_out(shop, call, effect):
    link_id = place(shop)
    give_to(shop, DEE)
    shop.flourish.fail(call, LOST_ANSWER, effect=effect)
    shop.look()
    assert shop.link(link_id).decision_code == "unknown"
    assert len(shop.flourish.live()) <= 1

    shop.flourish.land()
    shop.look_until_quiet()

    assert_moved(shop, link_id)


def test_a_cancel_that_lands_after_the_settle_time_is_still_ours_and_no_cancel_by_staff(shop):
    link_id = place(shop)
    give_to(shop, DEE)
    shop.flourish.fail("cancel_order", LOST_ANSWER, effect="late")
    shop.look()
    shop.pass_time(shop.settle_seconds + 1)
    # It lands just before the cancel that is sent again, which is refused then.
    shop.flourish.meanwhile["cancel_order"] = shop.flourish.land

    shop.look_until_quiet()

    assert_moved(shop, link_id)


def test_a_cancel_that_is_refused_moves_nothing(shop):
    link_id = place(shop)
    give_to(shop, DEE)
    shop.flourish.fail("cancel_order", Rejected("Order is locked", http_status=400))

    shop.look()

    assert where(shop) == [("Oakland", "Created")]
    assert list(shop.problems()) == ["refused"]
    shop.mark(NUMBER)
    shop.look()
    assert_moved_after_refusal(shop, link_id)


def assert_moved_after_refusal(shop, link_id):
    assert where(shop) == [("Oakland", "Cancelled"), ("Denver", "Created")]
    assert shop.link(link_id).state == "settled"


def test_what_staff_cancelled_is_no_move(shop):
    """It was to move once, and the rep went back before anything was sent."""
    place(shop)
    give_to(shop, DEE)
    shop.flourish.fail("cancel_order", LOST_ANSWER)
    shop.look()
    give_to(shop, RAE)
    shop.look_until_quiet()
    assert where(shop) == [("Oakland", "Created")]

    shop.flourish.change("SO-1", status="Cancelled")
    shop.mark(NUMBER)
    shop.look()

    assert where(shop) == [("Oakland", "Cancelled")]
    assert shop.leaflink.orders[NUMBER].status == "Cancelled"


@pytest.mark.promise("LL-21")
@pytest.mark.fault(58)
def test_what_is_allocated_stays_until_the_allocation_is_taken_back(shop):
    link_id = place(shop, status="Accepted")
    shop.flourish.change("SO-1", status="Partially Allocated")
    give_to(shop, DEE)

    shop.look()
    assert list(shop.problems()) == ["moved_after_allocation"]
    assert where(shop) == [("Oakland", "Partially Allocated")]

    shop.flourish.change("SO-1", status="Created")
    shop.mark(NUMBER)
    shop.look()
    assert where(shop) == [("Oakland", "Cancelled"), ("Denver", "Created")]
    assert shop.problems() == {}
    assert shop.link(link_id).state == "settled"


def test_an_order_that_is_allocated_between_plan_and_cancel_stays(shop):
    place(shop)
    give_to(shop, DEE)

    def allocate():
        lines = tuple(replace(one, allocated=one.eaches) for one in shop.flourish.orders["SO-1"].lines)
        shop.flourish.change("SO-1", status="Shipped", lines=lines)

    shop.flourish.meanwhile["cancel_order"] = allocate
    shop.look()
    shop.mark(NUMBER)
    shop.look()

    assert where(shop) == [("Oakland", "Shipped")]
    assert list(shop.problems()) == ["moved_after_allocation"]


@pytest.mark.promise("LL-21")
@pytest.mark.parametrize(
    ("reps", "code"), [((), "rep_removed"), ((*RAE, *DEE), "several_reps"), (("99",), "rep_without_email")]
)
def test_nothing_moves_where_nobody_knows_whereto_and_a_solved_problem_closes(shop, reps, code):
    place(shop)
    give_to(shop, reps)

    shop.look()
    assert where(shop) == [("Oakland", "Created")]
    assert list(shop.problems()) == [code]

    give_to(shop, RAE)
    shop.look()
    assert shop.problems() == {}


@pytest.mark.promise("LL-21")
def test_an_order_without_a_rep_waits_and_comes_in_once_it_has_one(shop):
    link_id = place(shop, reps=())
    link = shop.link(link_id)
    assert (link.state, link.decision_code, link.due_at) == ("waiting", "waits_for_rep", None)
    assert shop.flourish.orders == {}

    give_to(shop, DEE)
    shop.look()

    assert where(shop) == [("Denver", "Created")]


@pytest.mark.promise("LL-22")
def test_the_customers_default_rep_counts_where_the_order_has_none(shop):
    place(shop, reps=(), customer=customer(reps=DEE))

    assert where(shop) == [("Denver", "Created")]


def test_a_paused_connection_moves_nothing_and_goes_on_between_the_steps_once_resumed(shop):
    link_id = place(shop)
    give_to(shop, DEE)
    shop.flourish.meanwhile["cancel_order"] = lambda: shop.set("connection", state="paused")

    shop.look()
    link = shop.link(link_id)
    assert where(shop) == [("Oakland", "Cancelled")]
    assert (link.state, link.former_ids) == ("waiting", ["SO-1"])
    assert link.decision_text.startswith("Not now, the connection is paused: Bring it in again")

    shop.set("connection", state="live")
    shop.mark(NUMBER)
    shop.look()
    assert_moved(shop, link_id)


def test_a_former_order_that_is_told_of_again_claims_nothing(shop):
    """The webhook of the cancel carries the link's note and comes when the new order is there."""
    link_id = place(shop)
    give_to(shop, DEE)
    shop.look()
    shop.set_claimants(link_id, ["SO-1"])
    shop.mark(NUMBER)

    shop.look()

    assert_moved(shop, link_id)


def test_a_former_order_that_lives_again_is_a_twin(shop):
    link_id = place(shop)
    give_to(shop, DEE)
    shop.look()
    shop.flourish.change("SO-1", status="Created")
    shop.set_claimants(link_id, ["SO-1"])
    shop.mark(NUMBER)

    shop.look()

    assert list(shop.problems()) == ["twins"]


def test_every_write_of_a_move_has_its_intent_first(shop):
    watch = Watch(shop)
    shop.flourish.witness = watch.at_write
    link_id = place(shop)
    give_to(shop, DEE)

    shop.look()

    assert_moved(shop, link_id)
