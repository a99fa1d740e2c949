"""The desk: what a piece of work has at hand, passed along instead of reached for."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from redis import Redis
from sqlalchemy.orm import Session

from portal.config import Settings
from portal.extensions import Sessions, new_engine, new_redis
from portal.sync import journal
from portal.sync.engine.budget import Budget


@dataclass(frozen=True)
class Desk:
    """Settings, sessions, Redis and the rate budgets of one process."""

    settings: Settings
    sessions: Sessions
    redis: Redis
    budget: Budget
    worker: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}")
    # Set when this process is asked to end: what is in hand is handed back after the call that is under way.
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def digest_key(self) -> bytes:
        """What digests are made with of values that must be compared and not be kept."""
        return next(iter(self.settings.master_keys.values()))

    @contextmanager
    def tenant(self, tenant_id: UUID) -> Iterator[Session]:
        """Open one transaction inside a tenant; what it journals is announced once it is committed."""
        with self.sessions.tenant(tenant_id) as session:
            yield session
        journal.announce(self.redis, session)


def open_desk(settings: Settings) -> Desk:
    """Set up a desk for this process."""
    redis = new_redis(settings.redis_url)
    # Not asked before use: after the database was away one look fails, and is put back.
    engine = new_engine(
        settings.database_url,
        pool_size=settings.links_at_once + 2,
        max_overflow=settings.links_per_worker,
    )
    return Desk(settings, Sessions(engine), redis, Budget(redis))
