"""A DATA of its own for every test."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.running import ROOM, Up, remove_data, write_script


@pytest.fixture
def data() -> Iterator[Path]:
    # Not tmp_path: its name is too long for a socket, which is a test of its own.
    directory = Path(tempfile.mkdtemp(prefix="t"))
    yield directory
    remove_data(directory)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A running `trellis up --demo` for tests that do not stop it."""
    data = Path(tempfile.mkdtemp(prefix="t"))
    up = Up(data, write_script(tmp_path_factory.mktemp("bin"), sys.executable))
    yield up.start("--demo").ready()
    up.close()
    remove_data(data)


@pytest.fixture
def trellis(data: Path, tmp_path: Path) -> Iterator[Up]:
    up = Up(data, write_script(tmp_path, sys.executable))
    yield up
    up.close()


@pytest.fixture
def trellis_of_nobody(data: Path) -> Iterator[Up]:
    """`trellis up` started by a user without privileges; where we are one, by ourselves."""
    if os.geteuid() != 0:
        pytest.skip("everything here already runs without privileges")
    site = next(path for path in sys.path if path.endswith("site-packages"))
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    script = write_script(data, f"/usr/bin/env -S PYTHONPATH={site}:{ROOM} /usr/bin/{python}")
    shutil.chown(data, "nobody", "nogroup")
    probe = (
        subprocess.run(
            [f"/usr/bin/{python}", "-c", "import click, psycopg, portal.embedded"],
            env={"PYTHONPATH": f"{site}:{ROOM}"},
            user="nobody",
            group="nogroup",
            check=False,
            capture_output=True,
        )
        if shutil.which(python, path="/usr/bin")
        else None
    )
    if probe is None or probe.returncode:
        pytest.skip("no Python that a user without privileges may run with our packages")
    up = Up(data, script, user="nobody")
    yield up
    up.close()
