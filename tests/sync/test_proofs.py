"""Proofs: what a check found stays, in numbers; a broken promise is a problem until a later check holds."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from portal.models import Problem, Proof
from portal.sync import proofs
from portal.sync.checker import Check, Report, places
from portal.sync.errors import Retryable
from tests.sync.checker.sides import outbound
from tests.sync.checker.world import World, build


@pytest.fixture
def world(desk, tenant) -> World:
    return build(desk, tenant)


def prove(world: World, *, offline: bool = False) -> Proof:
    (place,) = places(world.desk)
    check = Check(
        world.desk,
        Report(offline=offline),
        tell=lambda _line: None,
        opener=world.opener,
        pause=lambda _seconds: None,
    )
    return proofs.prove(check, place, how="command")


def problems(world: World) -> list[tuple[str, int, str | None]]:
    with world.session() as session:
        rows = session.scalars(select(Problem).where(Problem.code == "proof_failed").order_by(Problem.id))
        return [(row.title, row.times_seen, row.closed_because) for row in rows]


def lose(world: World) -> None:
    del world.flourish.orders["F-created"]


def double(world: World) -> None:
    world.flourish.orders["F-twin"] = outbound("F-twin", "created", world.marker("created"))


def test_a_world_that_keeps_its_promises_is_proven_in_numbers(world):
    prove(world)

    with world.session() as session:
        kept = session.execute(select(Proof)).scalar_one()
    assert (kept.outcome, kept.orders, kept.lost, kept.doubled, kept.ever_doubled) == ("held", 6, 0, 0, 0)
    assert (kept.how, kept.failed) == ("command", [])
    assert kept.duration_ms > 0
    assert kept.report["holds"] is True
    assert problems(world) == []


@pytest.mark.parametrize(
    ("plant", "lost", "doubled", "ever", "failed"),
    [(lose, 1, 0, 0, ["I2"]), (double, 0, 1, 1, ["I1"])],
)
def test_what_is_lost_or_doubled_is_counted_and_named(world, plant, lost, doubled, ever, failed):
    plant(world)

    proof = prove(world)

    assert (proof.outcome, proof.lost, proof.doubled, proof.ever_doubled) == ("failed", lost, doubled, ever)
    assert proof.failed == failed
    named = next(row for row in proof.report["invariants"] if row["code"] == failed[0])
    assert named["counter_examples"][0]["where"] == f"/t/acme/orders/{world.links['created']}"
    assert problems(world) == [(f"The check found {lost} lost and {doubled} doubled orders", 1, None)]


def test_an_order_that_was_doubled_once_is_told_apart_from_one_that_still_is(world):
    cancelled = outbound("F-twin", "created", world.marker("created"), status="Cancelled")
    world.flourish.orders["F-twin"] = cancelled

    proof = prove(world)

    assert (proof.outcome, proof.doubled, proof.ever_doubled) == ("held", 0, 1)


def test_the_problem_is_one_for_as_long_as_it_fails_and_closes_by_itself(world):
    lose(world)
    order = world.platform.orders["created"]
    prove(world)
    prove(world)
    assert problems(world) == [("The check found 1 lost and 0 doubled orders", 2, None)]

    world.flourish.orders["F-created"] = outbound("F-created", order.number, world.marker("created"))
    assert prove(world).outcome == "held"

    assert problems(world) == [
        ("The check found 1 lost and 0 doubled orders", 2, "A later check proved everything.")
    ]


def test_a_promise_that_is_about_no_order_is_named_by_its_code(world):
    world.change("stuck", state="waiting", decision_text=" ")
    world.change("skipped", lease_owner="w", lease_until=prove(world).at.replace(year=2020))

    prove(world)

    assert problems(world)[0][0] == "The check found broken promises: I8"


def test_what_could_not_be_read_is_no_broken_promise_and_no_proof_either(world):
    world.platform.errors = [Retryable("it is away")] * 100

    proof = prove(world)

    assert (proof.outcome, proof.failed, proof.report["holds"]) == ("partial", [], False)
    assert problems(world) == []


def test_half_a_proof_does_not_close_the_problem_of_a_whole_one(world):
    lose(world)
    prove(world)

    assert prove(world, offline=True).outcome == "partial"
    world.change_connection(state="needs_credentials")
    assert prove(world).outcome == "partial"

    assert problems(world)[0][2] is None


def test_rows_that_break_a_promise_fail_offline_too(world):
    world.change("skipped", lease_owner="w", lease_until=prove(world).at.replace(year=2020))

    assert prove(world, offline=True).outcome == "failed"
