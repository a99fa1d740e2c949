"""Figures: how this installation stands, as Prometheus reads it. Each is read when it is asked for.

No label holds a company's name, a person or a key: a key owner is told by a digest of its name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from portal.queries import figures
from portal.queries.figures import Figures, Group
from portal.sync import queues
from portal.sync.engine import budget
from portal.sync.engine.desk import Desk

Family = GaugeMetricFamily
Row = tuple[Sequence[str], float]


class Installation(Collector):
    """Reads the figures of PostgreSQL and Redis, which are the same in every process, whoever is asked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def collect(self) -> Iterator[Family]:
        """Read everything; what is away is told as away, and its figures are left out."""
        database, redis = self._read_database(), self._read_redis()
        yield _family(
            "trellis_up",
            "Whether the database and Redis answer this process.",
            ["part"],
            [(("database",), float(database is not None)), (("redis",), float(redis is not None))],
        )
        if database is not None:
            yield from _of_database(database)
        if redis is not None:
            yield from _of_queue(redis[0])
            yield from _of_budgets(redis[1])

    def _read_database(self) -> Figures | None:
        try:
            with self._desk.sessions.system() as system:
                return figures.read(system)
        except SQLAlchemyError:
            return None

    def _read_redis(self) -> tuple[queues.Standing, list[budget.Standing]] | None:
        try:
            return queues.standing(self._desk.redis), self._desk.budget.standing()
        except RedisError:
            return None


def owner_label(owner: str) -> tuple[str, str]:
    """How the budget of a key owner is labelled: its system, and a digest in place of the owner's name."""
    system, _, name = owner.partition(":")
    return system, hashlib.blake2b(name.encode(), digest_size=4).hexdigest()


def _of_database(read: Figures) -> Iterator[Family]:
    yield from _groups(
        read.now, "trellis_links_due", "Things that should have been looked at by now", "kind", read.due
    )
    yield from _groups(read.now, "trellis_problems_open", "Open problems", "code", read.problems)
    yield from _groups(
        read.now, "trellis_writes_unsettled", "Writes whose effect is not known yet", "status", read.unsettled
    )
    yield _family(
        "trellis_deliveries_last_hour",
        "Webhooks that were kept within the last hour, by what became of them.",
        ["outcome"],
        [((group.name,), group.number) for group in read.deliveries],
    )
    yield from _waiting(read.now, "trellis_mail_waiting", "Mails that are not sent yet.", read.mail)
    yield from _waiting(
        read.now,
        "trellis_notices_waiting",
        "Messages of notification rules that are not sent yet.",
        read.notices,
    )
    yield _family(
        "trellis_connections",
        "Connections by platform and state.",
        ["platform", "state"],
        [((platform, state), number) for platform, state, number in read.connections],
    )
    yield from _of_proofs(read)
    yield from _of_processes(read)


def _of_proofs(read: Figures) -> Iterator[Family]:
    proven = read.proven
    yield _family(
        "trellis_proofs",
        "Companies by what their last check found; none: never checked.",
        ["outcome"],
        [((outcome,), number) for outcome, number in proven.outcomes.items()],
    )
    yield _family(
        "trellis_proof_orders",
        "Orders that the last checks found lost or doubled.",
        ["found"],
        [(("lost",), proven.lost), (("doubled",), proven.doubled)],
    )
    yield _gauge(
        "trellis_proof_oldest_seconds",
        "Age of the last check of the company that was not checked for the longest.",
        _age(read.now, proven.oldest),
    )


def _of_processes(read: Figures) -> Iterator[Family]:
    yield _gauge(
        "trellis_sweep_age_seconds",
        "Since when the schedule has not swept; NaN: it never has.",
        _age(read.now, read.last_swept_at, never=float("nan")),
    )
    yield _family(
        "trellis_writing_stopped",
        "Stop switches that are on: the operator's, and how many companies'.",
        ["whose"],
        [(("everybody",), float(read.everybody_stopped)), (("company",), read.companies_stopped)],
    )


def _of_queue(standing: queues.Standing) -> Iterator[Family]:
    yield _family(
        "trellis_queue_jobs",
        "Jobs of the queue; failed ones of the last hour.",
        ["state"],
        [
            (("waiting",), standing.waiting),
            (("working",), standing.working),
            (("failed",), standing.failed),
        ],
    )
    yield _gauge("trellis_workers", "Workers that are alive.", standing.workers)


def _of_budgets(budgets: Iterable[budget.Standing]) -> Iterator[Family]:
    used = [(owner_label(one.owner), one) for one in budgets]
    labels = ["system", "owner"]
    yield _family(
        "trellis_rate_budget_calls_left",
        "Calls that a key owner could make at once after the last one; negative: turns are reserved.",
        labels,
        [(label, one.left) for label, one in used],
    )
    yield _family(
        "trellis_rate_budget_pace",
        "How fast a key owner's account is called, in parts of what is allowed; a 429 halves it.",
        labels,
        [(label, one.pace) for label, one in used],
    )
    yield _family(
        "trellis_rate_budget_held_seconds",
        "For how long nobody may call for a key owner, because the platform said so.",
        labels,
        [(label, one.held_seconds) for label, one in used],
    )


def _groups(now: datetime, name: str, what: str, label: str, groups: Sequence[Group]) -> Iterator[Family]:
    yield _family(name, f"{what}, by {label}.", [label], [((one.name,), one.number) for one in groups])
    yield _family(
        f"{name}_oldest_seconds",
        "Age of the oldest of them.",
        [label],
        [((one.name,), _age(now, one.oldest)) for one in groups],
    )


def _waiting(now: datetime, name: str, what: str, group: Group) -> Iterator[Family]:
    yield _gauge(name, what, group.number)
    yield _gauge(f"{name}_oldest_seconds", "Age of the oldest of them.", _age(now, group.oldest))


def _gauge(name: str, what: str, value: float) -> Family:
    return Family(name, what, value=value)


def _family(name: str, what: str, labels: Sequence[str], rows: Iterable[Row]) -> Family:
    family = Family(name, what, labels=labels)
    for values, number in rows:
        family.add_metric(values, number)
    return family


def _age(now: datetime, since: datetime | None, *, never: float = 0.0) -> float:
    """Seconds since then; `never` where there is nothing."""
    return max(0.0, (now - since).total_seconds()) if since is not None else never
