"""Grouping: no news is lost, none is told twice, and a group has one message in its pace."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.sync.notices.grouping import KINDS, MOST_ENTRIES, PACES, News, Rule, Standing, Told, gather

NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
ZONE = ZoneInfo("America/Los_Angeles")
SHOP, OTHER = UUID(int=1), UUID(int=2)
EVERYTHING = Rule(None, frozenset(KINDS), resolved=True, pace="minutes_15", since=NOW - timedelta(days=1))


def news(**changed):
    one = News(
        "opened",
        at=NOW,
        opened_at=NOW,
        code="sku_unknown",
        title="SKU FL-1 is unknown in Flourish",
        next_step="Give the item this SKU.",
        who="tenant",
        connection_id=SHOP,
        of_link=True,
    )
    return replace(one, **changed)


@pytest.mark.parametrize(
    ("one", "kind"),
    [
        (news(), "orders"),
        (news(of_link=False, code="needs_credentials"), "connection"),
        (news(of_link=False, code="webhook_silent"), "connection"),
        (news(of_link=False, code="check_regressed"), "readiness"),
        (news(of_link=False, connection_id=None, code="proof_failed", who="operator"), "trellis"),
        (news(of_link=False, connection_id=None, code="writes_stopped"), "stops"),
        (news(code="bug", who="operator"), "trellis"),
        (news(code="unreadable", who="support"), "trellis"),
    ],
)
def test_a_kind_is_told_by_who_can_do_something_and_about_what(one, kind):
    assert one.kind == kind
    assert replace(EVERYTHING, kinds=frozenset({kind})).wants(one)
    assert not replace(EVERYTHING, kinds=frozenset(KINDS) - {kind}).wants(one)


@pytest.mark.parametrize(
    ("rule", "one", "wanted"),
    [
        ({"connection_id": SHOP}, {}, True),
        ({"connection_id": OTHER}, {}, False),
        ({"connection_id": SHOP}, {"connection_id": None}, False),
        ({"connection_id": None}, {"connection_id": None}, True),
        ({"connection_id": SHOP}, {"connection_id": None, "code": "writes_stopped", "of_link": False}, True),
        ({"resolved": True}, {"happening": "resolved"}, True),
        ({"resolved": False}, {"happening": "resolved"}, False),
        ({"since": NOW}, {"opened_at": NOW}, True),
        ({"since": NOW}, {"opened_at": NOW - timedelta(seconds=1)}, False),
        # Of what opened before, its end is no news either.
        ({"since": NOW}, {"happening": "resolved", "opened_at": NOW - timedelta(seconds=1)}, False),
    ],
)
def test_a_rule_wants_what_it_asks_for(rule, one, wanted):
    assert replace(EVERYTHING, **rule).wants(news(**one)) is wanted


def test_the_first_news_leaves_at_once_and_what_follows_waits_for_the_pace():
    (first,) = gather(EVERYTHING, [news()], {}, NOW, ZONE)
    assert (first.leaves_at, first.joins) == (NOW, False)
    left = {first.group: Standing(first.leaves_at, collects=False)}
    soon = NOW + timedelta(minutes=2)
    (second,) = gather(EVERYTHING, [news(title="SKU FL-2 is unknown")], left, soon, ZONE)
    assert (second.leaves_at, second.joins) == (NOW + timedelta(minutes=15), False)
    collecting = {first.group: Standing(second.leaves_at, collects=True)}
    (third,) = gather(EVERYTHING, [news(title="SKU FL-3 is unknown")], collecting, soon, ZONE)
    assert (third.leaves_at, third.joins) == (second.leaves_at, True)


def test_five_hundred_problems_of_one_kind_are_one_message():
    many = [news(title=f"SKU FL-{number} is unknown in Flourish") for number in range(500)]
    (batch,) = gather(EVERYTHING, many, {}, NOW, ZONE)
    told = Told().with_news(batch.news)
    assert (told.count, len(told.entries), told.others) == (500, MOST_ENTRIES, 500 - MOST_ENTRIES)


def test_a_summary_leaves_in_the_companys_morning_with_everything():
    daily = replace(EVERYTHING, pace="day")
    (batch,) = gather(daily, [news(), news(code="rep_unknown", connection_id=OTHER)], {}, NOW, ZONE)
    assert batch.leaves_at == datetime(2026, 11, 27, 16, tzinfo=UTC)
    assert len(batch.news) == 2


@dataclass
class Message:
    """One message of a group."""

    leaves_at: datetime
    told: Told
    collects: bool = True


@dataclass
class Outbox:
    """Messages as the room keeps them, of one rule, without a database."""

    rule: Rule
    messages: dict[str, list[Message]] = field(default_factory=lambda: defaultdict(list))

    def take_in(self, pieces, now):
        standing = {group: Standing(of[-1].leaves_at, of[-1].collects) for group, of in self.messages.items()}
        for batch in gather(self.rule, pieces, standing, now, ZONE):
            if batch.joins:
                last = self.messages[batch.group][-1]
                last.told = last.told.with_news(batch.news)
            else:
                message = Message(batch.leaves_at, Told().with_news(batch.news))
                self.messages[batch.group].append(message)

    def leave(self, now):
        for of in self.messages.values():
            for message in of:
                message.collects = message.collects and message.leaves_at > now


PIECES = st.builds(
    news,
    code=st.sampled_from(["sku_unknown", "rep_unknown", "check_regressed", "bug"]),
    title=st.sampled_from([f"Title {number}" for number in range(40)]),
    who=st.sampled_from(["tenant", "support"]),
    connection_id=st.sampled_from([SHOP, OTHER, None]),
    happening=st.sampled_from(["opened", "resolved"]),
)
STEPS = st.lists(
    st.tuples(st.integers(0, 3_600), st.lists(PIECES, max_size=30), st.booleans()), min_size=1, max_size=25
)


@given(
    steps=STEPS,
    rule=st.builds(
        Rule,
        st.sampled_from([None, SHOP]),
        st.frozensets(st.sampled_from(sorted(KINDS)), min_size=1),
        st.booleans(),
        st.sampled_from(sorted(PACES)),
        st.just(NOW),
    ),
)
def test_nothing_is_lost_nothing_told_twice_and_a_group_has_one_message_in_its_pace(steps, rule):
    outbox, now = Outbox(rule), NOW
    wanted: Counter[str] = Counter()
    for seconds, pieces, leaves in steps:
        now += timedelta(seconds=seconds)
        outbox.take_in(pieces, now)
        wanted.update(rule.group_of(one) for one in pieces if rule.wants(one))
        if leaves:
            outbox.leave(now)
    told = {group: sum(message.told.count for message in of) for group, of in outbox.messages.items()}
    assert told == dict(wanted)
    pause = PACES[rule.pace] or timedelta(hours=23)
    for of in outbox.messages.values():
        times = [message.leaves_at for message in of]
        assert all(later - earlier >= pause for earlier, later in pairwise(times))
        assert all(len(message.told.entries) <= MOST_ENTRIES for message in of)


@given(st.lists(PIECES, max_size=60), st.integers(0, 60))
def test_news_are_counted_the_same_in_however_many_parts_they_come(pieces, cut):
    whole = Told().with_news(pieces)
    assert Told.of(Told().with_news(pieces[:cut]).kept()).with_news(pieces[cut:]) == whole
    assert whole.count == len(pieces)
