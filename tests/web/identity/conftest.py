"""Passwords are hashed here as they are in the product."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def hasher() -> None:
    """The real one."""
