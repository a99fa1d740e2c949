"""Promises about what was, what refers to what, and what pages count: each broken, and named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from portal.models import Link, Operation, Run, utc_now
from portal.queries import dashboard, problems
from tests.models.rows import fill
from tests.sync.checker import world as make
from tests.sync.checker.sides import LONG_AGO
from tests.sync.checker.world import World


def moved(world: World, *steps: str, fences: tuple[int, ...] = ()) -> None:
    """The order `created` was moved on its platform, a minute between two steps."""
    began = utc_now() - LONG_AGO
    with world.session() as session:
        link = make.link_of(session, world, "created")
        for turn, status in enumerate(steps):
            at = began + timedelta(minutes=1 + turn)
            make.operation(
                session,
                world,
                link,
                kind="move",
                system="leaflink",
                natural_key=f"move:created:{status}",
                once=False,
                status="ok",
                fence=fences[turn] if fences else 1,
                intent_at=at,
                sent_at=at,
                finished_at=at,
            )


def say(world: World, before: str, after: str, *, side: str = "platform") -> None:
    """The story has a change of status between the first move and the second."""
    detail = {"changes": [["Status", before, after]]}
    with world.session() as session:
        link = make.link_of(session, world, "created")
        make.tell(session, link, after, side=side, detail=detail)
        session.execute(
            text("UPDATE operation SET finished_at = now() + interval '1 hour' WHERE natural_key LIKE :key"),
            {"key": "move:created:Accepted"},
        )


@pytest.mark.parametrize(
    "steps",
    [
        ("Accepted", "Fulfilled", "Shipped"),
        ("Accepted", "Accepted"),
        ("Accepted", "Cancelled"),
        ("Rejected",),
    ],
    ids="-".join,
)
def test_an_order_that_only_went_forward_breaks_nothing(world: World, steps: tuple[str, ...]):
    moved(world, *steps)

    assert world.check().failed() == []


@pytest.mark.parametrize(
    "steps", [("Fulfilled", "Accepted"), ("Cancelled", "Accepted"), ("Shipped", "Fulfilled")], ids="-".join
)
def test_an_order_that_trellis_moved_back_is_found(world: World, steps: tuple[str, ...]):
    moved(world, *steps)

    report = world.check()

    assert report.failed() == ["I5"]
    (example,) = report.verdicts["I5"].counter_examples
    assert example.thing == "order L-created"
    assert example.wrong == f"Trellis moved it to {steps[1]} after it had been moved to {steps[0]}"


def test_an_order_that_the_platform_unaccepted_may_be_accepted_again(world: World):
    moved(world, "Fulfilled", "Accepted")
    say(world, "Fulfilled", "Submitted")

    assert world.check().failed() == []


def test_what_flourish_says_excuses_no_move_back(world: World):
    moved(world, "Fulfilled", "Accepted")
    say(world, "Fulfilled", "Submitted", side="flourish")

    assert world.check().failed() == ["I5"]


def test_a_move_back_is_found_offline_too(world: World):
    moved(world, "Shipped", "Accepted")

    report = world.check(offline=True)

    assert report.failed() == ["I5"]
    shown = {row["code"]: row["proven"] for row in report.shown()["invariants"]}
    assert (shown["I5"], shown["I4"]) == (False, None)


def test_a_writer_whose_turn_was_over_is_found_by_its_fence(world: World):
    moved(world, "Accepted", "Fulfilled", "Shipped", fences=(2, 3, 2))

    report = world.check()

    assert report.failed() == ["I15"]
    (example,) = report.verdicts["I15"].counter_examples
    assert example.wrong == "the write move carries fence 2, and the one before it 3"


def as_the_owner(world: World, statement: Any) -> None:
    """Past the walls: only a bug in them, or a person in the database, could."""
    with world.desk.sessions.engine.begin() as connection:
        connection.execute(statement)


STRANGERS: list[tuple[str, Callable[[World, dict[str, Any]], Any]]] = [
    ("hub", lambda w, o: update(Link).where(Link.id == w.links["stuck"]).values(hub_id=o["hub"])),
    ("connection", lambda w, o: update(Run).where(Run.tenant_id == w.tenant.id).values(
        connection_id=o["connection"])),
    ("link", lambda w, o: update(Operation).where(Operation.response_ref == "F-shipped",
        Operation.tenant_id == w.tenant.id).values(link_id=o["link"])),
]  # fmt: skip


@pytest.mark.parametrize(("what", "statement"), STRANGERS, ids=[one[0] for one in STRANGERS])
def test_a_row_that_hangs_on_another_company_is_found(
    world: World, what: str, statement: Callable[[World, dict[str, Any]], Any]
):
    as_the_owner(world, statement(world, fill(world.desk.sessions, "other")))

    report = world.check(offline=True)

    assert "I11" in report.failed()
    assert {example.wrong for example in report.verdicts["I11"].counter_examples} == {
        f"its {what} is not of this company"
    }


def test_an_order_that_no_page_shows_is_lost(world: World, monkeypatch: pytest.MonkeyPatch):
    counted = dashboard.seen_since

    def forgetful(*arguments: Any) -> Any:
        return {name: count for name, count in counted(*arguments).items() if name != "skipped"}

    monkeypatch.setattr(dashboard, "seen_since", forgetful)

    report = world.check(offline=True)

    assert report.failed() == ["I2"]
    assert report.verdicts["I2"].counter_examples[0].wrong == "it shows 5 known orders of 6"


def test_a_problem_that_no_page_shows_is_found(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(problems, "by_cause", lambda *_, **__: problems.Causes([], whole=True, number=0))

    report = world.check(offline=True)

    assert report.failed() == ["I9"]
    assert report.verdicts["I9"].counter_examples[0].wrong == "it shows 0 of 1 open problems"


def quarantine(world: World) -> None:
    told = {"decision_code": "worker_died", "decision_text": "The worker died 3 times.", "state": "stuck"}
    world.change("created", crashes=3, **told)


def test_an_order_on_which_workers_died_is_accounted_for_while_its_problem_is_open(world: World):
    quarantine(world)
    with world.session() as session:
        link = make.link_of(session, world, "created")
        make.problem(session, world.tenant.id, link, connection_id=world.connection_id, code="worker_died")

    assert world.check().failed() == []


def test_an_order_on_which_workers_died_and_nobody_was_told_is_lost(world: World):
    quarantine(world)

    report = world.check()

    assert report.failed() == ["I2", "I9"]
    assert report.verdicts["I2"].counter_examples[0].wrong == "workers died on it, and no problem says so"
