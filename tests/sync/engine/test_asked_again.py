"""What is asked of a list while it is read is not lost: the list is read once more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from portal.models import Connection
from portal.sync import audit
from portal.sync.engine import catalogue, sources
from tests.sync.engine.catalogues import furnish

ANN = audit.Actor("Ann")


@pytest.fixture
def stocked(shop, monkeypatch):
    """A shop whose catalogue was read."""
    store = furnish(shop, monkeypatch)
    store.begin(1, 2, 3, 4)
    return store


def have_rules_followed(store):
    """As a rule that was changed does it."""
    with store.desk.tenant(store.tenant_id) as session:
        catalogue.compare_anew(session, session.get_one(Connection, store.connection_id))


def have_all_read(store):
    """As a person does it."""
    with store.desk.tenant(store.tenant_id) as session:
        catalogue.begin(session, store.desk.settings.master_keys, store.connection_id, actor=ANN)


ASKS: list[tuple[str, str, Callable[[Any], None]]] = [
    # list, call in the middle of which it is asked, who asks
    (sources.STOCK, "stock", have_rules_followed),
    (sources.STOCK, "stock", have_all_read),
    (sources.ITEMS, "items", have_all_read),
    (sources.PRODUCTS, "products", have_all_read),
]


@pytest.mark.parametrize(("name", "call", "ask"), ASKS, ids=[f"{one[0]} {one[2].__name__}" for one in ASKS])
def test_an_ask_while_a_list_is_read_has_it_read_whole_once_more(stocked, name, call, ask):
    side = stocked.leaflink if name == sources.PRODUCTS else stocked.flourish
    asked: list[bool] = []

    def once():
        if not asked:
            asked.append(True)
            ask(stocked)

    stocked.pass_time(4000)
    side.meanwhile[call] = once
    stocked.read(name)
    assert asked
    assert stocked.streams()[name].due_at <= datetime.now(UTC)
    side.calls.clear()
    side.asked.clear()

    stocked.read(name)

    assert side.count(call) > 0
    assert set(side.asked) <= {None}
    assert stocked.streams()[name].due_at > datetime.now(UTC)
    assert stocked.streams()[name].full_at is not None
