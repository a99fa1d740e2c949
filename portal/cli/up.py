"""`trellis up`: the whole product in the foreground."""

import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from portal.embedded.errors import CannotStart, in_one_line
from portal.embedded.lock import Lock
from portal.embedded.private import secret_file
from portal.embedded.product import Product
from portal.embedded.supervisor import Supervisor

_LARGEST_PORT = 65_535
_OWN_SECRETS = ("TRELLIS_SECRET_KEY", "TRELLIS_MASTER_KEY")


class WrongSetting(click.ClickException):
    """The user changes a setting and starts again: one line, exit code 2."""

    exit_code = 2


class Whole(click.ParamType[int]):
    """A whole number from `least` to `most`, refused in one line that names the `setting`."""

    name = "number"

    def __init__(self, setting: str, least: int, most: int) -> None:
        self._setting = setting
        self._least = least
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ARG002
        """Return `value` as a number. Raises WrongSetting."""
        text = str(value)
        if text.isascii() and text.isdecimal() and self._least <= int(text) <= self._most:
            return int(text)
        raise WrongSetting(f"{self._setting} is {text!r}: give a number from {self._least} to {self._most}")


@click.command()
@click.option("--demo", is_flag=True, help="Add the sandbox, demo tenants and their users.")
@click.option("--workers", type=Whole("--workers", 1, 64), default=2, show_default=True)
@click.option("--port", type=Whole("PORT", 1, _LARGEST_PORT), envvar="PORT", default=8000, show_default=True)
@click.option(
    "--sandbox-port",
    type=Whole("SANDBOX_PORT", 1, _LARGEST_PORT),
    envvar="SANDBOX_PORT",
    default=8100,
    show_default=True,
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    envvar="DATA",
    default=Path(".data"),
    show_default=True,
    help="The directory of databases, logs and secrets.",
)
@click.option("--verbose", is_flag=True, help="Show what every process prints.")
def up(*, demo: bool, workers: int, port: int, sandbox_port: int, data: Path, verbose: bool) -> None:
    """Run Trellis on this machine until Ctrl-C.

    PostgreSQL and Valkey come with it; set DATABASE_URL or REDIS_URL to use a server of your own.
    """
    try:
        data = _usable(data)
        lock = Lock.take(data / "lock")
        _require_ports({"PORT": port, "SANDBOX_PORT": sandbox_port} if demo else {"PORT": port}, demo=demo)
        product = Product(
            command=_command(),
            data=data,
            port=port,
            sandbox_port=sandbox_port,
            workers=workers,
            demo=demo,
            database_url=os.environ.get("DATABASE_URL", ""),
            redis_url=os.environ.get("REDIS_URL", ""),
            secrets=_secrets(data, demo=demo),
        )
        _run(product, verbose=verbose)
        lock.release()
    except CannotStart as reason:
        for line in reason.lines:
            click.echo(f"  {line}", err=True)
        raise click.ClickException(str(reason)) from reason


def _run(product: Product, *, verbose: bool) -> None:
    with in_one_line("Trellis cannot use its files"):
        supervisor = Supervisor(product.data / "logs", _say, verbose=verbose)

        async def startup() -> None:
            sign_ins = await product.start(supervisor)
            _say(f"Trellis is ready: http://127.0.0.1:{product.port}")
            if product.demo:
                _say(f"Sandbox console: http://127.0.0.1:{product.sandbox_port}")
            for line in sign_ins:
                _say(line)
            _say("Ctrl-C stops everything.")

        supervisor.run(startup)


def _usable(data: Path) -> Path:
    """Return DATA as an absolute, writable directory, made if it is missing."""
    data = data.absolute()
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise WrongSetting(f"DATA is {data}, which cannot be made: {error.strerror}") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise WrongSetting(f"DATA is {data}, which this user may not write: choose another DATA")
    return data


def _require_ports(ports: dict[str, int], *, demo: bool) -> None:
    if len(set(ports.values())) < len(ports):
        raise WrongSetting(f"{' and '.join(ports)} are the same: give two different ports")
    for setting, port in ports.items():
        again = f"{setting}={min(port + 1, _LARGEST_PORT)} {'make demo' if demo else 'trellis up'}"
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
                listener.listen()
            except PermissionError as error:
                raise WrongSetting(
                    f"Port {port} is reserved: choose one above 1023, {setting}=8000"
                ) from error
            except OSError as error:
                raise WrongSetting(f"Port {port} is in use: choose another, for instance {again}") from error


def _command() -> tuple[str, ...]:
    """Return what starts `trellis`: its script, so that the list of processes shows what each one is."""
    called, beside = Path(sys.argv[0]), Path(sys.executable).with_name("trellis")
    for script in (called, beside):
        if script.name == "trellis" and os.access(script, os.X_OK) and script.is_file():
            return (str(script.absolute()),)
    return (sys.executable, "-m", "portal.cli")


def _secrets(data: Path, *, demo: bool) -> dict[str, str]:
    if all(os.environ.get(name) for name in _OWN_SECRETS):
        return {}
    with in_one_line("Trellis cannot keep its secrets"):
        path = secret_file(data / "secrets")
    if not demo:
        _say(f"Back up {path}: stored credentials cannot be read without it.")
    return {"TRELLIS_SECRET_FILE": str(path)}


def _say(line: str) -> None:
    # A terminal that was closed, or a pipe to a program that ended, must not keep us from stopping in order.
    with suppress(OSError):
        click.echo(line)
