"""Sides: both accounts of a connection, open for reading, with writes captured and calls counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy.orm import Session

from portal.models import Connection
from portal.sync.engine.accounts import (
    Account,
    Tape,
    hub_turnstile,
    open_hub,
    open_platform,
    platform_turnstile,
    rules_of,
)
from portal.sync.engine.desk import Desk
from portal.sync.engine.said import said_of
from portal.sync.http import Exchange
from portal.sync.preview.recording import NO_NAMES, RecordingFlourish, RecordingPlatform
from portal.sync.registry import platform as platform_by_key


class CountingTape(Tape):
    """Counts the calls of one side."""

    def __init__(self, counts: Counter[str], side: str) -> None:
        super().__init__()
        self._counts, self._side = counts, side

    def record(self, exchange: Exchange) -> None:
        """Count one call; nothing is kept of it."""
        del exchange
        self._counts[self._side] += 1


@dataclass(frozen=True)
class Sides:
    """Both sides as a rehearsal uses them. `calls` counts the reads that were made, by side."""

    account: Account
    platform: RecordingPlatform
    flourish: RecordingFlourish
    calls: Counter[str]

    def forget(self) -> None:
        """Forget what was seen of single things; what would have been made once stays."""
        self.platform.forget()
        self.flourish.forget()


def open_sides(
    desk: Desk,
    session: Session,
    connection: Connection,
    *,
    since: datetime | None = None,
    strains: Iterable[str] = (),
    destinations: Mapping[str, str] | None = None,
) -> Sides:
    """Open both sides for a preview or a report; its calls let everybody else's go first.

    Args:
        desk: what to work with.
        session: a session inside the tenant.
        connection: whose.
        since: from when on orders of one that was never live are taken.
        strains: those that were captured so far.
        destinations: likewise, names by normalised license.
    """
    calls: Counter[str] = Counter()
    client = open_platform(
        desk,
        session,
        connection,
        CountingTape(calls, "platform"),
        platform_turnstile(desk, connection, yields=True),
    )
    hub = open_hub(
        desk,
        session,
        connection.hub,
        CountingTape(calls, "flourish"),
        hub_turnstile(desk, connection.hub, yields=True),
    )
    declared = platform_by_key(connection.platform)
    names = declared.catalogue.names if declared.catalogue is not None else NO_NAMES
    platform = RecordingPlatform(client, strains, names)
    facilities = {one.flourish_id: one.name for one in connection.hub.facilities}
    flourish = RecordingFlourish(hub, destinations or {}, facilities)
    account = Account(
        platform=declared,
        client=platform,
        flourish=cast(Any, flourish),
        rules=rules_of(connection, declared, said_of(session, connection), since=since),
        tape=Tape(),
        settle_seconds=0.0,
    )
    return Sides(account, platform, flourish, calls)
