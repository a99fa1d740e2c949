"""`python -m tests.chaos.table RECORD`: writes the table of docs/chaos.md anew from recorded runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

GUIDE = Path(__file__).parents[2] / "docs" / "chaos.md"
BEGIN, END = "<!-- runs -->", "<!-- end of runs -->"
_HEAD = (
    "| seed | minutes | orders | in Flourish | lost | doubled | ever doubled | looked at again | strikes"
    " | requests | at rest after | `trellis check` |"
)


@click.command()
@click.argument("record", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def main(record: Path) -> None:
    """Put the last run of each seed in RECORD into the guide."""
    runs = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines() if line.strip()]
    guide = GUIDE.read_text(encoding="utf-8")
    before, _, rest = guide.partition(BEGIN)
    _, _, after = rest.partition(END)
    GUIDE.write_text(f"{before}{BEGIN}\n{table(runs)}\n{END}{after}", encoding="utf-8")
    click.echo(f"{GUIDE.name}: {len(runs)} runs read")


def table(runs: Iterable[Mapping[str, Any]]) -> str:
    """The last run of each seed as a table, by seed."""
    last = {run["seed"]: run for run in runs}
    ruler = "| --- " * (_HEAD.count("|") - 1) + "|"
    return "\n".join([_HEAD, ruler, *(_row(last[seed]) for seed in sorted(last))])


def _row(run: Mapping[str, Any]) -> str:
    rest = "never" if run["rest_seconds"] is None else f"{run['rest_seconds']:.0f} s"
    cells = [
        run["seed"],
        f"{run['minutes']:g}",
        run["placed"],
        run["in_flourish"],
        run["lost"],
        run["doubled"],
        run["ever_doubled"],
        run["looked_at_again"],
        sum(run["strikes"].values()),
        run["requests"],
        rest,
        "holds" if run["check_holds"] else "fails",
    ]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
