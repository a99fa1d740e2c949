"""What the two embedded servers have in common."""

import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded.errors import CannotStart
from portal.embedded.lifeline import kill_session
from portal.embedded.lock import Lock
from portal.embedded.service import Service, ending

# How long a server left over from a killed `trellis up` may take to end.
PATIENCE = 15.0
_START = 30.0
_LOOK_AGAIN = 0.02
_SHOWN_LINES = 10


class EmbeddedServer(ABC):
    """A server with its files in DATA, reached over a private unix socket with a random password.

    The supervisor calls `prepare()` and runs `service()`; tests and scripts use `running()`, or `start()` and
    `stop()`.
    """

    def __init__(self, data: Path, name: str) -> None:
        self._data = data
        self._home = data / name
        self._sockets = self._home / "run"
        self._password = ""
        self._lock: Lock | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The address that clients use, password included. Known after `prepare()`."""

    def prepare(self) -> None:
        """Make what the first start needs and take the lock on the files.

        Raises CannotStart: files in use, made by another version or not writable, or a missing program.
        """
        try:
            self._prepare()
        except CannotStart:
            self.release()
            raise

    @abstractmethod
    def _prepare(self) -> None: ...

    @abstractmethod
    def service(self) -> Service:
        """Describe the prepared server to the supervisor."""

    def release(self) -> None:
        """Let go of the lock on the files."""
        if self._lock:
            self._lock.release()
            self._lock = None

    def start(self) -> str:
        """Prepare and start the server, wait until it answers and return its URL. Raises CannotStart."""
        self.prepare()
        service = self.service()
        log = self._data / f"{service.name}.log"
        with log.open("wb") as output:
            log.chmod(0o600)
            self._process = service.spawn(output.fileno())
        deadline = time.monotonic() + _START
        while service.ready and not service.ready(self._process.pid):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                last = tuple(log.read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:])
                raise CannotStart(f"{service.name} did not start ({ending(self._process.returncode)})", last)
            time.sleep(_LOOK_AGAIN)
        return self.url

    def stop(self) -> None:
        """Stop the server that `start()` started, gently first, and wait until it has ended."""
        process, service = self._process, self.service()
        if process is None:
            return
        for wish in service.stop_signals:
            if process.poll() is None:
                process.send_signal(wish)
                _wait(process, service.grace)
        kill_session(process.pid)
        process.wait()
        self.release()

    def discard(self) -> None:
        """Delete the stopped server's files, those outside DATA included."""
        for place in (self._sockets, self._home):
            shutil.rmtree(place, ignore_errors=True)
        for link in self._data.iterdir():
            if link.is_symlink() and not link.exists():
                link.unlink()

    @contextmanager
    def running(self) -> Iterator[str]:
        """Run the server for a `with` block, which gets its URL."""
        url = self.start()
        try:
            yield url
        finally:
            self.stop()


def _wait(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return
