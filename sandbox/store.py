"""All state, in one SQLite file, committed before any answer leaves.

A record is a JSON document under (kind, company, key). `company` is the world's name, or "" for what every
company of a platform sees. Kinds are prefixed by their platform.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, NamedTuple

Body = dict[str, Any]
# A body that is only to be read.
Record = Mapping[str, Any]

SHARED = ""
PLAIN_PATH = re.compile(r"\$(\.[A-Za-z_]+)+")

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    company TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX IF NOT EXISTS record_by_company ON record (kind, company, place);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    time TEXT NOT NULL,
    platform TEXT NOT NULL,
    key TEXT,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    status INTEGER,
    body_hash TEXT NOT NULL,
    body TEXT
);
CREATE INDEX IF NOT EXISTS request_by_time ON request (time);
CREATE INDEX IF NOT EXISTS request_by_platform ON request (platform, id);
CREATE TABLE IF NOT EXISTS strike (
    request INTEGER NOT NULL,
    fault TEXT NOT NULL,
    PRIMARY KEY (request, fault)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wait (request INTEGER PRIMARY KEY, retry_after TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    created TEXT NOT NULL,
    due TEXT NOT NULL,
    state TEXT NOT NULL,
    platform TEXT NOT NULL,
    company TEXT NOT NULL,
    subject TEXT NOT NULL,
    url TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    outcome TEXT
);
CREATE INDEX IF NOT EXISTS delivery_by_due ON delivery (state, due);
"""
# What records are looked for by, among thousands. A query's words must be the index's own: see `_at`.
INDEXED = (
    "sku", "license_number", "order", "original_order_id", "short_id", "modified", "created_timestamp",
    "last_updated_timestamp", "external_id",
)  # fmt: skip
INDEX = """
CREATE INDEX IF NOT EXISTS record_of_company_by_{0} ON record (kind, company, json_extract(body, '$.{0}'))
"""


class Condition(NamedTuple):
    """One test on a record's body, in SQL with its arguments."""

    sql: str
    arguments: tuple[Any, ...]


class Page(NamedTuple):
    """A page of a list that was asked for."""

    kind: str
    company: str
    where: tuple[Condition, ...]
    limit: int
    offset: int


class Transaction:
    """What happens together; `undo()` makes it as if it never had."""

    def __init__(self) -> None:
        self.undone = False
        self.afterwards: list[Callable[[], None]] = []
        self.page: Page | None = None
        self.seen: dict[tuple[str, str], dict[str, Record | None]] = {}

    def undo(self) -> None:
        """Roll back at the end, without an error."""
        self.undone = True


