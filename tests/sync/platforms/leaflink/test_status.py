import pytest

from portal.sync.course import Blocked, Move
from portal.sync.platforms.leaflink.status import DEFAULT_TABLE, LADDER, TERMINAL, next_move
from portal.sync.platforms.leaflink.translate import read_order
from tests.sync.platforms.leaflink.examples import order


def source(status: str, *transitions: str):
    return read_order(order(status=status, available_transitions=list(transitions)), lambda *_: None)


MOVES = [
    # status, offered, target, action
    ("Submitted", ["accepted", "rejected"], "Accepted", "accept"),
    ("Submitted", ["accepted", "rejected"], "Shipped", "accept"),
    ("Backorder", ["accepted", "rejected"], "Fulfilled", "accept"),
    ("Accepted", ["fulfilled", "rejected"], "Shipped", "fulfill"),
    ("Fulfilled", ["shipped", "rejected"], "Shipped", "ship"),
    ("Shipped", ["complete", "rejected"], "Complete", "complete"),
    ("Shipped", ["completed"], "Complete", "complete"),
    ("Submitted", ["accepted", "cancelled", "rejected"], "Cancelled", "cancel"),
    ("Accepted", ["fulfilled", "rejected"], "Cancelled", "reject"),
    ("Accepted", ["fulfilled", "rejected"], "Rejected", "reject"),
]


@pytest.mark.parametrize(("status", "offered", "target", "action"), MOVES)
@pytest.mark.promise("LL-17")
def test_the_next_single_step_is_made(status, offered, target, action):
    move = next_move(source(status, *offered), target)
    assert isinstance(move, Move)
    assert move.action == action


@pytest.mark.parametrize(
    ("status", "target"),
    [("Accepted", "Accepted"), ("Shipped", "Accepted"), ("Shipped", "Shipped"), ("Accepted", "Submitted")],
)
def test_an_order_that_is_there_or_beyond_stays(status, target):
    assert next_move(source(status, "fulfilled", "complete"), target) is None


@pytest.mark.parametrize("status", sorted(TERMINAL))
@pytest.mark.parametrize("target", [*LADDER, "Cancelled", "Rejected"])
def test_an_order_at_its_end_never_moves(status, target):
    assert next_move(source(status, "accepted", "fulfilled", "shipped", "rejected"), target) is None


@pytest.mark.parametrize(
    ("status", "offered", "target", "reason"),
    [
        ("Submitted", ["rejected"], "Accepted", "does not offer Accepted"),
        ("Accepted", [], "Shipped", "offered: nothing"),
        ("Accepted", ["shipped"], "Shipped", "does not offer Fulfilled"),
        ("Accepted", ["fulfilled"], "Cancelled", "does not offer Rejected"),
        ("Draft", ["submitted"], "Accepted", "submit it first"),
        ("Accepted", ["fulfilled"], "Lost", "no way to Lost"),
        ("Accepted", ["teleported"], "Shipped", "teleported"),
    ],
)
@pytest.mark.promise("LL-17")
def test_a_step_that_is_not_offered_is_never_forced(status, offered, target, reason):
    blocked = next_move(source(status, *offered), target)
    assert isinstance(blocked, Blocked)
    assert reason in blocked.reason


def test_a_way_over_two_steps_makes_both():
    assert next_move(source("Accepted", "fulfilled"), "Shipped") == Move("fulfill", "Fulfilled")
    assert next_move(source("Fulfilled", "shipped"), "Shipped") == Move("ship", "Shipped")


def test_the_default_table_leads_to_statuses_that_can_be_reached():
    assert set(DEFAULT_TABLE.values()) <= {*LADDER, "Cancelled"}
