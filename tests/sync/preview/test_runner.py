"""Previews as work: read, gone through, resumed after a death, refused, and never in anybody's way."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from portal.models import Link, Operation, Problem, Run
from portal.sync.errors import ConnectionBroken, Retryable
from portal.sync.preview import runner, turn
from portal.sync.preview.shelf import gather
from tests.sync.engine.catalogues import item, product
from tests.sync.preview.shops import begin, die_in, read, rows, unlive, work


@pytest.fixture
def store(shop, monkeypatch):
    store = unlive(shop, monkeypatch)
    store.flourish.shelve(*(item(number) for number in range(1, 7)), sellable=4)
    store.leaflink.stock_up(*(product(number) for number in range(1, 7)))
    return store


@pytest.mark.promise("ON-4")
def test_a_preview_leaves_nothing_behind_but_its_own_rows(store):
    preview = work(store, begin(store))

    assert preview.state == "done"
    assert {row.kind for row in rows(store, preview.id).values()} == {"change"}
    assert preview.counts["acts"] == {"set_stock": 6}
    assert store.writes() == 0
    with store.desk.tenant(store.tenant_id) as session:
        for table in (Link, Operation, Problem):
            assert session.scalar(select(func.count()).select_from(table)) == 0
        (run,) = session.scalars(select(Run).where(Run.kind == "preview"))
        assert (run.state, run.counts) == ("done", {"item change": 6})
    assert "The preview is done; nothing was written" in store.log()


@pytest.mark.promise("ON-4")
def test_a_row_tells_field_by_field_what_changes_from_what_to_what(store):
    row = rows(store, work(store, begin(store)).id)["SKU-1"]

    assert row.changes == [["Stock", "10", "4", "the connection's rules"]]
    assert [(act["kind"], act["side"], act["key"]) for act in row.acts] == [
        ("set_stock", "platform", "stock:1001")
    ]
    assert row.sentence == "Set the stock in LeafLink from 10 to 4."


def test_a_preview_goes_on_where_a_worker_died(store, monkeypatch):
    monkeypatch.setattr(turn, "_SKUS", 2)
    preview_id = begin(store)
    batches = []

    def dies_once(*arguments):
        batches.append(arguments[-1])
        if len(batches) == 2:
            raise SystemExit
        return gather(*arguments)

    monkeypatch.setattr(turn, "gather", dies_once)
    die_in(store, preview_id)
    assert sorted(rows(store, preview_id)) == ["SKU-1", "SKU-2"]
    preview = work(store, preview_id)

    assert preview.state == "done"
    assert batches == [["SKU-1", "SKU-2"], ["SKU-3", "SKU-4"], ["SKU-3", "SKU-4"], ["SKU-5", "SKU-6"]]
    assert len(rows(store, preview_id)) == 6


def test_one_worker_has_a_preview_at_a_time_and_the_schedule_finds_it(store):
    preview_id = begin(store)
    with store.desk.sessions.system() as session:
        assert runner.PREVIEWS.due(session) == [preview_id]
        assert runner.PREVIEWS.tenant_of(session, preview_id) == store.tenant_id
    with store.desk.tenant(store.tenant_id) as session:
        assert runner.PREVIEWS.claim(session, preview_id, 45.0)
    with store.desk.sessions.system() as session:
        assert runner.PREVIEWS.due(session) == []
    assert runner.work(store.desk, store.tenant_id, preview_id) is False
    assert rows(store, preview_id) == {}


@pytest.mark.parametrize(
    ("call", "error", "turns", "words"),
    [
        (
            "products",
            Retryable("LeafLink is away"),
            5,
            "Polling LeafLink's products did not work",
        ),
        ("changed_orders", ConnectionBroken("LeafLink refuses the key"), 1, "LeafLink refuses the key"),
        ("changed_orders", ValueError("no"), 1, "Trellis failed on it: ValueError"),
    ],
)
def test_a_preview_that_does_not_work_ends_with_a_sentence(store, call, error, turns, words):
    preview_id = begin(store)
    store.leaflink.always[call] = error
    store.leaflink.pages = [None]
    for number in range(turns):
        assert read(store, preview_id).finished_at is None, number
        runner.work(store.desk, store.tenant_id, preview_id)
        store.pass_time(100)

    preview = read(store, preview_id)
    assert preview.state == "failed"
    assert words in preview.error
    assert any("The preview did not go on" in line for line in store.log())


def test_what_fails_once_is_tried_again(store):
    preview_id = begin(store)
    store.leaflink.fail("products", Retryable("LeafLink is away"))
    runner.work(store.desk, store.tenant_id, preview_id)
    assert read(store, preview_id).failures == 1
    store.pass_time(100)

    assert work(store, preview_id).state == "done"


def test_a_new_preview_takes_the_place_of_one_that_nobody_approved(store):
    first = begin(store)
    with pytest.raises(runner.CannotPreview, match="being made already"):
        begin(store)
    work(store, first)
    second = begin(store)

    with store.desk.sessions.system() as session:
        assert runner.PREVIEWS.tenant_of(session, first) is None
        assert runner.PREVIEWS.tenant_of(session, second) == store.tenant_id
    assert rows(store, first) == {}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"state": "draft"}, "is draft"),
        ({"facility_id": None}, "Choose the facility"),
        ({"live_since": "2026-01-01T00:00:00Z"}, "was live already"),
    ],
)
def test_there_is_no_preview_of_what_can_not_be_read_or_was_live(store, values, words):
    store.set("connection", **values)
    with pytest.raises(runner.CannotPreview, match=words):
        begin(store)
