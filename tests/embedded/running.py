"""`trellis up` as a real process, and what tests ask about it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg

STANDIN = Path(__file__).with_name("standin.py")
ROOM = Path(__file__).parents[2]
SCRIPT = """\
#!{python}
import runpy, sys
if sys.argv[1:2] == ["up"]:
    from portal.cli.up import up
    up(sys.argv[2:])
runpy.run_path({standin!r}, run_name="__main__")
"""


def eventually(happens: Callable[[], object], within: float = 15.0) -> None:
    deadline = time.monotonic() + within
    while not happens():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _names(process: psutil.Process) -> set[str]:
    """What a process may be called by; nothing once it has ended, which it may do at any moment."""
    try:
        return {process.name(), *process.cmdline()[2:3]}
    except psutil.NoSuchProcess:
        return set()


def runs(process: psutil.Process) -> bool:
    """Whether it is more than an entry that init has yet to remove."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def remove_data(data: Path) -> None:
    """Delete `data` and the directories elsewhere that it leads to."""
    for link in [path for path in data.rglob("*") if path.is_symlink()]:
        shutil.rmtree(link.resolve(), ignore_errors=True)
    shutil.rmtree(data, ignore_errors=True)


def loose_modes(top: Path) -> list[str]:
    """Everything under `top`, behind links too, that group or others may touch."""
    paths = (
        path
        for directory, _subdirectories, files in os.walk(top, followlinks=True)
        for path in [Path(directory), *(Path(directory) / file for file in files)]
    )
    return [
        str(path) for path in paths if path != top and not path.is_symlink() and path.stat().st_mode & 0o077
    ]


def connect(url: str, password: str | None = None) -> psycopg.Connection:
    parts = urlsplit(url)
    return psycopg.connect(
        user=parts.username,
        password=password or parts.password,
        dbname=parts.path.lstrip("/"),
        host=parse_qs(parts.query)["host"][0],
    )


def ask(url: str, question: str) -> object:
    with connect(url) as connection:
        row = connection.execute(question.encode()).fetchone()
        assert row
        return row[0]


def tell(url: str, statement: str) -> None:
    with connect(url) as connection:
        connection.execute(statement.encode())


class Up:
    """A running `trellis up` whose other commands are stand-ins."""

    def __init__(self, data: Path, script: Path, user: str | None = None) -> None:
        self.data = data
        self.port, self.sandbox_port = free_port(), free_port()
        self.process: subprocess.Popen[str] | None = None
        self._script = script
        self._output = data.with_suffix(".out")
        self._user = user
        self._seen: list[psutil.Process] = []

    def start(self, *arguments: str, **variables: str) -> "Up":
        ours = ("DATABASE_URL", "REDIS_URL", "TRELLIS_", "PORT", "DATA")
        env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        settings = {"PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port), "DATA": str(self.data)}
        with self._output.open("w") as output:
            self.process = self._spawn(arguments, {**env, **settings, **variables}, output)
        return self

    def _spawn(
        self, arguments: tuple[str, ...], env: dict[str, str], output: IO[str]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self._script), "up", *arguments],
            env=env,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            user=self._user,
            group="nogroup" if self._user else None,
            extra_groups=[] if self._user else None,
        )

    @property
    def said(self) -> str:
        return self._output.read_text()

    def ready(self) -> "Up":
        process = self.process
        assert process
        eventually(lambda: "Ctrl-C stops everything." in self.said or process.poll() is not None, 30)
        assert process.poll() is None, self.said
        self._seen = self.processes()
        return self

    def processes(self) -> list[psutil.Process]:
        assert self.process
        return psutil.Process(self.process.pid).children(recursive=True)

    def processes_of(self, program: str) -> list[psutil.Process]:
        """The supervisor's own children that run `program`: its name, or the first argument of trellis."""
        assert self.process
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if runs(child) and program in _names(child)]

    def signal(self, number: signal.Signals) -> "Up":
        assert self.process
        self.process.send_signal(number)
        return self

    def ended(self, within: float = 20.0) -> int:
        assert self.process
        return self.process.wait(within)

    def left_behind(self) -> list[psutil.Process]:
        """Return those of its processes that run on, after giving them five seconds."""
        with contextlib.suppress(AssertionError):
            eventually(lambda: not any(runs(process) for process in self._seen), 5)
        return [process for process in self._seen if runs(process)]

    def notes(self) -> list[str]:
        path = self.data / "notes"
        return path.read_text().split("\n")[:-1] if path.exists() else []

    def close(self) -> None:
        if self.process and self.process.poll() is None:
            self._seen += self.processes()
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for process in self.left_behind():
            process.kill()
        self._output.unlink(missing_ok=True)


def write_script(directory: Path, python: str) -> Path:
    script = directory / "trellis"
    script.write_text(SCRIPT.format(python=python, standin=str(STANDIN)))
    script.chmod(0o755)
    return script
