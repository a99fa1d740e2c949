"""Reconcile, when both sides answer: at most what is needed is written, and the story is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from portal.sync import earlier
from portal.sync.audit import Actor
from portal.sync.mapping.intake import BRING_IN
from tests.sync.mapping.examples import customer, line, order

SHIP_AT = datetime(2026, 4, 1, 15, tzinfo=UTC)


@pytest.mark.fault(52)
def test_an_order_is_created_then_finished_and_looked_at_again_without_a_write(shop):
    link_id = shop.arrive(ship_at=SHIP_AT, term="Net 30", reps=("77",))

    assert shop.look() == 1

    link = shop.link(link_id)
    assert (link.state, link.decision_code, link.flourish_id) == ("settled", "agree", "SO-1")
    assert (link.due_at, link.lease_until, link.done_seq) == (None, None, link.dirty_seq)
    assert [one.kind for one in shop.operations()] == ["create_order", "finish_order"]
    assert {one.status for one in shop.operations()} == {"ok"}
    made = shop.flourish.orders["SO-1"]
    assert (str(made.requested_date), made.term) == ("2026-04-01", "Net 30")
    assert made.notes[0] == f"Trellis {shop.connection_id} {link.foreign_id}"

    writes, reads = shop.writes(), len(shop.flourish.calls + shop.leaflink.calls)
    shop.mark(link.foreign_id)
    assert shop.look() == 1
    assert shop.writes() == writes
    assert len(shop.flourish.calls + shop.leaflink.calls) - reads <= 2


def test_a_missing_destination_is_made_first(shop):
    link_id = shop.arrive(customer=customer(license="C10-NEW-9"))

    shop.look()

    assert [one.kind for one in shop.operations()] == ["create_destination", "create_order"]
    assert shop.flourish.orders["SO-1"].destination_id == "d2"
    assert shop.link(link_id).state == "settled"


def test_what_is_sent_of_a_person_is_not_kept(shop):
    shop.arrive(customer=customer(license="C10-NEW-9"))

    shop.look()

    request = shop.operations()[0].request
    assert (request["email"], request["phone"]) == (True, True)


@pytest.mark.parametrize(
    ("status", "moves"),
    [("Partially Allocated", ["Accepted"]), ("Shipped", ["Accepted", "Fulfilled", "Shipped"])],
)
def test_leaflink_follows_flourish_over_as_many_steps_as_it_takes(shop, status, moves):
    everything = ("accepted", "fulfilled", "shipped", "cancelled", "rejected")
    link_id = shop.arrive(transitions=everything)
    shop.look()

    shop.flourish.change("SO-1", status=status)
    shop.mark(order().number)
    shop.look()

    made = [one.natural_key.rpartition(":")[2] for one in shop.operations() if one.kind == "move"]
    assert made == moves
    assert shop.leaflink.orders[order().number].status == moves[-1]
    assert shop.link(link_id).state == "settled"


def test_cancelled_on_leaflink_is_cancelled_in_flourish(shop):
    link_id = shop.arrive()
    shop.look()

    shop.leaflink.put(shop.leaflink.orders[order().number], status="Cancelled")
    shop.mark(order().number)
    shop.look()

    assert shop.flourish.live() == []
    assert (shop.link(link_id).state, shop.link(link_id).decision_code) == ("settled", "cancelled")


def test_the_story_tells_who_did_what_and_why_once(shop):
    link_id = shop.arrive(changed_by="Bea Buyer")
    shop.look()
    told = shop.story(link_id)

    for _ in range(3):
        shop.mark(order().number)
        shop.look()

    assert told[0] == "Order submitted, 1 line, $50.00"
    assert "Created SO-1" in told
    assert shop.story(link_id) == told


def test_what_staff_change_in_flourish_is_told_with_the_status_before_and_after(shop):
    link_id = shop.arrive()
    shop.look()

    shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(order().number)
    shop.look()

    assert "Partially Allocated" in shop.story(link_id)


def test_an_order_that_is_not_taken_has_a_decision_and_no_problem(shop):
    link_id = shop.arrive(status="Fulfilled")

    shop.look()

    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("waiting", "status_not_chosen")
    assert shop.problems() == {}
    assert shop.writes() == 0


def test_a_problem_opens_for_each_cause_and_closes_by_itself_when_it_is_gone(shop):
    link_id = shop.arrive(lines=(line("FL-1"), line("GONE")))
    shop.look()

    problem = shop.problems()["sku_unknown"]
    assert (problem.cause, problem.link_id, problem.who) == ("GONE", link_id, "tenant")
    assert shop.link(link_id).state == "stuck"

    shop.mark(order().number)
    shop.look()
    assert shop.problems()["sku_unknown"].times_seen == 2

    shop.flourish.known_items.append(
        shop.flourish.known_items[0].__class__("i2", "GONE", "Found", True, "Each")
    )
    shop.mark(order().number)
    shop.look()
    assert shop.problems() == {}
    assert shop.closed_problems()["sku_unknown"]
    assert "Problem solved" in shop.story(link_id)
    assert shop.link(link_id).state == "settled"


@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("where", "code"), [("leaflink", "gone_on_platform"), ("flourish", "gone_in_flourish")]
)
def test_an_order_that_one_side_has_lost_is_a_problem_and_no_write(shop, where, code):
    shop.arrive()
    shop.look()
    writes = shop.writes()

    getattr(shop, where).orders.clear()
    shop.mark(order().number)
    shop.look()

    assert set(shop.problems()) == {code}
    assert shop.writes() == writes


def test_a_mark_during_the_look_makes_the_link_due_at_once(shop):
    link_id = shop.arrive()
    shop.leaflink.meanwhile["order"] = lambda: shop.mark(order().number)

    shop.look()

    link = shop.link(link_id)
    assert link.done_seq == link.dirty_seq - 1
    assert shop.look() == 1
    assert shop.link(link_id).due_at is None
    assert shop.flourish.count("create_order") == 1


@pytest.mark.fault(52)
def test_rules_that_undo_each_other_stop_as_a_loop(shop):
    link_id = shop.arrive(transitions=("accepted",))
    shop.look()
    shop.flourish.change("SO-1", status="Partially Allocated")
    numbers = {order().number: shop.leaflink.orders[order().number]}
    shop.leaflink.put = lambda *_, **__: numbers[order().number]  # moves take no effect

    shop.mark(order().number)
    shop.look()

    assert shop.link(link_id).decision_code == "loop"
    assert shop.leaflink.count("move") == 6


@pytest.mark.fault(52)
def test_an_echo_that_comes_back_look_after_look_stops_too_and_is_tried_again_in_ten_minutes(shop):
    link_id = shop.arrive(transitions=("accepted",))
    shop.look()
    shop.flourish.change("SO-1", status="Partially Allocated")
    submitted = shop.leaflink.orders[order().number]

    def undone():
        shop.leaflink.put(submitted, status="Submitted")
        shop.mark(order().number)
        shop.look()
        shop.pass_time(20)

    for _ in range(9):
        undone()

    assert shop.link(link_id).decision_code == "loop"
    assert shop.leaflink.count("move") == 6
    shop.pass_time(600)
    shop.look()
    assert shop.leaflink.count("move") == 7
    assert shop.problems() == {}


@pytest.mark.fault(76)
def test_nobody_is_called_while_a_transaction_is_open(shop):
    link_id = shop.arrive(ship_at=SHIP_AT, customer=customer(license="C10-NEW-9"), reps=("77",))

    shop.look()

    # The worlds refuse such calls; the bug would be shown.
    assert shop.link(link_id).state == "settled"


def test_every_write_has_an_intent_that_was_committed_before_it(shop):
    seen = []

    def look_from_outside():
        with shop.desk.tenant(shop.tenant_id) as session:
            seen.append(
                session.execute(text("SELECT kind, status, sent_at IS NOT NULL FROM operation")).all()
            )

    shop.flourish.meanwhile["create_order"] = lambda: _in_another_thread(look_from_outside)
    shop.arrive()
    shop.look()

    assert seen == [[("create_order", "intent", True)]]


def _in_another_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize(("eaches", "shown"), [("48", "2 × case of 24"), ("5", "")])
def test_a_line_says_its_cases_where_they_are_whole(shop, eaches, shown):
    link_id = shop.arrive(lines=(line(eaches=eaches, case=24),))
    shop.look()

    assert shop.link(link_id).snapshot["lines"][0]["note"] == shown


@pytest.mark.promise("LL-29")
def test_an_order_that_a_person_joined_is_never_created_and_follows(shop):
    shop.flourish.add(facility_name="Oakland")
    link_id = shop.arrive(placed_at=datetime(2025, 12, 1, tzinfo=UTC), transitions=("accepted",))
    shop.look()
    assert shop.link(link_id).decision_code == "before_go_live"
    shop.join(link_id, "SO-1")
    shop.look()

    link = shop.link(link_id)
    assert (link.state, link.decision_code, link.base["joined"]) == ("settled", "agree", True)

    shop.flourish.change("SO-1", status="Partially Allocated")
    shop.mark(link.foreign_id)
    shop.look()
    assert shop.leaflink.orders[link.foreign_id].status == "Accepted"
    assert shop.flourish.count("create_order", "finish_order") == 0


@pytest.mark.promise("LL-29")
def test_an_order_that_a_person_wants_in_comes_in_once(shop):
    link_id = shop.arrive(placed_at=datetime(2025, 12, 1, tzinfo=UTC))
    shop.look()
    with shop.desk.tenant(shop.tenant_id) as session:
        keys, actor = shop.desk.settings.master_keys, Actor("Ann")
        earlier.decide(session, keys, shop.tenant_id, [link_id], BRING_IN, actor=actor)

    for _ in range(2):
        shop.look()
        shop.mark(shop.link(link_id).foreign_id)

    assert shop.link(link_id).state == "settled"
    assert shop.flourish.count("create_order") == 1
