"""Kinds of writes: each one that the engine makes has its words."""

import ast
import inspect

from portal.sync import kinds
from portal.sync.engine import item_writes, platform_writes, writes
from portal.sync.engine.guard import DROP
from portal.sync.engine.item_writes import MAKE_LOT
from portal.sync.engine.retail_writes import MAKE_CUSTOMER
from portal.sync.kinds import KINDS
from portal.sync.preview.summary import acts_in_words


def made():
    """The kinds that the engine's three modules of writes give to their `Write`s."""
    for module in (writes, platform_writes, item_writes):
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.keyword) and node.arg == "kind":
                yield from (
                    part.value
                    for part in ast.walk(node.value)
                    if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )
    yield from (DROP, MAKE_LOT, MAKE_CUSTOMER)


def test_every_kind_of_write_has_its_words_and_none_has_words_for_nothing():
    assert set(made()) == set(KINDS)


def test_a_write_is_told_as_done_once_it_worked_and_as_an_aim_before():
    assert kinds.said("create_order", worked=True) == "Created the order"
    assert kinds.said("create_order", worked=False) == "Create the order"
    assert kinds.said("of_a_later_version", worked=True) == "Of a later version"


def test_counts_of_what_will_be_done_use_the_same_words():
    said = acts_in_words({"create_order": 1, "set_stock": 1_200, "nothing": 0, "unheard_of": 3})
    assert said == ["the stock of 1,200 products is set", "1 order is created", "3 times unheard of"]
