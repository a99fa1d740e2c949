"""Crash points: numbered places at which a test may kill this very process."""

from __future__ import annotations

import os
import signal

_VARIABLE = "TRELLIS_CRASH_AT"

# Every boundary at which what is committed and what is known part for a moment, in the order in which a link
# passes them. A worker that dies at any of them must leave nothing that the next one cannot bring to its end.
INBOX = ("kept",)
LOOK = ("claimed", "looked", "decided")
WRITE = ("before_intent", "after_intent", "after_call", "after_record")
END = ("before_conclusion", "after_conclusion")
SETTLING = ("before_settle_look", "after_settle_look", "settled")
POLL = ("page_marked", "before_watermark")
# Of pulls, whose pages are whole rows; then both sides are compared.
PULL = ("page_stored", "compared", "before_pulled")
POINTS = (*INBOX, *LOOK, *WRITE, *END, *SETTLING, *POLL, *PULL)


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
