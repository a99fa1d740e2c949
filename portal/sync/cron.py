"""The schedule process: every few seconds it sweeps and rings for what the calendar asks, until it is told to
stop. Several may run."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from portal.sync import installation, nightly, queues
from portal.sync.engine.desk import Desk
from portal.sync.engine.sweep import sweep

_log = logging.getLogger(__name__)
_TIDY_EVERY = 12


def run(desk: Desk, stop: threading.Event) -> None:
    """Sweep until `stop` is set. A database that is away is waited for."""
    turn = 0
    while not stop.is_set():
        try:
            sweep(desk)
            nightly.run_due(desk)
            with desk.sessions.system() as session:
                installation.swept(session)
        except SQLAlchemyError as error:
            _log.warning("the database is away, the sweep waits: %s", type(error).__name__)
        if turn % _TIDY_EVERY == 0:
            queues.tidy(desk.redis)
        turn += 1
        stop.wait(desk.settings.sweep_seconds)
