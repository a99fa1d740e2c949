"""`make check`: prints what our own lints find, and fails when that is anything."""

from __future__ import annotations

import sys

import click

from tests.lints import code, templates
from tests.lints.finding import outside


@click.command()
def main() -> None:
    """Look at templates and code."""
    found = [
        *outside(templates.findings(), templates.ALLOWED),
        *outside(code.findings(), code.ALLOWED),
    ]
    for finding in sorted(found, key=str):
        click.echo(str(finding), err=True)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
