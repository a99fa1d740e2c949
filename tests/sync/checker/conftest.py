"""The checker's world."""

from __future__ import annotations

import pytest

from portal.models import Tenant
from portal.sync.engine.desk import Desk
from tests.sync.checker.world import World, build


@pytest.fixture
def world(desk: Desk, tenant: Tenant) -> World:
    """A world for which the check passes."""
    return build(desk, tenant)
