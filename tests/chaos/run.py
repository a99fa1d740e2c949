"""One run: set up, carry out the plan, heal, wait for rest, and judge."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.chaos import pages, rest, secrecy, stock, truths, verdict
from tests.chaos.cluster import Cluster
from tests.chaos.history import History
from tests.chaos.nemeses import Nemesis
from tests.chaos.people import Order, People
from tests.chaos.plan import COMPANIES, FAULTS, LEASE_SECONDS, SETTLE_SECONDS, WORKERS, Plan
from tests.chaos.verdict import Wrong

SETTINGS = {
    "TRELLIS_SETTLE_SECONDS": f"{SETTLE_SECONDS:g}",
    "TRELLIS_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
    "TRELLIS_SWEEP_SECONDS": "1",
    "TRELLIS_BACKOFF_CAP_SECONDS": "10",
    "TRELLIS_POLL_SECONDS": "10",
    # Its people look again at everything that is held up, faster than anybody clicks.
    "TRELLIS_PAGES_PER_MINUTE": "60000",
}
# The sandbox's LeafLink has no limit here, and our own budgets are out of the way of a thousand orders.
CALLS_PER_SECOND = 60
# What a person looks at again once, because Trellis alone does not: an order that killed its worker.
_FOR_A_PERSON = ("worker_died",)
_MOST_SHOWN = 40


@dataclass
class Result:
    """What a run came to; one line of the record."""

    seed: int
    minutes: float
    wanted: int
    placed: int = 0
    strikes: dict[str, int] = field(default_factory=dict)
    acts: dict[str, int] = field(default_factory=dict)
    in_flourish: int = 0
    lost: int = 0
    doubled: int = 0
    ever_doubled: int = 0
    looked_at_again: int = 0
    open_problems: dict[str, int] = field(default_factory=dict)
    problems_ever: dict[str, int] = field(default_factory=dict)
    requests: int = 0
    check_holds: bool = False
    rest_seconds: float | None = None
    seconds: float = 0.0
    memory_before: dict[str, float] = field(default_factory=dict)
    memory_after: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing speaks against any promise."""
        return not self.wrong and self.rest_seconds is not None

    def line(self) -> str:
        """As it is recorded."""
        return json.dumps(asdict(self), sort_keys=True)


def run(plan: Plan, cluster: Cluster, history: History) -> Result:
    """Carry out a plan on a cluster that is not set up yet, and judge what it left."""
    result = Result(plan.seed, plan.seconds / 60, plan.orders)
    with history.act("cluster", "set up"):
        cluster.set_up(*WORKERS, seed=plan.seed)
        _lift_limits(cluster)
        _refuse_unknown_faults(cluster)
        stock.begin(cluster)
    _warm_up(cluster)
    people = People(cluster, history, stock.stocked_facility(cluster))
    nemesis = Nemesis(cluster, history)
    result.memory_before = _rounded(cluster.memory())
    history.began = began = time.monotonic()
    for step in plan.steps:
        _until(began + step.at, cluster, history)
        (nemesis if step.who == "nemesis" else people).do(step)
    _until(began + plan.seconds, cluster, history)
    nemesis.heal()
    orders = list(people.orders.values())
    within = 180.0 + plan.orders
    result.rest_seconds = _rest(cluster, history, orders, within)
    result.looked_at_again = pages.retry(cluster, _FOR_A_PERSON)
    if result.looked_at_again:
        history.tell("person", "ok", f"looked at {result.looked_at_again} orders again")
        _rest(cluster, history, orders, within)
    result.seconds = round(time.monotonic() - began, 1)
    result.strikes, result.acts = (
        history.counts("nemesis"),
        history.counts("staff") | history.counts("seller") | history.counts("warehouse"),
    )
    _judge(result, cluster, history, orders)
    return result


