"""Each promise that our own rows prove, broken in each way: exactly that one fails, and names the thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text, update

from portal.models import AuditHead, Delivery, Hub, Link, LogLine, Operation, Run, Secret, Stream, utc_now
from tests.sync.checker import world as make
from tests.sync.checker.sides import LONG_AGO
from tests.sync.checker.world import API_KEY, World

Plant = Callable[[World], None]


def _link(world: World, name: str = "created", **values: Any) -> None:
    world.change(name, **values)


def _delivery(world: World, name: str | None, **values: Any) -> None:
    with world.session() as session:
        make.delivery(session, world, make.link_of(session, world, name) if name else None, **values)


def _operation(world: World, **values: Any) -> None:
    with world.session() as session:
        make.operation(session, world, make.link_of(session, world, "created"), **values)


def _problem(world: World, name: str | None, **values: Any) -> None:
    with world.session() as session:
        link = make.link_of(session, world, name) if name else None
        make.problem(session, world.tenant.id, link, connection_id=world.connection_id, **values)


def _all(world: World, table: Any, **values: Any) -> None:
    with world.session() as session:
        session.execute(update(table).values(**values).execution_options(synchronize_session=False))


def _in_line(world: World, *, turn_at: datetime | None = None, **values: Any) -> None:
    """The link waits behind others, of which some were taken up a moment ago."""
    _link(world, due_at=OLD, **values)
    world.change_connection(turn_at=turn_at or utc_now() - RECENT)


def _overtaken(world: World) -> None:
    _in_line(world)
    _link(world, "shipped", due_at=utc_now() - RECENT, lease_owner="w", lease_until=utc_now() + RECENT)


def _run(world: World) -> None:
    silent = utc_now() - timedelta(minutes=8)
    with world.session() as session:
        session.add(
            Run(
                tenant_id=world.tenant.id,
                connection_id=world.connection_id,
                kind="drain",
                worker="w7",
                started_at=silent,
                heartbeat_at=silent,
            )
        )


def _story(world: World, **values: Any) -> None:
    with world.session() as session:
        make.tell(session, make.link_of(session, world, "created"), "Later", **values)


def _log_gap(world: World) -> None:
    with world.session() as session:
        make.log(session, world, 5)
    world.change_connection(log_head=5)


def _log_back(world: World) -> None:
    with world.session() as session:
        make.log(session, world, 4, at=utc_now() - timedelta(seconds=30))
    world.change_connection(log_head=4)


def _log_secret(world: World) -> None:
    with world.session() as session:
        make.log(session, world, 4, raw={"request": {"headers": f"App {API_KEY}"}})
    world.change_connection(log_head=4)


def _made_by_hand(world: World) -> None:
    world.change("created", flourish_id="F-by-hand")


OLD = utc_now() - LONG_AGO
RECENT = timedelta(seconds=30)
BREAKS: list[tuple[str, str, str, Plant]] = [
    ("I7", "webhook without outcome", "order.updated", lambda w: _delivery(w, "created")),
    ("I7", "webhook of no link", "unknown", lambda w: _delivery(w, None)),
    (
        "I7",
        "outcome without text",
        "order.updated",
        lambda w: _delivery(w, "created", outcome="applied", outcome_text=" ", outcome_at=OLD),
    ),
    ("I8", "due and nobody looked", "order L-created", lambda w: _link(w, due_at=OLD)),
    ("I8", "due and its line stands still", "order L-created", lambda w: _in_line(w, turn_at=OLD)),
    ("I8", "due and others go first", "order L-created", _overtaken),
    ("I8", "due alone while the line moves", "order L-created", lambda w: _in_line(w, alone=True)),
    (
        "I8",
        "lease ran out",
        "order L-created",
        lambda w: _link(w, lease_owner="dead", lease_until=utc_now() - timedelta(minutes=3)),
    ),
    (
        "I8",
        "write never sent",
        "order L-created",
        lambda w: _operation(w, kind="move", once=False, natural_key="m", status="intent", sent_at=None),
    ),
    (
        "I8",
        "unknown outcome",
        "order L-created",
        lambda w: _operation(
            w,
            kind="move",
            once=False,
            natural_key="m",
            status="unknown",
            settle_at=utc_now() - timedelta(minutes=3),
        ),
    ),
    ("I8", "run without a sign of life", "drain of w7", _run),
    ("I8", "poll overdue", "poll ", lambda w: _all(w, Stream, due_at=OLD)),
    ("I9", "problem without title", "sku_unknown", lambda w: _problem(w, None, title="  ")),
    ("I9", "problem without next step", "sku_unknown", lambda w: _problem(w, None, next_step=" ")),
    ("I9", "problem of nobody", "sku_unknown", lambda w: _problem(w, None, who=" ")),
    (
        "I9",
        "closed without a reason",
        "old",
        lambda w: _problem(w, None, code="old", closed_at=OLD, closed_because=" "),
    ),
    (
        "I9",
        "stuck without a problem",
        "order L-created",
        lambda w: _link(w, state="stuck"),
    ),
    ("I9", "settled with a problem", "order L-created", lambda w: _problem(w, "created")),
    ("I9", "skipped with a problem", "order L-skipped", lambda w: _problem(w, "skipped")),
    ("I10", "order from no write", "order L-created", _made_by_hand),
    (
        "I10",
        "worked and never sent",
        "order L-created",
        lambda w: _operation(
            w, kind="move", once=False, natural_key="m", status="ok", sent_at=None, finished_at=OLD
        ),
    ),
    ("I12", "audit cut off", "the audit", lambda w: _all(w, AuditHead, seq=9)),
    ("I12", "audit rewritten", "the audit", lambda w: _all(w, AuditHead, hash=b"another")),
    ("I13", "credential in a webhook", "delivery", lambda w: _all(w, Delivery, body=f"x{API_KEY}".encode())),
    ("I13", "credential in a write", "operation", lambda w: _all(w, Operation, response={"a": [API_KEY]})),
    ("I13", "credential in an error", "operation", lambda w: _all(w, Operation, error=f"key {API_KEY} bad")),
    ("I13", "credential in a story", "timeline_event", lambda w: _story(w, detail={"request": API_KEY})),
    ("I13", "credential in the log", "log_line", _log_secret),
    ("I13", "credential in a problem", "problem", lambda w: _problem(w, None, evidence={"k": API_KEY})),
    ("I13", "credential in a snapshot", "link", lambda w: _link(w, snapshot={"notes": API_KEY})),
    ("I13", "credential in a setting", "connection", lambda w: w.change_connection(settings={"x": API_KEY})),
    ("I13", "secret that no key opens", "secret api_key", lambda w: _all(w, Secret, ciphertext=b"broken")),
    ("I15", "story with a gap", "story of order L-created", lambda w: _story(w, seq=9)),
    ("I15", "story cut off", "story of order L-created", lambda w: _link(w, event_head=7)),
    ("I15", "story goes back", "story of order L-created", lambda w: _story(w, at=OLD)),
    ("I15", "log with a gap", "log of LeafLink", _log_gap),
    ("I15", "log goes back", "log of LeafLink", _log_back),
    ("I15", "log cut off", "log of LeafLink", lambda w: w.change_connection(log_head=99)),
]


@pytest.mark.fault(83)
@pytest.mark.parametrize(("code", "what", "thing", "plant"), BREAKS, ids=[f"{b[0]} {b[1]}" for b in BREAKS])
def test_a_broken_promise_fails_alone_and_names_the_thing(
    world: World, code: str, what: str, thing: str, plant: Plant
):
    plant(world)

    report = world.check(offline=True)

    assert report.failed() == [code], report.shown()
    example = report.verdicts[code].counter_examples[0]
    assert thing in example.thing
    assert example.where.startswith("/t/acme/")
    assert API_KEY not in str(report.shown())


@contextmanager
def _schema(world: World, change: str, back: str) -> Iterator[None]:
    """Change the schema for a moment: what it forbids is looked for all the same."""
    with world.desk.sessions.engine.begin() as connection:
        connection.execute(text(change))
    try:
        yield
    finally:
        with world.desk.sessions.engine.begin() as connection:
            connection.execute(text(back))


def test_a_problem_that_is_open_twice_is_found(world: World):
    index = "CREATE UNIQUE INDEX uq_problem_open ON problem (subject_id, code, cause) WHERE closed_at IS NULL"
    empty_and_back = f"TRUNCATE problem CASCADE; {index}"
    with _schema(world, "DROP INDEX uq_problem_open", empty_and_back):
        _problem(world, "stuck")
        report = world.check(offline=True)

    assert report.failed() == ["I9"]
    assert "open 2 times" in report.verdicts["I9"].counter_examples[0].wrong


@pytest.mark.fault(65)
def test_a_time_without_zone_is_found(world: World):
    with _schema(world, "ALTER TABLE run ADD naive timestamp", "ALTER TABLE run DROP naive"):
        report = world.check(offline=True)

    assert report.failed() == ["I15"]
    assert report.verdicts["I15"].counter_examples[0].thing == "run.naive"


def _recent_delivery(world: World) -> None:
    _delivery(world, "created")
    with world.session() as session:
        session.execute(update(Delivery).values(received_at=utc_now() - RECENT))


def _delivery_of_due_link(world: World) -> None:
    _delivery(world, "created")
    _link(world, due_at=utc_now() + RECENT)


def _leased(world: World) -> None:
    _link(world, due_at=OLD, lease_owner="w", lease_until=utc_now() + RECENT)


def _due(world: World, **values: Any) -> None:
    _link(world, due_at=OLD)
    world.change_connection(**values)


def _write_in_line(world: World) -> None:
    _in_line(world)
    _operation(world, kind="move", once=False, natural_key="m", status="unknown", settle_at=OLD)


def _due_hub(world: World) -> None:
    _link(world, due_at=OLD)
    _all(world, Hub, state="needs_credentials")


def _asked(world: World) -> None:
    _operation(world, kind="create_order", once=False, natural_key="m", status="unknown", settle_at=OLD)
    _link(world, state="stuck")
    _problem(world, "created", code="twins")


def _log_start(world: World) -> None:
    with world.desk.sessions.engine.begin() as connection:
        connection.execute(text("DELETE FROM log_line WHERE number = 1"))


ALLOWED: list[tuple[str, Plant]] = [
    ("a webhook of a moment ago", _recent_delivery),
    ("a webhook whose link is due", _delivery_of_due_link),
    ("a link due for a moment", lambda w: _link(w, due_at=utc_now() - RECENT)),
    ("a link that is worked on", _leased),
    ("a link that waits in a line that moves", _in_line),
    ("a write whose link waits in such a line", _write_in_line),
    ("a link of a paused connection", lambda w: _due(w, state="paused", paused_at=utc_now())),
    ("a link of a refused key", lambda w: _due(w, state="needs_credentials")),
    ("an open breaker", lambda w: _due(w, open_until=utc_now() + RECENT)),
    ("a breaker that just closed", lambda w: _due(w, open_until=utc_now() - RECENT)),
    ("a key that was just replaced", lambda w: _due(w, proven_at=utc_now() - RECENT)),
    ("a hub that needs its key", _due_hub),
    ("a write that settles yet", lambda w: _operation(
        w, kind="move", once=False, natural_key="m", status="unknown", settle_at=utc_now() + RECENT)),
    ("a write that a person was asked about", _asked),
    ("a name that is no secret", lambda w: _all(w, Operation, error="dana@example.com was refused")),
    ("a credential of another form", lambda w: _link(w, snapshot={"notes": API_KEY[:-1]})),
    ("a log whose start was put away", _log_start),
]  # fmt: skip


@pytest.mark.parametrize(("what", "plant"), ALLOWED, ids=[one[0] for one in ALLOWED])
def test_what_is_on_its_way_breaks_nothing(world: World, what: str, plant: Plant):
    plant(world)

    report = world.check(offline=True)

    assert report.failed() == [], report.shown()


def test_only_twenty_counter_examples_are_kept_and_all_are_counted(world: World):
    for _ in range(23):
        _delivery(world, None)

    verdict = world.check(offline=True).verdicts["I7"]

    assert verdict.failures == 23
    assert len(verdict.counter_examples) == 20


def test_a_stuck_link_may_have_its_problem_and_a_waiting_one_too(world: World):
    _problem(world, "draft")
    with world.session() as session:
        assert session.query(Link).filter(Link.state == "waiting").count() == 1
        assert session.query(LogLine).count() == 3

    assert world.check(offline=True).holds
