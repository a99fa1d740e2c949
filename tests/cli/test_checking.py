"""`trellis check`: what it prints, and what it exits with."""

from __future__ import annotations

import base64
import json
import sys
from typing import Any

import pytest

from portal.cli import main
from portal.config import Settings
from portal.identity import tenants
from portal.models import Tenant
from portal.sync.engine import accounts
from portal.sync.engine.desk import Desk
from tests.sync.checker.world import World, build


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> pytest.MonkeyPatch:
    """The settings of the tests, as an operator's shell has them."""
    (key_id, key), = settings.master_keys.items()  # fmt: skip
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("REDIS_URL", settings.redis_url)
    monkeypatch.setenv("TRELLIS_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("TRELLIS_MASTER_KEY", f"{key_id}:{base64.b64encode(key).decode()}")
    monkeypatch.setenv("TRELLIS_ALLOW_LOOPBACK", "1")
    monkeypatch.setenv("DATA", str(tmp_path / "data"))
    return monkeypatch


@pytest.fixture
def world(desk: Desk, tenant: Tenant, environment: pytest.MonkeyPatch) -> World:
    """An honest world whose two sides the engine opens."""
    world = build(desk, tenant)
    environment.setattr(accounts, "open_platform", lambda *_: world.platform)
    environment.setattr(accounts, "open_hub", lambda *_: world.flourish)
    return world


def _run(environment: pytest.MonkeyPatch, *arguments: str) -> int:
    environment.setattr(sys, "argv", ["trellis", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_a_world_that_keeps_its_promises_exits_with_0(
    world: World, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert _run(environment, "check") == 0

    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert len([line for line in lines if line.startswith("✓")]) == 16
    assert "✓ I1   once: Every order is in Flourish once, over the whole company. (3 looked at)" in lines
    assert "Orders proven: 6. Lost: 0. Doubled: 0 (ever made more than once: 0). Outcome: held." in lines
    assert "acme: LeafLink: 6 of 6 orders read on both sides" in said.err


def test_a_broken_promise_exits_with_1_and_says_where(
    world: World, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    world.change("skipped", decision_text="")

    assert _run(environment, "check") == 1

    out = capsys.readouterr().out
    assert "✗ I2" in out
    assert "order L-skipped: it is skipped and does not say why, or what comes next  /t/acme/orders/" in out


def test_json_says_everything(
    world: World, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    world.change("skipped", state="settled")

    assert _run(environment, "check", "--json") == 1

    said = json.loads(capsys.readouterr().out)
    assert (said["holds"], said["offline"]) == (False, False)
    second = said["invariants"][1]
    assert (second["code"], second["proven"], second["failures"]) == ("I2", False, 1)
    assert second["counter_examples"][0].keys() == {"thing", "wrong", "where"}
    assert said["not_yet"].keys() == {"I16", "I17"}


def test_offline_says_what_was_not_looked_at(
    world: World, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert _run(environment, "check", "--offline") == 0

    assert "- I1   once: not looked at offline" in capsys.readouterr().out
    assert not world.platform.reads


def test_one_tenant_can_be_checked_alone(
    world: World, desk: Desk, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    tenants.create(desk.sessions, slug="other", name="Other", timezone="UTC")
    world.change("skipped", state="settled")

    assert _run(environment, "check", "--tenant", "other") == 0
    assert "acme" not in capsys.readouterr().err
    assert _run(environment, "check", "--tenant", "acme") == 1


def test_more_than_twenty_are_counted(
    world: World, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with world.session() as session:
        from tests.sync.checker.world import delivery

        for _ in range(25):
            delivery(session, world, None)

    assert _run(environment, "check", "--offline") == 1
    out = capsys.readouterr().out
    assert "(28 looked at, 25 wrong)" in out
    assert "… and 5 more" in out


@pytest.mark.parametrize(
    ("name", "value", "arguments", "says"),
    [
        ("DATABASE_URL", "", (), "DATABASE_URL is not set"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", (), "DATABASE_URL cannot be used"),
        ("DATABASE_URL", "mysql://x", (), "PostgreSQL only"),
        ("REDIS_URL", "", (), "REDIS_URL is not set"),
        ("TRELLIS_MASTER_KEY", "short", (), "TRELLIS_MASTER_KEY"),
        ("DATA", "unused", ("--tenant", "nobody"), "there is no tenant 'nobody'"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exits_with_2(
    clean: None,
    environment: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    value: str,
    arguments: tuple[str, ...],
    says: str,
):
    environment.setenv(name, value)

    assert _run(environment, "check", *arguments) == 2

    said = capsys.readouterr().err
    assert says in said
    assert len(said.strip().splitlines()) == 1
