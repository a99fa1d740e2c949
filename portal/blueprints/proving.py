"""Proving: what the pages share on which people prove who they are."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import current_app

from portal.identity.people import Person, current_person
from portal.identity.throttle import TRIES_PER_ACCOUNT, WINDOW_SECONDS, Throttle

# Of pages that belong to no company.
UTC = ZoneInfo("UTC")


def person() -> Person:
    """Who is signed in, on pages for people who are."""
    found = current_person()
    assert found is not None  # noqa: S101 - the guard let nobody else in
    return found


def throttle() -> Throttle:
    """How often somebody may try."""
    found: Throttle = current_app.extensions["trellis"].throttle
    return found


def too_often(what: str) -> int:
    """Count one more try of a password or code; return how long to wait when there were too many."""
    if throttle().allow(what, times=TRIES_PER_ACCOUNT, seconds=WINDOW_SECONDS):
        return 0
    return throttle().wait(what)
