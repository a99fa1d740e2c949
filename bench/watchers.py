"""Five hundred watchers of logs on the real server: how soon they see a line, and what they cost a page; and
the pages of a log that is five million lines long."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psutil
import psycopg
import requests
from redis import Redis

from bench.figures import Figure, percentile
from bench.machine import ROOT, TRELLIS, directory, environment, for_psycopg, free_port, running
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.extensions import Sessions, new_engine, new_redis
from portal.live.stream import BEAT_SECONDS
from portal.models import Connection
from portal.sync import journal
from tests.web import factory
from tests.web.factory import Company

WATCHERS = 500
LOGS = 5
LINES = 5_000_000
EVENTS = 60
LOOKS = 60
_WARM_UP = 5
# Between two lines, and between two looks. A log gets one every 2.5 s, so that none waits for the one before:
# pages take at most four changes a second (portal/live/stream.py).
_PAUSE_SECONDS = 0.5
_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 60.0
_FILL = """
INSERT INTO log_line (connection_id, number, tenant_id, level, entity, text, at)
SELECT %(connection)s, n, %(tenant)s,
       CASE WHEN n %% 50 = 0 THEN 'wait' WHEN n %% 1000 = 1 AND n < %(early)s THEN 'stuck' ELSE 'info' END,
       'order ' || n / 10, 'Both sides read in ' || n || ' ms', now() - (%(lines)s - n) * interval '1 s'
