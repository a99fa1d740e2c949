"""The plan of a run: what happens when, drawn from one seed before anything happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from random import Random
from typing import Any

COMPANIES = ("greenleaf", "sunrise")
WORKERS = ("worker-1", "worker-2")
PLATFORMS = ("leaflink", "flourish")
TERMS = ("net15", "net30", "cod")

# What runs with. In the proportions of a shipped installation: a worker is stopped for longer than its lease,
# and never for as long as the settle time; nothing commits later than the settle time.
LEASE_SECONDS = 3.0
SETTLE_SECONDS = 10.0
LONGEST_STOP_SECONDS = 6.0
RETRY_AFTER_SECONDS = 3

# What becomes of an order, and how many of a hundred it becomes of. The rest is left alone.
FATES = {
    "ship": 25,
    "partially allocate": 5,
    "cancel in Flourish": 7,
    "cancel in LeafLink": 8,
    "edit lines": 8,
    "edit notes": 7,
}
STAFF_ROUND_SECONDS = 5.0
# Of so many orders, once is counted anew what there is of an item.
_ORDERS_PER_COUNT = 4
_MOST_COUNTED = 900
# The last part of the run has no new orders, so that the last ones meet a disaster too.
_PLACING_SHARE = 0.92
_FIRST_STRIKE_SECONDS = 3.0


@dataclass(frozen=True)
class Step:
    """One thing that is done. `at` is in seconds from the beginning."""

    at: float
    who: str
    what: str
    details: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that is done in a run, in order of time."""

    seed: int
    seconds: float
    orders: int
    steps: tuple[Step, ...]


def make_plan(seed: int, *, seconds: float, orders: int) -> Plan:
    """Draw a plan; the same arguments always give the same one."""
    steps = [
        *_orders(Random(f"{seed} orders"), seconds, orders),
        *_rounds(seconds),
        *_counts(Random(f"{seed} stock"), seconds, orders),
        *_strikes(Random(f"{seed} processes"), seconds),
        *_faults(Random(f"{seed} faults"), seconds),
    ]
    return Plan(seed, seconds, orders, tuple(sorted(steps, key=attrgetter("at"))))


def _orders(random: Random, seconds: float, orders: int) -> Iterator[Step]:
    times = sorted(random.uniform(0, seconds * _PLACING_SHARE) for _ in range(orders))
    fates = [*FATES, ""]
    weights = [*FATES.values(), 100 - sum(FATES.values())]
    for index, at in enumerate(times):
        order = {"lines": random.randint(1, 4), "payment_term": random.choice(TERMS)}
        yield Step(at, "buyer", "place", (index, random.choice(COMPANIES), order))
        fate = random.choices(fates, weights)[0]
        if fate:
            yield Step(at + random.uniform(1, 25), "fate", fate, (index, random.randint(1, 4)))


def _rounds(seconds: float) -> Iterator[Step]:
    """When Flourish's staff looks what there is to do."""
    for turn in range(1, int(seconds / STAFF_ROUND_SECONDS)):
        yield Step(turn * STAFF_ROUND_SECONDS, "staff", "round")


def _counts(random: Random, seconds: float, orders: int) -> Iterator[Step]:
    """When the warehouse counts an item, which one of all it is, and how much there is of it."""
    for _ in range(orders // _ORDERS_PER_COUNT):
        details = (random.random(), random.choice((0, random.randint(1, _MOST_COUNTED))))
        yield Step(random.uniform(0, seconds), "warehouse", "count", details)


def _strikes(random: Random, seconds: float) -> Iterator[Step]:
    """Processes and servers: each kind once in random order, then again, never two at a time."""
    at = _FIRST_STRIKE_SECONDS
    while True:
        kinds = list(_STRIKES)
        random.shuffle(kinds)
        for kind in kinds:
            steps = list(_STRIKES[kind](random, at))
            if steps[-1].at > seconds:
                return
            yield from steps
            at = steps[-1].at + random.uniform(2, 6)


def _kill(random: Random, at: float, name: str, longest: float = 4.0) -> Iterator[Step]:
    yield Step(at, "nemesis", "kill", (name,))
    yield Step(at + random.uniform(0.5, longest), "nemesis", "start", (name,))


def _stop(random: Random, at: float) -> Iterator[Step]:
    name = random.choice(WORKERS)
    yield Step(at, "nemesis", "stop", (name,))
    seconds = random.uniform(LEASE_SECONDS + 1, LONGEST_STOP_SECONDS)
    yield Step(at + seconds, "nemesis", "continue", (name,))


def _terminate(random: Random, at: float) -> Iterator[Step]:
    name = random.choice(WORKERS)
    yield Step(at, "nemesis", "terminate", (name,))
    yield Step(at + random.uniform(1, 4), "nemesis", "start", (name,))


def _skew(random: Random, at: float) -> Iterator[Step]:
    name, seconds = random.choice(WORKERS), random.choice((-600, 600))
    yield Step(at, "nemesis", "skew", (name, seconds))
    yield Step(at + random.uniform(8, 15), "nemesis", "skew", (name, 0))


_STRIKES = {
    "kill worker": lambda random, at: _kill(random, at, random.choice(WORKERS)),
    "kill job": lambda random, at: iter([Step(at, "nemesis", "kill job", (random.choice(WORKERS),))]),
    "stop worker": _stop,
    "terminate worker": _terminate,
    "kill both workers": lambda random, at: iter(
        [
            *(Step(at, "nemesis", "kill", (name,)) for name in WORKERS),
            *(Step(at + random.uniform(0.5, 2), "nemesis", "start", (name,)) for name in WORKERS),
        ]
    ),
    "kill postgres": lambda random, at: _kill(random, at, "postgres"),
    "cut postgres": lambda random, at: iter(
        [Step(at, "nemesis", "cut database connections", (random.choice((30, 60, 100)),))]
    ),
    "kill valkey": lambda random, at: _kill(random, at, "valkey"),
    "skew clock": _skew,
    "kill schedule": lambda random, at: _kill(random, at, "schedule"),
    "kill web": lambda random, at: _kill(random, at, "web", 3.0),
}

# Faults of the sandbox, with how their argument is drawn; None for those that take none.
FAULTS: dict[str, Any] = {
    "commit-then-drop": lambda random: random.choice((None, 500, 502, 504)),
    "late-commit": lambda random: round(random.uniform(0.5, 3), 1),
    "500": None,
    "429": lambda _random: RETRY_AFTER_SECONDS,
    "429-no-header": None,
    "latency": lambda random: round(random.uniform(0.2, 1.5), 1),
    "stale-reads": lambda random: round(random.uniform(1, 5), 1),
    "page-shift": lambda random: random.randint(1, 5),
    "truncate": None,
    "html-200": None,
    "webhook-drop": None,
    "webhook-duplicate": None,
    "webhook-shuffle": None,
    "webhook-delay": lambda random: round(random.uniform(2, 15), 1),
}


def _faults(random: Random, seconds: float) -> Iterator[Step]:
    """The network and the other side: one fault after the other, while processes die beside it."""
    at = _FIRST_STRIKE_SECONDS
    while True:
        kinds = list(FAULTS)
        random.shuffle(kinds)
        for kind in kinds:
            lasts = round(random.uniform(2, 5), 1)
            if at + lasts > seconds:
                return
            draw = FAULTS[kind]
            rate = random.choice((0.2, 0.5, 1.0))
            details = (random.choice(PLATFORMS), kind, rate, lasts, draw(random) if draw else None)
            yield Step(at, "nemesis", "fault", details)
            at += lasts + random.uniform(1, 4)
