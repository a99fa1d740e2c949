"""A company whose problems are told."""

import pytest

from tests.sync.notices.room import open_room


@pytest.fixture
def room(desk):
    return open_room(desk)
