"""Programs under measurement: started here, on loopback, and ended by their ids."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
from sqlalchemy.engine import make_url

from portal.config import RUNNING_FILE

ROOT = Path(__file__).parents[1]
TRELLIS = Path(sys.executable).with_name("trellis")
# What would lead the product to servers or settings of this machine's owner.
_FOREIGN = ("TRELLIS_", "DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "PORT", "SANDBOX_PORT", "DATA")
_START_SECONDS = 90.0
_STOP_SECONDS = 60.0
COMPANIES = ("greenleaf", "sunrise")
# So many calls a second that no account is ever at its limit.
_UNLIMITED = 1000


class DidNotStart(Exception):
    """A program ended, or was not ready in time."""


def environment(**more: str) -> dict[str, str]:
    """Return this process's environment without what would lead the product elsewhere, and with `more`."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**ours, "PYTHONUNBUFFERED": "1", **more}


def free_port() -> int:
    """Return a port of loopback that is free now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def directory() -> Iterator[Path]:
    """Make a directory with a path short enough for sockets; what its links lead to is deleted with it."""
    with tempfile.TemporaryDirectory(prefix="trellis-bench-") as folder:
        path = Path(folder)
        yield path
        # As root, PostgreSQL's files lie outside DATA.
        for link in [found for found in path.rglob("*") if found.is_symlink() and found.is_dir()]:
            if not link.resolve().is_relative_to(path):
                shutil.rmtree(link.resolve(), ignore_errors=True)


@contextlib.contextmanager
def running(*argv: str, env: Mapping[str, str], log: Path, ready: str = "") -> Iterator[psutil.Process]:
    """Run a program for a `with` block.

    Args:
        argv: the command.
        env: its whole environment.
        log: the file for what it prints.
        ready: the address that answers 200 once it is ready.
    """
    with log.open("wb") as output:
        process = psutil.Popen(
            argv,
            env=env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        if ready:
            _wait(process, ready, log)
        yield process
    finally:
        _stop(process)


def _wait(process: psutil.Popen, address: str, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        with contextlib.suppress(requests.RequestException):
            if requests.get(address, timeout=2).ok:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise DidNotStart(f"{' '.join(process.args)}\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.05)


def _stop(process: psutil.Popen) -> None:
    family = [process, *process.children(recursive=True)] if process.poll() is None else []
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGTERM)
    _, left = psutil.wait_procs(family, _STOP_SECONDS)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()


@dataclass(frozen=True)
class Demo:
    """What `make demo` starts, ready to be used."""

    process: psutil.Process
    data: Path
    url: str
    sandbox: str
    seconds_to_ready: float

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's control API.

        Raises:
            requests.RequestException: it refused, or did not answer.
        """
        answer = requests.request(method, f"{self.sandbox}/control/{path}", json=body, timeout=60)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def place(self, lines: int, company: str = "greenleaf") -> str:
        """Place an order of so many lines as a buyer; returns the name that it has in both systems."""
        return str(self.control("POST", "leaflink/orders", {"lines": lines, "company": company})["short_id"])

    def command(self, *arguments: str) -> str:
        """Run a `trellis` command beside it, and return what it prints."""
        env = environment(DATA=str(self.data))
        argv = (str(TRELLIS), *arguments)
        return subprocess.run(argv, env=env, check=True, capture_output=True, text=True, cwd=ROOT).stdout

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection that sees the rows of every company."""
        running: dict[str, str] = json.loads((self.data / RUNNING_FILE).read_text())
        return psycopg.connect(for_psycopg(running["DATABASE_URL"]), autocommit=True)

    def family(self) -> list[psutil.Process]:
        """The supervisor and all below it."""
        return [self.process, *self.process.children(recursive=True)]

    def processor_seconds(self) -> dict[str, float]:
        """How much processor time each kind of process has used, those that have ended included."""
        used: defaultdict[str, float] = defaultdict(float)
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                used[kind(process)] += times.user + times.system + times.children_user + times.children_system
        return used

    def lift_limits(self) -> None:
        """Have LeafLink take any number of calls, and Trellis make as many as it can."""
        self.control("POST", "settings", {"leaflink_rate_limit": 0})
        for company in COMPANIES:
            for kind, name in (("connection", "LeafLink"), ("hub", "Flourish")):
                self.command(kind, "rate", "--tenant", company, name, str(_UNLIMITED))


@contextlib.contextmanager
def demo() -> Iterator[Demo]:
    """Run what `make demo` runs, on free ports and with an empty DATA."""
    with directory() as folder:
        port, sandbox_port = free_port(), free_port()
        data, log = folder / "data", folder / "up.log"
        env = environment(PORT=str(port), SANDBOX_PORT=str(sandbox_port), DATA=str(data))
        began = time.monotonic()
        with running(str(TRELLIS), "up", "--demo", env=env, log=log) as process:
            _wait_for_line(process, log, "Trellis is ready")
            yield Demo(
                process,
                data,
                f"http://127.0.0.1:{port}",
                f"http://127.0.0.1:{sandbox_port}",
                time.monotonic() - began,
            )


def kind(process: psutil.Process) -> str:
    """Name what a process is: the subcommand of `trellis`, else the program."""
    words = process.cmdline()
    for place, word in enumerate(words[:3]):
        if Path(word).name == "trellis":
            return f"trellis {words[place + 1]}"
    name = process.name()
    return "postgres" if name.startswith("postgres") else name


def _wait_for_line(process: psutil.Process, log: Path, line: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while line not in (printed := log.read_text(errors="replace")):
        if (
            not process.is_running()
            or process.status() == psutil.STATUS_ZOMBIE
            or time.monotonic() > deadline
        ):
            raise DidNotStart(printed[-2000:])
        time.sleep(0.02)


def for_psycopg(url: str) -> str:
    """Write a database's address as libpq reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
