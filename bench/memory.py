"""The memory of everything that `make demo` starts, and how long it takes to start."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psutil

from bench.figures import Figure
from bench.machine import demo, kind

IDLE_SECONDS = 20
_KIB_PER_MB = 1_000_000 / 1024


def measure() -> Iterator[Figure]:
    """Add up the proportional set sizes of the supervisor and all below it: shared pages count once."""
    with demo() as product:
        yield Figure("`trellis up --demo`, empty DATA, to ready", product.seconds_to_ready, "s", "1 start")
        time.sleep(IDLE_SECONDS)
        sizes: Counter[str] = Counter()
        family = product.family()
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):
                sizes[kind(process)] += _proportional_kib(process.pid)
    for name, kib in sizes.most_common():
        yield Figure(f"  of it {name}", kib / _KIB_PER_MB, "MB", "")
    yield Figure(
        "idle memory of `make demo`, PSS",
        sum(sizes.values()) / _KIB_PER_MB,
        "MB",
        f"{len(family)} processes, {IDLE_SECONDS} s idle",
        at_most=700,
    )


def _proportional_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
