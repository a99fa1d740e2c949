"""Run the benchmarks and print what they found; the exit code is 1 if a limit is missed."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Iterator

from bench import (
    burst,
    catalogue,
    checklist,
    engine,
    fairness,
    ingest,
    matching,
    memory,
    menu,
    monitoring,
    orders,
    quiet,
    recovery,
    setup,
    statuses,
    throughput,
    watchers,
)
from bench.figures import Figure

BENCHMARKS: dict[str, Callable[[argparse.Namespace], Iterator[Figure]]] = {
    "orders": lambda _: orders.measure(),
    "engine": lambda _: engine.measure(),
    "throughput": lambda _: throughput.measure(),
    "burst": lambda _: burst.measure(),
    "catalogue": lambda _: catalogue.measure(),
    "fairness": lambda _: fairness.measure(),
    "quiet": lambda chosen: quiet.measure(chosen.idle_minutes),
    "ingest": lambda _: ingest.measure(),
    "checklist": lambda _: checklist.measure(),
    "matching": lambda _: matching.measure(),
    "watchers": lambda _: watchers.measure(),
    "memory": lambda _: memory.measure(),
    "menu": lambda _: menu.measure(),
    "statuses": lambda _: statuses.measure(),
    "monitoring": lambda _: monitoring.measure(),
    "recovery": lambda _: recovery.measure(),
    "setup": lambda _: setup.measure(),
}


def main() -> int:
    """Run all benchmarks, or those that were chosen."""
    # As with Ctrl-C: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = _chosen()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load before {load}: on a busy machine every figure is worse", flush=True)
    missed = 0
    for name in chosen.only or BENCHMARKS:
        for figure in BENCHMARKS[name](chosen):
            print(figure.line(), flush=True)
            missed += not figure.kept
    print(f"{missed} limits missed" if missed else "every limit is kept")
    return 1 if missed else 0


def _chosen() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be given more than once")
    parser.add_argument("--idle-minutes", type=float, default=quiet.MINUTES, help="of `quiet`")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
