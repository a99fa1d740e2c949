"""Run the benchmarks and print what they found; the exit code is 1 if a limit is missed."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from bench import engine, ingest, memory, orders, recovery, setup, throughput

BENCHMARKS = {
    "orders": orders.measure,
    "engine": engine.measure,
    "throughput": throughput.measure,
    "ingest": ingest.measure,
    "memory": memory.measure,
    "recovery": recovery.measure,
    "setup": setup.measure,
}


def main() -> int:
    """Run all benchmarks, or those that were chosen."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be given more than once")
    # As with Ctrl-C: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = parser.parse_args().only or list(BENCHMARKS)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load before {load}: on a busy machine every figure is worse", flush=True)
    missed = 0
    for name in chosen:
        for figure in BENCHMARKS[name]():
            print(figure.line(), flush=True)
            missed += not figure.kept
    print(f"{missed} limits missed" if missed else "every limit is kept")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
