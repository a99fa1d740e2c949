"""Webhook ingest beside a bare Flask route: same server, same database, same run, in turns."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import statistics
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import requests

from bench.figures import PEER, Figure, percentile
from bench.machine import ROOT, TRELLIS, directory, environment, for_psycopg, free_port, running
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey

ROUNDS = 3
DELIVERIES = 1500
CONNECTIONS = 8
MANY_CONNECTIONS = 16
MANY_DELIVERIES = 3000
WARM_UP = 300
_COUNT = "SELECT count(*) FROM delivery WHERE body IS NOT NULL"
_COUNT_BARE = "SELECT count(*) FROM bench_bare"


@dataclass(frozen=True)
class Target:
    """A server that takes signed deliveries, and how to count what it kept."""

    port: int
    path: str
    key: str
    database: str
    count: str

    def kept(self) -> int:
        """Count the rows."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(self.count).fetchone()
        return int(row[0]) if row else 0


@dataclass(frozen=True)
class Round:
    """What one round of load came to."""

    per_second: float
    latencies: list[float]
    refused: int
    lost: int


def measure() -> Iterator[Figure]:
    """Send distinct signed orders to both, in turns; then many connections to Trellis alone."""
    with _servers() as (trellis, bare):
        for target in (trellis, bare):
            _round(target, WARM_UP, CONNECTIONS)
        ours: list[Round] = []
        theirs: list[Round] = []
        for _ in range(ROUNDS):
            theirs.append(_round(bare, DELIVERIES, CONNECTIONS))
            ours.append(_round(trellis, DELIVERIES, CONNECTIONS))
        many = _round(trellis, MANY_DELIVERIES, MANY_CONNECTIONS)
    rate, bare_rate = (statistics.median(each.per_second for each in rounds) for rounds in (ours, theirs))
    samples = f"{ROUNDS} x {DELIVERIES}, {CONNECTIONS} connections"
    yield Figure("bare Flask route, HMAC and one insert", bare_rate, "/s", samples)
    yield Figure("webhook ingest", rate, "/s", samples, peer=f"594 /s at 16 connections ({PEER})")
    yield Figure("ingest beside the bare route", 100 * rate / bare_rate, "%", "medians", at_least=70)
    yield Figure(
        "ingest, p99",
        1000 * percentile(many.latencies, 0.99),
        "ms",
        f"{MANY_DELIVERIES}, {MANY_CONNECTIONS} connections",
        at_most=100,
        peer="50 ms (the median of three runs)",
    )
    everything = [*ours, *theirs, many]
    total = sum(len(each.latencies) for each in everything)
    yield Figure(
        "answers other than 202", sum(each.refused for each in everything), "", f"{total}", at_most=0
    )
    yield Figure("rows missing", sum(each.lost for each in everything), "", f"{total}", at_most=0)


def _round(target: Target, deliveries: int, connections: int) -> Round:
    before = target.kept()
    plan = {
        "port": target.port,
        "path": target.path,
        "connections": connections,
        "deliveries": [_delivery(target.key) for _ in range(deliveries)],
    }
    done = subprocess.run(
        (sys.executable, "-m", "bench.load"),
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    result = json.loads(done.stdout)
    return Round(
        per_second=deliveries / result["seconds"],
        latencies=[seconds for _, seconds in result["answers"]],
        refused=sum(status != 202 for status, _ in result["answers"]),
        lost=deliveries - (target.kept() - before),
    )


def _delivery(key: str) -> dict[str, str]:
    """An order's webhook as LeafLink sends it, of about 800 bytes, and its signature."""
    number = uuid.uuid4()
    customer = {
        "id": 4711,
        "name": "Riverside Wellness",
        "license_number": "C10-0000273-LIC",
        "state": "California",
    }
    product = {"id": 815, "name": "Mango Kush, 3.5 g", "sku": "GL-FL3-MANKUS", "unit_multiplier": 10}
    line = {"id": 1, "product": product, "quantity": "20", "ordered_unit_price": "180.00", "is_sample": False}
    data = {
        "id": 90210,
        "number": str(number),
        "short_id": number.hex[:8],
        "created_on": "2026-11-21T18:00:00.000000-08:00",
        "status": "Submitted",
        "discount": "0.00",
        "shipping_charge": "25.00",
        "tax_amount": "0.00",
        "total": "385.00",
        "notes": "Call before delivery",
        "paid": False,
        "is_combination": False,
        "customer": customer,
        "sales_reps": [{"id": 7, "user": "Robin Rep", "email": "robin@greenleaf.example"}],
        "orderedproduct_set": [line],
    }
    body = json.dumps({"type": "order", "action": "create", "data": data})
    digest = hmac.digest(key.encode(), body.encode(), "sha256")
    return {"body": body, "signature": base64.b64encode(digest).decode()}


@contextlib.contextmanager
def _servers() -> Iterator[tuple[Target, Target]]:
    """Run both servers on one embedded database, with no worker beside them."""
    with (
        directory() as folder,
        Postgres(folder).running() as database_url,
        Valkey(folder).running() as redis_url,
    ):
        database = for_psycopg(database_url)
        with (
            _trellis(folder, database_url, redis_url, database) as trellis,
            _bare(folder, database, trellis.key) as bare,
        ):
            yield trellis, bare


@contextlib.contextmanager
def _trellis(folder: Path, database_url: str, redis_url: str, database: str) -> Iterator[Target]:
    """Run `trellis web` with the demo's connections; the sandbox is there for their set-up only."""
    port, sandbox_port = free_port(), free_port()
    env = environment(
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        PORT=str(port),
        SANDBOX_PORT=str(sandbox_port),
        TRELLIS_DEMO="1",
        # All of it goes to one webhook, faster than the limit of one.
        TRELLIS_WEBHOOK_RATE="60000",
        TRELLIS_WEBHOOK_BURST="60000",
        TRELLIS_SECRET_KEY="bench" * 10,
        TRELLIS_MASTER_KEY=base64.b64encode(b"bench" * 6 + b"..").decode(),
    )
    sandbox_argv = (str(TRELLIS), "sandbox", "--port", str(sandbox_port), "--data", str(folder / "sandbox"))
    sandbox = f"http://127.0.0.1:{sandbox_port}/control"
    subprocess.run((str(TRELLIS), "db", "upgrade"), env=env, check=True, capture_output=True, cwd=ROOT)
    with running(*sandbox_argv, env=env, log=folder / "sandbox.log", ready=f"{sandbox}/health"):
        subprocess.run((str(TRELLIS), "demo"), env=env, check=True, capture_output=True, cwd=ROOT)
        webhook = requests.get(f"{sandbox}/state", timeout=30).json()["leaflink"]["webhooks"][0]
    ready = f"http://127.0.0.1:{port}/readyz"
    with running(str(TRELLIS), "web", env=env, log=folder / "web.log", ready=ready):
        yield Target(port, urlsplit(webhook["url"]).path, webhook["key"], database, _COUNT)


@contextlib.contextmanager
def _bare(folder: Path, database: str, key: str) -> Iterator[Target]:
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE TABLE bench_bare (id bigserial PRIMARY KEY, digest bytea UNIQUE, body bytea)"
        )
    port = free_port()
    env = environment(PORT=str(port), BENCH_DATABASE=database, BENCH_KEY=key)
    ready = f"http://127.0.0.1:{port}/readyz"
    with running(sys.executable, "-m", "bench.bare", env=env, log=folder / "bare.log", ready=ready):
        yield Target(port, "/webhook", key, database, _COUNT_BARE)
