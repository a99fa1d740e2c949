"""A shop for each test."""

from __future__ import annotations

from uuid import UUID

import pytest

from portal.sync.engine.desk import Desk
from tests.sync.engine.shop import Shop, open_shop


@pytest.fixture
def shop(desk: Desk, tenant_id: UUID) -> Shop:
    """A live connection with both worlds plugged in."""
    return open_shop(desk, tenant_id)
