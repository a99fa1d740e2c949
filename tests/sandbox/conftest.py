"""The sandbox in one process, without a server: its seeded state is put back before every test."""

from collections.abc import Iterator

import pytest

from sandbox.simulation import Simulation
from tests.sandbox.doors import Doors
from tests.sandbox.seeded import Seeded


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """Make simulation and application once: compiling its routes is what takes time."""
    simulation = Simulation(tmp_path_factory.mktemp("sandbox"))
    simulation.store.set_setting("leaflink_rate_limit", 0)
    simulation.store.set_setting("aiq_per_second", 0)
    yield Doors(simulation)
    simulation.close()


@pytest.fixture(scope="session")
def seeded(served: Doors) -> Iterator[Seeded]:
    """Keep a copy of the state as it was made."""
    copy = Seeded(served.simulation)
    yield copy
    copy.close()


@pytest.fixture
def doors(served: Doors, seeded: Seeded) -> Doors:
    seeded.put_back(served.simulation)
    return served


@pytest.fixture
def simulation(doors: Doors) -> Simulation:
    return doors.simulation
