"""Lists that move while they are read, lie about their length or never end: rows 33 to 36 of the catalogue
of faults. The client is the real one; its calls are answered from a list that a test changes in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from portal.models import Link
from portal.sync.engine import poll as polls
from portal.sync.engine.poll import poll
from portal.sync.platforms.leaflink.client import LeafLinkClient
from tests.sync.engine.test_poll import again, read, stream

T0 = datetime(2026, 3, 2, 12, tzinfo=UTC)
BASE = "https://app.leaflink.com/api/v2/orders-received/"


@dataclass
class ChangingList:
    """LeafLink's list of orders, cut into pages by position, as `contract.Calls` sees it."""

    rows: dict[str, datetime]
    newest_first: bool = False
    # Run after each page that was given, with the number of pages given so far.
    meanwhile: Callable[[ChangingList, int], None] = lambda _list, _given: None
    claimed: int | None = None
    following: str = ""
    given: int = 0
    since: list[str] = field(default_factory=list)

    def read(self, path: str, *, query: Mapping[str, Any] | None = None, headers: Any = None) -> Any:
        asked = dict(query or {}) or {name: one[0] for name, one in parse_qs(urlsplit(path).query).items()}
        since = asked.get("modified__gte", "")
        offset, limit = int(asked.get("offset", 0)), int(asked["limit"])
        if not offset:
            self.since.append(since)
        rows = sorted(self.rows.items(), key=lambda row: (row[1], row[0]), reverse=self.newest_first)
        rows = [row for row in rows if not since or row[1] >= datetime.fromisoformat(since)]
        shown = rows[offset : offset + limit]
        rest = urlsplit(BASE)._replace(query=f"limit={limit}&offset={offset + limit}").geturl()
        if since:
            rest += f"&modified__gte={since.replace('+', '%2B')}"
        following = self.following or (rest if offset + limit < len(rows) else None)
        self.given += 1
        self.meanwhile(self, self.given)
        results = [{"number": ref, "short_id": "", "modified": at.isoformat()} for ref, at in shown]
        return {"count": self.claimed or len(rows), "next": following, "results": results}

    def write(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a poll writes nothing")


def rows(number: int, *, at: datetime = T0, apart: float = 1.0) -> dict[str, datetime]:
    return {f"n{each:04}": at + timedelta(seconds=each * apart) for each in range(number)}


@pytest.fixture
def listed(shop, monkeypatch):
    """Have this shop's poll read a list; gives its stream's id."""

    def read_from(calls: ChangingList):
        monkeypatch.setattr(polls, "open_platform", lambda *_: LeafLinkClient(calls))
        shop.set("connection", last_delivery_at=datetime.now(UTC))
        return stream(shop)

    return read_from


def marked(shop) -> set[str]:
    with shop.desk.tenant(shop.tenant_id) as session:
        return set(session.scalars(select(Link.foreign_id)))


def touch(*refs: str) -> Callable[[ChangingList, int], None]:
    """Have one of these orders changed after each page: it moves to where the newest are."""
    left = list(refs)

    def change(changing: ChangingList, given: int) -> None:
        if left:
            changing.rows[left.pop(0)] = T0 + timedelta(days=1, seconds=given)

    return change


def remove(*refs: str) -> Callable[[ChangingList, int], None]:
    left = list(refs)

    def change(changing: ChangingList, _given: int) -> None:
        if left:
            changing.rows.pop(left.pop(0))

    return change


def insert(changing: ChangingList, given: int) -> None:
    if given < 4:
        changing.rows[f"new{given}"] = T0 + timedelta(days=1, seconds=given)


MOVES = {
    "a row moves to the end": lambda: touch("n0000"),
    "a row moves after every page": lambda: touch("n0000", "n0001", "n0101", "n0202"),
    "a row is deleted": lambda: remove("n0000"),
    "a row is deleted after every page": lambda: remove("n0000", "n0001"),
    "rows are added": lambda: insert,
}


@pytest.mark.fault(33)
@pytest.mark.parametrize("newest_first", [False, True], ids=["oldest first", "newest first"])
@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_no_row_is_missed_while_the_list_moves(shop, listed, move, newest_first):
    changing = ChangingList(rows(250), newest_first, move())
    stream_id = listed(changing)

    poll(shop.desk, shop.tenant_id, stream_id)
    again(shop, stream_id)

    assert set(changing.rows) <= marked(shop)
    assert read(shop, stream_id).failures == 0


@pytest.mark.fault(33, 34)
def test_a_list_that_counts_rows_it_never_shows_is_named_and_its_watermark_stays(shop, listed):
    stream_id = listed(ChangingList(rows(3), claimed=4))

    for _ in range(3):
        again(shop, stream_id)

    assert marked(shop) == {"n0000", "n0001", "n0002"}
    assert read(shop, stream_id).watermark is None
    assert shop.problems()["poll_fails"].text == "the list counts 4 rows and shows 3"


LOOPS = {
    "to itself": f"{BASE}?limit=100&offset=0",
    "to another host": "https://evil.example/api/v2/orders-received/?limit=100&offset=100",
    "to a path": "orders-received/",
}


@pytest.mark.fault(34)
@pytest.mark.parametrize("following", [LOOPS["to itself"], LOOPS["to a path"]])
def test_pages_that_go_in_a_circle_are_named_and_nothing_that_they_showed_is_lost(shop, listed, following):
    changing = ChangingList(rows(3), following=following)
    stream_id = listed(changing)

    for _ in range(3):
        again(shop, stream_id)

    problem = shop.problems()["poll_fails"]
    assert problem.text == "next: leads back to a page that was read already"
    assert marked(shop) == set(changing.rows)
    assert changing.given <= 6


@pytest.mark.fault(36)
def test_five_hundred_rows_of_one_moment_are_all_seen_and_seen_again(shop, listed):
    changing = ChangingList(rows(500, apart=0))
    stream_id = listed(changing)

    poll(shop.desk, shop.tenant_id, stream_id)
    assert len(marked(shop)) == 500
    assert read(shop, stream_id).watermark == T0

    changing.rows["late"] = T0
    again(shop, stream_id)
    assert len(marked(shop)) == 501


@pytest.mark.fault(35)
def test_a_row_that_is_committed_late_with_an_older_time_is_found_by_the_overlap(shop, listed):
    changing = ChangingList(rows(5))
    stream_id = listed(changing)
    poll(shop.desk, shop.tenant_id, stream_id)

    changing.rows["late"] = T0 - timedelta(minutes=10)
    again(shop, stream_id)

    assert "late" in marked(shop)
    assert changing.since[-1] == (T0 + timedelta(seconds=4, minutes=-15)).isoformat()


@pytest.mark.fault(35)
def test_a_row_of_the_next_year_does_not_hide_what_changes_until_then(shop, listed):
    changing = ChangingList(rows(1, at=datetime.now(UTC) + timedelta(days=365)))
    stream_id = listed(changing)
    poll(shop.desk, shop.tenant_id, stream_id)

    changing.rows["today"] = datetime.now(UTC)
    again(shop, stream_id)

    assert "today" in marked(shop)
