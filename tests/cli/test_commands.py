"""The command itself: every subcommand has a help, and a wrong setting is one line, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from portal.cli import _COMMANDS, trellis
from tests.databases import empty_database


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_says_what_it_is_for(name):
    result = CliRunner().invoke(trellis, [name, "--help"])

    assert result.exit_code == 0, result.output


def test_an_unknown_command_is_named():
    result = CliRunner().invoke(trellis, ["frobnicate"])

    assert (result.exit_code, "frobnicate" in result.output) == (2, True)


def process(env, *arguments):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    command = [sys.executable, "-m", "portal.cli", *arguments]
    return subprocess.run(command, env=kept | env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.processes
@pytest.mark.parametrize(
    ("changed", "code", "says"),
    [
        ({"DATABASE_URL": "sqlite://"}, 2, "DATABASE_URL is not a PostgreSQL address"),
        ({"REDIS_URL": "here"}, 2, "REDIS_URL is not a Redis address"),
        ({"DATABASE_URL": "postgresql://nobody:hush@127.0.0.1:1/none"}, 2, "DATABASE_URL cannot be used"),
    ],
)
def test_a_wrong_setting_ends_a_real_process_in_one_line(env, changed, code, says):
    ended = process(env | changed, "tenant", "list")

    assert ended.returncode == code
    assert says in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "hush" not in ended.stderr


@pytest.mark.processes
def test_a_database_without_tables_says_what_to_run(env, server_url):
    with empty_database(server_url) as url:
        ended = process(env | {"DATABASE_URL": url}, "tenant", "list")

    assert ended.returncode == 2
    assert "trellis db upgrade" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.processes
def test_upgrading_a_real_database_from_a_real_process(env, database_url):
    ended = process(env, "db", "upgrade")

    assert (ended.returncode, ended.stdout.strip()) == (0, "The database is up to date.")


def test_the_version_is_shown():
    assert "trellis" in CliRunner().invoke(trellis, ["--version"]).output
