"""What one tenant's keys did, by the other side's ledger: no call too many, no write that was not recorded
first (I10), and nothing of one company asked for with the key of another (I11)."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Connection, Hub, Link, Operation
from portal.sync.checker.ledger import A_CUSTOMER, Books, Request
from portal.sync.checker.ledger import FLOURISH as FLOURISH_KEY
from portal.sync.checker.place import Place
from portal.sync.checker.report import CounterExample, Seen, seen
from portal.sync.contract import Throttle
from portal.sync.domain import CANCELLED
from portal.sync.engine.accounts import credentials
from portal.sync.engine.desk import Desk
from portal.sync.engine.guard import DROP
from portal.sync.engine.retail_writes import MAKE_CUSTOMER
from portal.sync.flourish import FLOURISH
from portal.sync.registry import platform as platform_by_key

_WINDOW_SECONDS = 60.0
# A call waits for its turn in our budget, and then for the network: what left in order may arrive in a bunch.
_BUNCHED = 1.05
# Calls that were on their way when a 429 was given are no disobedience.
_ON_ITS_WAY_SECONDS = 2.0
# The two clocks stand on one machine; a commit and an arrival may still seem to swap.
_CLOCKS_SECONDS = 2.0
# Operations that the ledger cannot tell apart: each writes fields of an order that is there.
_UPDATES = frozenset(
    {"finish_order", "update_order", "set_term", "tell_platform", "replace_lines", "release_goods"}
)
# The same of a product.
_PRODUCT_UPDATES = frozenset({"update_product", "put_product", "set_stock", DROP})
# What is made in a platform's catalogue, and what its ledger calls the list.
_MAKES = {"create_product": "products", "create_strain": "strains"}
# What a refused key may ask for: it never got an answer about it.
_REFUSED = (401, 403)

_Account = tuple[str, str]


@dataclass(frozen=True)
class Keys:
    """One account of a tenant as the other side knows it.

    Args:
        system: "flourish", or the platform's key.
        key: the API key, in memory only.
        name: what people call the hub or connection.
        throttle: how often it may call.
        since: what the ledger holds from before is not ours.
        where: the page that shows it.
    """

    system: str
    key: str
    name: str
    throttle: Throttle
    since: float
    where: str


def keys_of(desk: Desk, session: Session, place: Place) -> list[Keys]:
    """Every account of a tenant with the key that it calls with now."""
    found: list[Keys] = []
    hubs: Sequence[Hub | Connection] = session.scalars(select(Hub)).all()
    connections: Sequence[Hub | Connection] = session.scalars(select(Connection)).all()
    for owner in (*hubs, *connections):
        key = credentials(desk, session, owner).get("api_key", "")
        if isinstance(owner, Connection):
            platform = platform_by_key(owner.platform)
            system, throttle, where = platform.key, platform.throttle, place.connection(owner.id)
        else:
            system, throttle, where = FLOURISH_KEY, FLOURISH.throttle, place.page("connections")
        if key:
            agreed = throttle.agreed(owner.calls_per_second)
            found.append(Keys(system, key, owner.name, agreed, owner.created_at.timestamp(), where))
    return found


def within_budget(books: Books, keys: Sequence[Keys]) -> Seen:
    """I10: in no minute more calls than the budget allows, and none while the other side asked to wait."""
    calls = _by_account(books.requests)
    wrong: list[CounterExample] = []
    looked = 0
    for account in keys:
        mine = [one for one in calls.get((account.system, account.key), ()) if one.at >= account.since]
        looked += len(mine)
        wrong += _too_many(account, mine)
        wrong += _too_soon(account, mine)
    return seen(looked, wrong)


def _by_account(requests: Iterable[Request]) -> Mapping[_Account, list[Request]]:
    calls: dict[_Account, list[Request]] = defaultdict(list)
    for one in requests:
        calls[one.system, one.key].append(one)
    return calls


def _too_many(account: Keys, mine: Sequence[Request]) -> Iterator[CounterExample]:
    """The fullest minute, if it is too full."""
    throttle = account.throttle
    most = (throttle.per_second * throttle.grows_to * _WINDOW_SECONDS + throttle.burst) * _BUNCHED
    times = sorted(one.at for one in mine)
    fullest, at = 0, 0.0
    for index, moment in enumerate(times):
        many = index + 1 - bisect_left(times, moment - _WINDOW_SECONDS)
        if many > fullest:
            fullest, at = many, moment
    if fullest > most:
        words = f"{fullest} calls in the minute before {_clock(at)}; its budget allows {int(most)}"
        yield CounterExample(account.name, words, account.where)


def _too_soon(account: Keys, mine: Sequence[Request]) -> Iterator[CounterExample]:
    held_from, held_until = 0.0, 0.0
    for one in sorted(mine, key=lambda one: one.at):
        if held_from + _ON_ITS_WAY_SECONDS < one.at < held_until:
            words = f"{one.shown} at {_clock(one.at)}, while it was asked to wait until {_clock(held_until)}"
            yield CounterExample(account.name, words, account.where)
        if one.wait and one.at + one.wait > held_until:
            held_from, held_until = one.at, one.at + one.wait


def writes_were_intended(session: Session, place: Place, books: Books, keys: Sequence[Keys]) -> Seen:
    """I10: for each write in the ledger one of our operations that was marked as sent before it arrived."""
    accounts = {(one.system, one.key): one for one in keys}
    arrived: dict[str, list[Request]] = defaultdict(list)
    for one in books.requests:
        account = accounts.get((one.system, one.key))
        if one.write and account and one.at >= account.since and one.status not in _REFUSED:
            arrived[one.write].append(one)
    sent, names = _sent(session, place)
    wrong = []
    for write, requests in arrived.items():
        times = sorted(sent.get(write, ()))
        for index, one in enumerate(requests):
            if index >= len(times) or one.at < times[index] - _CLOCKS_SECONDS:
                account = accounts[one.system, one.key]
                thing, where = names.get(write) or (account.name, account.where)
                words = f"{one.shown} arrived at {_clock(one.at)}, and no recorded write was sent for it"
                wrong.append(CounterExample(thing, words, where))
                break
    return seen(sum(map(len, arrived.values())), wrong)


def _sent(session: Session, place: Place) -> tuple[dict[str, list[float]], dict[str, tuple[str, str]]]:
    """When each write was marked as sent, by what it writes; and the name and page of its thing."""
    times: dict[str, list[float]] = defaultdict(list)
    names: dict[str, tuple[str, str]] = {}
    rows = session.execute(
        select(
            Operation.kind,
            Operation.natural_key,
            Operation.request["transition"].astext,
            Operation.sent_at,
            Link.kind,
            Link.id,
            Link.label,
        )
        .join(Link, Link.id == Operation.link_id)
        .where(Operation.sent_at.is_not(None))
    )
    for kind, key, transition, sent_at, thing, link_id, label in rows:
        write = wanted(kind, key, transition)
        times[write].append(sent_at.timestamp())
        names[write] = (f"{thing} {label}", place.named(thing, link_id))
    return times, names


def wanted(kind: str, natural_key: str, transition: str | None) -> str:
    """What an operation writes, in the words of the ledger: a move is named there by its step, what writes
    fields into an order is an update."""
    if kind == "move":
        return f"move:{natural_key.split(':')[1]}:{transition}"
    if kind == MAKE_CUSTOMER:
        return A_CUSTOMER
    if kind in _UPDATES:
        return f"update:{natural_key.partition(':')[2]}"
    if kind in _PRODUCT_UPDATES and not natural_key.startswith("lot:"):
        return f"product:{natural_key.partition(':')[2]}"
    if kind in _MAKES:
        return f"{_MAKES[kind]} with {natural_key.split(':', 2)[2]}"
    if kind == "create_order":
        return natural_key[natural_key.find("order:") :]  # in whichever of its facilities it was made
    return natural_key


def keys_fit(session: Session, place: Place, books: Books, keys: Sequence[Keys]) -> Seen:
    """I11: our orders were asked for with our keys only, and with our keys nobody else's."""
    mine = {world for one in keys if (world := books.worlds.get((one.system, one.key)))}
    ours = _ours(session)
    since = min((one.since for one in keys), default=0.0)
    wrong, looked = [], 0
    for one in books.requests:
        world = books.worlds.get((one.system, one.key))
        if not one.order or world is None or one.at < since or not mine:
            continue
        link = ours.get((one.system, one.order))
        home = books.homes.get((one.system, one.order))
        looked += bool(link or world in mine)
        if link and world not in mine:
            words = f"{one.shown} at {_clock(one.at)} carried the key of another company, {world}"
            wrong.append(CounterExample(f"order {link.label}", words, place.order(link.id)))
        elif link is None and world in mine and home is not None and home not in mine:
            words = f"{one.shown} at {_clock(one.at)} asked for an order of another company, {home}"
            wrong.append(CounterExample("a key of this company", words, place.page("connections")))
    return seen(looked, wrong)


