import os
import shutil
import signal
import stat
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from portal.embedded import postgres, unprivileged
from portal.embedded.errors import CannotStart
from portal.embedded.postgres import Postgres
from tests.embedded.running import ask, connect, loose_modes, remove_data, tell

pytestmark = pytest.mark.processes


def postmaster(data: Path) -> int:
    return int((data / "postgres/data/postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A running server, for tests that only ask it."""
    data = Path(tempfile.mkdtemp(prefix="t"))
    with Postgres(data).running() as url:
        yield url
    remove_data(data)


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A DATA whose database was made and stopped, for tests that put back what they break."""
    data = Path(tempfile.mkdtemp(prefix="t"))
    with Postgres(data).running():
        pass
    yield data
    remove_data(data)


class TestAFreshDatabase:
    def test_may_create_roles_and_databases(self, url: str) -> None:
        tell(url, "CREATE ROLE trellis_tried NOLOGIN")
        tell(url, "SET ROLE trellis_tried")

    def test_speaks_utf8_without_a_locale_of_the_machine(self, url: str) -> None:
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SELECT lower('ÄÖ')") == "äö"

    def test_refuses_a_wrong_password(self, url: str) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            connect(url, password="guessed")

    def test_trusts_nobody_and_listens_to_no_network(self, url: str) -> None:
        rules = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"
        assert ask(url, rules) == "scram-sha-256"
        assert ask(url, "SHOW listen_addresses") == ""


class TestADatabaseThatWasMadeBefore:
    @pytest.mark.fault(79)
    def test_data_survives_a_kill_of_the_server(self, used: Path) -> None:
        first = Postgres(used)
        url = first.start()
        tell(url, "CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postmaster(used), signal.SIGKILL)
        first.stop()
        with Postgres(used).running() as url:
            assert ask(url, "SELECT answer FROM kept") == 42

    def test_a_stale_pid_file_that_names_a_living_stranger_does_not_matter(self, used: Path) -> None:
        with Postgres(used).running():
            pid_file = used / "postgres/data/postmaster.pid"
            text = pid_file.read_text()
        pid_file.write_text(text.replace(text.split()[0], str(os.getppid()), 1))
        with Postgres(used).running() as url:
            assert ask(url, "SELECT 1") == 1

    def test_a_second_server_on_the_same_data_is_refused(
        self, used: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "PATIENCE", 0.1)
        with Postgres(used).running() as url:
            with pytest.raises(CannotStart, match="DATA is in use by another trellis up"):
                Postgres(used).start()
            assert ask(url, "SELECT 1") == 1

    def test_data_of_another_major_version_is_refused_in_one_line(self, used: Path) -> None:
        version = used / "postgres/data/PG_VERSION"
        version.write_text("16\n")
        with pytest.raises(CannotStart, match="made by PostgreSQL 16 and this Trellis brings 18") as refused:
            Postgres(used).start()
        assert "\n" not in str(refused.value)
        version.write_text("18\n")

    def test_the_server_says_why_it_does_not_start(self, used: Path) -> None:
        configuration = used / "postgres/data/postgresql.conf"
        text = configuration.read_text()
        configuration.write_text(f"{text}\nno_such_setting = 1\n")
        with pytest.raises(CannotStart, match="postgres did not start") as refused:
            Postgres(used).start()
        assert any("no_such_setting" in line for line in refused.value.lines)
        configuration.write_text(text)


def test_a_set_up_that_was_interrupted_is_done_again(data: Path) -> None:
    server = Postgres(data)
    server.prepare()
    server.release()
    (data / "postgres/data").rename(data / "postgres/data.unfinished")
    with Postgres(data).running() as url:
        assert ask(url, "SELECT 1") == 1


def test_without_the_wheel_it_says_what_to_set(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(CannotStart, match="set DATABASE_URL to a PostgreSQL 15 or newer"):
        Postgres(data).start()


def test_any_path_of_data_will_do_and_no_mode_outside_is_changed(data: Path) -> None:
    home = data / f"with a comma, 'quotes\" and {'a' * 100}"
    home.mkdir()
    data.chmod(0o750)
    home.chmod(0o755)
    server = Postgres(home)
    with server.running() as url:
        assert ask(url, "SELECT 1") == 1
        assert loose_modes(home) == []
        sockets = Path(parse_qs(urlsplit(url).query)["host"][0])
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert sockets == (home / "postgres/run").resolve()
        assert [stat.S_IMODE(path.stat().st_mode) for path in (data, home)] == [0o750, 0o755]
    server.discard()
    assert not sockets.exists()


class TestAsRoot:
    @pytest.fixture(autouse=True)
    def root(self) -> None:
        if os.geteuid() != 0:
            pytest.skip("needs root")

    def test_it_runs_as_nobody_with_binaries_that_root_owns(self, data: Path) -> None:
        server = Postgres(data)
        with server.running():
            running = Path(f"/proc/{postmaster(data)}")
            assert running.owner() == "nobody"
            binary = (running / "exe").readlink()
            assert binary.is_relative_to(unprivileged.SYSTEM_STATE)
            assert (binary.owner(), stat.S_IMODE(binary.stat().st_mode)) == ("root", 0o755)
            assert (data / "postgres").readlink().owner() == "nobody"
        server.discard()

    def test_a_new_data_of_an_old_name_starts_empty_and_the_old_database_is_kept(self, data: Path) -> None:
        with Postgres(data).running() as url:
            tell(url, "CREATE TABLE old ()")
        state = (data / "postgres").resolve()
        shutil.rmtree(data)
        data.mkdir()
        server = Postgres(data)
        with server.running() as url:
            assert ask(url, "SELECT to_regclass('old')") is None
        server.discard()
        kept = list(state.parent.glob(f"{state.name}.before-*"))
        assert len(kept) == 1
        shutil.rmtree(kept[0])

    def test_a_database_whose_data_was_deleted_under_it_is_not_moved(self, data: Path) -> None:
        server = Postgres(data)
        with server.running() as url:
            (data / "postgres").rename(data / "hidden")
            with pytest.raises(CannotStart, match="DATA is in use"):
                Postgres(data).start()
            assert ask(url, "SELECT 1") == 1
        server.discard()

    def test_a_database_that_is_gone_is_not_silently_replaced(self, data: Path) -> None:
        (data / "postgres").symlink_to(data / "nowhere")
        with pytest.raises(CannotStart, match="which is gone"):
            Postgres(data).start()

    def test_data_made_by_another_user_is_refused(self, data: Path) -> None:
        (data / "postgres").mkdir()
        shutil.chown(data / "postgres", "nobody")
        with pytest.raises(CannotStart, match="was made by the user nobody: run trellis as nobody"):
            Postgres(data).start()

    def test_a_state_directory_that_cannot_be_made_is_one_line(self, data: Path) -> None:
        (data / "file").touch()
        with pytest.raises(CannotStart, match="PostgreSQL cannot use its files: Not a directory"):
            Postgres(data, system_state=data / "file" / "state").start()

    def test_many_that_start_for_the_first_time_at_once_share_one_state_directory(self, data: Path) -> None:
        package = data / "package"
        package.mkdir()
        for attempt in range(20):
            state = data / f"state-{attempt}"
            together = Barrier(8)

            def start(state: Path = state, together: Barrier = together) -> Path:
                together.wait()
                return unprivileged.shared_binaries(package, "16", state)

            with ThreadPoolExecutor(8) as starters:
                found = {started.result() for started in [starters.submit(start) for _ in range(8)]}
            assert found == {state / "postgres-16" / "package"}
