"""Assessments of the sandbox's two companies: one that matches, and one with planted mismatches."""

from __future__ import annotations

import pytest

from tests.cli import served
from tests.sync.readiness.connected import connected


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as (url, _key):
        yield url


def test_what(desk, tenant_id, sandbox):
    import time

    for world in ("greenleaf", "sunrise"):
        from portal.identity import tenants

        t = tenants.create(desk.sessions, slug=world, name=world, timezone="UTC")
        there = connected(desk, t.id, sandbox, world)
        b = time.time()
        there.assess()
        print("\n", world, round(time.time() - b, 2))
        for name, row in there.results().items():
            print(
                f"{name:22} {row.outcome:8} {row.severity:8} {row.evidence} {row.examples[:4]} {row.counts}"
            )
    assert 0
