"""One running product for each module of tests; faults are cleared before each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.conftest import empty
from tests.processes.product import Product, product


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Product]:
    empty(engine, redis_url)
    data: Path = tmp_path_factory.mktemp("product")
    with product(data, database_url, redis_url) as made:
        yield made


@pytest.fixture
def shop(running: Product) -> Iterator[Product]:
    """The running product without faults and without workers: a test starts those it needs."""
    running.control("DELETE", "faults")
    yield running
    for process in running.running:
        if process.name == "worker" and process.popen.poll() is None:
            process.kill_session()
