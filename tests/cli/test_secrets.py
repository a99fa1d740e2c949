"""`trellis secrets`: what each key seals, and sealing everything anew."""

from __future__ import annotations

import base64
import os

import pytest

from portal.cli.checking import probes
from portal.config import from_environment
from portal.sync.engine.desk import open_desk

OLD, NEW = (base64.b64encode(os.urandom(32)).decode() for _ in range(2))


@pytest.fixture
def env(env):
    return env | {"TRELLIS_MASTER_KEY": f"old:{OLD}"}


@pytest.fixture
def hub(run, env, sandbox):
    """A hub whose credentials the old key sealed."""
    url, key = sandbox
    run("tenant", "add", "acme", "--name", "Acme", code=0)
    run(
        "hub",
        "add",
        "--tenant",
        "acme",
        "--base-url",
        f"{url}/flourish/external/api",
        "--credential",
        f"api_key={key}",
    )


def findings(env):
    desk = open_desk(from_environment(env))
    try:
        return {found.topic: found for found in probes.old_keys(desk)}
    finally:
        desk.sessions.engine.dispose()
        desk.redis.close()


@pytest.mark.fault(81)
def test_a_key_is_changed_from_the_first_to_the_last_step(run, read, env, hub):
    assert read("secrets", "show")["sealed"]["stored credentials"] == {"old": 5}
    assert findings(env) == {}

    env["TRELLIS_MASTER_KEY"] = f"new:{NEW},old:{OLD}"
    assert findings(env)["key old"].ok is None
    assert "trellis secrets rotate" in findings(env)["key old"].words
    run("hub", "test", "--tenant", "acme", "Flourish")
    assert "Left: 0." in run("secrets", "rotate")
    shown = read("secrets", "show")
    assert (shown["seals"], shown["opens"]) == ("new", ["new", "old"])
    assert {key for by_key in shown["sealed"].values() for key in by_key} == {"new"}
    assert "can be dropped" in findings(env)["key old"].words

    env["TRELLIS_MASTER_KEY"] = f"new:{NEW}"
    assert findings(env) == {}
    run("hub", "test", "--tenant", "acme", "Flourish")


@pytest.mark.fault(81)
def test_a_key_that_was_dropped_too_early_is_named_by_the_command_and_the_doctor(run, env, hub):
    env["TRELLIS_MASTER_KEY"] = f"new:{NEW}"

    said = run("secrets", "rotate", code=1)

    assert "'old' is not configured" in said
    assert "Left: 7." in said
    assert findings(env)["key old"].ok is False


def test_no_command_prints_a_key_or_a_credential(run, env, hub, sandbox):
    env["TRELLIS_MASTER_KEY"] = f"new:{NEW},old:{OLD}"
    said = run("secrets", "show") + run("secrets", "rotate")
    assert not any(secret in said for secret in (OLD, NEW, sandbox[1]))
