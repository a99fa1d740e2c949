"""The state of a sandbox as it was made, kept: to put it back takes a twentieth of the time of a reset."""

import sqlite3
from pathlib import Path

from sandbox.simulation import FILE, SEED, Simulation


class Seeded:
    """A copy of a simulation's state.

    Args:
        simulation: as it was made.
    """

    def __init__(self, simulation: Simulation) -> None:
        self._copy = sqlite3.connect(":memory:", check_same_thread=False)
        simulation.store._db.backup(self._copy)

    def put_back(self, simulation: Simulation) -> None:
        """Make a simulation as it was. Numbers go on: a thread that is late must meet no new rows by them."""
        simulation.faults.clear()
        with simulation.store._lock:
            database = simulation.store._db
            numbers = database.execute("SELECT name, seq FROM sqlite_sequence").fetchall()
            self._copy.backup(database)
            database.execute("DELETE FROM sqlite_sequence")
            database.executemany("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", numbers)
            simulation.store.read_settings()
        simulation.faults.reseed(SEED)
        simulation.random.seed(SEED)

    def write_to(self, data: Path) -> None:
        """Make the directory of a simulation that begins with this state."""
        file = sqlite3.connect(data / FILE)
        self._copy.backup(file)
        file.close()

    def close(self) -> None:
        self._copy.close()
