"""The schedule process: every few seconds it sweeps and rings for what the calendar asks, until it is told to
stop. Several may run."""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from portal.sync import handling, installation, nightly, queues
from portal.sync.audit import anchors
from portal.sync.engine.desk import Desk
from portal.sync.engine.sweep import sweep
from portal.sync.preview import runner as previews
from portal.sync.readiness import schedule
from portal.sync.reconciliation import runner as reports

_log = logging.getLogger(__name__)
_TIDY_EVERY = 12
# How soon a file of anchors that could not be written to is tried again.
_AGAIN_SECONDS = 60.0


def run(desk: Desk, stop: threading.Event) -> None:
    """Sweep until `stop` is set. A database that is away is waited for."""
    turn, anchors_due = 0, 0.0
    while not stop.is_set():
        try:
            sweep(desk)
            nightly.run_due(desk)
            schedule.run_due(desk)
            _ring_previews(desk)
            handling.wake(desk)
            reports.begin_nights(desk)
            _ring_reports(desk)
            with desk.sessions.system() as session:
                installation.swept(session)
            if time.monotonic() >= anchors_due:
                anchors_due = time.monotonic() + _anchor(desk)
        except SQLAlchemyError as error:
            _log.warning("the database is away, the sweep waits: %s", type(error).__name__)
        if turn % _TIDY_EVERY == 0:
            queues.tidy(desk.redis)
        turn += 1
        stop.wait(desk.settings.sweep_seconds)


def _ring_previews(desk: Desk) -> None:
    """Ring for previews that wait for a turn: a lost ring, or a dead worker, costs seconds."""
    with desk.sessions.system() as session:
        waiting = previews.PREVIEWS.due(session)
    for preview_id in waiting:
        queues.ring_preview(desk.redis, preview_id)


def _ring_reports(desk: Desk) -> None:
    """Likewise for reports."""
    with desk.sessions.system() as session:
        waiting = reports.REPORTS.due(session)
    for report_id in waiting:
        queues.ring_reconciliation(desk.redis, report_id)


def _anchor(desk: Desk) -> float:
    """Write down where the audit's chains end; return after how many seconds to do so again."""
    try:
        anchors.write(desk.sessions, desk.settings.audit_anchors)
    except OSError as error:
        path = desk.settings.audit_anchors
        _log.error("the audit's anchors cannot be written to %s: %s", path, error.strerror)
        return _AGAIN_SECONDS
    return anchors.EVERY.total_seconds()
