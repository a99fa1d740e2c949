"""What a page asks of the database, for tests that count it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def statements() -> Iterator[list[str]]:
    """What this thread asks of the database meanwhile; servers of other tests may still be ending."""
    seen: list[str] = []
    own = threading.get_ident()

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        # Whether a transaction is entered by a statement of its own is the connection's history, no page's.
        if threading.get_ident() == own and not statement.startswith("SELECT set_config"):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
