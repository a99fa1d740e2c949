"""What the supervisor runs."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, auto
from pathlib import Path

from portal.embedded.lifeline import tie_to_parent
from portal.embedded.private import Account

Probe = Callable[[int], bool]


class Stage(IntEnum):
    """When a service stops: each stage waits for the one before, so that nothing loses what it uses."""

    WEB = auto()
    SCHEDULE = auto()
    WORKERS = auto()
    SANDBOX = auto()
    REDIS = auto()
    DATABASE = auto()


@dataclass(frozen=True, kw_only=True)
class Program:
    """A command with all it needs to run.

    `last_signal` is what it gets when we die without stopping it; `inherited` are descriptors it keeps open.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path | None = None
    account: Account | None = None
    inherited: tuple[int, ...] = ()
    last_signal: signal.Signals = signal.SIGKILL

    def spawn(self, stdout: int, stderr: int = subprocess.STDOUT) -> subprocess.Popen[bytes]:
        """Start it in a session of its own, out of reach of the terminal's Ctrl-C. Raises OSError."""
        account = self.account
        return subprocess.Popen(  # noqa: S603 - our own programs
            self.argv,
            env=self.env,
            cwd=self.cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            umask=0o077,
            pass_fds=self.inherited,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to_parent(self.last_signal),  # noqa: PLW1509 - None when there are threads
        )


@dataclass(frozen=True, kw_only=True)
class Service(Program):
    """A program that is meant to run on.

    `ready` is asked with the process id and takes a second at most; without it, a service that stays alive
    for a moment is ready. Stopping sends `stop_signals` one by one, each with `grace` seconds to end.
    """

    stage: Stage
    ready: Probe | None = None
    grace: float = 10.0
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)


def ending(code: int) -> str:
    """Say how a process ended, from its return code as `subprocess` gives it."""
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def environment(**more: str) -> dict[str, str]:
    """Return our environment with `more` in it, for a Python program whose output is wanted line by line."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", **more}
