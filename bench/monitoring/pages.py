"""Pages that are asked for, and what each took: in this process, through the real application."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil
from flask import Flask
from sqlalchemy import event

from bench.figures import Figure, percentile
from portal.extensions import db
from tests.web.conftest import Visitor

# What a browser asks for by itself once it has a page: its stream, and whatever is not a static file.
_ASKED_FOR = re.compile(
    r'hx-sse:connect=|hx-trigger="[^"]*\bload\b|<(?:img|iframe|embed)\b[^>]+src="/(?!static/)'
)
_WARM_UP = 3


@dataclass(frozen=True)
class Page:
    """What is measured under one name, and the limit of 95 of 100 looks, in milliseconds."""

    name: str
    addresses: Sequence[str]
    at_most: float | None = None


@dataclass(frozen=True)
class Seen:
    """What the looks at a page came to: milliseconds, and the most statements and requests of one look."""

    page: Page
    took: Sequence[float]
    processor: float
    database: float
    statements: int
    requests: int

    @property
    def median(self) -> float:
        """What half of the looks took at the most."""
        return percentile(self.took, 0.5)

    def figure(self) -> Figure:
        """The printed row: wall time of 95 of 100; behind it the rest."""
        told = (
            f"p50 {self.median:.0f} ms, cpu {self.processor:.0f}+{self.database:.0f} ms,"
            f" {self.statements} SQL, {len(self.took)}x"
        )
        return Figure(
            f"{self.page.name}, p95", percentile(self.took, 0.95), "ms", told, at_most=self.page.at_most
        )


class Reader:
    """Somebody signed in who opens pages, one after the other."""

    def __init__(self, app: Flask, visitor: Visitor, database: psutil.Process) -> None:
        self._app = app
        self._visitor = visitor
        self._database = database

    def see(self, page: Page) -> Seen:
        """Look at each of its addresses, after a few looks that count for nothing."""
        for address in page.addresses[:_WARM_UP]:
            self._look(address)
        own, servers = time.process_time(), _processor_seconds(self._database)
        looks = [self._look(address) for address in page.addresses]
        own, servers = time.process_time() - own, _processor_seconds(self._database) - servers
        each = 1000 / len(looks)
        return Seen(
            page,
            [1000 * seconds for seconds, _, _ in looks],
            own * each,
            servers * each,
            max(statements for _, statements, _ in looks),
            max(requests for _, _, requests in looks),
        )

    def _look(self, address: str) -> tuple[float, int, int]:
        """Seconds, statements and requests of one look."""
        with _statements(self._app) as statements:
            began = time.perf_counter()
            answer = self._visitor.client.get(address)
            took = time.perf_counter() - began
        if answer.status_code != 200 and "/orders/" not in (answer.location or ""):
            raise RuntimeError(f"{address} answers {answer.status_code}")
        return took, len(statements), 1 + len(_ASKED_FOR.findall(answer.text))


def _processor_seconds(server: psutil.Process) -> float:
    """What a database's processes have used, those that have ended included."""
    family = [server, *server.children()]
    own = sum(sum(process.cpu_times()[:2]) for process in family)
    return own + sum(server.cpu_times()[2:4])


@contextmanager
def _statements(app: Flask) -> Iterator[list[str]]:
    """Collect what the application has the database run; a transaction's beginning goes past this."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
