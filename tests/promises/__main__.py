"""`make promises`: writes docs/promises.md anew from the catalogue and the marked tests."""

from __future__ import annotations

import click

from tests.promises.page import PAGE, promises_page


@click.command()
def main() -> None:
    """Write the page."""
    PAGE.write_text(promises_page(), encoding="utf-8")
    click.echo(f"{PAGE.name}: written")


if __name__ == "__main__":
    main()
