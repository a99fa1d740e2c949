"""What is declared for a platform's connections: its own checks and Flourish's, in the checklist's order."""

from __future__ import annotations

from portal.sync.checks import PHASES, Check
from portal.sync.contract import Platform
from portal.sync.flourish import FLOURISH


class UnknownCheck(LookupError):
    """No check has this name."""


def checks_of(platform: Platform) -> tuple[Check, ...]:
    """The checks of a connection to a platform, phase by phase; in each the platform's come first."""
    every = (*platform.readiness.checks, *FLOURISH.readiness.checks)
    return tuple(sorted(every, key=lambda one: PHASES.index(one.phase)))


def check_named(platform: Platform, name: str) -> Check:
    """Look a check up by its name.

    Raises:
        UnknownCheck: there is none.
    """
    found = next((one for one in checks_of(platform) if one.name == name), None)
    if found is None:
        raise UnknownCheck(f"There is no check {name!r}.")
    return found
