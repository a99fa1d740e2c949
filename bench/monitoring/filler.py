"""Fills a database by COPY: companies with a year of orders behind them, and the logs of their runs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

import psycopg

from bench.machine import for_psycopg
from bench.monitoring import rows
from bench.monitoring.orders import CONNECTIONS, Chance, Order, Seller, orders
from portal.extensions import Sessions
from tests.web import factory
from tests.web.factory import Company

_RUN_LINES = 250
_AT_ONCE = 5_000
# What others refer to comes first.
_TABLES = ("link", "search_term", "operation", "timeline_event", "delivery", "problem", "run", "log_line")


@dataclass(frozen=True)
class Size:
    """How many rows there are of what grows."""

    orders: int = 200_000
    events: int = 1_000_000
    writes: int = 1_000_000
    problems: int = 200_000
    lines: int = 5_000_000


@dataclass(frozen=True)
class Filled:
    """What is there: the largest company, its largest connection, and its orders, oldest first."""

    company: Company
    connection_id: UUID
    orders: Sequence[Order]
    seconds: float


def fill(url: str, sessions: Sessions, size: Size) -> Filled:
    """Fill an empty database as if it had grown, with its statistics known."""
    began = time.monotonic()
    chance = Chance()
    sellers = _sellers(sessions)
    drawn = list(orders(chance, sellers, size.orders))
    with psycopg.connect(for_psycopg(url)) as connection:
        # What is copied into a table that the same transaction emptied needs no log of its own.
        connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL session_replication_role = replica")
        connection.execute(f"TRUNCATE {', '.join(_TABLES)} CASCADE")
        with _without_indexes(connection):
            for table, lines in _stories(chance, drawn, size).items():
                _copy(connection, table, lines)
            heads = _logs(connection, chance, drawn, size.lines)
        for connection_id, head in heads.items():
            connection.execute("UPDATE connection SET log_head = %s WHERE id = %s", (head, connection_id))
    with psycopg.connect(for_psycopg(url), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(f"VACUUM ANALYZE {', '.join(_TABLES)}")
    first = sellers[0][0]
    mine = [order for order in drawn if order.seller.company is first.company]
    return Filled(first.company, UUID(first.connection_id), mine, time.monotonic() - began)


@contextmanager
def _without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """Take away the indexes that are no constraints, and make them anew behind the rows: that is faster."""
    connection.execute("SET LOCAL maintenance_work_mem = '256MB'")
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)"
        " AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        (list(_TABLES),),
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        connection.execute(definition)


def _sellers(sessions: Sessions) -> list[list[Seller]]:
    found = []
    for place, parts in enumerate(CONNECTIONS):
        company = factory.company(sessions, name=f"Company {place}")
        ids = [company.connection_id]
        with sessions.tenant(company.id) as session:
            for more in range(1, len(parts)):
                name = f"Company {place} on LeafLink, {more}"
                ids.append(factory.connection(session, company.id, company.hub_id, name=name))
        found.append([Seller(company, str(each)) for each in ids])
    return found


def _stories(chance: Chance, drawn: Sequence[Order], size: Size) -> Mapping[str, Iterable[str]]:
    stuck = [order for order in drawn if order.state == "stuck"]
    brought_in = [order for order in drawn if order.flourish_id]
    return {
        "link": (rows.link(order, _share(size.events, size.orders, order.place)) for order in drawn),
        "search_term": (row for order in drawn for row in rows.terms(order)),
        "operation": _each(
            brought_in, size.writes, lambda order, which: rows.operation(chance, order, which)
        ),
        "timeline_event": _each(drawn, size.events, lambda order, seq: rows.event(chance, order, seq)),
        "delivery": (rows.delivery(chance, order) for order in drawn),
        "problem": _each(stuck, size.problems, lambda order, which: rows.problem(chance, order, which)),
    }


def _share(count: int, among: int, place: int) -> int:
    """How many of `count` things the one in this place has, where all have as many as can be."""
    return count * (place + 1) // among - count * place // among


def _each(owners: Sequence[Order], count: int, row: Callable[[Order, int], str]) -> Iterator[str]:
    for place, order in enumerate(owners):
        for number in range(_share(count, len(owners), place)):
            yield row(order, number + 1)


def _copy(connection: psycopg.Connection, table: str, lines: Iterable[str]) -> None:
    left = iter(lines)
    with connection.cursor().copy(f"COPY {table} ({rows.COLUMNS[table]}) FROM STDIN") as copy:
        while block := list(islice(left, _AT_ONCE)):
            copy.write("".join(block))


def _logs(
    connection: psycopg.Connection, chance: Chance, drawn: Sequence[Order], count: int
) -> Mapping[str, int]:
    """Copy runs of some hundred lines each, oldest first; returns each connection's last number."""
    by_seller = defaultdict(list)
    for order in drawn:
        by_seller[order.seller].append(order)
    runs = count // _RUN_LINES
    began = datetime.now(UTC) - timedelta(days=90)
    owners = chance.draw.choices(list(by_seller), [len(some) for some in by_seller.values()], k=runs)
    told = [
        rows.Run(chance.uuid(at := began + timedelta(days=90) * place / runs), owner, at)
        for place, owner in enumerate(owners)
    ]
    _copy(connection, "run", (rows.run(each) for each in told))
    heads: dict[str, int] = defaultdict(int)
    _copy(connection, "log_line", _lines(chance, told, by_seller, heads))
    return heads


def _lines(
    chance: Chance,
    runs: Sequence[rows.Run],
    by_seller: Mapping[Seller, Sequence[Order]],
    heads: dict[str, int],
) -> Iterator[str]:
    for each in runs:
        head = heads[each.seller.connection_id]
        about = chance.draw.choices(by_seller[each.seller], k=_RUN_LINES)
        yield from (rows.log_line(each, head + place + 1, order) for place, order in enumerate(about))
        heads[each.seller.connection_id] = head + _RUN_LINES
