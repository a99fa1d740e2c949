"""Our client against the sandbox's LeafLink: what orders carry beside lines, and what is told to them."""

from __future__ import annotations

from decimal import Decimal

import pytest
import requests

from portal.sync.addresses import check_address
from portal.sync.domain import Stage
from portal.sync.http import Caller
from portal.sync.mapping.combined import eaches_of
from portal.sync.platforms.leaflink import LEAFLINK, authorise
from tests.cli import served
from tests.cli.served import LEAFLINK_KEY

LICENSE = "C10-0000217-LIC"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as (address, _key):
        yield address


@pytest.fixture
def leaflink(url):
    address = check_address(f"{url}/leaflink/api/v2/", hosts=(), allow_loopback=True)
    headers = authorise({"api_key": LEAFLINK_KEY})
    with Caller(address, headers, label="LeafLink", turnstile=lambda: None, user_agent="Trellis") as caller:
        yield LEAFLINK.connect(caller, "", {})


@pytest.fixture
def control(url):
    def ask(path, body):
        answer = requests.post(f"{url}/control/leaflink/{path}", json=body, timeout=20)
        assert answer.ok, answer.text
        return answer.json()

    return ask


def test_ids_and_payment_are_written_read_and_taken_back(leaflink, control):
    number = control("orders", {"lines": 1})["number"]

    leaflink.tell(number, {"erp": "00000042"}, "2026-04-01")
    told = leaflink.order(number)
    leaflink.tell(number, {"erp": None}, "")
    taken = leaflink.order(number)

    assert (dict(told.external_ids), told.paid) == ({"erp": "00000042"}, True)
    assert (dict(taken.external_ids), taken.paid) == ({}, True)


@pytest.mark.promise("LL-22")
def test_the_customers_default_rep_is_read_with_an_order_that_has_none(leaflink, control):
    number = control("orders", {"lines": 1, "sales_rep": None, "customer": LICENSE})["number"]

    found = leaflink.order(number)

    assert found.reps == ()
    assert len(found.customer.reps) == 1


@pytest.mark.promise("LL-16")
def test_combined_orders_end_as_merged_and_their_lines_sum_to_the_new_one(leaflink, control):
    numbers = [control("orders", {"lines": 2, "customer": LICENSE})["number"] for _ in range(2)]
    new = leaflink.order(control("combine", {"numbers": numbers})["number"])
    originals = [leaflink.order(number) for number in numbers]

    assert new.is_combination
    assert [one.stage for one in originals] == [Stage.MERGED, Stage.MERGED]
    assert all(one.updated_at <= new.placed_at for one in originals)
    sums: dict[str, Decimal] = {}
    for sku, eaches in (pair for one in originals for pair in eaches_of(one).items()):
        sums[sku] = sums.get(sku, Decimal(0)) + eaches
    assert eaches_of(new) == sums
