"""The cluster: the product's own processes and servers, each of which can be struck without the others."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests
from sqlalchemy.engine import make_url

from portal.embedded.lifeline import kill_session
from portal.embedded.postgres import Postgres
from portal.embedded.server import EmbeddedServer
from portal.embedded.service import Program, ending
from portal.embedded.valkey import Valkey

TRELLIS = str(Path(sys.executable).with_name("trellis"))
SKEWED = str(Path(__file__).with_name("skewed"))
SERVERS = ("postgres", "valkey")
# Stands in each secret that is made for a run: found anywhere in plain text, it gives the leak away.
CANARY = "canary"
_READY_SECONDS = 60.0
_END_SECONDS = 40.0
# What a supervisor would wait before it starts again what ended by itself.
_PAUSE_SECONDS = 0.5
_FOREIGN = ("TRELLIS_", "DATABASE_URL", "MIGRATION_DATABASE_URL", "REDIS_URL", "PORT", "SANDBOX_PORT", "DATA")


class DidNotStart(Exception):
    """A program ended, or was not ready in time."""


class Cluster:
    """Everything that `trellis up --demo` runs, started and ended one by one.

    Args:
        folder: a short path, as sockets lie in it; emptied by whoever made it.
        settings: variables for the portal's processes, beside those that lead to this cluster.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.port, self.sandbox_port = _free_port(), _free_port()
        self.secret_key = f"{CANARY}-{secrets.token_hex(24)}"
        self.master_key = base64.b64encode(secrets.token_bytes(32)).decode()
        self._settings = settings
        self._servers: dict[str, EmbeddedServer] = {"postgres": Postgres(folder), "valkey": Valkey(folder)}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._extra: dict[str, dict[str, str]] = {}
        self._ended_at: dict[str, float] = {}
        self._asked_to_end: set[str] = set()

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox is."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def database_url(self) -> str:
        """The database, as the portal reads it; known once PostgreSQL was started."""
        return self._servers["postgres"].url

    @property
    def redis_url(self) -> str:
        """Redis; known once Valkey was started."""
        return self._servers["valkey"].url

    def database(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Open a connection that sees the rows of every tenant."""
        url = make_url(self.database_url).set(drivername="postgresql")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def set_up(self, *workers: str, seed: int = 1) -> None:
        """Start everything, with the demo's companies, and wait until it answers.

        Args:
            workers: their names.
            seed: what the sandbox draws its data and its chances from.

        Raises:
            DidNotStart: a program ended, or a command failed.
        """
        for name in SERVERS:
            self.start(name)
        self.command("db", "upgrade")
        self.start("sandbox")
        self.start("web")
        self.wait("sandbox", lambda: answers(f"{self.sandbox_url}/control/health"))
        self.wait("web", self.answers)
        self.control("POST", "reset", {"seed": seed})
        self.command("demo")
        self.start("schedule")
        for name in workers:
            self.start(name)

    def answers(self) -> bool:
        """Whether the pages and their database are there."""
        return answers(f"{self.url}/readyz")

    def command(self, *arguments: str, needed: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a `trellis` command to its end.

        Raises:
            DidNotStart: it failed, and is needed.
        """
        done = subprocess.run(
            (TRELLIS, *arguments),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        if needed and done.returncode:
            raise DidNotStart(f"trellis {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
        return done

    def start(self, name: str, **extra: str) -> None:
        """Start a process or server that is not running. A server is waited for, as is the end of a process
        that was asked to end.

        Args:
            name: postgres, valkey, sandbox, web, schedule, or worker-N.
            extra: variables for this one, until it is started anew.
        """
        if name in self._asked_to_end:
            self._await_end(name)
        if self.runs(name):
            return
        self._extra[name] = extra
        if name in self._servers:
            self._start_server(name)
            return
        program = Program(name=name, argv=self._argv(name), env=self.environment(**extra))
        self._running[name] = self._spawn(program)

    def runs(self, name: str) -> bool:
        """Whether it was started and has not ended."""
        process = self._running.get(name)
        return process is not None and process.poll() is None

    def pid(self, name: str) -> int:
        """The process id of what runs under this name."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """SIGKILL a process with its whole session. Of PostgreSQL only the postmaster is hit, of Valkey what
        it has on disk goes too: both are the worst that can happen to them."""
        process = self._running.pop(name, None)
        self._asked_to_end.discard(name)
        if process is None:
            return
        process.kill()
        if name != "postgres":
            kill_session(process.pid)
        process.wait()
        if name in self._servers:
            self._servers[name].release()
        if name == "valkey":
            shutil.rmtree(self.folder / "valkey" / "data", ignore_errors=True)

    def terminate(self, name: str) -> None:
        """Ask a process to end, and do not wait."""
        if self.runs(name):
            self._asked_to_end.add(name)
            self._running[name].terminate()

    def signal_family(self, name: str, number: signal.Signals) -> None:
        """Send a signal to a process and all that it started, such as SIGSTOP."""
        for one in (psutil.Process(self.pid(name)), *self.jobs(name)):
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(number)

    def jobs(self, name: str) -> list[psutil.Process]:
        """What a process has started: of a worker, the job at hand."""
        try:
            return psutil.Process(self.pid(name)).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def tend(self) -> list[str]:
        """Start again what ended by itself, as a supervisor does, after a pause.

        Returns:
            What was started, and how it had ended.
        """
        again = []
        for name, process in list(self._running.items()):
            if process.poll() is None or name in self._asked_to_end:
                continue
            since = self._ended_at.setdefault(name, time.monotonic())
            if time.monotonic() - since < _PAUSE_SECONDS:
                continue
            del self._ended_at[name], self._running[name]
            kill_session(process.pid)
            again.append(f"{name} ended by itself ({ending(process.returncode)}); started again")
            self.start(name, **self._extra[name])
        return again

    def wait(self, name: str, ready: Callable[[], bool]) -> None:
        """Wait until something answers.

        Raises:
            DidNotStart: it does not.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while not ready():
            if time.monotonic() > deadline or not self.runs(name):
                raise DidNotStart(f"{name}: {self._log(name).read_text(errors='replace')[-1500:]}")
            time.sleep(0.05)

    def memory(self) -> dict[str, float]:
        """The resident memory of each process, in MB; jobs come and go, and are left out."""
        sizes = {}
        for name in self._running:
            with contextlib.suppress(psutil.NoSuchProcess):
                sizes[name] = psutil.Process(self.pid(name)).memory_info().rss / 1_000_000
        return sizes

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's control API.

        Raises:
            requests.RequestException: it refused, or did not answer.
        """
        answer = requests.request(method, f"{self.sandbox_url}/control/{path}", json=body, timeout=60)
        if not answer.ok:
            raise requests.HTTPError(f"{answer.status_code} {answer.text.strip()[:200]}", response=answer)
        return answer.json() if answer.content else None

    def environment(self, **extra: str) -> dict[str, str]:
        """The variables of the portal's processes."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        return {
            **ours,
            "PYTHONUNBUFFERED": "1",
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "DATA": str(self.folder),
            "PORT": str(self.port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "TRELLIS_DEMO": "1",
            "TRELLIS_SECRET_KEY": self.secret_key,
            "TRELLIS_MASTER_KEY": self.master_key,
            **self._settings,
            **extra,
        }

    def close(self) -> None:
        """End everything, leave nothing behind."""
        for name in ("web", "schedule", *sorted(set(self._running) - {"web", "schedule", *SERVERS})):
            if name in self._running:
                self._running[name].send_signal(signal.SIGCONT)
                self.kill(name)
        for name in reversed(SERVERS):
            if name in self._running:
                self._stop_server(name)
            self._servers[name].discard()

    def _await_end(self, name: str) -> None:
        """Give a process the time that a supervisor gives it; what is left then is killed."""
        self._asked_to_end.discard(name)
        process = self._running.pop(name)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_END_SECONDS)
        kill_session(process.pid)
        process.wait()

    def _stop_server(self, name: str) -> None:
        process = self._running.pop(name)
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(10)
        kill_session(process.pid)
        process.wait()
        self._servers[name].release()

    def _start_server(self, name: str) -> None:
        server = self._servers[name]
        # Takes the lock on its files, which is free once all of its former processes have ended.
        server.prepare()
        service = server.service()
        process = self._running[name] = self._spawn(service)
        ready = service.ready
        if ready is not None:
            self.wait(name, lambda: ready(process.pid))

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self._log(program.name).open("ab") as log:
            return program.spawn(log.fileno())

    def _log(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _argv(self, name: str) -> tuple[str, ...]:
        if name == "sandbox":
            data = str(self.folder / "sandbox")
            return (TRELLIS, "sandbox", "--port", str(self.sandbox_port), "--data", data)
        return (TRELLIS, name.partition("-")[0])


@contextlib.contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """Make a cluster in a directory of its own; both are gone at the end, however it comes."""
    with tempfile.TemporaryDirectory(prefix="trellis-chaos-") as folder:
        made = Cluster(Path(folder), **settings)
        try:
            yield made
        finally:
            made.close()


def answers(url: str) -> bool:
    """Whether an address answers 200."""
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


def skewed(seconds: int) -> dict[str, str]:
    """The variables that give a process a wrong clock; none for a right one."""
    if not seconds:
        return {}
    path = os.pathsep.join(filter(None, (SKEWED, os.environ.get("PYTHONPATH"))))
    return {"PYTHONPATH": path, "CHAOS_CLOCK_SHIFT": str(seconds)}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
