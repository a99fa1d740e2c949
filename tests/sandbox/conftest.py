"""The sandbox in one process, without a server: its seeded state is put back before every test."""

import sqlite3
from collections.abc import Iterator

import pytest

from sandbox.simulation import SEED, Simulation
from tests.sandbox.doors import Doors


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Make simulation and application once: compiling its routes is what takes time."""
    simulation = Simulation(tmp_path_factory.mktemp("sandbox"))
    simulation.store.set_setting("leaflink_rate_limit", 0)
    yield Doors(simulation)
    simulation.close()


@pytest.fixture(scope="session")
def seeded(served: Doors) -> Iterator[sqlite3.Connection]:
    """Keep a copy of the state as it was made."""
    copy = sqlite3.connect(":memory:")
    served.simulation.store._db.backup(copy)
    yield copy
    copy.close()


@pytest.fixture
def doors(served: Doors, seeded: sqlite3.Connection) -> Doors:
    served.simulation.faults.clear()
    seeded.backup(served.simulation.store._db)
    served.simulation.store.read_settings()
    served.simulation.faults.reseed(SEED)
    served.simulation.random.seed(SEED)
    return served


@pytest.fixture
def simulation(doors: Doors) -> Simulation:
    return doors.simulation
