"""`trellis connection catalogue`, `try` and `drops`."""

from __future__ import annotations

import pytest

from tests.cli.test_accounts import acme, add, hub  # noqa: F401 - fixtures

ACME = ("--tenant", "acme")


def test_the_catalogue_is_begun_once_and_asked_for_again(add, read):  # noqa: F811 - the fixture
    add("--live")

    first = read("connection", "catalogue", *ACME, "LeafLink")
    again = read("connection", "catalogue", *ACME, "LeafLink")

    assert first["catalogue_since"] == again["catalogue_since"] is not None


@pytest.mark.promise("LL-26")
def test_one_sku_is_tried_alone(add, read):  # noqa: F811 - the fixture
    add("--live")

    tried = read("connection", "try", *ACME, "LeafLink", " FL-1 ")

    assert tried["page"] == f"/t/acme/products/{tried['link']}"


def test_drops_are_approved_and_held(add, read):  # noqa: F811 - the fixture
    add("--live")

    assert read("connection", "drops", *ACME, "--approve", "LeafLink") == {"approved": 0}
    assert read("connection", "drops", *ACME, "--hold", "LeafLink") == {"held": 0}


@pytest.mark.parametrize("command", [["catalogue"], ["try"]])
def test_a_connection_that_was_never_live_has_no_catalogue(add, run, command):  # noqa: F811 - the fixture
    add()
    rest = ["FL-1"] if command == ["try"] else []

    assert "was never live" in run("connection", *command, *ACME, "LeafLink", *rest, code=1)
    assert "There is no connection" in run("connection", *command, *ACME, "Nothing", *rest, code=1)
