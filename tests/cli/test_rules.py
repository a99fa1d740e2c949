"""`trellis connection rules`, `set` and `reset`."""

from __future__ import annotations

import pytest

from tests.cli.test_accounts import acme, add, hub  # noqa: F401 - fixtures

ACME = ("--tenant", "acme")


@pytest.fixture
def leaflink(add, read):  # noqa: F811 - the fixture
    add("--live")

    def value(rule):
        return next(
            one["value"] for one in read("connection", "rules", *ACME, "LeafLink") if one["name"] == rule
        )

    return value


def test_a_rule_is_set_shown_and_reset(leaflink, read):
    changed = read("connection", "set", *ACME, "LeafLink", "intake_statuses", "accepted", "Backorder")
    assert (changed["value"], changed["changed"]) == (["Accepted", "Backorder"], True)
    assert leaflink("intake_statuses") == ["Accepted", "Backorder"]

    assert read("connection", "reset", *ACME, "LeafLink", "intake_statuses")["changed"] is True
    assert leaflink("intake_statuses") == ["Submitted", "Accepted", "Backorder"]


def test_a_table_is_given_row_by_row(leaflink, read):
    read("connection", "set", *ACME, "LeafLink", "terms", "Net 30=30 days net", "Net 7 = A week")

    assert leaflink("terms") == {"Net 30": "30 days net", "Net 7": "A week"}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["set", *ACME, "LeafLink", "price_places", "3"], "3 is not one of: 4, 2."),
        (["set", *ACME, "LeafLink", "colour", "red"], "There is no rule 'colour'; there is: intake_statuses"),
        (["set", *ACME, "Nothing", "price_places", "2"], "There is no connection 'Nothing'"),
        (["reset", *ACME, "LeafLink", "colour"], "There is no rule 'colour'"),
    ],
)
def test_what_cannot_be_set_is_refused_in_one_line(leaflink, run, arguments, says):
    assert says in run("connection", *arguments, code=1)
