"""Grouping: which message a piece of news goes into, and when that leaves. Pure.

The first news of a group leaves at once. What follows it within the rule's pace is collected into one
message, so that five hundred problems of one kind are told once, with their number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.sync.daily import next_time

# What can be told, and how people call it.
KINDS: Mapping[str, str] = {
    "connection": "A connection needs you: its key, its webhooks, its stock, a system that does not answer",
    "readiness": "A readiness check that was ready is not any more",
    "orders": "An order or a product waits for somebody of your company",
    "stops": "All writing is stopped, by somebody of your company or by the operator",
    "trellis": "Something that Trellis's own people have to mend",
}
# The least time between two messages of a group; None collects all news until the morning.
PACES: Mapping[str, timedelta | None] = {
    "minutes_5": timedelta(minutes=5),
    "minutes_15": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": None,
}
_MORNING = time(8)
_DAY = "day"
_KINDS_OF = {"check_regressed": "readiness", "writes_stopped": "stops"}
# Things that one message names; of more it says how many.
MOST_ENTRIES = 20


@dataclass(frozen=True)
class News:
    """One problem that opened or was resolved, or a stop of all writing that began or ended."""

    happening: str
    at: datetime
    opened_at: datetime
    code: str
    title: str
    next_step: str
    who: str
    connection_id: UUID | None
    of_link: bool

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        if self.who != "tenant":
            return "trellis"
        if self.code in _KINDS_OF:
            return _KINDS_OF[self.code]
        return "orders" if self.of_link else "connection"


@dataclass(frozen=True)
class Rule:
    """What somebody wants to be told.

    Args:
        connection_id: of this connection only; None is everything of the company.
        kinds: some of `KINDS`.
        resolved: also that it is over.
        pace: one of `PACES`.
        since: what opened before is not told of.
    """

    connection_id: UUID | None
    kinds: frozenset[str]
    resolved: bool
    pace: str
    since: datetime

    def wants(self, news: News) -> bool:
        """Whether this is news that was asked for."""
        # A stop is of every connection.
        mine = self.connection_id in (None, news.connection_id) or news.kind == "stops"
        told = news.happening == "opened" or self.resolved
        return mine and told and news.kind in self.kinds and news.opened_at >= self.since

    def group_of(self, news: News) -> str:
        """What it is told together with."""
        if PACES[self.pace] is None:
            return _DAY
        return f"{news.happening}:{news.connection_id or ''}:{news.code}"


@dataclass(frozen=True)
class Standing:
    """The last message of a group: when it leaves or left, and whether it still takes news in."""

    leaves_at: datetime
    collects: bool


@dataclass(frozen=True)
class Batch:
    """News of one group that go together: into the message that collects, or into a new one."""

    group: str
    joins: bool
    leaves_at: datetime
    news: tuple[News, ...]


def gather(
    rule: Rule, news: Iterable[News], standing: Mapping[str, Standing], now: datetime, zone: ZoneInfo
) -> list[Batch]:
    """Sort news into messages.

    Args:
        rule: who is to be told what.
        news: each piece once, in their order.
        standing: the last message of each group that had one.
        now: the time by which messages leave.
        zone: of the company, for what leaves in the morning.
    """
    groups: dict[str, list[News]] = defaultdict(list)
    for one in news:
        if rule.wants(one):
            groups[rule.group_of(one)].append(one)
    return [_batch(rule, group, tuple(of), standing.get(group), now, zone) for group, of in groups.items()]


def _batch(
    rule: Rule, group: str, news: tuple[News, ...], last: Standing | None, now: datetime, zone: ZoneInfo
) -> Batch:
    if last is not None and last.collects:
        return Batch(group, joins=True, leaves_at=last.leaves_at, news=news)
    pause = PACES[rule.pace]
    if pause is None:
        leaves_at = next_time(now, zone, _MORNING)
    else:
        leaves_at = now if last is None else max(now, last.leaves_at + pause)
    return Batch(group, joins=False, leaves_at=leaves_at, news=news)


@dataclass(frozen=True)
class Entry:
    """News that are told in one line, with their number. Times are ISO 8601, as they are kept."""

    happening: str
    code: str
    title: str
    next_step: str
    who: str
    connection_id: str
    count: int
    first_at: str
    last_at: str


@dataclass(frozen=True)
class Told:
    """What a message tells: some entries by name, and how many pieces of news beside them."""

    entries: tuple[Entry, ...] = ()
    others: int = 0

    @property
    def count(self) -> int:
        """How many pieces of news it tells."""
        return sum(entry.count for entry in self.entries) + self.others

    def with_news(self, news: Sequence[News]) -> Told:
        """Add news: to the line that says the same, or as a line of their own while there is room."""
        entries = {(one.happening, one.code, one.title, one.connection_id): one for one in self.entries}
        others = self.others
        for one in news:
            key = (one.happening, one.code, one.title, str(one.connection_id or ""))
            if key in entries:
                again = entries[key]
                entries[key] = replace(again, count=again.count + 1, last_at=one.at.isoformat())
            elif len(entries) < MOST_ENTRIES:
                entries[key] = _entry(one)
            else:
                others += 1
        return Told(tuple(entries.values()), others)

    def kept(self) -> dict[str, Any]:
        """As it is kept in a row."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Told:
        """As it was kept."""
        return cls(tuple(Entry(**entry) for entry in kept.get("entries", ())), kept.get("others", 0))


def _entry(news: News) -> Entry:
    at = news.at.isoformat()
    owner = str(news.connection_id or "")
    return Entry(
        news.happening,
        news.code,
        news.title,
        news.next_step,
        news.who,
        owner,
        count=1,
        first_at=at,
        last_at=at,
    )
