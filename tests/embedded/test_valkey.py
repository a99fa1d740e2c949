import os
import shutil
import signal
import stat
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.embedded import valkey
from portal.embedded.errors import CannotStart
from portal.embedded.valkey import Valkey, find_server
from tests.embedded.running import loose_modes

pytestmark = pytest.mark.processes


@pytest.fixture
def empty_path(data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it, and no wheel."""
    programs = data / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    return programs


def server_that_says(path: Path, version: str) -> Path:
    path.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=00000000:0'\n")
    path.chmod(0o755)
    return path


def test_it_answers_redis_py_and_keeps_its_files_to_itself(data: Path) -> None:
    with Valkey(data).running() as url, redis.Redis.from_url(url) as client:
        assert client.ping()
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
        assert loose_modes(data) == []


def test_it_refuses_a_client_without_the_password(data: Path) -> None:
    with (
        Valkey(data).running() as url,
        redis.Redis(unix_socket_path=unquote(urlsplit(url).path), retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_what_it_took_survives_a_kill(data: Path) -> None:
    first = Valkey(data)
    with redis.Redis.from_url(first.start()) as client:
        client.set("kept", "yes")
        os.kill(client.info("server")["process_id"], signal.SIGKILL)
    first.stop()
    with Valkey(data).running() as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


def test_a_second_server_on_the_same_data_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(valkey, "PATIENCE", 0.1)
    with Valkey(data).running(), pytest.raises(CannotStart, match="DATA is in use by another trellis up"):
        Valkey(data).start()


@pytest.mark.parametrize("name", ["b" * 120, "with a comma, 'quotes\" and spaces"])
def test_any_path_of_data_will_do(data: Path, name: str) -> None:
    home = data / name
    home.mkdir()
    server = Valkey(home)
    with server.running() as url, redis.Redis.from_url(url) as client:
        assert client.ping()
        sockets = Path(unquote(urlsplit(url).path)).parent
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    server.discard()
    assert not sockets.exists()


def test_without_the_wheel_a_server_on_path_is_used(empty_path: Path) -> None:
    server_that_says(empty_path / "valkey-server", "6.0.16")
    redis_server = server_that_says(empty_path / "redis-server", "7.0.15")
    assert find_server() == redis_server


def test_a_server_on_path_serves_as_well(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    if not (shutil.which("valkey-server") or shutil.which("redis-server")):
        pytest.skip("needs a server on PATH")
    with Valkey(data).running() as url, redis.Redis.from_url(url) as client:
        client.set("kept", "yes")
    with Valkey(data).running() as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"yes"


def test_a_wheel_made_for_another_machine_is_passed_over(empty_path: Path) -> None:
    (empty_path / "valkey-server").write_bytes(b"\x7fELF of another machine")
    (empty_path / "valkey-server").chmod(0o755)
    redis_server = server_that_says(empty_path / "redis-server", "7.0.15")
    assert find_server() == redis_server


@pytest.mark.parametrize("version", [None, "6.0.16"])
def test_without_any_server_it_says_what_to_do(empty_path: Path, version: str | None) -> None:
    if version:
        server_that_says(empty_path / "redis-server", version)
    with pytest.raises(CannotStart, match="set REDIS_URL, install valkey-server"):
        find_server()
