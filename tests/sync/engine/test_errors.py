"""What goes wrong is named by what happens next: again later, a person, or a new key."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, text

from portal.models import Connection
from portal.sync.engine import breaker
from portal.sync.engine import claim as claims
from portal.sync.engine.breaker import OPENS_AFTER
from portal.sync.engine.outlook import backoff
from portal.sync.engine.reconcile import reconcile
from portal.sync.errors import ConnectionBroken, Rejected, Retryable, SyncError, Unreadable, Unsettled
from tests.sync.mapping.examples import line, order

DOWN = Retryable("LeafLink cannot be reached")
REFUSED = ConnectionBroken("Invalid token", http_status=401)


_DUE = text("SELECT extract(epoch FROM due_at - now())::float FROM link WHERE id = :link")


def seconds_until_due(shop, link_id):
    with shop.desk.tenant(shop.tenant_id) as session:
        return session.execute(_DUE, {"link": link_id}).scalar_one()


@pytest.mark.parametrize("where", ["leaflink.order", "flourish.answer", "flourish.create_order"])
def test_what_may_work_later_is_tried_again_by_itself(shop, where):
    world, _, call = where.partition(".")
    getattr(shop, world).fail(call, DOWN, times=2)
    link_id = shop.arrive()

    shop.look()
    link = shop.link(link_id)
    assert (link.state, link.decision_code, link.attempts) == ("waiting", "retry", 1)
    assert shop.problems() == {}
    shop.look_until_quiet()

    assert shop.link(link_id).state == "settled"
    assert shop.link(link_id).attempts == 0
    assert len(shop.flourish.orders) == 1


@pytest.mark.fault(18)
def test_an_api_that_says_how_long_to_wait_is_left_alone_for_so_long(shop):
    shop.leaflink.fail("order", Retryable("LeafLink asked to wait", after=77))
    link_id = shop.arrive()

    shop.look()

    assert 70 < seconds_until_due(shop, link_id) <= 77


@pytest.mark.fault(18)
def test_being_throttled_is_no_failure(shop):
    for _ in range(OPENS_AFTER + 1):
        shop.leaflink.fail("order", Retryable("LeafLink asked to wait", after=3, throttled=True))
    link_id = shop.arrive()

    for _ in range(OPENS_AFTER + 1):
        shop.look()
        shop.pass_time(5)

    assert shop.link(link_id).attempts == 0
    assert shop.connection().failures == 0


@pytest.mark.fault(18)
def test_a_storm_of_429_is_told_with_the_next_step_and_not_with_each_try(shop):
    asked = Retryable("Flourish asked to call less often", throttled=True)
    shop.flourish.fail("create_order", asked, times=2)
    link_id = shop.arrive()
    for _ in range(4):
        shop.look()
        if shop.link(link_id).state == "waiting":
            assert shop.link(link_id).next_step.startswith("Flourish asked to call less often.")
            assert shop.link(link_id).decision_code == "bring_in"
        shop.pass_time(5)

    assert shop.link(link_id).state == "settled"
    assert [title for title in shop.story(link_id) if "less often" in title] == []
    assert sum("less often" in text for text in shop.log()) == 2


@pytest.mark.fault(20)
@pytest.mark.parametrize(("attempts", "ceiling"), [(0, 5), (1, 10), (3, 40), (8, 900), (500, 900)])
def test_pauses_grow_with_full_jitter_under_a_cap(attempts, ceiling):
    drawn = [backoff(attempts, 900.0) for _ in range(200)]

    assert all(1.0 <= seconds <= ceiling for seconds in drawn)
    assert max(drawn) - min(drawn) > ceiling / 4


# --- The breaker. ---


@pytest.mark.fault(20)
def test_the_breaker_opens_after_failures_in_a_row_says_so_and_closes_by_itself(shop):
    shop.leaflink.always["order"] = DOWN
    shop.arrive()
    for failures in range(1, OPENS_AFTER + 1):
        shop.look()
        assert shop.connection().failures == failures
        shop.pass_time(1000 if failures < OPENS_AFTER else 0)

    assert shop.connection().open_until is not None
    assert "not_answering" in shop.problems()
    assert shop.problems()["not_answering"].link_id is None

    del shop.leaflink.always["order"]
    shop.pass_time(1000)
    shop.look()
    assert (shop.connection().failures, shop.connection().open_until) == (0, None)
    assert shop.problems() == {}


@pytest.mark.fault(20)
def test_the_breaker_stays_open_longer_with_each_failure_up_to_five_minutes(shop):
    shop.leaflink.always["order"] = DOWN
    shop.arrive()
    waits = []
    for _ in range(OPENS_AFTER + 8):
        shop.look()
        with shop.desk.tenant(shop.tenant_id) as session:
            open_for = session.execute(
                text("SELECT extract(epoch FROM open_until - now())::float FROM connection")
            ).scalar_one()
        waits.append(open_for)
        shop.pass_time(1000)

    assert waits[: OPENS_AFTER - 1] == [None] * (OPENS_AFTER - 1)
    assert waits[OPENS_AFTER - 1 :] == pytest.approx([15, 30, 60, 120, 240, 300, 300, 300, 300], abs=2)


@pytest.mark.parametrize(
    "ending",
    [Unsettled("502", http_status=502), Retryable("asked to wait", after=1, throttled=True)],
    ids=["no clear answer", "throttled"],
)
def test_only_an_answer_closes_the_breaker(shop, ending):
    shop.set("connection", failures=OPENS_AFTER)
    shop.flourish.fail("create_order", ending)
    shop.arrive()

    shop.look()

    assert shop.connection().failures == OPENS_AFTER


def test_waiting_for_a_lost_answer_calls_nobody_and_closes_no_breaker(shop):
    shop.flourish.fail("create_order", Unsettled("502"), effect=True)
    shop.arrive()
    shop.look()
    shop.set("connection", failures=OPENS_AFTER)

    shop.mark(order().number)
    shop.look()

    assert shop.connection().failures == OPENS_AFTER


# --- Credentials. ---


@pytest.mark.fault(23)
@pytest.mark.parametrize("side", ["leaflink", "flourish"])
def test_a_key_that_the_probe_finds_refused_too_stops_its_side(shop, side):
    world = getattr(shop, side)
    world.always["order" if side == "leaflink" else "answer"] = REFUSED
    world.always["company"] = REFUSED
    link_id = shop.arrive()

    shop.look()

    connection = shop.connection()
    states = (connection.state, connection.hub.state)
    assert states == (("needs_credentials", "live") if side == "leaflink" else ("live", "needs_credentials"))
    assert set(shop.problems()) == {"needs_credentials"}
    link = shop.link(link_id)
    assert (link.state, link.decision_code) == ("waiting", "credentials")
    assert link.due_at is not None


@pytest.mark.fault(24)
def test_one_refusal_that_the_probe_does_not_repeat_stops_nothing(shop):
    shop.leaflink.fail("order", REFUSED)
    link_id = shop.arrive()

    shop.look()
    assert shop.connection().state == "live"
    assert shop.link(link_id).decision_code == "retry"
    shop.look_until_quiet()

    assert shop.link(link_id).state == "settled"
    assert shop.problems() == {}


def test_a_probe_that_gets_no_answer_says_nothing_about_the_key(shop):
    shop.leaflink.fail("order", REFUSED)
    shop.leaflink.fail("company", DOWN)
    shop.arrive()

    shop.look()

    assert shop.connection().state == "live"
    assert "needs_credentials" not in shop.problems()


# --- What a person must see to. ---


@pytest.mark.fault(22)
def test_a_refusal_is_a_problem_that_names_the_field_and_waits_for_a_change(shop):
    shop.flourish.fail("create_order", Rejected("is not in stock", field="order_lines[0]", http_status=422))
    link_id = shop.arrive()

    shop.look()

    problem = shop.problems()["refused"]
    assert (problem.cause, problem.evidence["status"]) == ("order_lines[0]", 422)
    link = shop.link(link_id)
    assert (link.state, link.due_at) == ("stuck", None)
    assert shop.operations()[0].status == "refused"

    shop.mark(order().number)
    shop.look()
    assert shop.link(link_id).state == "settled"
    assert shop.problems() == {}


@pytest.mark.fault(29)
@pytest.mark.parametrize("where", ["leaflink.order", "flourish.answer"])
def test_an_answer_that_cannot_be_read_names_its_field_and_keeps_it(shop, where):
    world, _, call = where.partition(".")
    unreadable = Unreadable("line_items[2].quantity", "should be a number", excerpt='{"quantity": "lots"}')
    getattr(shop, world).fail(call, unreadable)
    link_id = shop.arrive()

    shop.look()

    problem = shop.problems()["unreadable"]
    assert problem.cause == "line_items[2].quantity"
    assert problem.evidence["excerpt"] == '{"quantity": "lots"}'
    assert shop.link(link_id).due_at is not None
    assert shop.writes() == 0


@pytest.mark.parametrize(
    "ending",
    [DOWN, Retryable("asked to wait", throttled=True), REFUSED],
    ids=["down", "throttled", "refused"],
)
def test_a_look_that_came_to_nothing_leaves_known_problems_open(shop, ending):
    link_id = shop.arrive(lines=(line("GONE"),))
    shop.look()
    assert set(shop.problems()) == {"sku_unknown"}

    shop.leaflink.fail("order", ending)
    shop.mark(order().number)
    shop.look()

    assert set(shop.problems()) == {"sku_unknown"}
    assert "Problem solved" not in shop.story(link_id)


# --- Late workers. ---


@pytest.mark.fault(8)
@pytest.mark.parametrize("ending", [None, Unsettled("502"), Rejected("no"), DOWN])
def test_a_late_worker_records_nothing(shop, ending):
    """It was paused in the middle of a write; meanwhile its lease ran out and another one has the link."""
    link_id = shop.arrive()
    (late,) = shop.claims()

    def paused():
        shop.pass_time(50)
        assert len(shop.claims()) == 1

    shop.flourish.meanwhile["create_order"] = paused
    if ending is not None:
        shop.flourish.fail("create_order", ending, effect=isinstance(ending, Unsettled))
    reconcile(shop.desk, late, shop.account)

    link = shop.link(link_id)
    assert (link.flourish_id, link.fence) == (None, late.fence + 2)
    assert link.lease_until is not None
    assert shop.operations()[0].status == "intent"
    made = len(shop.flourish.orders)

    shop.pass_time(50)
    shop.look_until_quiet()
    assert len(shop.flourish.orders) == 1
    assert shop.flourish.count("create_order") == (1 if made else 2)
    assert shop.link(link_id).state == "settled"


@pytest.mark.fault(8)
def test_a_late_worker_that_has_not_sent_yet_sends_nothing(shop):
    shop.arrive()
    (late,) = shop.claims()

    def paused():
        shop.pass_time(50)
        shop.claims()

    shop.leaflink.meanwhile["order"] = paused
    reconcile(shop.desk, late, shop.account)

    assert shop.writes() == 0
    assert shop.operations() == []


def test_every_error_of_a_foreign_api_has_an_ending(shop):
    """Anything that is no SyncError is a bug; each that is one must be known to the engine."""
    for error in SyncError.__subclasses__():
        assert error in (Retryable, Unsettled, Rejected, Unreadable, ConnectionBroken)
    assert not issubclass(claims.LostLease, SyncError)


def test_looks_under_way_when_the_breaker_opened_do_not_keep_it_open_longer(shop):
    with shop.desk.tenant(shop.tenant_id) as session:
        for _ in range(OPENS_AFTER + 8):
            breaker.note_failure(session, shop.connection_id, "no answer")
        opened = session.execute(select(Connection.failures, Connection.open_until - func.now())).one()

    assert opened.failures == OPENS_AFTER
    assert opened[1].total_seconds() <= 15
