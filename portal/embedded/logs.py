"""What the services print: kept in files of limited size, the last lines at hand."""

import os
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TextIO

from portal.logs import one_line, readable

LARGEST = 5_000_000  # bytes; one older file is kept beside it
_TAIL = 10
_LONGEST_LINE = 16_384
_CHUNK = 65_536

Say = Callable[[str], None]


class Log:
    """The lines of one service, in `directory`/<name>.log and, with `echo`, wherever that shows them.

    Raises OSError if the file cannot be opened.
    """

    def __init__(self, directory: Path, name: str, echo: Say | None = None) -> None:
        self._name = name
        self._path = directory / f"{name}.log"
        self._echo = echo
        self._tail: deque[str] = deque(maxlen=_TAIL)
        self._file = self._open()

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines, oldest first."""
        return tuple(self._tail)

    def forget(self) -> None:
        """Empty the tail: what comes next belongs to a new process."""
        self._tail.clear()

    def write(self, line: str) -> None:
        """Add a line, under the time and the service's name."""
        shown = readable(line)
        self._tail.append(shown)
        if self._echo:
            self._echo(f"{self._name} | {shown}")
        # A full disk costs log lines, never a service.
        with suppress(OSError):
            if self._file.tell() >= LARGEST:
                self._path.replace(self._path.with_suffix(".log.1"))
                full, self._file = self._file, self._open()
                full.close()
            time = datetime.now(UTC).isoformat(timespec="milliseconds")
            self._file.write(f"{time} {self._name} | {one_line(line)}\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):
            self._file.close()

    def _open(self) -> TextIO:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


class Output:
    """Reads a process's pipe in the event loop and hands on each line."""

    def __init__(self, loop: AbstractEventLoop, pipe: IO[bytes] | None, write: Say) -> None:
        if pipe is None:
            raise ValueError("the process was started without a pipe")
        self._loop = loop
        self._pipe = pipe
        self._write = write
        self._rest = b""
        os.set_blocking(pipe.fileno(), False)
        loop.add_reader(pipe.fileno(), self._read)

    def finish(self) -> None:
        """Hand on what is still in the pipe and close it."""
        while not self._pipe.closed and self._read():
            pass
        self._close()

    def _read(self) -> bool:
        try:
            chunk = os.read(self._pipe.fileno(), _CHUNK)
        except BlockingIOError:
            return False
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if len(self._rest) > _LONGEST_LINE:
            lines, self._rest = [*lines, self._rest], b""
        for line in lines:
            self._write(line.decode(errors="replace").rstrip())
        if not chunk:
            self._close()
        return bool(chunk)

    def _close(self) -> None:
        if self._pipe.closed:
            return
        self._loop.remove_reader(self._pipe.fileno())
        self._pipe.close()
        if self._rest:
            self._write(self._rest.decode(errors="replace").rstrip())
