"""The sandbox's doors as Trellis's clients call them, what was called, and the webhooks that it queued."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from portal.extensions import refuse_open_transaction
from portal.sync import strict_json
from portal.sync.answers import Answer, understand
from sandbox.simulation import Simulation
from tests.sandbox.doors import Doors

SITE = "http://localhost"


class DoorCalls:
    """Implements `contract.Calls` on the sandbox's doors, and understands answers as the HTTP room does."""

    def __init__(self, doors: Doors, base: str, key: Mapping[str, str]) -> None:
        self._doors, self._base, self._key = doors, base, key
        self.made: list[str] = []

    def read(self, path: str, *, query: Any = None, headers: Any = None) -> Any:
        """GET."""
        where = path.removeprefix(SITE) if path.startswith(SITE) else self._base + path
        return self._answer("GET", where, headers, {"query_string": dict(query)} if query else {})

    def write(self, method: str, path: str, body: Any = None, *, headers: Any = None) -> Any:
        """POST, PUT or PATCH."""
        options = {"data": strict_json.write(body), "content_type": "application/json"} if body else {}
        return self._answer(method, self._base + path, headers, options)

    def writes(self) -> list[str]:
        """The writes among the calls."""
        return [call for call in self.made if not call.startswith("GET")]

    def _answer(self, method: str, where: str, headers: Any, options: Any) -> Any:
        refuse_open_transaction()
        self.made.append(f"{method} {where.partition('?')[0].removeprefix(self._base)}")
        sent = {**self._key, **(headers or {})}
        got = self._doors.call(method, where, headers=sent, **options)
        answer = Answer(got.status_code, {name.lower(): value for name, value in got.headers}, got.data)
        return understand(answer, label="It", writing=method != "GET", now=datetime.now(UTC))


def webhooks(simulation: Simulation) -> list[tuple[str, Any]]:
    """Take what the sandbox queued for webhooks: platform and body, oldest first."""
    rows = simulation.store.execute("SELECT platform, body FROM delivery ORDER BY id")
    simulation.store.execute("DELETE FROM delivery")
    return [(row["platform"], json.loads(row["body"])) for row in rows]
