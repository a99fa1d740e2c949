"""The ledger among very many requests: what is asked for is found without reading the rest."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.ledger import Ledger
from sandbox.store import Store

ROWS = 100_000
STEPS_FOR_A_FEW_ROWS = 20_000


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger of a hundred thousand requests, one a second, every fiftieth of them to Flourish."""
    store = Store(Path(tmp_path_factory.mktemp("ledger")) / "ledger.sqlite")
    rows = (
        (f"2026-01-{number // 86_400 + 1:02d}T{number:06d}", "leaflink" if number % 50 else "flourish")
        for number in range(1, ROWS + 1)
    )
    with store.transaction():
        store._db.executemany(
            "INSERT INTO request (time, platform, method, path, body_hash) VALUES (?, ?, 'GET', '/', '')",
            rows,
        )
    yield Ledger(store)
    store.close()


@contextmanager
def few_steps(database: sqlite3.Connection) -> Iterator[None]:
    """Fail when SQLite takes more steps inside than finding a few rows by an index does."""
    taken = [0]

    def count() -> int:
        taken[0] += 100
        return 0

    database.set_progress_handler(count, 100)
    yield
    database.set_progress_handler(None, 0)
    assert taken[0] < STEPS_FOR_A_FEW_ROWS


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"after": ROWS - 3}, [99_998, 99_999, 100_000]),
        ({"after": ROWS - 120, "platform": "flourish"}, [99_900, 99_950, 100_000]),
        ({"after": 50, "limit": 2}, [51, 52]),
        ({"limit": 2, "platform": "flourish"}, [50, 100]),
        ({"moment": "2026-01-02T099999"}, [99_999, 100_000]),
        ({"moment": "2026-01-02T099940", "platform": "flourish"}, [99_950, 100_000]),
        ({"moment": "2026-01-03"}, []),
    ],
    ids=str,
)
def test_a_few_requests_are_found_among_very_many(ledger, asked, numbers):
    with few_steps(ledger._store._db):
        assert [row["id"] for row in ledger.since(**asked)] == numbers


@pytest.mark.parametrize(("platform", "step"), [(None, 1), ("flourish", 50)])
def test_the_latest_requests_are_found_among_very_many(ledger, platform, step):
    with few_steps(ledger._store._db):
        assert [row["id"] for row in ledger.last(3, platform)] == [ROWS, ROWS - step, ROWS - 2 * step]
