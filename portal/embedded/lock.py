"""One user of DATA at a time."""

import fcntl
import os
import time
from pathlib import Path
from typing import Self

from portal.embedded.errors import CannotStart

_LOOK_AGAIN = 0.05


class Lock:
    """An advisory lock on a file; the kernel lets go of it when all that inherited `fileno()` have ended.

    So a server that inherits it cannot outlive it, and whoever gets the lock knows that none is left. A
    process id in a file proves neither, since ids are used again.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, path: Path, patience: float = 0.0) -> Self:
        """Lock the file at `path`, waiting `patience` seconds for its holder to end.

        Raises CannotStart if it is still held then, OSError if the file cannot be opened.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + patience
        while not _locked(descriptor):
            if time.monotonic() >= deadline:
                os.close(descriptor)
                raise CannotStart(f"DATA is in use by another trellis up ({path.parent})")
            time.sleep(_LOOK_AGAIN)
        return cls(descriptor)

    def fileno(self) -> int:
        """Return the descriptor that a server inherits."""
        return self._descriptor

    def release(self) -> None:
        """Let go. It stays locked as long as a server that inherited it lives."""
        os.close(self._descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
