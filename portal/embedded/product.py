"""The processes that Trellis consists of."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from portal.config import RUNNING_FILE
from portal.embedded import readiness
from portal.embedded.postgres import Postgres
from portal.embedded.private import write_file
from portal.embedded.server import EmbeddedServer
from portal.embedded.service import Program, Service, Stage, environment
from portal.embedded.supervisor import Supervisor
from portal.embedded.valkey import Valkey

# A worker finishes the job it is in; its time slice ends before this.
_WORKER_GRACE = 35.0
_PORTAL_ONLY = {
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "REDIS_URL",
    "TRELLIS_SECRET_KEY",
    "TRELLIS_MASTER_KEY",
    "TRELLIS_SECRET_FILE",
    "TRELLIS_SMTP_URL",
}


@dataclass(frozen=True, kw_only=True)
class Product:
    """Trellis on one machine.

    `command` starts the `trellis` program; `data` is absolute. `database_url` and `redis_url` name servers
    that run elsewhere: where one is empty, the embedded server runs. `secrets` are variables for the portal
    alone.
    """

    command: tuple[str, ...]
    data: Path
    port: int
    sandbox_port: int
    workers: int
    demo: bool
    database_url: str
    redis_url: str
    secrets: Mapping[str, str]

    async def start(self, supervisor: Supervisor) -> list[str]:
        """Start all processes, wait until they are ready, and return what the demo's set-up printed.

        Raises CannotStart when one of them fails.
        """
        if self.demo:
            supervisor.start(self._sandbox())
        redis_url = self.redis_url or _embed(Valkey(self.data), supervisor)
        await asyncio.sleep(0)  # these two begin before the half second of PostgreSQL's first preparation
        database_url = self.database_url or _embed(Postgres(self.data), supervisor)
        await supervisor.ready(Stage.REDIS, Stage.DATABASE)
        portal = environment(
            **self._variables(), **self.secrets, DATABASE_URL=database_url, REDIS_URL=redis_url
        )
        self._tell_commands(database_url, redis_url)
        await supervisor.complete(Program(name="db-upgrade", argv=self._argv("db", "upgrade"), env=portal))
        for service in self._services(portal):
            supervisor.start(service)
        await supervisor.ready(*Stage)
        if not self.demo:
            return []
        return await supervisor.complete(Program(name="demo", argv=self._argv("demo"), env=portal))

    def _tell_commands(self, database_url: str, redis_url: str) -> None:
        """Leave word for `trellis check` and the like, run beside us on the same DATA."""
        secrets = {name: value for name, value in self.secrets.items() if name == "TRELLIS_SECRET_FILE"}
        variables = self._variables() | secrets | {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
        write_file(self.data / RUNNING_FILE, json.dumps(variables))

    def _services(self, env: Mapping[str, str]) -> list[Service]:
        web = Service(
            name="web",
            argv=self._argv("web", "--port", str(self.port)),
            env=env,
            stage=Stage.WEB,
            ready=readiness.http(self.port, "/readyz"),
        )
        schedule = Service(name="schedule", argv=self._argv("schedule"), env=env, stage=Stage.SCHEDULE)
        workers = (
            Service(
                name=f"worker-{number}",
                argv=self._argv("worker"),
                env=env,
                stage=Stage.WORKERS,
                grace=_WORKER_GRACE,
            )
            for number in range(1, self.workers + 1)
        )
        return [web, schedule, *workers]

    def _sandbox(self) -> Service:
        # Another company's program: it gets neither our secrets nor our databases.
        env = environment(**self._variables())
        return Service(
            name="sandbox",
            argv=self._argv(
                "sandbox", "--port", str(self.sandbox_port), "--data", str(self.data / "sandbox")
            ),
            env={name: value for name, value in env.items() if name not in _PORTAL_ONLY},
            stage=Stage.SANDBOX,
            ready=readiness.http(self.sandbox_port, "/control/health"),
        )

    def _argv(self, *arguments: str) -> tuple[str, ...]:
        return (*self.command, *arguments)

    def _variables(self) -> dict[str, str]:
        variables = {"DATA": str(self.data), "PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        return {**variables, "TRELLIS_DEMO": "1"} if self.demo else variables


def _embed(server: EmbeddedServer, supervisor: Supervisor) -> str:
    server.prepare()
    supervisor.start(server.service())
    return server.url
