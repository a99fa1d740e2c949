"""The sandbox in one process, without a server: a fresh copy of its seeded state for every test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.simulation import FILE, Simulation
from tests.sandbox.doors import Doors


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the state once; copying it is quicker than making it."""
    data = tmp_path_factory.mktemp("seeded")
    Simulation(data).close()
    return data / FILE


@pytest.fixture
def simulation(seeded: Path, tmp_path: Path) -> Iterator[Simulation]:
    shutil.copy(seeded, tmp_path / FILE)
    made = Simulation(tmp_path)
    yield made
    made.close()


@pytest.fixture
def doors(simulation: Simulation) -> Doors:
    return Doors(simulation)
