"""Shifts: due links worked off several at once, bounded, and stopped when the account may not be called."""

from __future__ import annotations

import io
import json
import logging
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import func, select, text

from portal import logs
from portal.models import Run
from portal.sync import queues
from portal.sync.audit import Actor
from portal.sync.engine import marks, shift
from portal.sync.engine.breaker import OPENS_AFTER
from portal.sync.engine.claim import claim_alone
from portal.sync.engine.shift import work, work_alone
from portal.sync.engine.sweep import sweep
from portal.sync.errors import ConnectionBroken, Retryable
from tests.sync.mapping.examples import order


@pytest.fixture
def opened(shop, monkeypatch):
    """Shifts open this shop's worlds."""
    account = shop.account
    monkeypatch.setattr(shift, "open_account", lambda *_: account)
    return shop


def place(shop, count):
    return [shop.arrive(order(number=f"n{number}", label=f"L{number}")) for number in range(count)]


def run_of(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.scalars(select(Run)).all()


def test_a_shift_works_off_all_that_is_due_and_leaves_a_run_with_counts(opened):
    links = place(opened, 12)

    assert work(opened.desk) is False

    assert {opened.link(link_id).state for link_id in links} == {"settled"}
    assert len(opened.flourish.orders) == 12
    (run,) = run_of(opened)
    assert (run.state, run.counts) == ("done", {"looked": 12, "settled": 12})


def test_a_shift_that_finds_nothing_leaves_no_run(opened):
    assert work(opened.desk) is False
    assert run_of(opened) == []


@pytest.mark.fault(12)
def test_several_shifts_of_one_connection_side_by_side_send_each_order_once(opened):
    place(opened, 16)
    threads = [threading.Thread(target=work, args=(opened.desk,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert opened.flourish.count("create_order") == 16
    assert len({one.original_order_id for one in opened.flourish.orders.values()}) == 16


def test_calls_of_several_links_overlap(opened):
    place(opened, 4)
    together = threading.Barrier(2)
    opened.leaflink.order = _meeting(opened.leaflink.order, together)

    work(opened.desk)

    assert len(opened.flourish.orders) == 4


def _meeting(call, together):
    def met(number):
        together.wait(10)  # breaks when nobody else calls at the same time
        return call(number)

    return met


def test_a_shift_stops_when_its_time_is_up_and_says_that_more_is_due(opened):
    place(opened, 5)
    desk = replace(opened.desk, settings=replace(opened.desk.settings, drain_seconds=0.0001, links_at_once=2))

    assert work(desk) is True
    assert len(opened.flourish.orders) == 2


def test_a_bug_on_one_link_is_a_visible_problem_and_the_others_go_on(opened):
    links = place(opened, 3)
    broken = opened.leaflink.orders["n1"]
    opened.leaflink.orders["n1"] = replace(broken, lines=None)

    work(opened.desk)

    assert [opened.link(link_id).state for link_id in links] == ["settled", "stuck", "settled"]
    problem = opened.problems()["bug"]
    assert (problem.who, problem.link_id) == ("operator", links[1])
    assert opened.link(links[1]).due_at is not None

    opened.leaflink.orders["n1"] = broken
    opened.pass_time(1000)
    work(opened.desk)
    assert opened.problems() == {}
    assert opened.link(links[1]).state == "settled"


@pytest.mark.promise("MO-8")
def test_what_a_worker_logs_of_a_look_names_its_run_and_its_order(opened):
    (link,) = place(opened, 1)
    opened.leaflink.orders["n0"] = replace(opened.leaflink.orders["n0"], lines=None)
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.OneLine())
    logging.getLogger("portal").addHandler(handler)
    try:
        work(opened.desk)
    finally:
        logging.getLogger("portal").removeHandler(handler)

    said = json.loads(written.getvalue().splitlines()[0])
    assert said["message"] == "bug while reconciling"
    assert (said["run"], said["link"]) == (str(run_of(opened)[0].id), str(link))
    assert said["connection"] == str(opened.connection_id)


@pytest.mark.fault(71)
@pytest.mark.parametrize("state", ["draft", "ready", "needs_credentials", "disconnected"])
def test_a_connection_that_may_not_work_is_not_called(opened, state):
    place(opened, 1)
    opened.set("connection", state=state)

    assert work(opened.desk) is False
    assert opened.leaflink.calls == []


@pytest.mark.fault(20)
def test_an_open_breaker_lets_nobody_call_and_a_half_open_one_lets_one_link_try(opened):
    place(opened, 4)
    opened.leaflink.always["order"] = Retryable("down")
    with opened.desk.tenant(opened.tenant_id) as session:
        now = session.scalar(select(func.now()))
    opened.set("connection", failures=OPENS_AFTER, open_until=now + timedelta(seconds=30))

    work(opened.desk)
    assert opened.leaflink.calls == []

    opened.pass_time(31)
    work(opened.desk)
    assert opened.leaflink.calls == ["order"]


@pytest.mark.fault(20)
def test_a_breaker_that_opens_in_the_middle_ends_the_shift(opened):
    place(opened, 20)
    opened.leaflink.always["order"] = Retryable("down")
    desk = replace(opened.desk, settings=replace(opened.desk.settings, links_at_once=5))

    work(desk)

    assert opened.leaflink.count("order") <= OPENS_AFTER + 4


@pytest.mark.fault(23)
def test_a_refused_key_ends_the_shift_after_the_calls_in_flight(opened):
    place(opened, 20)
    opened.leaflink.always["order"] = ConnectionBroken("Invalid token", http_status=401)
    opened.leaflink.always["company"] = ConnectionBroken("Invalid token", http_status=401)
    desk = replace(opened.desk, settings=replace(opened.desk.settings, links_at_once=2))

    work(desk)

    assert opened.connection().state == "needs_credentials"
    assert opened.leaflink.count("order") == 2


@pytest.mark.fault(6)
def test_what_a_dead_worker_had_in_hand_is_taken_back_and_worked_on_alone(opened):
    links = place(opened, 3)
    assert len(opened.claims()) == 3
    opened.pass_time(46)
    assert sweep(opened.desk) == 3

    work(opened.desk)
    assert opened.flourish.count("create_order") == 0
    for number, link_id in enumerate(links, start=1):
        work_alone(opened.desk, link_id)
        assert opened.flourish.count("create_order") == number

    assert {(opened.link(link_id).state, opened.link(link_id).alone) for link_id in links} == {
        ("settled", False)
    }


@pytest.mark.fault(6)
def test_only_deaths_while_alone_count_and_the_third_leaves_the_order_to_a_person(opened):
    poison, _ = place(opened, 2)
    opened.claims()
    for deaths in range(3):
        opened.pass_time(46)
        sweep(opened.desk)
        assert opened.link(poison).crashes == deaths
        with opened.desk.sessions.system() as session:
            assert claim_alone(session, poison, worker="dies", lease_seconds=45)
    opened.pass_time(46)
    sweep(opened.desk)

    work_alone(opened.desk, poison)

    link = opened.link(poison)
    assert (link.state, link.decision_code, link.due_at) == ("stuck", "worker_died", None)
    assert opened.problems()["worker_died"].title == "The worker died 3 times on this order"
    assert opened.flourish.count("create_order") == 0


def test_a_person_has_a_quarantined_order_tried_once_more(opened):
    (link_id,) = place(opened, 1)
    with opened.desk.tenant(opened.tenant_id) as session:
        session.execute(text("UPDATE link SET alone = true, crashes = 3"))
    work_alone(opened.desk, link_id)
    assert opened.link(link_id).state == "stuck"

    with opened.desk.tenant(opened.tenant_id) as session:
        marks.look_again(session, link_id, actor=Actor("Sam Support"))
    work_alone(opened.desk, link_id)

    assert opened.link(link_id).state == "settled"
    assert opened.problems() == {}


@pytest.mark.fault(5)
def test_a_worker_that_is_asked_to_stop_hands_back_what_it_holds(opened):
    links = place(opened, 4)
    stopping = threading.Event()
    opened.leaflink.meanwhile["order"] = stopping.set
    desk = replace(opened.desk, stopping=stopping, settings=replace(opened.desk.settings, links_at_once=2))

    assert work(desk) is True

    assert opened.flourish.count("create_order") <= 2
    assert all(opened.link(link_id).lease_owner is None for link_id in links)
    work(opened.desk)
    assert len(opened.flourish.orders) == 4


def test_more_than_one_worker_can_do_is_rung_for(opened):
    place(opened, 3)
    desk = replace(opened.desk, settings=replace(opened.desk.settings, links_at_once=1))

    work(desk)

    queue = Queue(queues.QUEUE, connection=desk.redis, serializer=JSONSerializer)
    assert [job.func_name for job in queue.jobs] == [queues.WORK]
