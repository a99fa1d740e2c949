"""Other Flourish orders with a link's note: adopted when it has none, named as twins when it has one."""

from __future__ import annotations

import pytest

from portal.sync.domain import Hint
from portal.sync.engine import marks
from tests.sync.mapping.examples import order

NUMBER = order().number


def note_of(shop):
    return f"Trellis {shop.connection_id} {NUMBER}"


def announce(shop, flourish_id, *, note=None):
    """Have a poll list a Flourish order, with its note."""
    hint = Hint("order", flourish_id, "poll", marker=note or note_of(shop))
    with shop.desk.tenant(shop.tenant_id) as session:
        return marks.mark_flourish(session, shop.hub_id, hint)


@pytest.fixture
def sent(shop):
    """An order that Flourish has, and a second one with its note that came to be later."""
    link_id = shop.arrive()
    shop.look()
    shop.flourish.add(notes=(note_of(shop),))
    return link_id


@pytest.mark.fault(17)
def test_a_twin_that_comes_late_is_a_problem_that_names_both(shop, sent):
    assert announce(shop, "SO-2") == [(sent, shop.connection_id)]
    shop.look()

    assert shop.problems()["twins"].evidence == {"ids": ["SO-1", "SO-2"]}
    assert shop.link(sent).flourish_id == "SO-1"


@pytest.mark.fault(17)
def test_the_problem_stays_until_a_person_has_cancelled_the_twin(shop, sent):
    announce(shop, "SO-2")
    shop.look()
    shop.mark(NUMBER)
    shop.look()
    assert "twins" in shop.problems()

    shop.flourish.change("SO-2", status="Cancelled")
    announce(shop, "SO-2")
    shop.look()

    assert shop.problems() == {}
    assert shop.link(sent).claimants == []


@pytest.mark.fault(17)
def test_when_the_first_one_is_cancelled_the_link_goes_on_with_its_twin(shop, sent):
    announce(shop, "SO-2")
    shop.look()
    shop.flourish.change("SO-1", status="Cancelled")
    shop.mark(NUMBER)
    shop.look()

    assert shop.link(sent).flourish_id == "SO-2"
    assert shop.problems() == {}
    assert "Found SO-2" in shop.story(sent)


@pytest.mark.fault(17)
def test_an_order_that_came_to_be_after_all_is_adopted_before_it_is_made_again(shop):
    link_id = shop.arrive()
    shop.flourish.add(notes=(note_of(shop),))
    announce(shop, "SO-1")

    shop.look()

    assert shop.flourish.count("create_order") == 0
    assert (shop.link(link_id).flourish_id, shop.link(link_id).state) == ("SO-1", "settled")


@pytest.mark.parametrize("note", ["somebody else's words", "Trellis 00000000-0000-0000-0000-000000000000 x"])
def test_an_order_with_another_note_claims_nothing(shop, sent, note):
    assert announce(shop, "SO-2", note=note) == []
    assert shop.link(sent).claimants == []


def test_an_order_that_only_seemed_to_carry_the_note_is_forgotten(shop, sent):
    shop.flourish.change("SO-2", notes=())
    announce(shop, "SO-2")
    shop.look()

    assert shop.link(sent).claimants == []
    assert shop.problems() == {}


def test_the_order_itself_is_no_claimant(shop, sent):
    assert [link_id for link_id, _ in announce(shop, "SO-1")] == [sent]
    assert shop.link(sent).claimants == []


@pytest.mark.fault(17)
def test_a_second_twin_that_is_told_of_while_the_first_is_read_is_not_forgotten(shop, sent):
    shop.flourish.add(notes=(note_of(shop),))
    announce(shop, "SO-2")
    shop.flourish.meanwhile["outbound_order"] = lambda: announce(shop, "SO-3")
    shop.look()
    shop.look()

    assert shop.problems()["twins"].evidence == {"ids": ["SO-1", "SO-2", "SO-3"]}
