"""The command line in this process, on this test's database and Redis, with the sandbox to connect to."""

from __future__ import annotations

import base64
import json

import pytest
from click.testing import CliRunner

from portal.cli import trellis
from tests.cli import served


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory):
    with served.sandbox(tmp_path_factory.mktemp("sandbox")) as there:
        yield there


@pytest.fixture
def env(settings, tmp_path):
    """The environment of a command."""
    key = base64.b64encode(settings.master_keys["t1"]).decode()
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "TRELLIS_SECRET_KEY": settings.secret_key,
        "TRELLIS_MASTER_KEY": f"t1:{key}",
        "TRELLIS_ALLOW_LOOPBACK": "1",
        "TRELLIS_SECRET_FILE": "",
        "TRELLIS_AUDIT_ANCHORS": str(tmp_path / "anchors.jsonl"),
        "TRELLIS_DEMO": "",
    }


@pytest.fixture
def run(clean, env):
    """Run a command; gives what it printed, and insists on its exit code."""

    def command(*arguments, code=0, typed=None):
        result = CliRunner().invoke(trellis, arguments, env=env, input=typed)
        assert result.exit_code == code, (result.output, result.exception)
        return result.output

    return command


@pytest.fixture
def read(run):
    """Run a command that prints JSON."""
    return lambda *arguments, **how: json.loads(run(*arguments, **how))
