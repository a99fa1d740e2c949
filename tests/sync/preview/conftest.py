"""The sandbox in one process: the same fixtures as its own tests."""

from tests.sandbox.conftest import doors, seeded, served

__all__ = ["doors", "seeded", "served"]
