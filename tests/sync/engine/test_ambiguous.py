"""Writes without a clear answer: settle, look, adopt what is ours; never a second order."""

from __future__ import annotations

import threading

import pytest

from portal.sync.engine.reconcile import reconcile
from portal.sync.errors import Unsettled
from tests.sync.engine.shop import add_connection
from tests.sync.mapping.examples import CONNECTION, customer, order

BAD_GATEWAY = Unsettled("Flourish answered 502", http_status=502)


@pytest.mark.fault(16)
def test_a_502_after_the_create_ends_with_one_order(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)

    shop.look()
    assert shop.link(link_id).decision_code == "unknown"
    assert shop.operations()[0].status == "unknown"
    shop.look_until_quiet()

    assert shop.flourish.count("create_order") == 1
    assert len(shop.flourish.orders) == 1
    assert shop.link(link_id).flourish_id == "SO-1"
    assert shop.link(link_id).state == "settled"


def test_four_502s_without_effect_and_then_one_with_end_with_one_order(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, times=3)
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)

    shop.look_until_quiet(most=20)

    assert shop.flourish.count("create_order") == 4
    assert len(shop.flourish.orders) == 1
    assert shop.link(link_id).state == "settled"


@pytest.mark.fault(17, 37)
def test_nothing_is_sent_before_the_settle_time_has_passed_whoever_asks(shop):
    shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY)
    shop.look()

    for seconds in (60, 60, 59):
        shop.mark(order().number)
        shop.look()
        assert shop.flourish.count("create_order") == 1
        assert shop.flourish.count("outbound_orders") == 0
        shop.pass_time(seconds)
    shop.pass_time(2)
    shop.look()

    assert shop.flourish.count("outbound_orders") == 1
    assert shop.flourish.count("create_order") == 2


@pytest.mark.fault(17)
def test_an_order_that_takes_effect_late_but_within_the_settle_time_is_adopted(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect="late")
    shop.look()
    shop.pass_time(100)
    shop.flourish.land()

    shop.look_until_quiet()

    assert shop.flourish.count("create_order") == 1
    assert shop.link(link_id).flourish_id == "SO-1"


def test_the_settle_time_is_counted_from_the_sending(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)
    shop.look()
    operation = shop.operations()[0]

    assert (operation.settle_at - operation.sent_at).total_seconds() == shop.settle_seconds
    assert shop.link(link_id).due_at >= operation.settle_at


@pytest.mark.fault(17)
def test_two_orders_with_our_note_are_a_problem_with_both_ids_and_no_write(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)
    shop.look()
    twin = shop.flourish.add(notes=shop.flourish.orders["SO-1"].notes)
    shop.pass_time(1000)
    shop.look()

    problem = shop.problems()["twins"]
    assert "SO-1" in problem.next_step
    assert twin.id in problem.next_step
    assert shop.flourish.count("create_order") == 1
    assert shop.operations()[0].status == "unknown"

    # A person cancels one of them.
    shop.flourish.change("SO-1", status="Cancelled")
    shop.mark(order().number)
    shop.look_until_quiet()
    assert shop.link(link_id).flourish_id == twin.id
    assert shop.problems() == {}
    assert shop.flourish.count("create_order") == 1


def test_an_order_that_staff_cancelled_before_it_was_found_is_adopted_and_not_made_again(shop):
    link_id = shop.arrive(transitions=("accepted", "rejected", "cancelled"))
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)
    shop.look()
    shop.flourish.change("SO-1", status="Cancelled")

    shop.look_until_quiet()

    assert shop.flourish.count("create_order") == 1
    assert shop.link(link_id).flourish_id == "SO-1"
    assert shop.leaflink.orders[order().number].status == "Cancelled"


def test_of_two_orders_with_our_note_the_one_that_is_not_cancelled_is_adopted(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)
    shop.look()
    shop.flourish.add(id="SO-0", notes=shop.flourish.orders["SO-1"].notes, status="Cancelled")

    shop.look_until_quiet()

    assert shop.link(link_id).flourish_id == "SO-1"
    assert shop.problems() == {}


def test_a_candidate_whose_notes_cannot_be_read_is_a_problem_and_no_write(shop):
    shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY)
    shop.look()
    shop.flourish.add(id="SO-X", notes=())
    shop.pass_time(1000)
    shop.look()

    assert "SO-X" in shop.problems()["candidate_without_note"].next_step
    assert shop.flourish.count("create_order") == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"notes": (f"Trellis {CONNECTION} 8f14e45f-ceea-467f",)},
        {"notes": ("Please call first",)},
        {"notes": (), "facility_id": "8"},
        {"notes": (), "original_order_id": "ANOTHER"},
        {"notes": (), "status": "Cancelled"},
    ],
    ids=["another connection's note", "staff's note", "another facility", "another number", "cancelled"],
)
def test_an_order_that_is_not_ours_is_left_alone_and_ours_is_created(shop, changed):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY)
    shop.look()
    shop.flourish.add(id="SO-X", **changed)

    shop.look_until_quiet()

    assert shop.link(link_id).flourish_id not in (None, "SO-X")
    assert shop.flourish.count("create_order") == 2


