"""The verdict: pure functions over the truths, each of which names what speaks against a promise."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.people import Order
from tests.chaos.stock import Offered
from tests.chaos.truths import FlourishOrder, Request, Truths

# A call that had left before the answer of another said to wait.
_UNDER_WAY = timedelta(seconds=0.5)
_ENDED_AT_LEAFLINK = ("Cancelled", "Rejected")
_FLOURISH_ORDER = re.compile(r"/outbound-orders/([^/?]+)")
_LEAFLINK_ORDER = re.compile(r"/orders-received/([0-9a-f-]{36})")
# At rest a process may have so much more than at its beginning: caches and what the allocator keeps.
_MEMORY_FACTOR = 1.5
_MEMORY_MORE_MB = 60.0
# Codes that name a fault of Trellis's own, which no disaster excuses.
_NEVER = ("bug", "loop")

Interval = tuple[datetime, datetime]


@dataclass(frozen=True)
class Wrong:
    """One thing that breaks a promise."""

    promise: str
    thing: str
    what: str

    def line(self) -> str:
        """As it is printed."""
        return f"{self.promise:<12} {self.thing}: {self.what}"


def judge(truths: Truths, orders: Sequence[Order], redis_away: Sequence[Interval]) -> Iterator[Wrong]:
    """Name everything that is wrong with the orders and with what was asked of the platforms."""
    yield from doubled(truths, orders)
    yield from lost(truths, orders)
    yield from not_carried(truths, orders)
    yield from oversold(truths.offered)
    yield from never(truths.problems)
    yield from wrong_keys(truths, orders)
    yield from hurried(truths.requests, redis_away)


def doubled(truths: Truths, orders: Sequence[Order]) -> Iterator[Wrong]:
    """Orders that Flourish has more than once now, and those that it ever had more than once."""
    made = by_number(truths.flourish)
    for order in orders:
        copies = made[order.number]
        alive = [copy.id for copy in copies if copy.alive]
        if len(alive) > 1:
            yield Wrong("doubled", _named(order), f"Flourish has it {len(alive)} times: {', '.join(alive)}")
        elif sum(copy.id not in left_behind(truths, order) for copy in copies) > 1:
            shown = ", ".join(f"{copy.id} {copy.status}" for copy in copies)
            yield Wrong("ever doubled", _named(order), f"it was created {len(copies)} times: {shown}")


def left_behind(truths: Truths, order: Order) -> tuple[str, ...]:
    """The Flourish orders that were cancelled because the order moved to another facility."""
    ours = truths.ours.get(order.number)
    return ours.former_ids if ours else ()


def lost(truths: Truths, orders: Sequence[Order]) -> Iterator[Wrong]:
    """Orders that are not in Flourish, and nobody says why."""
    made = by_number(truths.flourish)
    for order in orders:
        ours = truths.ours.get(order.number)
        status = truths.statuses.get(order.number, "gone")
        if made[order.number] or status in _ENDED_AT_LEAFLINK:
            continue
        if ours is None:
            yield Wrong("lost", _named(order), f"{status} in LeafLink, and Trellis does not know it")
        elif not ours.problems and ours.state != "skipped":
            yield Wrong("lost", _named(order), f"{status} in LeafLink; Trellis: {ours.state}, {ours.why!r}")


def not_carried(truths: Truths, orders: Sequence[Order]) -> Iterator[Wrong]:
    """Edits of buyers that are not in Flourish, where nobody edits in a run, and nobody says why (LL-14)."""
    made = by_number(truths.flourish)
    for order in orders:
        ours, here = truths.ours.get(order.number), truths.contents.get(order.number)
        ended = truths.statuses.get(order.number) in _ENDED_AT_LEAFLINK
        if here is None or ended or (ours is not None and ours.problems):
            continue
        for copy in made[order.number]:
            missing = set(here.notes) - set(copy.content.notes)
            if copy.alive and (copy.content.lines != here.lines or missing):
                what = f"{copy.id} has {copy.content}, LeafLink {here}"
                yield Wrong("not carried", _named(order), what)


def oversold(offered: Iterable[Offered]) -> Iterator[Wrong]:
    """Products that offer more or less than there is, and nobody says why (LL-11)."""
    for each in offered:
        if each.ours is None:
            yield Wrong("stock", each.sku, "Trellis does not know it")
        elif each.available != each.wanted and each.ours[0] != "stuck":
            what = (
                f"LeafLink offers {each.available}; Flourish can sell {each.sellable}, and orders"
                f" that are not there hold {each.held}; Trellis: {each.ours[1]}"
            )
            yield Wrong("stock", each.sku, what)


def by_number(orders: Iterable[FlourishOrder]) -> Mapping[str, list[FlourishOrder]]:
    """The Flourish orders whose note names a LeafLink order, by its number."""
    found: dict[str, list[FlourishOrder]] = defaultdict(list)
    for order in orders:
        if order.number:
            found[order.number].append(order)
    return found


def never(problems: Mapping[str, int]) -> Iterator[Wrong]:
    """Problems that no disaster excuses, even if they closed again."""
    for code in _NEVER:
        if code in problems:
            yield Wrong("no bug", f"problem {code}", f"was opened {problems[code]} times")


def wrong_keys(truths: Truths, orders: Sequence[Order]) -> Iterator[Wrong]:
    """Requests about one company's order that carried another's key, or none that is known (I11)."""
    owners = {order.number: order.company for order in orders}
    owners |= {order.short_id: order.company for order in orders}
    owners |= {order.id: order.company for order in truths.flourish}
    for request in truths.requests:
        key_of = truths.keys.get((request.platform, request.key), "nobody")
        for thing in _things(request):
            if thing in owners and owners[thing] != key_of:
                yield Wrong("I11", f"{request.method} {request.path}", f"it carried the key of {key_of}")


def _things(request: Request) -> Iterator[str]:
    pattern = _FLOURISH_ORDER if request.platform == "flourish" else _LEAFLINK_ORDER
    if found := pattern.search(request.path):
        yield found[1]
    if request.about:
        yield request.about


def hurried(requests: Iterable[Request], redis_away: Sequence[Interval]) -> Iterator[Wrong]:
    """Requests under a key that had been told to wait (I10). What was told is kept in Redis: while it is
    killed, only the process that was told can know."""
    held: dict[tuple[str, str], Interval] = {}
    for request in requests:
        account = (request.platform, request.key)
        if account in held and _is_early(request.time, held[account], redis_away):
            told, until = held[account]
            thing = f"{request.method} {request.path} at {request.time:%T.%f}"
            early = (until - request.time).total_seconds()
            yield Wrong("I10", thing, f"told to wait at {told:%T.%f}, it came {early:.1f} s too early")
        if request.told_to_wait:
            held[account] = (request.time, request.time + timedelta(seconds=request.told_to_wait))


def _is_early(time: datetime, wait: Interval, redis_away: Sequence[Interval]) -> bool:
    told, until = wait
    forgotten = any(begins < until and told < ends for begins, ends in redis_away)
    return told + _UNDER_WAY < time < until and not forgotten


def fat(before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[Wrong]:
    """Processes of ours whose memory, in MB, did not come back near what it was (I16)."""
    for name in sorted(after):
        most = before.get(name, max(before.values())) * _MEMORY_FACTOR + _MEMORY_MORE_MB
        if name in before and name not in ("postgres", "valkey", "sandbox") and after[name] > most:
            yield Wrong("I16", name, f"{after[name]:.0f} MB at rest, {before[name]:.0f} MB at the beginning")


def _named(order: Order) -> str:
    return f"order {order.index} {order.short_id} of {order.company}"
