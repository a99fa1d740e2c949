"""The judge finds what he is there to find: a verdict that cannot be bad proves nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.chaos import verdict
from tests.chaos.people import Order
from tests.chaos.run import Result
from tests.chaos.stock import Offered
from tests.chaos.table import table
from tests.chaos.truths import Content, FlourishOrder, Ours, Request, Truths
from tests.chaos.verdict import Wrong

NUMBER = "0f5f7c1e-0000-4000-8000-00000000abcd"
ORDER = Order(0, "greenleaf", NUMBER, "0000abcd")
CONTENT = Content((("GL-1", Decimal(24)),), ("Ring",))
EDITED = replace(CONTENT, lines=(("GL-1", Decimal(48)),))
IN_FLOURISH = FlourishOrder("00000001", "greenleaf", "Created", NUMBER, CONTENT)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
CALL = Request(
    NOON, "flourish", "fl-greenleaf-key", "GET", "/flourish/external/api/v1/outbound-orders/00000001", 200, ""
)
CREATION = replace(
    CALL, method="POST", path="/flourish/external/api/v1/outbound-orders", about=ORDER.short_id
)
LEAFLINK_CALL = replace(
    CALL, platform="leaflink", key="ll-greenleaf-key", path=f"/leaflink/api/v2/orders-received/{NUMBER}/"
)
GOOD = Truths(
    statuses={NUMBER: "Submitted"},
    flourish=(IN_FLOURISH,),
    ours={NUMBER: Ours("settled", "Both sides agree.", ())},
    problems={},
    requests=(CALL, CREATION, LEAFLINK_CALL),
    contents={NUMBER: CONTENT},
    keys={
        ("flourish", "fl-greenleaf-key"): "greenleaf",
        ("leaflink", "ll-greenleaf-key"): "greenleaf",
        ("flourish", "fl-sunrise-key"): "sunrise",
        ("leaflink", "ll-sunrise-key"): "sunrise",
    },
)


AGREES = Offered("GL-1", Decimal(90), Decimal(24), Decimal(66), ("settled", "agree"))
STOCK = [
    # what LeafLink offers, whether that is right
    (AGREES, True),
    (replace(AGREES, sellable=Decimal(-3), available=Decimal(0)), True),
    (replace(AGREES, available=Decimal(90)), False),
    (replace(AGREES, available=Decimal(65)), False),
    (replace(AGREES, available=Decimal(65), ours=("stuck", "two_writers")), True),
    (replace(AGREES, ours=None), False),
]


def judged(truths: Truths, redis_away: tuple[verdict.Interval, ...] = ()) -> list[Wrong]:
    return list(verdict.judge(truths, [ORDER], redis_away))


def test_an_order_that_is_in_flourish_once_is_good() -> None:
    assert judged(GOOD) == []


@pytest.mark.parametrize(("offered", "is_right"), STOCK)
def test_stock_is_right_or_somebody_says_why_not(offered: Offered, is_right: bool) -> None:
    wrong = judged(replace(GOOD, offered=(offered,)))
    assert [each.promise for each in wrong] == ([] if is_right else ["stock"])


BAD = {
    "twice in Flourish": (replace(GOOD, flourish=(IN_FLOURISH, replace(IN_FLOURISH, id="2"))), "doubled"),
    "twice, one cancelled": (
        replace(GOOD, flourish=(IN_FLOURISH, replace(IN_FLOURISH, id="2", status="Cancelled"))),
        "ever doubled",
    ),
    "in nobody's rows": (replace(GOOD, flourish=(), ours={}), "lost"),
    "waiting for nothing": (replace(GOOD, flourish=(), ours={NUMBER: Ours("waiting", "", ())}), "lost"),
    "settled without an order": (replace(GOOD, flourish=()), "lost"),
    "an edit that is not in Flourish": (replace(GOOD, contents={NUMBER: EDITED}), "not carried"),
    "a note that is not in Flourish": (
        replace(GOOD, contents={NUMBER: replace(CONTENT, notes=("Ring", "Call"))}),
        "not carried",
    ),
    "a bug on the way": (replace(GOOD, problems={"bug": 1}), "no bug"),
    "a foreign key to read": (replace(GOOD, requests=(replace(CALL, key="fl-sunrise-key"),)), "I11"),
    "a foreign key to create": (replace(GOOD, requests=(replace(CREATION, key="fl-sunrise-key"),)), "I11"),
    "a foreign key at LeafLink": (
        replace(GOOD, requests=(replace(LEAFLINK_CALL, key="ll-sunrise-key"),)),
        "I11",
    ),
    "no key": (replace(GOOD, requests=(replace(CALL, key=""),)), "I11"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_named(name: str) -> None:
    truths, promise = BAD[name]
    assert [each.promise for each in judged(truths)] == [promise]


@pytest.mark.parametrize(
    "truths",
    [
        replace(GOOD, flourish=(), ours={NUMBER: Ours("stuck", "", ("unknown_sku",))}),
        replace(GOOD, flourish=(), ours={NUMBER: Ours("skipped", "placed before go-live", ())}),
        replace(GOOD, flourish=(), statuses={NUMBER: "Cancelled"}),
        replace(GOOD, flourish=(replace(IN_FLOURISH, status="Cancelled"),)),
        replace(
            GOOD,
            contents={NUMBER: EDITED},
            ours={NUMBER: Ours("stuck", "", ("edited_after_allocation",))},
        ),
        replace(GOOD, contents={NUMBER: EDITED}, statuses={NUMBER: "Rejected"}),
    ],
    ids=[
        "with a problem",
        "skipped",
        "cancelled before it was taken",
        "cancelled in Flourish",
        "edited too late",
        "edited and rejected",
    ],
)
def test_an_order_whose_absence_is_explained_is_not_lost(truths: Truths) -> None:
    assert judged(truths) == []


def waited(seconds: float) -> Truths:
    told = replace(CALL, status=429, told_to_wait=3.0)
    return replace(GOOD, requests=(told, replace(CALL, time=NOON + timedelta(seconds=seconds))))


def test_a_call_during_retry_after_is_named() -> None:
    assert [each.promise for each in judged(waited(1.5))] == ["I10"]


@pytest.mark.parametrize("seconds", [0.2, 3.0, 60])
def test_a_call_that_was_under_way_or_waited_is_good(seconds: float) -> None:
    assert judged(waited(seconds)) == []


def test_what_was_told_is_forgotten_with_redis() -> None:
    away = (NOON + timedelta(seconds=1), NOON + timedelta(seconds=1.2))
    assert judged(waited(1.5), (away,)) == []


def test_memory_that_grew_is_named() -> None:
    before = {"web": 100.0, "worker-1": 80.0, "postgres": 160.0}
    assert not list(verdict.fat(before, {"web": 150.0, "worker-1": 90.0, "postgres": 900.0}))
    grown = list(verdict.fat(before, {"web": 150.0, "worker-1": 400.0}))
    assert [each.thing for each in grown] == ["worker-1"]


def test_the_table_has_the_last_run_of_each_seed() -> None:
    first = asdict(Result(seed=2, minutes=4, wanted=1000, placed=1000, lost=1, rest_seconds=None))
    second = {**first, "lost": 0, "rest_seconds": 31.4, "check_holds": True, "strikes": {"kill": 3}}
    lines = table([first, {**first, "seed": 1}, second]).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2].startswith("| 1 | 4 | 1000 | 0 | 1 |")
    assert lines[3].endswith("| 3 | 0 | 31 s | holds |")
