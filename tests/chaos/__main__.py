"""`python -m tests.chaos --seed N`: one run. Exits 1 with the counter-examples if a promise is broken."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from types import FrameType

import click

from tests.chaos.cluster import cluster
from tests.chaos.history import History
from tests.chaos.plan import make_plan
from tests.chaos.run import SETTINGS, Result, run


@click.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--minutes", type=float, default=3.0, show_default=True, help="How long disasters go on.")
@click.option(
    "--orders", type=int, default=200, show_default=True, help="How many orders are placed meanwhile."
)
@click.option(
    "--record", type=click.Path(path_type=Path), help="A file that the result is added to, as JSON."
)
@click.option("--keep-logs", type=click.Path(path_type=Path), help="Where the processes' logs are copied to.")
@click.option("--quiet", is_flag=True, help="Print the verdict, not the history.")
def main(
    *, seed: int, minutes: float, orders: int, record: Path | None, keep_logs: Path | None, quiet: bool
) -> None:
    """Run Trellis through disasters that a seed draws, and prove that nothing was lost or doubled."""
    signal.signal(signal.SIGTERM, _end)
    history = History(quiet=quiet)
    plan = make_plan(seed, seconds=minutes * 60, orders=orders)
    with cluster(**SETTINGS) as made:
        try:
            result = run(plan, made, history)
        finally:
            if keep_logs:
                _copy(made.logs, keep_logs)
    if record:
        with record.open("a", encoding="utf-8") as file:
            file.write(f"{result.line()}\n")
    _say(result)
    sys.exit(0 if result.good else 1)


def _end(_number: int, _frame: FrameType | None) -> None:
    """End as by Ctrl-C, so that everything is cleared away."""
    raise KeyboardInterrupt


def _copy(logs: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for log in logs.iterdir():
        (folder / log.name).write_bytes(log.read_bytes())


def _say(result: Result) -> None:
    for line in result.wrong:
        click.echo(f"✗ {line}")
    if result.rest_seconds is None:
        click.echo("✗ it did not come to rest")
    click.echo(
        f"{'✓' if result.good else '✗'} seed {result.seed}: {result.placed} orders placed,"
        f" {result.in_flourish} of them in Flourish, {result.lost} lost, {result.doubled} doubled"
        f" ({result.ever_doubled} ever), {result.looked_at_again} looked at again by a person,"
        f" {sum(result.strikes.values())} strikes, {result.requests} requests; trellis check"
        f" {'holds' if result.check_holds else 'FAILS'}"
    )
    click.echo(f"open problems: {result.open_problems or 'none'}")
    click.echo(f"memory in MB, before: {result.memory_before}, after: {result.memory_after}")
    click.echo(f"again: make chaos SEED={result.seed} MINUTES={result.minutes:g} ORDERS={result.wanted}")


if __name__ == "__main__":
    main()
