"""SIGKILL of `trellis up` itself: its real programs end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.embedded.running import remove_data, runs
from tests.processes.product import TRELLIS, eventually, free_port

pytestmark = [pytest.mark.processes, pytest.mark.xdist_group("processes")]

FOREIGN = ("TRELLIS_", "DATABASE_URL", "REDIS_URL")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="trellis-up-") as made:
        yield Path(made)
        remove_data(Path(made) / "data")


@pytest.mark.fault(79)
def test_a_killed_supervisor_leaves_none_of_its_programs(folder: Path) -> None:
    data = folder / "data"
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    env |= {"PORT": str(free_port()), "SANDBOX_PORT": str(free_port()), "DATA": str(data)}
    said = folder / "said"
    with said.open("wb") as output:
        up = subprocess.Popen((TRELLIS, "up", "--demo"), env=env, stdout=output, stderr=output)
    family: list[psutil.Process] = []
    try:
        eventually("it is ready", lambda: b"Ctrl-C stops everything" in said.read_bytes(), within=120)
        family = psutil.Process(up.pid).children(recursive=True)
        names = {one.name() for one in family}
        assert len(family) >= 7, names
        up.send_signal(signal.SIGKILL)
        up.wait(10)
        eventually("all have ended", lambda: not any(runs(one) for one in family), within=30)
    finally:
        up.kill()
        for one in family:
            if runs(one):
                one.kill()
