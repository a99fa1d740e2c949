"""A preview of the first sync, and what that then does: the same, operation for operation."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from portal.models import utc_now
from tests.sync.preview.firsts import First, choose, settle_in, shrink, unsettle

CATALOGUES = 20


@pytest.fixture
def first(doors, desk, tenant_id, monkeypatch):
    return settle_in(doors, desk, tenant_id, monkeypatch)


@pytest.mark.promise("ON-4")
@pytest.mark.parametrize("seed", range(CATALOGUES))
def test_the_first_sync_does_what_its_preview_showed_operation_for_operation(first: First, seed):
    chance = random.Random(seed)
    shrink(first.doors, chance)
    unsettle(first.doors, chance)
    choose(first.shop, chance)
    since = utc_now() - timedelta(hours=1)
    for _ in range(chance.randrange(3)):
        first.doors.order(company="sunrise", lines=2)

    preview = first.preview(since=since)
    assert preview.state == "done"
    assert first.leaflink.writes() == first.flourish.writes() == []
    first.go_live(preview)
    first.sync()

    assert first.made() == first.foretold(preview)
    assert {one.status for _, one in first.operations()} <= {"ok"}
