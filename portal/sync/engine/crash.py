"""Crash points: numbered places at which a test may kill this very process."""

from __future__ import annotations

import os
import signal

_VARIABLE = "TRELLIS_CRASH_AT"


def point(name: str) -> None:
    """Die here by SIGKILL when the environment says so: `TRELLIS_CRASH_AT=after_call`.

    With `TRELLIS_CRASH_FLAG` naming a file, only while that file exists; it is removed first, so that the
    restarted worker lives.
    """
    if os.environ.get(_VARIABLE) != name:
        return
    flag = os.environ.get("TRELLIS_CRASH_FLAG", "")
    if flag:
        try:
            os.unlink(flag)
        except FileNotFoundError:
            return
    os.kill(os.getpid(), signal.SIGKILL)
