"""`trellis orders`, `order`, `problems`, `runs`: what pages show, for a terminal and for programs."""

from __future__ import annotations

import pytest

from portal.extensions import Sessions
from tests.web import factory


@pytest.fixture
def company(clean, engine):
    """A company with one stuck order that has a story."""
    sessions = Sessions(engine)
    made = factory.company(sessions, slug="acme")
    with sessions.tenant(made.id) as session:
        order = factory.order(
            session,
            made,
            label="4F2A-1187",
            state="stuck",
            flourish_id="00018842",
            decision_text="No such SKU.",
            terms=("00018842",),
        )
        factory.event(session, order, "Arrived", text="Call Kim, (510) 555-0142\x1b[2J")
        factory.problem(session, order)
        factory.run(session, made)
    return made, order


@pytest.mark.parametrize("typed", ["4F2A-1187", "4f2a", "BD-35-LMN", "harbor"])
def test_orders_are_found_by_any_of_their_words(company, run, read, typed):
    line = run("orders", "find", "--tenant", "acme", typed)
    assert line.split()[:2] == ["4F2A-1187", "stuck"]
    assert line.rstrip().endswith("No such SKU.")
    (found,) = read("orders", "find", "--tenant", "acme", "--json", typed)
    assert (found["number"], found["place"], found["id"]) == ("4F2A-1187", "stuck", str(company[1].id))


@pytest.mark.parametrize("named", ["4F2A-1187", "00018842", "its id"])
def test_one_order_is_shown_with_its_story_and_without_personal_data(company, run, read, named):
    number = str(company[1].id) if named == "its id" else named
    text = run("order", "show", "--tenant", "acme", number)
    assert f"/t/acme/orders/{company[1].id}" in text
    assert "Arrived" in text
    assert "555-0142" not in text
    assert "\x1b" not in text
    told = read("order", "show", "--tenant", "acme", "--json", number)
    assert [one["title"] for one in told["timeline"]] == ["Arrived"]
    assert "555-0142" not in str(told)
    assert told["problems"][0]["code"] == "sku_unknown"


def test_problems_and_runs_are_listed(company, run, read):
    assert "SKU BD-35-LMN is unknown in Flourish" in run("problems", "list", "--tenant", "acme")
    assert run("problems", "list", "--tenant", "acme", "--state", "closed") == ""
    chosen = ("--code", "sku_unknown", "--cause", "BD-35-LMN")
    assert len(read("problems", "list", "--tenant", "acme", "--json", *chosen)) == 1
    assert "3 looked" in run("runs", "list", "--tenant", "acme")
    assert read("runs", "list", "--tenant", "acme", "--json")[0]["kind"] == "drain"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["orders", "find", "--tenant", "acme", "nowhere"], 1, "No order of acme is found by 'nowhere'"),
        (["order", "show", "--tenant", "acme", "nowhere"], 1, "trellis orders find"),
        (
            ["order", "show", "--tenant", "acme", "01a21e58-85df-7758-87d8-034a4fc4b9f6"],
            1,
            "No order of acme",
        ),
        (["orders", "find", "--tenant", "nobody", "x"], 1, "no tenant 'nobody'"),
        (["runs", "list"], 2, "--tenant"),
        (["problems", "list", "--tenant", "acme", "--limit", "0"], 2, "--limit"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(company, run, arguments, code, says):
    assert says in run(*arguments, code=code)


def test_that_there_are_more_is_said(company, engine, run):
    asked = ("orders", "find", "--tenant", "acme", "--limit", "1", "harbor")
    assert "There are more" not in run(*asked)
    with Sessions(engine).tenant(company[0].id) as session:
        factory.order(session, company[0], label="4F2A-1188")
    assert "There are more" in run(*asked)
