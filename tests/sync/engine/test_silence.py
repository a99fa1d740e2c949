"""Silence: a webhook that stopped arriving is named, and forgotten once it arrives again (LL-24)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal.sync import registry
from portal.sync.platforms.leaflink import LEAFLINK
from tests.sync.engine.test_poll import again, opened, page, stream

__all__ = ["opened"]

LONG_AGO = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def quiet(opened):
    """A shop that went live, and whose webhook was last heard some time later."""
    opened.set("connection", live_since=LONG_AGO, last_delivery_at=LONG_AGO + timedelta(hours=1))
    return opened


@pytest.mark.fault(41)
@pytest.mark.fault(41)
@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (LONG_AGO - timedelta(hours=1), False),
        (LONG_AGO + timedelta(minutes=59), False),
        (LONG_AGO + timedelta(hours=2), True),
        (None, False),
    ],
    ids=["before go-live", "before the last delivery", "unannounced", "only just"],
)
@pytest.mark.promise("LL-24")
def test_a_change_that_only_a_poll_found_names_the_silent_webhook(quiet, changed, named):
    stream_id = stream(quiet)
    quiet.leaflink.pages = [page("a", at=changed or datetime.now(UTC))]

    again(quiet, stream_id)

    assert ("webhook_silent" in quiet.problems()) is named


@pytest.mark.fault(41)
def test_the_problem_says_since_when_and_where_to_switch_it_on(quiet):
    stream_id = stream(quiet)
    quiet.leaflink.pages = [page("a", "b", at=LONG_AGO + timedelta(hours=2))]

    again(quiet, stream_id)

    problem = quiet.problems()["webhook_silent"]
    assert problem.title == "LeafLink has sent no webhook since Mar 02, 05:00 PST"
    assert "Developer options" in problem.next_step
    assert problem.text == "Polling found 2 changed meanwhile."


@pytest.mark.fault(41)
def test_a_poll_that_finds_nothing_leaves_the_problem_open_until_a_delivery_comes(quiet):
    stream_id = stream(quiet)
    quiet.leaflink.pages = [page("a", at=LONG_AGO + timedelta(hours=2))]
    again(quiet, stream_id)
    quiet.leaflink.pages = [page()]

    again(quiet, stream_id)
    assert "webhook_silent" in quiet.problems()

    quiet.set("connection", last_delivery_at=datetime.now(UTC) + timedelta(seconds=1))
    again(quiet, stream_id)
    assert quiet.closed_problems()["webhook_silent"] == "Webhooks arrive again."


def test_one_change_that_lost_its_webhook_is_no_silence(quiet):
    changed = datetime.now(UTC) - timedelta(seconds=30)
    quiet.set("connection", last_delivery_at=changed - timedelta(minutes=1))
    stream_id = stream(quiet)
    quiet.leaflink.pages = [page("a", at=changed)]

    again(quiet, stream_id)

    assert quiet.problems() == {}


def test_of_a_platform_that_sends_no_webhook_nobody_expects_one(quiet, monkeypatch):
    monkeypatch.setitem(registry.PLATFORMS, "leaflink", replace(LEAFLINK, webhook=None))
    stream_id = stream(quiet)
    quiet.leaflink.pages = [page("a", "b", at=LONG_AGO + timedelta(hours=2))]

    again(quiet, stream_id)

    assert quiet.problems() == {}