class Store:
    """One SQLite connection behind one lock: each transaction is short, so waiting is too.

    Args:
        path: the database file; made when absent.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode = WAL")
        # Written to the system before the answer, so that a kill loses nothing; a power cut may.
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)
        for name in INDEXED:
            self._db.execute(INDEX.format(name))
        self._lock = RLock()
        self._open: Transaction | None = None
        self._settings: dict[str, Any] = {}
        self.read_settings()

    def close(self) -> None:
        """Close the file once the running transaction is over."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Group reads and writes; an inner transaction joins the outer one."""
        with self._lock:
            if self._open is not None:
                yield self._open
                return
            running = self._open = Transaction()
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield running
            except BaseException:
                running.undo()
                raise
            finally:
                self._open = None
                self._db.execute("ROLLBACK" if running.undone else "COMMIT")
                if running.undone:
                    self.read_settings()
        if not running.undone:
            for act in running.afterwards:
                act()

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call `act` when the running transaction is committed; never when it is undone."""
        if self._open is not None and act not in self._open.afterwards:
            self._open.afterwards.append(act)

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> list[sqlite3.Row]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._db.execute(sql, arguments).fetchall()

    def get(self, kind: str, company: str, key: object) -> Body | None:
        """Return one record of the company, or a shared one, else None."""
        rows = self.execute(
            "SELECT body FROM record WHERE kind = ? AND key = ? AND company IN (?, '')",
            (kind, str(key), company),
        )
        return json.loads(rows[0]["body"]) if rows else None

    def look(self, kind: str, company: str, key: object) -> Record | None:
        """Return what `get` does, but only to be read: a transaction reads each record once."""
        with self._lock:
            if self._open is None:
                return self.get(kind, company, key)
            seen = self._open.seen.setdefault((kind, str(key)), {})
            if company not in seen:
                seen[company] = self.get(kind, company, key)
            return seen[company]

    def put(self, kind: str, company: str, key: object, body: Body) -> None:
        """Write one record, new or changed."""
        self._forget(kind, key)
        self.execute(
            "INSERT INTO record (kind, company, key, body) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body",
            (kind, company, str(key), json.dumps(body, separators=(",", ":"))),
        )

    def _forget(self, kind: str, key: object) -> None:
        if self._open is not None:
            self._open.seen.pop((kind, str(key)), None)

    def find(
        self,
        kind: str,
        company: str,
        where: Sequence[Condition] = (),
        limit: int = -1,
        offset: int | None = None,
    ) -> list[Body]:
        """Return the company's and the shared records that meet every condition, oldest first.

        What is asked for with an offset is a page; the transaction knows the last one.
        """
        if self._open is not None and offset is not None:
            self._open.page = Page(kind, company, tuple(where), limit, offset)
        test, arguments = _test(kind, company, where)
        rows = self.execute(
            f"SELECT body FROM record WHERE {test} ORDER BY place LIMIT ? OFFSET ?",  # noqa: S608 - code's own words
            (*arguments, limit, offset or 0),
        )
        return [json.loads(row["body"]) for row in rows]

    def move_to_end(self, page: Page, count: int) -> None:
        """Make the first so many records of a page the last of all."""
        test, arguments = _test(page.kind, page.company, page.where)
        rows = self.execute(
            f"SELECT place FROM record WHERE {test} ORDER BY place LIMIT ? OFFSET ?",  # noqa: S608 - code's own words
            (*arguments, min(count, page.limit), page.offset),
        )
        for row in rows:
            self.execute(
                "UPDATE record SET place = (SELECT max(place) + 1 FROM record) WHERE place = ?",
                (row["place"],),
            )

    def count(self, kind: str, company: str, where: Sequence[Condition] = ()) -> int:
        """Return how many records `find` would."""
        test, arguments = _test(kind, company, where)
        rows = self.execute(
            f"SELECT count(*) AS n FROM record WHERE {test}",  # noqa: S608 - code's own words
            arguments,
        )
        return int(rows[0]["n"])

    def first(self, kind: str, company: str, *where: Condition) -> Body | None:
        """Return the oldest record that meets every condition, or None."""
        found = self.find(kind, company, where, limit=1)
        return found[0] if found else None

    def keys(self, kind: str, company: str) -> list[str]:
        """Return the keys of a company's own records, oldest first."""
        rows = self.execute(
            "SELECT key FROM record WHERE kind = ? AND company = ? ORDER BY place", (kind, company)
        )
        return [row["key"] for row in rows]

    def delete(self, kind: str, key: object) -> None:
        """Remove one record."""
        self._forget(kind, key)
        self.execute("DELETE FROM record WHERE kind = ? AND key = ?", (kind, str(key)))

    def next_number(self, name: str) -> int:
        """Return the next number of a series, from 1 unless `start_number` said otherwise."""
        rows = self.execute(
            "INSERT INTO counter (name, value) VALUES (?, 1)"
            " ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        )
        return int(rows[0]["value"])

    def start_number(self, name: str, value: int) -> None:
        """Make a series go on after `value`."""
        self.execute("INSERT OR REPLACE INTO counter (name, value) VALUES (?, ?)", (name, value))

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a setting's value, only to be read, or the default; every request asks for some."""
        return self._settings.get(name, default)

    def set_setting(self, name: str, value: Any) -> None:
        """Keep a setting."""
        self.execute("INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", (name, json.dumps(value)))
        self._settings[name] = value

    def read_settings(self) -> None:
        """Read the settings anew out of the file."""
        rows = self.execute("SELECT name, value FROM setting")
        self._settings = {row["name"]: json.loads(row["value"]) for row in rows}

    def clear(self, keep: Sequence[str] = ()) -> None:
        """Remove every record except of the kinds to keep, every series and every delivery; settings stay."""
        if self._open is not None:
            self._open.seen.clear()
        marks = ", ".join("?" * len(keep))
        self.execute(f"DELETE FROM record WHERE kind NOT IN ({marks})", keep)  # noqa: S608 - question marks only
        self.execute("DELETE FROM counter")
        self.execute("DELETE FROM delivery")


def _test(kind: str, company: str, where: Sequence[Condition]) -> tuple[str, tuple[Any, ...]]:
    arguments: list[Any] = [kind, company]
    for condition in where:
        arguments.extend(condition.arguments)
    tests = ["kind = ?", "company IN (?, '')", *(condition.sql for condition in where)]
    return " AND ".join(tests), tuple(arguments)


def _at(path: str) -> str:
    """Return the SQL of the value at a JSON path, word for word as the indexes have it.

    Raises:
        ValueError: the path is not one of plain names, as the code's own are.
    """
    if not PLAIN_PATH.fullmatch(path):
        raise ValueError(f"{path} is not a plain path")
    return f"json_extract(body, '{path}')"


def equal(path: str, value: Any) -> Condition:
    """Return the condition that the value at a JSON path equals this one; None means absent or null."""
    if value is None:
        return Condition(f"{_at(path)} IS NULL", ())
    return Condition(f"{_at(path)} = ?", (value,))


def one_of(path: str, values: Sequence[Any]) -> Condition:
    """Return the condition that the value at a JSON path is among these."""
    return Condition(f"{_at(path)} IN ({', '.join('?' * len(values))})", tuple(values))


def none_of(path: str, values: Sequence[Any]) -> Condition:
    """Return the condition that the value at a JSON path is not among these."""
    return Condition(f"{_at(path)} NOT IN ({', '.join('?' * len(values))})", tuple(values))


def compare(path: str, operator: str, value: Any) -> Condition:
    """Return the condition of an order comparison; the operator is one of <, <=, >, >=."""
    return Condition(f"{_at(path)} {operator} ?", (value,))


def contains(path: str, text: str) -> Condition:
    """Return the condition that the text at a JSON path contains this one, whatever the case."""
    return Condition(f"instr(lower(coalesce({_at(path)}, '')), lower(?)) > 0", (text,))


def starts_with(path: str, text: str) -> Condition:
    """Return the condition that the text at a JSON path starts with this one."""
    return Condition(f"instr(coalesce({_at(path)}, ''), ?) = 1", (text,))


def in_list(path: str, value: Any) -> Condition:
    """Return the condition that the JSON list at a path holds this value."""
    return Condition("EXISTS (SELECT 1 FROM json_each(body, ?) WHERE value = ?)", (path, value))
