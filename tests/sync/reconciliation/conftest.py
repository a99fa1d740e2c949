"""The sandbox in one process, by the fixtures of its own tests, and a shop on the worlds in memory."""

from tests.sandbox.conftest import doors, seeded, served
from tests.sync.engine.conftest import shop

__all__ = ["doors", "seeded", "served", "shop"]
