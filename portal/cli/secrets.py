"""`trellis secrets`: which keys seal what is stored, and sealing it anew with another."""

from __future__ import annotations

import click

from portal.cli.opening import ACTOR, desk, show
from portal.sync import rotation


@click.group()
def secrets() -> None:
    """Keys that seal stored credentials."""


@secrets.command("show")
def show_secrets() -> None:
    """Count what is sealed by the id of its key."""
    opened = desk()
    configured = list(opened.settings.master_keys)
    sealed = {place: dict(by_key) for place, by_key in rotation.counts(opened.sessions).items()}
    show({"seals": configured[0], "opens": configured, "sealed": sealed})


@secrets.command("rotate")
def rotate() -> None:
    """Seal everything with the first key of TRELLIS_MASTER_KEY that another one sealed.

    Everything goes on meanwhile. Broken off, it goes on where it was when it is run again; exits 1 when
    something is left.
    """
    opened = desk()
    done = rotation.rotate(opened, actor=ACTOR, tell=lambda line: click.echo(line, err=True))
    first = next(iter(opened.settings.master_keys))
    for line in done.shut:
        click.echo(f"✗ {line}", err=True)
    click.echo(f"Sealed anew with the key {first!r}: {sum(done.anew.values()):,}. Left: {done.left:,}.")
    if not done.complete:
        raise SystemExit(1)
