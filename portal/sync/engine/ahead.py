"""Reading ahead: pages are fetched by another thread while earlier ones are taken in, a few at the most."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_Page = TypeVar("_Page")
# Pages that wait at the most: memory stays flat, however long the list.
_MOST = 4


@contextmanager
def ahead(pages: Iterator[_Page]) -> Iterator[Iterator[_Page]]:
    """Fetch pages ahead of whoever takes them; what goes wrong is raised where it would have been.

    Args:
        pages: the pages; fetching the next one calls a foreign API.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="pages")
    try:
        yield _taken(pool, pages)
    finally:
        pool.shutdown(cancel_futures=True)


def _taken(pool: ThreadPoolExecutor, pages: Iterator[_Page]) -> Iterator[_Page]:
    waiting = deque(pool.submit(next, pages, None) for _ in range(_MOST))
    while (page := waiting.popleft().result()) is not None:
        waiting.append(pool.submit(next, pages, None))
        yield page
