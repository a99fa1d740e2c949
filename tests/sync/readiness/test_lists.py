"""Every declared list as both clients read it from the sandbox, which is held to both APIs' contracts."""

from __future__ import annotations

import pytest

from portal.sync.flourish import lists as flourish_lists
from portal.sync.flourish.client import FlourishClient
from portal.sync.mapping.keys import license_key
from portal.sync.platforms.leaflink import lists as leaflink_lists
from portal.sync.platforms.leaflink.client import LeafLinkClient
from portal.sync.platforms.leaflink.terms import TERMS
from sandbox.simulation import Simulation
from tests.sandbox.doors import LEAFLINK_BASE, Doors
from tests.sync.bothsides import DoorCalls


class Followed(DoorCalls):
    """Calls that also go to the absolute address of a list's next page."""

    def read(self, path, *, query=None, headers=None):
        return super().read(path.rpartition(LEAFLINK_BASE)[2], query=query, headers=headers)


@pytest.fixture(scope="module")
def doors(tmp_path_factory):
    simulation = Simulation(tmp_path_factory.mktemp("sandbox"))
    simulation.store.set_setting("leaflink_rate_limit", 0)
    yield Doors(simulation)
    simulation.close()


@pytest.fixture(scope="module")
def leaflink(doors):
    return LeafLinkClient(Followed(doors, "leaflink"))


@pytest.fixture(scope="module")
def flourish(doors):
    return FlourishClient(DoorCalls(doors, "flourish"))


# Name -> how many there are in the greenleaf company, and the first one's value.
LEAFLINK = {
    "customers": (120, "C10-0000214-LIC"),
    "staff": (8, ""),
    "brands": (3, "Greenleaf Farms"),
    "lines": (10, ""),
    "strains": (28, ""),
    "batches": (56, ""),
    "own_licenses": (2, "C11-0000114-LIC"),
    "categories": (19, ""),
}
FLOURISH = {
    "destinations": (112, "C10-0000214-LIC"),
    "payment_terms": (0, ""),
    "flourish_brands": (3, "Greenleaf Farms"),
    "flourish_strains": (28, ""),
    "facilities": (2, "C11-0000114-LIC"),
    "sales_reps": (8, ""),
    "lots": (792, ""),
}


@pytest.mark.parametrize("name", leaflink_lists.NAMES)
def test_leaflinks_lists_are_read_whole(leaflink, name):
    rows = list(leaflink.entries(name))

    count, first = LEAFLINK[name]
    assert (len(rows), rows[0].value) == (count, first or rows[0].value)
    assert all(row.ref and row.name for row in rows)


@pytest.mark.parametrize("name", flourish_lists.NAMES)
def test_flourishs_lists_are_read_whole(flourish, name):
    rows = list(flourish.entries(name))

    count, first = FLOURISH[name]
    assert (len(rows), rows[0].value) == (count or len(rows), first or rows[0].value)
    assert all(row.ref and row.name for row in rows)


def test_customers_carry_their_term_in_flourishs_words_and_their_reps(leaflink):
    rows = list(leaflink.entries("customers"))

    assert {row.facts["term"] for row in rows} <= set(TERMS.values())
    assert all(len(row.facts["reps"]) == 1 for row in rows)
    assert not any(row.facts["archived"] for row in rows)


def test_subcategories_stand_behind_their_category_as_in_the_table_of_rules(leaflink):
    values = {row.value for row in leaflink.entries("categories")}

    assert "Flower" in values
    assert any(value.startswith("Flower > ") for value in values)


def test_the_licenses_of_both_sides_can_be_compared(leaflink, flourish):
    there = {license_key(row.value) for row in flourish.entries("destinations")}
    here = {license_key(row.value) for row in leaflink.entries("customers")}

    assert len(here - there) == 8
    assert not there - here