def _ours(session: Session) -> dict[_Account, Any]:
    """Our orders by the names that each side has for them."""
    ours: dict[_Account, Any] = {}
    rows = session.execute(
        select(Link.id, Link.label, Link.foreign_id, Link.flourish_id, Connection.platform)
        .join(Connection, Connection.id == Link.connection_id)
        .where(Link.kind == "order")
    )
    for row in rows:
        ours[row.platform, row.foreign_id] = row
        if row.flourish_id:
            ours[FLOURISH_KEY, row.flourish_id] = row
    return ours


def made_once(session: Session, place: Place, books: Books) -> tuple[Seen, dict[str, str]]:
    """I1, by the other side's own count of what was made with our notes: at rest once.

    Returns:
        What was found, and the orders that were ever made more than once: their page, and their name.
    """
    orders = select(Link.id, Link.label, Link.connection_id, Link.foreign_id, Link.former_ids).where(
        Link.kind == "order"
    )
    wrong, ever, looked = [], {}, 0
    for link in session.execute(orders):
        made = books.made.get(f"Trellis {link.connection_id} {link.foreign_id}", {})
        alive = sorted(order_id for order_id, status in made.items() if status != CANCELLED)
        looked += bool(made)
        if len(made.keys() - set(link.former_ids)) > 1:
            ever[place.order(link.id)] = f"order {link.label}"
        if len(alive) > 1:
            words = f"Flourish's own books have it {len(alive)} times: {', '.join(alive)}"
            wrong.append(CounterExample(f"order {link.label}", words, place.order(link.id)))
    return seen(looked, wrong), ever


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at).astimezone():%T}"
