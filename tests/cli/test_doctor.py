"""`trellis doctor`: each finding, on a sound installation and on one that is not."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from redis import RedisError
from sqlalchemy import Engine, text

from portal.cli.checking import machine, probes
from portal.cli.checking.finding import Finding
from portal.models import Tenant
from portal.sync import installation, switches
from portal.sync.audit import Actor
from portal.sync.engine.desk import Desk, open_desk
from tests.cli.test_checking import _run, environment
from tests.sync.audit.chains import tampering
from tests.sync.checker.world import World, build
from tests.sync.mail.server import running as mail_server

__all__ = ["environment"]


def _by_topic(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.topic: finding for finding in findings}


@contextmanager
def _owner(engine: Engine, change: str, back: str) -> Iterator[None]:
    for_now, afterwards = text(change), text(back)
    with engine.begin() as connection:
        connection.execute(for_now)
    try:
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(afterwards)


def test_a_sound_database_has_nothing_wrong(desk: Desk, tenant: Tenant):
    build(desk, tenant)

    found = _by_topic(probes.database(desk))

    assert {topic: finding.ok for topic, finding in found.items()} == {
        "database": True,
        "database version": True,
        "database roles": True,
        "migrations": True,
        "row-level security": True,
        "clocks": True,
        "tenants apart": True,
        "schedule": None,
        "stop switches": True,
        "audit": True,
        "audit anchors": True,
        "time zones": True,
        "master key": True,
    }
    assert not any(finding.todo for finding in found.values())


def test_a_query_without_a_tenant_is_refused_on_empty_tables_too(desk: Desk):
    assert probes.walls(desk).ok


def test_a_database_that_is_away(desk: Desk):
    lost = replace(desk, sessions=open_desk(replace(desk.settings, database_url=_NOWHERE)).sessions)

    found = _by_topic(probes.database(lost))

    assert found["database"].ok is False
    assert "DATABASE_URL" in found["database"].todo


_NOWHERE = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def test_a_schema_that_is_behind(desk: Desk, engine: Engine):
    head = "UPDATE alembic_version SET version_num = (SELECT max(version_num) FROM kept); DROP TABLE kept"
    change = (
        "CREATE TABLE kept AS SELECT * FROM alembic_version; UPDATE alembic_version SET version_num = '0000'"
    )
    with _owner(engine, change, head):
        found = _by_topic(probes.database(desk))["migrations"]

    assert (found.ok, found.todo) == (False, "Run `trellis db upgrade`.")
    assert "0000" in found.words


@pytest.mark.parametrize(
    ("change", "back", "topics"),
    [
        (
            "ALTER TABLE problem NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE problem FORCE ROW LEVEL SECURITY",
            ["row-level security"],
        ),
        (
            "ALTER TABLE link DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE link ENABLE ROW LEVEL SECURITY",
            ["row-level security", "tenants apart"],
        ),
    ],
)
def test_a_wall_that_is_down(desk: Desk, engine: Engine, change: str, back: str, topics: list[str]):
    with _owner(engine, change, back):
        found = _by_topic(probes.database(desk))

    assert [topic for topic, finding in found.items() if finding.ok is False] == topics


def test_roles_that_cannot_be_set():
    finding = probes.roles(["trellis_system"])

    assert finding.ok is False
    assert "trellis_system" in finding.words


@pytest.mark.fault(81)
def test_a_key_that_is_gone(desk: Desk, tenant: Tenant):
    build(desk, tenant)
    other = replace(desk, settings=replace(desk.settings, master_keys={"t2": b"x" * 32}))

    found = _by_topic(probes.database(other))["master key"]

    assert found.ok is False
    assert "acme: api_key" in found.words
    assert "TRELLIS_MASTER_KEY" in found.todo


def test_polls_that_nobody_rings_for(desk: Desk, tenant: Tenant):
    world: World = build(desk, tenant)
    with world.session() as session:
        session.execute(text("UPDATE stream SET due_at = now() - interval '5 minutes'"))

    found = _by_topic(probes.database(desk))["schedule"]

    assert (found.ok, found.todo) == (False, "Start `trellis schedule`.")


@pytest.mark.parametrize(
    ("ago", "ok", "todo"), [(1, True, ""), (20, True, ""), (40, False, "Start `trellis schedule`.")]
)
def test_when_the_schedule_last_swept_is_said(desk: Desk, ago: int, ok: bool, todo: str):
    with desk.sessions.system() as session:
        installation.swept(session)
        session.execute(
            text("UPDATE installation SET last_swept_at = now() - :ago * interval '1 second'"), {"ago": ago}
        )

    found = _by_topic(probes.database(desk))["schedule"]

    assert (found.ok, found.todo) == (ok, todo)
    said = re.fullmatch(r"last swept (\d+) s ago", found.words)
    assert said is not None
    assert ago <= int(said[1]) < ago + 10


def test_switches_that_are_on_are_named(desk: Desk, tenant: Tenant):
    with desk.sessions.system() as session:
        switches.stop_everybody(
            session, desk.settings.master_keys, actor=Actor("Opal"), reason="A bad release"
        )
    with desk.tenant(tenant.id) as session:
        switches.stop_company(
            session, desk.settings.master_keys, tenant.id, actor=Actor("Olivia"), reason="Stocktaking"
        )

    found = _by_topic(probes.database(desk))["stop switches"]

    assert found.ok is None
    assert "everybody since" in found.words
    assert "A bad release; acme since" in found.words


def test_a_tampered_audit_of_the_installation_and_late_anchors_are_named(desk: Desk, engine: Engine):
    with desk.sessions.system() as session:
        keys = desk.settings.master_keys
        switches.stop_everybody(session, keys, actor=Actor("Opal"), reason="A bad release")
    with tampering(engine) as connection:
        connection.execute(text("UPDATE audit_event SET at = at - interval '3 hours'"))

    found = _by_topic(probes.database(desk))

    assert found["audit"].ok is False
    assert found["audit"].words == "row 1 was changed: its hash does not fit"
    assert found["audit anchors"].ok is False
    assert "trellis audit anchor" in found["audit anchors"].todo


@pytest.mark.fault(66)
def test_clocks_that_are_apart(engine: Engine, monkeypatch: pytest.MonkeyPatch):
    class Late(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) - timedelta(seconds=9)

    monkeypatch.setattr(probes, "datetime", Late)
    with engine.connect() as connection:
        found = probes.clocks(connection)

    assert found.ok is False
    assert "9.0 s" in found.words


def test_time_zones_that_are_unknown():
    found = probes.time_zones({"UTC", "Mars/Olympus"})

    assert found.ok is False
    assert found.words == "unknown: Mars/Olympus"


class _Server(NamedTuple):
    """As much of a Redis server as the doctor asks."""

    policy: str = "noeviction"
    append_only: int = 1
    workers: dict[str, str] = {}  # noqa: RUF012 - never changed

    def info(self, section: str) -> dict[str, object]:
        said: dict[str, dict[str, object]] = {
            "memory": {"maxmemory_policy": self.policy},
            "persistence": {"aof_enabled": self.append_only},
        }
        return said[section]

    def smembers(self, _name: str) -> set[str]:
        return set(self.workers)

    def hget(self, name: str, _field: str) -> str | None:
        said = self.workers[name]
        return (_heartbeat() if said == _NOW else said) or None


_NOW = "now"


def _heartbeat() -> str:
    """The time as RQ writes it, taken in the test: a suite may outlast a worker's silence."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@pytest.mark.parametrize(
    ("server", "wrong"),
    [
        (_Server(workers={"w": _NOW}), []),
        (_Server(policy="allkeys-lru", workers={"w": _NOW}), ["redis memory"]),
        (_Server(append_only=0, workers={"w": _NOW}), ["redis persistence"]),
        (_Server(), ["workers"]),
        (_Server(workers={"w": "2020-01-01T00:00:00.000000Z", "v": "", "u": "rubbish"}), ["workers"]),
    ],
)
def test_redis(desk: Desk, server: Any, wrong: list[str]):
    found = _by_topic(probes.redis(replace(desk, redis=server)))

    assert [topic for topic, finding in found.items() if not finding.ok] == wrong
    assert all(bool(finding.todo) == (not finding.ok) for finding in found.values())


