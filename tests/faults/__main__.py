"""`make faults`: writes docs/faults.md anew from the catalogue and the marked tests."""

from __future__ import annotations

import click

from tests.faults.page import PAGE, faults_page


@click.command()
def main() -> None:
    """Write the page."""
    PAGE.write_text(faults_page(), encoding="utf-8")
    click.echo(f"{PAGE.name}: written")


if __name__ == "__main__":
    main()
