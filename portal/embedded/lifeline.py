"""No process outlives the one that started it."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_SESSION_FIELD = 3  # of /proc/<pid>/stat, counted after the command's closing parenthesis

_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def tie_to_parent(last_signal: signal.Signals) -> Callable[[], None] | None:
    """Return what a new child calls before its program runs: when we die, the kernel sends it `last_signal`.

    None where that cannot be: only Linux has it, and in a process with threads (a parallel test run) no
    Python may run between a fork and its exec.
    """
    if _libc is None or threading.active_count() > 1:
        return None
    set_option = _libc.prctl
    parent = os.getpid()

    def tie() -> None:
        set_option(_PR_SET_PDEATHSIG, int(last_signal))
        if os.getppid() != parent:  # we died between the fork and the line above
            os.kill(os.getpid(), last_signal)

    return tie


def kill_session(leader: int) -> None:
    """Kill what is left of the session that `leader` began; RQ runs each job in a group of its own."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    for pid in _session(leader):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _session(leader: int) -> Iterator[int]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if fields[_SESSION_FIELD] == str(leader):
                yield int(stat.parent.name)
