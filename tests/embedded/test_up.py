import json
import signal
import socket
import stat

import psycopg
import pytest
import redis

from portal.embedded.lock import Lock
from tests.embedded.running import Up, ask, eventually, loose_modes, runs, tell

pytestmark = pytest.mark.processes

PARTS = ("web", "schedule", "worker", "sandbox")


def answers(given: dict[str, str]) -> bool:
    try:
        with redis.Redis.from_url(given["REDIS_URL"]) as client:
            return bool(client.ping()) and ask(given["DATABASE_URL"], "SELECT 1") == 1
    except (redis.ConnectionError, psycopg.OperationalError):
        return False


def environment_of(trellis: Up, command: str) -> dict[str, str]:
    """What a part was started with; it writes that down itself, maybe after the whole is ready."""
    written = trellis.data / f"environment-{command}.json"
    eventually(lambda: written.exists() and written.read_text())
    found: dict[str, str] = json.loads(written.read_text())
    return found


ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/db", "REDIS_URL": "redis://elsewhere/0"}


class TestARunningDemo:
    def test_says_where_it_is_and_who_may_sign_in(self, demo: Up) -> None:
        assert demo.said.splitlines()[:4] == [
            f"Trellis is ready: http://127.0.0.1:{demo.port}",
            f"Sandbox console: http://127.0.0.1:{demo.sandbox_port}",
            "admin@example.test  open sesame",
            "Ctrl-C stops everything.",
        ]

    def test_tells_each_process_what_it_needs_and_the_sandbox_no_secret(self, demo: Up) -> None:
        for command in ("web", "worker", "schedule", "demo", "db"):
            given = environment_of(demo, command)
            assert given["DATA"] == str(demo.data)
            assert given["TRELLIS_DEMO"] == "1"
            assert given["TRELLIS_SECRET_FILE"] == str(demo.data / "secrets")
        secrets = {"DATABASE_URL", "REDIS_URL", "TRELLIS_SECRET_FILE"}
        assert not secrets & environment_of(demo, "sandbox").keys()

    def test_keeps_everything_in_data_private(self, demo: Up) -> None:
        assert loose_modes(demo.data) == []
        secrets = demo.data / "secrets"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        assert json.loads(secrets.read_text()).keys() == {"secret_key", "master_key", "master_key_id"}

    def test_starts_a_killed_database_again_with_its_data(self, demo: Up) -> None:
        given = environment_of(demo, "web")
        tell(given["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
        for server in ("postgres", "valkey-server"):
            demo.processes_of(server)[0].kill()
        eventually(lambda: answers(given))
        assert ask(given["DATABASE_URL"], "SELECT answer FROM kept") == 42
        assert "postgres ended by itself (SIGKILL); starting it again in 0.5 s" in demo.said

    def test_logs_what_each_process_prints_under_its_name(self, demo: Up) -> None:
        assert " web | web is up\n" in (demo.data / "logs/web.log").read_text()


def test_ctrl_c_stops_all_in_order_and_the_next_start_continues_with_the_data(trellis: Up) -> None:
    first = environment_of(trellis.start("--demo").ready(), "web")
    tell(first["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    assert trellis.signal(signal.SIGINT).ended() == 0
    stops = [note for note in trellis.notes() if note.startswith("stop")]
    assert stops == ["stop web", "stop schedule", "stop worker", "stop worker", "stop sandbox"]
    assert trellis.left_behind() == []

    second = environment_of(trellis.start().ready(), "web")
    assert ask(second["DATABASE_URL"], "SELECT answer FROM kept") == 42


@pytest.mark.fault(79)
def test_a_killed_supervisor_takes_its_children_along(trellis: Up) -> None:
    given = environment_of(trellis.start("--demo").ready(), "web")
    tell(given["DATABASE_URL"], "CREATE TABLE kept AS SELECT 42 AS answer")
    jobs = [job for worker in trellis.processes_of("worker") for job in worker.children()]
    trellis.signal(signal.SIGKILL).ended()
    # Only Linux's parent-death signal acts here, and a job has to ask for it itself.
    for job in jobs:
        job.kill()
    assert trellis.left_behind() == []
    trellis.start("--demo").ready()
    assert ask(given["DATABASE_URL"], "SELECT answer FROM kept") == 42


def test_a_part_that_dies_is_started_again_and_its_job_is_not_left(trellis: Up) -> None:
    trellis.start("--demo", "--workers", "1", **ELSEWHERE).ready()
    (worker,) = trellis.processes_of("worker")
    (job,) = worker.children()
    for victim in [process for part in PARTS for process in trellis.processes_of(part)]:
        victim.kill()
    for part in PARTS:
        eventually(lambda part=part: trellis.notes().count(f"start {part}") == 2)  # type: ignore[misc]
    assert "web | web is up\nweb ended by itself (SIGKILL); starting it again in 0.5 s\n" in trellis.said
    eventually(lambda: not runs(job))


def test_without_demo_it_names_the_file_to_back_up(trellis: Up) -> None:
    trellis.start(**ELSEWHERE).ready()
    assert f"Back up {trellis.data / 'secrets'}" in trellis.said
    assert "sandbox" not in trellis.said.lower()


def test_servers_of_ones_own_are_used_instead(trellis: Up) -> None:
    trellis.start(**ELSEWHERE).ready()
    given = environment_of(trellis, "worker")
    assert ELSEWHERE.items() <= given.items()
    assert not (trellis.data / "postgres").exists()
    assert not (trellis.data / "valkey").exists()


def test_keys_from_the_environment_need_no_file(trellis: Up) -> None:
    trellis.start(TRELLIS_SECRET_KEY="k", TRELLIS_MASTER_KEY="m", **ELSEWHERE).ready()
    assert not (trellis.data / "secrets").exists()
    assert "TRELLIS_SECRET_FILE" not in environment_of(trellis, "web")


def test_a_second_ctrl_c_does_not_wait_for_running_work(trellis: Up) -> None:
    trellis.start("--workers", "1", STUBBORN="worker", **ELSEWHERE).ready().signal(signal.SIGINT)
    eventually(lambda: "stop worker" in trellis.notes())
    assert trellis.signal(signal.SIGINT).ended(within=5) == 0
    assert trellis.left_behind() == []


def test_ctrl_c_during_the_start_stops_everything(trellis: Up) -> None:
    trellis.start("--demo")
    eventually(lambda: "start sandbox" in trellis.notes())
    started = trellis.processes()
    assert trellis.signal(signal.SIGINT).ended() == 0
    eventually(lambda: not any(runs(process) for process in started))
    assert "Trellis is ready" not in trellis.said


@pytest.mark.parametrize("part", ["db", "web", "demo"])
def test_a_part_that_fails_at_the_start_ends_it_with_its_last_lines(trellis: Up, part: str) -> None:
    trellis.start("--demo", BROKEN=part, **ELSEWHERE)
    assert trellis.ended() == 1
    assert f"{part} found something missing" in trellis.said
    assert trellis.said.splitlines()[-1].startswith("Error: ")
    assert "Traceback" not in trellis.said


def test_a_second_trellis_on_the_same_data_is_refused(trellis: Up) -> None:
    Lock.take(trellis.data / "lock")
    assert trellis.start().ended() == 1
    assert trellis.said.startswith("Error: DATA is in use by another trellis up")


def test_output_is_logged_under_its_name_and_shown_when_asked(trellis: Up) -> None:
    trellis.start("--verbose", **ELSEWHERE).ready()
    assert "worker-1 | worker is up\n" in trellis.said
    assert " web | web is up\n" in (trellis.data / "logs/web.log").read_text()


def test_a_closed_terminal_does_not_keep_it_from_stopping_in_order(trellis: Up) -> None:
    trellis.start("--demo", **ELSEWHERE).ready().signal(signal.SIGHUP)
    assert trellis.ended() == 0
    assert "stop sandbox" in trellis.notes()


@pytest.mark.parametrize("setting", ["PORT", "SANDBOX_PORT"])
def test_a_port_in_use_is_named_with_what_to_do(trellis: Up, setting: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert trellis.start("--demo", **{setting: str(port)}).ended() == 2
    assert (
        trellis.said
        == f"Error: Port {port} is in use: choose another, for instance {setting}={port + 1} make demo\n"
    )


@pytest.mark.parametrize(
    ("arguments", "variables", "line"),
    [
        ((), {"PORT": "http"}, "PORT is 'http': give a number from 1 to 65535"),
        ((), {"PORT": "70000"}, "PORT is '70000': give a number from 1 to 65535"),
        (("--workers", "0"), {}, "--workers is '0': give a number from 1 to 64"),
        (
            ("--demo",),
            {"PORT": "8123", "SANDBOX_PORT": "8123"},
            "PORT and SANDBOX_PORT are the same: give two different ports",
        ),
        ((), {"DATA": "/dev/null/data"}, "DATA is /dev/null/data, which cannot be made: Not a directory"),
    ],
)
def test_a_wrong_setting_is_one_line(
    trellis: Up, arguments: tuple[str, ...], variables: dict[str, str], line: str
) -> None:
    assert trellis.start(*arguments, **variables).ended() == 2
    assert trellis.said == f"Error: {line}\n"


def test_a_user_without_privileges_can_run_it(trellis_of_nobody: Up) -> None:
    data = trellis_of_nobody.data = trellis_of_nobody.data / ("long" * 30)
    up = trellis_of_nobody.start("--demo").ready()
    assert (data / "postgres/run").resolve().stat().st_mode & 0o777 == 0o700
    assert {process.username() for process in up.processes()} == {"nobody"}
    assert (up.data / "postgres").is_dir()
    assert not (up.data / "postgres").is_symlink()
    assert up.signal(signal.SIGINT).ended() == 0
    assert up.left_behind() == []


def test_data_that_may_not_be_written_is_one_line(trellis_of_nobody: Up) -> None:
    assert trellis_of_nobody.start(DATA="/var").ended() == 2
    assert (
        trellis_of_nobody.said == "Error: DATA is /var, which this user may not write: choose another DATA\n"
    )