def _rest(cluster: Cluster, history: History, orders: Sequence[Order], within: float) -> float | None:
    """Wait for rest, all lists of products read once more: they are read too seldom to be waited for."""
    began = datetime.now(UTC)
    stock.begin(cluster)
    return rest.wait(cluster, history, orders, began, within)


def _until(moment: float, cluster: Cluster, history: History) -> None:
    """Wait for a moment, and play the supervisor meanwhile."""
    while True:
        for line in cluster.tend():
            history.tell("keeper", "info", line)
        left = moment - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, 0.2))


def _lift_limits(cluster: Cluster) -> None:
    cluster.control("POST", "settings", {"leaflink_rate_limit": 0})
    for company in COMPANIES:
        for kind, name in (("connection", "LeafLink"), ("hub", "Flourish")):
            cluster.command(kind, "rate", "--tenant", company, name, str(CALLS_PER_SECOND))


def _refuse_unknown_faults(cluster: Cluster) -> None:
    """A fault that the sandbox does not have would be refused in the middle of a run, and make it easier."""
    missing = FAULTS.keys() - {kind["fault"] for kind in cluster.control("GET", "faults")["kinds"]}
    if missing:
        raise LookupError(f"the sandbox does not have these faults: {', '.join(sorted(missing))}")


def _warm_up(cluster: Cluster) -> None:
    """Let each process show what it takes to work, before its memory is measured."""
    cluster.control("POST", "leaflink/orders", {"lines": 1})
    with pages.Browser(cluster, "owner@greenleaf.example") as browser:
        browser.read("/t/greenleaf/orders")
    time.sleep(3)


def _judge(result: Result, cluster: Cluster, history: History, orders: Sequence[Order]) -> None:
    """Fill in the result, and print what is wrong."""
    found = truths.gather(cluster)
    checked = json.loads(cluster.command("check", "--json", needed=False).stdout)
    result.memory_after = _rounded(cluster.memory())
    wrong = [
        *verdict.judge(found, orders, _redis_away(history)),
        *verdict.fat(result.memory_before, result.memory_after),
        *pages.missing(cluster, orders),
        *secrecy.leaks(cluster, orders[0].number if orders else ""),
        *_broken(checked),
    ]
    made = verdict.by_number(found.flourish)
    result.placed = len(orders)
    result.in_flourish = sum(bool(made[order.number]) for order in orders)
    result.lost = _count(wrong, "lost")
    result.doubled = _count(wrong, "doubled")
    result.ever_doubled = result.doubled + _count(wrong, "ever doubled")
    result.problems_ever = dict(found.problems)
    result.open_problems = _codes(found)
    result.requests = len(found.requests)
    result.check_holds = checked["holds"]
    result.wrong = [each.line() for each in wrong]
    for line in result.wrong[:_MOST_SHOWN]:
        history.tell("verdict", "fail", line)


def _broken(checked: dict[str, Any]) -> Iterable[Wrong]:
    """What `trellis check` names."""
    for invariant in checked["invariants"]:
        for example in invariant["counter_examples"]:
            yield Wrong(f"check {invariant['code']}", example["thing"], example["wrong"])


def _redis_away(history: History) -> list[verdict.Interval]:
    """When Valkey was killed, until it had started again with nothing in it."""
    away: list[verdict.Interval] = []
    for event in history.events:
        if event.who == "nemesis" and event.what == "kill: valkey" and event.kind == "invoke":
            away.append((event.time, event.time + timedelta(hours=1)))
        if event.who == "nemesis" and event.what == "start: valkey" and event.kind == "ok" and away:
            away[-1] = (away[-1][0], event.time)
    return away


def _codes(found: truths.Truths) -> dict[str, int]:
    codes = [code for ours in found.ours.values() for code in ours.problems]
    return {code: codes.count(code) for code in sorted(set(codes))}


def _count(wrong: Iterable[Wrong], promise: str) -> int:
    return sum(each.promise == promise for each in wrong)


def _rounded(sizes: dict[str, float]) -> dict[str, float]:
    return {name: round(size) for name, size in sizes.items()}
