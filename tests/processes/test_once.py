"""No order is lost and none is doubled, whatever happens to the processes that carry it."""

from __future__ import annotations

import json
import signal
import time
from typing import Any

import pytest

from tests.processes.product import Product, eventually

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]


def settled_order(shop: Product, order: dict[str, Any]) -> dict[str, Any]:
    """Wait until the order is in Flourish and finished, and return it."""

    def finished() -> dict[str, Any] | None:
        found = shop.flourish_orders(order)
        return found[0] if found and found[0]["payment_term"] else None

    made: dict[str, Any] = eventually("the order is in Flourish", finished, within=40, every=0.3)
    return made


@pytest.mark.fault(1)
def test_a_whole_worker_killed_while_flourish_is_creating_leaves_one_order(shop: Product) -> None:
    first = shop.start("worker")
    shop.fault("flourish", "latency", argument=4.0, times=1, seconds=60)
    before = shop.posts()
    # The first call to Flourish is the slow one; from the second on it is quick, so aim at the POST.
    order = shop.place_order(payment_term="net15")
    eventually(
        "something was asked of Flourish", lambda: shop.posts() > before or shop.flourish_orders(order)
    )
    first.kill_session()
    shop.start("worker")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1


@pytest.mark.fault(16)
@pytest.mark.parametrize("times", [1, 4])
def test_a_502_after_the_order_was_created_does_not_create_it_again(shop: Product, times: int) -> None:
    shop.start("worker")
    before = shop.posts()
    shop.fault("flourish", "commit-then-drop", argument=502, times=times)
    order = shop.place_order(payment_term="net15")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1
    assert shop.posts() == before + 1


@pytest.mark.fault(16)
def test_a_connection_cut_after_the_order_was_created_does_not_create_it_again(shop: Product) -> None:
    shop.start("worker")
    shop.fault("flourish", "commit-then-drop", times=1)
    order = shop.place_order(payment_term="net15")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1


@pytest.mark.fault(5)
def test_sigterm_in_the_middle_of_a_write_loses_and_doubles_nothing(shop: Product) -> None:
    first = shop.start("worker")
    shop.fault("flourish", "latency", argument=1.0, seconds=8)
    order = shop.place_order(payment_term="net15")
    time.sleep(1.5)
    first.stop(signal.SIGTERM)
    shop.start("worker")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1


@pytest.mark.fault(41)
def test_a_lost_webhook_is_healed_by_polling(shop: Product) -> None:
    shop.start("worker")
    shop.fault("leaflink", "webhook-drop")
    order = shop.place_order(payment_term="net15")
    settled_order(shop, order)


@pytest.mark.fault(38)
def test_a_doubled_webhook_makes_one_order(shop: Product) -> None:
    shop.start("worker")
    shop.fault("leaflink", "webhook-duplicate")
    order = shop.place_order(payment_term="net15")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1


@pytest.mark.fault(20)
def test_flourish_answering_500_for_a_while_only_delays_an_order(shop: Product) -> None:
    shop.start("worker")
    shop.fault("flourish", "500", seconds=4)
    order = shop.place_order(payment_term="net15")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1


@pytest.mark.fault(18)
def test_flourish_asking_to_wait_is_obeyed_and_the_order_arrives(shop: Product) -> None:
    shop.start("worker")
    shop.fault("flourish", "429", argument="2", times=2)
    order = shop.place_order(payment_term="net15")
    settled_order(shop, order)
    assert len(shop.flourish_orders(order)) == 1


def test_what_flourish_staff_do_reaches_leaflink_though_its_answers_are_lost(shop: Product) -> None:
    shop.start("worker")
    order = shop.place_order(payment_term="net15")
    made = settled_order(shop, order)
    shop.fault("leaflink", "commit-then-drop", times=1)
    for act in ("allocate", "ship"):
        shop.control("POST", f"flourish/orders/{made['id']}/{act}")
    eventually("LeafLink has it Shipped", lambda: shop.leaflink_status(order) == "Shipped")


def test_the_check_passes_after_all_of_it(shop: Product) -> None:
    shop.start("worker")

    def verdict() -> dict[str, Any] | None:
        done = shop.run("check", "--json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    eventually("every invariant holds", verdict, within=90)
