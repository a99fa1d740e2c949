"""The page of a shop's order: what is said of it instead of what only wholesale knows."""

from __future__ import annotations

import html
import re

import pytest

from tests.web import factory

SHOP = {
    "fulfilment": "delivery",
    "hand_over": "DELIVERY",
    "purpose": "medical",
    "note": "packed, waiting for route",
    "discount": "13.75",
    "flourish_discount": "13.74",
    "offers": ["Half off", "Five dollars off"],
}
ADA = {"customer": {"name": "Ada Moreno", "license": ""}, "rep": None}


@pytest.fixture
def page(sessions, company, viewer):
    """The words of an order's page, as a reader sees them."""

    def page(status="Packed", **snapshot):
        with sessions.tenant(company.id) as session:
            row = factory.order(
                session, company, flourish_status=status, snapshot=factory.snapshot(**ADA, **snapshot)
            )
            address = f"/t/{company.slug}/orders/{row.id}"
        text = viewer.get(address).text
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())

    return page


@pytest.mark.promise("AQ-9", "AQ-10")
def test_it_says_for_whom_it_is_how_it_changes_hands_and_what_comes_off(page):
    text = page(shop=SHOP, money={"lines": "70.00", "shipping": "4.00", "tax": "5.60", "total": "65.85"})

    for said in (
        "Ada Moreno",
        "How it is sold Packed, waiting for route",
        "Changes hands by Delivery",
        "For Medical",
        "Offers Half off, Five dollars off",
        "$13.75 in LeafLink, $13.74 in Flourish",
        "Submitted Packed Out for Delivery Completed",
        "Fees $4.00",
        "Tax (Flourish works out its own) $5.60",
    ):
        assert said in text
    assert "Partially Allocated" not in text


def test_what_is_not_known_has_no_row_and_what_is_picked_up_goes_on_no_route(page):
    text = page(
        shop={
            "fulfilment": "pickup",
            "hand_over": "CURB_SIDE",
            "purpose": "adult use",
            "discount": "0.00",
            "flourish_discount": "0",
        }
    )

    assert "Changes hands by Pickup In LeafLink Curb side For Adult use (recreational)" in text
    assert "Submitted Packed Completed" in text
    for unsaid in ("Taken off", "Offers", "waiting for route"):
        assert unsaid not in text


def test_an_order_of_another_kind_says_nothing_of_it(page):
    text = page(status="Allocated")

    assert "How it is sold" not in text
    assert "Created Partially Allocated Allocated Shipped Completed" in text


@pytest.mark.parametrize("status", ["Submitted", "Packed", "Out for Delivery", "Undeliverable"])
def test_the_list_is_narrowed_to_a_status_of_shops(company, viewer, page, status):
    page(status=status, shop=SHOP)

    text = viewer.get(f"/t/{company.slug}/orders?flourish={status}").text

    assert "Ada Moreno" in text
    assert "Clear" in text
