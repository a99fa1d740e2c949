"""The measure for a pull: fetch every page, COPY its rows as they are, and take them over on conflict."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import requests
from psycopg import sql

# Table -> path, size of a page, name of its rows, name of a row's id.
LISTS = {
    "items": ("/flourish/external/api/v1/items", 50, "data", "id"),
    "stock": ("/flourish/external/api/v1/inventory/summary", 50, "data", "item_id"),
    "products": ("/leaflink/api/v2/products/", 100, "results", "id"),
}


def pull(address: str, database: str) -> float:
    """Pull the three lists, one after the other; returns the seconds."""
    with psycopg.connect(database, autocommit=True) as connection, requests.Session() as session:
        for name in LISTS:
            connection.execute(f"CREATE TABLE IF NOT EXISTS bench_{name} (id text PRIMARY KEY, body jsonb)")
        began = time.perf_counter()
        for name, (path, size, rows_of, ref) in LISTS.items():
            _store(connection, name, _rows(session, f"{address}{path}?limit={size}", rows_of), ref)
        return time.perf_counter() - began


def _rows(session: requests.Session, url: str, rows_of: str) -> Iterator[dict[str, Any]]:
    while url:
        page = json.loads(session.get(url, timeout=30).content)
        yield from page[rows_of]
        url = (page["meta"]["next"] if "meta" in page else page["next"]) or ""


def _store(connection: psycopg.Connection, name: str, rows: Iterator[dict[str, Any]], ref: str) -> None:
    table, incoming = sql.Identifier(f"bench_{name}"), sql.Identifier(f"incoming_{name}")
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(incoming, table))
        with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(incoming)) as copy:
            for row in rows:
                copy.write_row((str(row[ref]), json.dumps(row)))
        cursor.execute(
            sql.SQL(
                "INSERT INTO {} SELECT * FROM {} ON CONFLICT (id) DO UPDATE SET body = excluded.body"
            ).format(table, incoming)
        )


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"seconds": pull(os.environ["BENCH_ADDRESS"], os.environ["BENCH_DATABASE"])}))