def test_our_own_order_is_adopted_even_when_a_candidate_without_a_note_stands_beside_it(shop):
    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)
    shop.look()
    shop.flourish.add(id="SO-X", notes=())

    shop.look_until_quiet()

    assert shop.link(link_id).flourish_id == "SO-1"


def test_a_look_that_fails_settles_nothing(shop):
    from portal.sync.errors import Retryable

    link_id = shop.arrive()
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True)
    shop.look()
    shop.flourish.fail("outbound_orders", Retryable("Flourish is busy"))
    shop.pass_time(1000)
    shop.look()

    assert shop.link(link_id).decision_code == "retry"
    assert shop.operations()[0].status == "unknown"
    shop.look_until_quiet()
    assert len(shop.flourish.orders) == 1


def test_a_destination_whose_answer_was_lost_is_found_and_made_once(shop):
    shop.arrive(customer=customer(license="C10-NEW-9"))
    shop.flourish.fail("create_destination", BAD_GATEWAY, effect=True)

    shop.look_until_quiet()

    assert shop.flourish.count("create_destination") == 1
    assert shop.flourish.orders["SO-1"].destination_id == "d2"


@pytest.mark.fault(37)
def test_a_destination_that_flourish_does_not_list_yet_is_not_made_again(shop):
    shop.flourish.unlisted.add("d2")
    shop.arrive(customer=customer(license="C10-NEW-9"))
    shop.look()
    shop.arrive(order(number="second", label="2", customer=customer(license="C10-NEW-9")))
    shop.look()

    assert shop.flourish.count("create_destination") == 1
    assert [one.destination_id for one in shop.flourish.orders.values()] == ["d2", "d2"]


@pytest.mark.fault(61)
def test_two_orders_of_a_new_customer_at_once_make_one_destination(shop):
    new = customer(license="C10-NEW-9")
    shop.arrive(order(number="first", label="1", customer=new))
    shop.arrive(order(number="second", label="2", customer=new))
    claims = shop.claims()
    account = shop.account
    both = threading.Barrier(2)
    shop.flourish.meanwhile["create_destination"] = lambda: both.wait(5)

    def second():
        # Its intent comes while the first one is being sent.
        while not shop.operations():
            pass
        reconcile(shop.desk, claims[1], account)
        both.wait(5)

    threads = [
        threading.Thread(target=reconcile, args=(shop.desk, claims[0], account)),
        threading.Thread(target=second),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shop.look_until_quiet()

    assert shop.flourish.count("create_destination") == 1
    assert [one.destination_id for one in shop.flourish.live()] == ["d2", "d2"]
    assert shop.problems() == {}


def test_two_connections_of_a_hub_keep_their_orders_of_one_number_apart(shop):
    first = shop.arrive()
    with shop.desk.tenant(shop.tenant_id) as session:
        hub = session.get_one(type(shop.connection().hub), shop.hub_id)
        other_id = add_connection(session, hub, shop.connection().facility_id, "Other")
    other = type(shop)(shop.desk, shop.tenant_id, shop.hub_id, other_id, shop.leaflink, shop.flourish)
    second = other.mark(order().number)
    shop.flourish.fail("create_order", BAD_GATEWAY, effect=True, times=2)
    shop.look()
    other.look()
    shop.look_until_quiet()
    other.look_until_quiet()

    assert len(shop.flourish.orders) == 2
    assert {shop.link(first).flourish_id, shop.link(second).flourish_id} == {"SO-1", "SO-2"}


@pytest.mark.fault(16)
@pytest.mark.parametrize("effect", [True, False], ids=["with effect", "without effect"])
@pytest.mark.parametrize("kind", ["finish_order", "cancel_order", "move"])
def test_a_write_that_may_be_repeated_is_planned_anew_from_what_both_sides_show(shop, kind, effect):
    from datetime import UTC, datetime

    everything = ("accepted", "fulfilled", "shipped", "cancelled", "rejected")
    link_id = shop.arrive(ship_at=datetime(2026, 4, 1, 15, tzinfo=UTC), transitions=everything)
    world = shop.leaflink if kind == "move" else shop.flourish
    if kind != "finish_order":
        shop.look()
    world.fail(kind, BAD_GATEWAY, effect=effect)
    if kind == "cancel_order":
        shop.leaflink.put(shop.leaflink.orders[order().number], status="Cancelled")
    elif kind == "move":
        shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(order().number)
    shop.look_until_quiet()

    assert shop.link(link_id).state == "settled"
    assert world.count(kind) == (1 if effect else 2)
    assert {one.status for one in shop.operations()} <= {"ok", "abandoned"}
