"""The `trellis` command. Subcommands are imported when they are called, so that each process loads only
what it needs."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from portal.config import WrongSetting

_COMMANDS = {
    "up": "portal.cli.up:up",
    "web": "portal.cli.processes:web",
    "worker": "portal.cli.processes:worker",
    "schedule": "portal.cli.processes:schedule",
    "sandbox": "portal.cli.processes:sandbox",
    "db": "portal.cli.database:db",
    "user": "portal.cli.people:user",
    "tenant": "portal.cli.people:tenant",
    "hub": "portal.cli.hub_webhook:hub",
    "connection": "portal.cli.preview:connection",
    "orders": "portal.cli.reading:orders",
    "order": "portal.cli.reading:order",
    "problems": "portal.cli.reading:problems",
    "runs": "portal.cli.reading:runs",
    "secrets": "portal.cli.secrets:secrets",
    "writes": "portal.cli.switches:writes",
    "audit": "portal.cli.audit:audit",
    "check": "portal.cli.checking:check",
    "doctor": "portal.cli.checking:doctor",
    "demo": "portal.cli.demo:demo",
}


class LazyGroup(click.Group):
    """A group that imports a subcommand when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the subcommands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one subcommand."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.command(cls=LazyGroup)
@click.version_option(package_name="trellis")
def trellis() -> None:
    """Trellis connects Flourish to the platforms that you sell on, and never loses or doubles an order."""


def main() -> None:
    """Run the command line; a wrong setting is one line, not a traceback."""
    try:
        trellis()
    except WrongSetting as error:
        click.echo(f"trellis: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