def test_redis_that_is_away(desk: Desk):
    class Away:
        def info(self, _section: str) -> dict[str, object]:
            raise RedisError("refused")

    away: Any = Away()
    found = _by_topic(probes.redis(replace(desk, redis=away)))

    assert found["redis"].ok is False


def test_a_worker_that_rq_registered_is_seen(desk: Desk):
    desk.redis.hset("rq:worker:trellis-1", "last_heartbeat", _heartbeat())
    desk.redis.sadd("rq:workers", "rq:worker:trellis-1")

    assert probes.workers(desk.redis).words == "1 alive"


@pytest.mark.parametrize(("mode", "ok"), [(0o700, True), (0o755, False), (0o770, False)])
def test_the_data_directory_is_its_owners_alone(tmp_path: Path, mode: int, ok: bool):
    tmp_path.chmod(mode)

    found = machine.data_directory(tmp_path)

    assert found.ok is ok
    assert found.todo == ("" if ok else f"chmod 700 {tmp_path}")


def test_no_data_directory_may_be_right(tmp_path: Path):
    assert machine.data_directory(tmp_path / "none").ok is None


@pytest.mark.fault(78)
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 9, 1))

    assert machine.disk(tmp_path / "none" / "yet").ok is False


@pytest.mark.parametrize(("used", "ok"), [(False, None), (True, False)])
def test_embedded_programs_that_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, used: bool, ok: bool | None
):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    if used:
        (tmp_path / "postgres").mkdir()
        (tmp_path / "valkey").mkdir()

    assert [finding.ok for finding in machine.programs(tmp_path)] == [ok, ok]


def test_the_command_exits_with_1_when_something_is_wrong(
    desk: Desk, environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert _run(environment, "doctor") == 1

    out = capsys.readouterr().out
    assert "✓ settings: readable" in out
    assert "✗ workers: 0 alive → Start `trellis worker`, or everything with `trellis up`." in out


def test_the_command_names_a_wrong_setting(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    environment.setenv("TRELLIS_MASTER_KEY", "short")

    assert _run(environment, "doctor", "--json") == 1
    assert '"ok": false' in capsys.readouterr().out


def test_whether_mail_can_be_sent_is_said(desk: Desk):
    assert probes.mail(desk.settings).ok is None
    with mail_server() as server:
        there = replace(desk.settings, smtp_url=server.url, mail_from="trellis@acme.example")
        assert probes.mail(there).ok is True
    away = replace(desk.settings, smtp_url="smtp://u:secret@127.0.0.1:1", mail_from="trellis@acme.example")
    found = probes.mail(away)
    assert found.ok is False
    assert "ConnectionRefusedError" in found.words
    assert "secret" not in found.words + found.todo