FROM generate_series(1, %(lines)s) AS n
"""
# What a log of that length is asked for, and the milliseconds that it may take.
_QUERIES = {
    "its end": ("", 50),
    "in the middle": (f"?before={LINES // 2}", 50),
    "a rare level, all of it long ago": ("?level=stuck", 50),
    "a level that never was": ("?level=bug", 50),
    "words": (f"?text=read+in+{LINES - 100}+ms", 200),
    "words that are nowhere": ("?text=nowhere", 200),
}


@dataclass(frozen=True)
class Site:
    """What is measured: a server process, a company in its database, and somebody who is signed in."""

    port: int
    sessions: Sessions
    redis: Redis
    company: Company
    server: psutil.Process
    # The logs that are watched; the company's first connection has the long one.
    logs: Sequence[UUID]
    cookie: str

    def log(self, connection_id: UUID) -> str:
        """The address of a log."""
        return f"/t/{self.company.slug}/connections/{connection_id}/log"


def measure() -> Iterator[Figure]:
    """Look into the long log; ask for a page, first unwatched, then while lines reach every watcher."""
    with _site() as site:
        for name, (query, limit) in _QUERIES.items():
            took = _looks(site, site.log(site.company.connection_id) + query)
            yield _milliseconds(f"log page, {name}, median", took, 0.5, f"{LINES:,} lines", at_most=limit)
        orders = f"/t/{site.company.slug}/orders"
        alone = _looks(site, orders, _LOOK_SECONDS)
        with _watched(site) as ended, ThreadPoolExecutor(1) as beside:
            idle = _processor_share(site.server)
            writing = beside.submit(_write_lines, site)
            watched = _looks(site, orders, _LOOK_SECONDS)
            writing.result()
            seen = ended()
    yield Figure(f"server, {WATCHERS} watching, nothing to see", 100 * idle, "% of a core", _load())
    yield from _arrivals(seen)
    for name, share in (("median", 0.5), ("p95", 0.95)):
        yield _milliseconds(f"order list, nobody watching, {name}", alone, share, f"{LOOKS} looks")
        yield _milliseconds(f"order list, {WATCHERS} watching, {name}", watched, share, f"{LOOKS} looks")
        times = percentile(watched, share) / percentile(alone, share)
        yield Figure(f"  beside unwatched, {name}", times, "x", _load(), at_most=2)


def _processor_share(process: psutil.Process) -> float:
    """The processor time that a process uses, as a share of one core; each watcher beats meanwhile."""
    before = process.cpu_times()
    time.sleep(BEAT_SECONDS)
    after = process.cpu_times()
    return (after.user + after.system - before.user - before.system) / BEAT_SECONDS


def _arrivals(seen: dict[str, Any]) -> Iterator[Figure]:
    delays, expected = seen["delays"], EVENTS * WATCHERS // LOGS
    samples = f"{len(delays):,} arrivals"
    yield _milliseconds(f"event to browser, {WATCHERS} watching, p95", delays, 0.95, samples, at_most=250)
    yield _milliseconds("  median", delays, 0.5, samples)
    yield _milliseconds("  slowest", delays, 1, samples)
    lost = abs(expected - len(delays)) + seen["twice"]
    yield Figure("  lines missing, or there twice", lost, "", f"{expected:,}", at_most=0)


def _milliseconds(
    name: str, seconds: Sequence[float], share: float, samples: str, at_most: float | None = None
) -> Figure:
    return Figure(name, 1000 * percentile(seconds, share), "ms", f"{samples}, {_load()}", at_most=at_most)


def _load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def _looks(site: Site, path: str, pause_seconds: float = 0) -> list[float]:
    """Ask for a page again and again; returns the seconds of each, once it is warm."""
    took = []
    with requests.Session() as session:
        session.cookies.set("trellis_session", site.cookie)
        for _ in range(_WARM_UP + LOOKS):
            time.sleep(pause_seconds)
            began = time.perf_counter()
            answer = session.get(f"http://127.0.0.1:{site.port}{path}", timeout=_PATIENCE_SECONDS)
            took.append(time.perf_counter() - began)
            answer.raise_for_status()
    return took[_WARM_UP:]


def _write_lines(site: Site) -> None:
    """Write a line to one log after the other, as the engine does. It says when, so the commit is measured,
    too."""
    for number in range(EVENTS):
        with site.sessions.tenant(site.company.id) as session:
            owner = session.get_one(Connection, site.logs[number % LOGS])
            journal.log(session, owner, "info", f"told at {time.time():.6f} as {number} end")
        journal.announce(site.redis, session)
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def _watched(site: Site) -> Iterator[Callable[[], dict[str, Any]]]:
    """Watch the logs, from another process; gives what ends that and says what was seen."""
    plan = {
        "port": site.port,
        "cookie": site.cookie,
        "paths": [f"/events{site.log(site.logs[number % LOGS])}?after=0" for number in range(WATCHERS)],
    }
    argv = (sys.executable, "-m", "bench.watching", json.dumps(plan))
    with subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                raise RuntimeError("not everybody could watch")

            def ended() -> dict[str, Any]:
                time.sleep(1)  # for what is still on its way
                seen: dict[str, Any] = json.loads(process.communicate(timeout=_PATIENCE_SECONDS)[0])
                return seen

            yield ended
        finally:
            process.kill()


@contextmanager
def _site() -> Iterator[Site]:
    with directory() as folder, Postgres(folder).running() as url, Valkey(folder).running() as redis_url:
        port = free_port()
        env = environment(
            DATABASE_URL=url,
            REDIS_URL=redis_url,
            PORT=str(port),
            TRELLIS_SECRET_KEY=secrets.token_urlsafe(48),
            TRELLIS_MASTER_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
            # The same visitor asks for everything.
            TRELLIS_PAGES_PER_MINUTE="60000",
        )
        subprocess.run((str(TRELLIS), "db", "upgrade"), env=env, check=True, capture_output=True, cwd=ROOT)
        engine, redis = new_engine(url), new_redis(redis_url)
        sessions = Sessions(engine)
        company, logs = _company(sessions, for_psycopg(url))
        email = factory.member(sessions, company, "viewer").email
        ready = f"http://127.0.0.1:{port}/readyz"
        with running(str(TRELLIS), "web", env=env, log=folder / "web.log", ready=ready) as server:
            yield Site(port, sessions, redis, company, server, logs, _sign_in(port, email))
        engine.dispose()
        redis.close()


def _company(sessions: Sessions, database: str) -> tuple[Company, Sequence[UUID]]:
    """A company with orders, a connection whose log is long, and others whose logs are watched."""
    company = factory.company(sessions)
    with sessions.tenant(company.id) as session:
        for _ in range(200):
            factory.order(session, company)
        logs = [
            factory.connection(session, company.id, company.hub_id, name=f"Watched {number}", state="live")
            for number in range(LOGS)
        ]
    values = {"connection": company.connection_id, "tenant": company.id, "lines": LINES, "early": LINES / 10}
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(_FILL, values)
        connection.execute("UPDATE connection SET log_head = %(lines)s WHERE id = %(connection)s", values)
        connection.execute("VACUUM ANALYZE log_line")
    return company, logs


def _sign_in(port: int, email: str) -> str:
    address = f"http://127.0.0.1:{port}/sign-in"
    with requests.Session() as session:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', session.get(address, timeout=30).text)
        assert token is not None
        form = {"email": email, "password": factory.PASSWORD, "csrf_token": token[1]}
        session.post(address, data=form, timeout=30).raise_for_status()
        return str(session.cookies["trellis_session"])
