"""What ends a start."""

from collections.abc import Iterator
from contextlib import contextmanager


class CannotStart(Exception):
    """`trellis up` shows this one line, stops what already runs and ends.

    `lines` are the last lines that the failing program printed, oldest first.
    """

    def __init__(self, message: str, lines: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.lines = lines


@contextmanager
def in_one_line(doing: str) -> Iterator[None]:
    """Turn an error of the operating system (full disk, no permission) into a CannotStart: "<doing>: ..."."""
    try:
        yield
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise CannotStart(f"{doing}: {error.strerror or error}{where}") from error
