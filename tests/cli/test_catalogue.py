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


def test_a_connection_that_was_never_live_has_no_catalogue(add, run):  # noqa: F811 - the fixture
    add()

    assert "was never live" in run("connection", "catalogue", *ACME, "LeafLink", code=1)
    for command in (("catalogue", *ACME, "Nothing"), ("try", *ACME, "Nothing", "FL-1")):
        assert "There is no connection" in run("connection", *command, code=1)


@pytest.mark.promise("LL-26")
def test_one_sku_is_tried_alone_before_its_connection_is_live(add, read):  # noqa: F811 - the fixture
    add()

    tried = read("connection", "try", *ACME, "LeafLink", "FL-1")

    assert tried["page"] == f"/t/acme/products/{tried['link']}"


@pytest.mark.promise("ON-4")
def test_a_preview_prints_its_summary(add, read, run):  # noqa: F811 - the fixture
    add()

    found = read("connection", "preview", *ACME, "LeafLink")

    assert sum(found["kinds"].values()) > 50
    assert found["page"].endswith("/preview")
    assert found["summary"]
    run("connection", "live", *ACME, "--despite-rival", "--despite", "a test", "LeafLink")
    assert "was live already" in run("connection", "preview", *ACME, "LeafLink", code=1)
