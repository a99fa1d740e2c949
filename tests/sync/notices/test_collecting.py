"""Collecting: each problem is sorted once into what each rule asks for, whatever ends a sweep."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest
from sqlalchemy import text

from portal.models import Problem
from portal.sync import nightly, queues, switches
from portal.sync.notices import collecting, rules, sending
from portal.sync.notices.grouping import Told
from tests.sync.notices.room import ACTOR, open_room

URL = "http://127.0.0.1:9/hook"


def told(room):
    """What is told, by rule and title."""
    counts: Counter[tuple[UUID, str, str]] = Counter()
    for notice in room.notices():
        for entry in Told.of(notice.told).entries:
            counts[notice.rule_id, entry.happening, entry.title] += entry.count
    return counts


def impatient(take_in):
    """Wait for locks no longer than a test wants to."""

    def soon(session, *rest):
        session.execute(text("SET LOCAL lock_timeout = 100"))
        take_in(session, *rest)

    return soon


@pytest.mark.promise("MO-7")
def test_five_hundred_problems_are_one_message_for_each_rule(room):
    first, _ = room.rule(URL)
    second, _ = room.rule("ops@acme.example", channel="email", pace="day")
    room.report(*(f"FL-{number}" for number in range(501)))
    collecting.collect(room.desk)
    assert {notice.rule_id: notice.count for notice in room.notices()} == {first: 501, second: 501}
    assert collecting.collect(room.desk) == 0


def test_what_is_known_is_not_told_again_and_what_follows_is_collected(room):
    room.rule(URL)
    room.report("A")
    collecting.collect(room.desk)
    sending.deliver_due(room.desk)
    room.report("A", "B")
    room.report("A", "B", "C")
    collecting.collect(room.desk)
    first, second = room.notices()
    assert (first.count, second.count) == (1, 2)
    assert (second.leaves_at - first.leaves_at).total_seconds() == 15 * 60


def test_what_is_resolved_is_told_to_whoever_asked_for_it(room):
    wants, _ = room.rule(URL, resolved=True)
    room.rule(URL, resolved=False)
    room.report("A")
    collecting.collect(room.desk)
    room.report()
    collecting.collect(room.desk)
    assert [key for key in told(room) if key[1] == "resolved"] == [(wants, "resolved", "SKU A is unknown")]


def test_what_was_solved_before_it_could_be_told_is_not_told(room):
    room.rule(URL, resolved=True)
    room.report("A")
    room.report()
    collecting.collect(room.desk)
    assert room.notices() == []
    assert all(row.opened_told_at and row.closed_told_at for row in room.rows(Problem))


def test_a_company_without_rules_has_nothing_to_catch_up_with(room):
    room.report("A")
    collecting.collect(room.desk)
    rule, _ = room.rule(URL)
    assert collecting.collect(room.desk) == 0
    assert told(room) == {}
    room.report("A", "B")
    collecting.collect(room.desk)
    assert told(room) == {(rule, "opened", "SKU B is unknown"): 1}


@pytest.mark.parametrize("how", [rules.pause, rules.remove])
def test_a_rule_that_is_off_or_removed_takes_no_news_in(room, how):
    rule_id, _ = room.rule(URL)
    room.act(rule_id, how)
    room.report("A")
    collecting.collect(room.desk)
    assert room.notices() == []


def test_what_happened_while_it_was_off_is_not_told_afterwards(room):
    rule_id, _ = room.rule(URL)
    room.act(rule_id, rules.pause)
    room.report("A")
    room.act(rule_id, rules.switch_on)
    collecting.collect(room.desk)
    assert room.notices() == []


def test_an_end_in_the_middle_loses_nothing_and_tells_nothing_twice(room, monkeypatch):
    rule_id, _ = room.rule(URL)
    room.report("A", "B")

    class Killed(BaseException):
        """The process ends here."""

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(collecting, "_mark", die)
        with pytest.raises(Killed):
            collecting.collect(room.desk)
    assert room.notices() == []
    collecting.collect(room.desk)
    assert told(room) == {(rule_id, "opened", f"SKU {one} is unknown"): 1 for one in "AB"}


def test_several_that_collect_at_once_tell_each_problem_once(room):
    rule_id, _ = room.rule(URL)
    names = [f"FL-{number}" for number in range(15)]
    with ThreadPoolExecutor(4) as pool:
        for until in range(1, len(names) + 1):
            room.report(*names[:until])
            list(pool.map(lambda _: collecting.collect(room.desk), range(4)))
    collecting.collect(room.desk)
    assert told(room) == {(rule_id, "opened", f"SKU {name} is unknown"): 1 for name in names}
    assert len(room.notices()) == 1


def test_a_problem_that_somebody_works_on_is_told_next_time(room):
    rule_id, _ = room.rule(URL)
    room.report("A", "B")
    with room.desk.sessions.tenant(room.company.id) as session:
        session.execute(text("SELECT FROM problem WHERE cause = 'A' FOR UPDATE"))
        collecting.collect(room.desk)
        assert told(room) == {(rule_id, "opened", "SKU B is unknown"): 1}
    collecting.collect(room.desk)
    assert told(room)[rule_id, "opened", "SKU A is unknown"] == 1


def test_one_companys_lock_keeps_no_other_waiting(room, monkeypatch):
    room.rule(URL)
    other = open_room(room.desk)
    theirs, _ = other.rule(URL)
    room.report("A")
    other.report("B")
    monkeypatch.setattr(collecting, "_take_in", impatient(collecting._take_in))
    with room.desk.sessions.tenant(room.company.id) as session:
        session.execute(text("SELECT FROM notice_rule FOR UPDATE"))
        collecting.collect(room.desk)
        assert told(other) == {(theirs, "opened", "SKU B is unknown"): 1}
    collecting.collect(room.desk)
    assert len(room.notices()) == 1


def test_the_schedule_sorts_and_rings(room, monkeypatch):
    rung = []
    monkeypatch.setattr(queues, "ring_notices", lambda _redis: rung.append("notices"))
    nightly.run_due(room.desk)
    assert rung == []
    room.rule(URL)
    room.report("A")
    nightly.run_due(room.desk)
    assert rung == ["notices"]


def test_a_stop_of_all_writing_is_told_whoever_throws_the_switch(room):
    mine, _ = room.rule(URL, connection_id=room.company.connection_id, kinds=("stops",), resolved=True)
    room.rule(URL, kinds=("orders",), resolved=True)
    keys = room.desk.settings.master_keys
    with room.desk.tenant(room.company.id) as session:
        switches.stop_company(session, keys, room.company.id, actor=ACTOR, reason="A wrong price list")
    with room.desk.tenant(room.company.id) as session:
        switches.resume_company(session, keys, room.company.id, actor=ACTOR)
    with room.desk.sessions.system() as session:
        switches.stop_everybody(session, keys, actor=ACTOR, reason="A fire")
    switches.pass_on(room.desk)
    assert told(room) == {
        (mine, "opened", "Olive Owner stopped all writing of this company: A wrong price list"): 1,
        (mine, "resolved", "Olive Owner let this company write again"): 1,
        (mine, "opened", "The operator of Trellis stopped all writing: A fire"): 1,
    }


def test_the_index_serves_the_question_what_is_news(room):
    with room.desk.sessions.system() as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        query = collecting.waiting().compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = session.execute(text(f"EXPLAIN {query}")).scalars().all()
    assert "ix_problem_untold" in "\n".join(plan)
