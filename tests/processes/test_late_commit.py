"""A write that takes effect later than the settle time: the residual risk, which must be seen and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from tests.conftest import empty
from tests.processes.product import Product, eventually, product

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

SETTLE_SECONDS = 2
LATE_SECONDS = 12


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, database_url: str, redis_url: str, engine: Engine
) -> Iterator[Product]:
    empty(engine, redis_url)
    pace = {"TRELLIS_SETTLE_SECONDS": str(SETTLE_SECONDS), "TRELLIS_POLL_SECONDS": "3"}
    with product(tmp_path_factory.mktemp("late"), database_url, redis_url, **pace) as made:
        yield made


@pytest.fixture(scope="module")
def ids(shop: Product) -> set[str]:
    """An order that Flourish has twice, because it did what it was asked for long after it was asked."""
    shop.fault("flourish", "late-commit", argument=LATE_SECONDS, times=1)
    order = shop.place_order(payment_term="net15")
    shop.start("worker")
    eventually("both are there", lambda: len(shop.flourish_orders(order)) == 2, within=90, every=0.5)
    return {row["id"] for row in shop.flourish_orders(order)}


def twins(url: str) -> list[Any]:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    question = "SELECT evidence FROM problem WHERE code = 'twins' AND closed_at IS NULL"
    with psycopg.connect(address) as database:
        return [evidence for (evidence,) in database.execute(question)]


@pytest.mark.fault(17)
def test_the_check_names_every_twin(shop: Product, ids: set[str]) -> None:
    done = shop.run("check", "--json")
    assert done.returncode == 1
    verdicts = {row["code"]: row for row in json.loads(done.stdout)["invariants"]}
    (example,) = verdicts["I1"]["counter_examples"]
    assert all(flourish_id in example["wrong"] for flourish_id in ids)


@pytest.mark.fault(17)
def test_a_problem_names_every_twin(shop: Product, ids: set[str], database_url: str) -> None:
    (evidence,) = eventually("somebody is told", lambda: twins(database_url), within=15, every=0.5)
    assert set(evidence["ids"]) == ids
