"""Webhooks on their way out: rows written with the change they tell of, sent by threads, tried again."""

import json
from collections.abc import Mapping
from datetime import timedelta
from sqlite3 import Row
from threading import Condition, Thread
from typing import Any

from requests.utils import default_user_agent
from urllib3 import PoolManager
from urllib3.exceptions import HTTPError

from sandbox.clock import now, parse, stamp
from sandbox.faults.switchboard import Faults
from sandbox.store import Store

# Some fourteen tries within seven minutes, as outside developers have seen; no schedule is published.
RETRY_SECONDS = (1, 2, 5, 10, 15, 20, 30, 40, 50, 60, 60, 60, 60)
TIMEOUT_SECONDS = 10
SENDERS = 4
BAD = 400
KEPT = 5000

CLAIM = """
UPDATE delivery SET state = ? WHERE id = (
    SELECT id FROM delivery WHERE state = ? AND due <= ? ORDER BY due, id LIMIT 1
) RETURNING id, url, headers, body, attempts
"""

WAITING, SENDING, SENT, DROPPED, GIVEN_UP = "waiting", "sending", "sent", "dropped", "given up"


class Outbox:
    """The queue of deliveries and its senders.

    Args:
        store: where the rows are; a delivery survives a restart.
        faults: may duplicate or drop a delivery as it is queued.
    """

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults
        self._news = Condition()
        self._stopped = False
        self._threads: list[Thread] = []

    def add(
        self, platform: str, company: str, subject: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Queue one delivery within the running transaction.

        Args:
            platform: who sends.
            company: the world it is about.
            subject: what it tells, in a few words, for the list of deliveries.
            url: where to.
            headers: the signature and what the receiver asked for.
            body: the bytes that were signed.
        """
        delays = self._faults.delays(platform)
        for delay in delays or [0.0]:
            self._store.execute(
                "INSERT INTO delivery (created, due, state, platform, company, subject, url, headers, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    stamp(),
                    stamp(now() + timedelta(seconds=delay)),
                    WAITING if delays else DROPPED,
                    platform,
                    company,
                    subject,
                    url,
                    json.dumps(dict(headers)),
                    body,
                ),
            )
        self._store.after_commit(self.ring)

    def ring(self) -> None:
        """Wake the senders."""
        with self._news:
            self._news.notify_all()

    def start(self) -> None:
        """Take up what a former process left, and send from background threads."""
        with self._store.transaction():
            self._store.execute("UPDATE delivery SET state = ? WHERE state = ?", (WAITING, SENDING))
        for place in range(SENDERS):
            thread = Thread(target=self._run, name=f"outbox-{place}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """End the senders; a delivery that is under way is awaited for a second."""
        self._stopped = True
        self.ring()
        for thread in self._threads:
            thread.join(timeout=1)

    def last(self, count: int) -> list[dict[str, Any]]:
        """Return the latest deliveries without their bodies, newest first."""
        rows = self._store.execute(
            "SELECT id, created, due, state, platform, company, subject, url, attempts, outcome"
            " FROM delivery ORDER BY id DESC LIMIT ?",
            (count,),
        )
        return [dict(row) for row in rows]

    def waiting(self) -> int:
        """Return how many deliveries are still to be sent."""
        rows = self._store.execute(
            "SELECT count(*) AS n FROM delivery WHERE state IN (?, ?)", (WAITING, SENDING)
        )
        return int(rows[0]["n"])

    def _run(self) -> None:
        # LeafLink sends by requests, whose name each delivery bears; urllib3, which is below it, costs half.
        with PoolManager() as pool:
            while not self._stopped:
                delivery = self._claim()
                if delivery is not None:
                    self._send(pool, delivery)
                    continue
                with self._news:
                    pause = self._pause()
                    if pause > 0 and not self._stopped:
                        self._news.wait(pause)

    def _claim(self) -> Row | None:
        with self._store.transaction():
            rows = self._store.execute(CLAIM, (SENDING, WAITING, stamp()))
        return rows[0] if rows else None

    def _pause(self) -> float:
        """Return the seconds until the next delivery is due, a minute at most."""
        rows = self._store.execute("SELECT min(due) AS due FROM delivery WHERE state = ?", (WAITING,))
        if rows[0]["due"] is None:
            return 60.0
        return min(60.0, (parse(rows[0]["due"]) - now()).total_seconds())

    def _send(self, pool: PoolManager, delivery: Row) -> None:
        headers = {
            "User-Agent": default_user_agent(),
            "Content-Type": "application/json",
            **json.loads(delivery["headers"]),
        }
        try:
            response = pool.request(
                "POST",
                delivery["url"],
                body=delivery["body"],
                headers=headers,
                timeout=TIMEOUT_SECONDS,
                redirect=False,
                retries=False,
            )
        except (HTTPError, UnicodeError) as error:
            self._settle(delivery, good=False, outcome=type(error).__name__)
        else:
            self._settle(delivery, good=response.status < BAD, outcome=str(response.status))

    def _settle(self, delivery: Row, *, good: bool, outcome: str) -> None:
        tries = int(delivery["attempts"]) + 1
        state = SENT if good else WAITING if tries <= len(RETRY_SECONDS) else GIVEN_UP
        wait = RETRY_SECONDS[tries - 1] if state == WAITING else 0
        with self._store.transaction():
            self._store.execute(
                "UPDATE delivery SET state = ?, attempts = ?, outcome = ?, due = ? WHERE id = ?",
                (state, tries, outcome, stamp(now() + timedelta(seconds=wait)), delivery["id"]),
            )
            # The plus keeps the planner from walking everything that was sent, for a few rows of low numbers.
            self._store.execute(
                "DELETE FROM delivery WHERE id <= ? AND +state IN (?, ?, ?)",
                (delivery["id"] - KEPT, SENT, DROPPED, GIVEN_UP),
            )
