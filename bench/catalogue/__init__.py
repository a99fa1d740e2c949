"""A first sync beside dlt and a plain COPY, what later ones write, and how soon a quantity is in LeafLink."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.figures import Figure, percentile
from bench.ledger import Ledger, is_write
from bench.machine import ROOT, Demo, demo, directory, environment, for_psycopg, free_port, running
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.migrations import upgrade

ITEMS = 10_000
MANY_ITEMS = 100_000
ROUNDS = 3
QUANTITIES = 40
_PEER = "dlt[postgres]==1.31.0"
_PACE_SECONDS = 1.0
_LOOK_SECONDS = 0.02
_GIVE_UP_SECONDS = 60.0
_PATIENCE_SECONDS = 300.0
_OF = "connection JOIN tenant ON tenant.id = connection.tenant_id AND tenant.slug = 'greenleaf'"
_FACILITY = f"SELECT flourish_id FROM {_OF} JOIN facility ON facility.id = facility_id"
_SKUS = (
    "SELECT foreign_id, link.due_at IS NULL AND lease_until IS NULL"
    f" FROM {_OF} JOIN link ON connection_id = connection.id WHERE kind = 'item' ORDER BY foreign_id"
)


def measure(items: int = ITEMS, many_items: int = MANY_ITEMS) -> Iterator[Figure]:
    """Pull the same lists into the same database in turns, then a long list, then change quantities."""
    with _bench() as bench:
        yield from _first_syncs(bench, items)
        yield from _memory(bench, many_items)
    yield from _quantities()


@dataclass(frozen=True)
class _Bench:
    """The servers that all share, and where dlt is installed."""

    folder: Path
    database: str
    redis: str

    def run(self, python: str, module: str, address: str, name: str, **more: str) -> dict[str, Any]:
        """Run one pull in a process of its own, and return what it found."""
        env = environment(
            BENCH_ADDRESS=address,
            BENCH_DATABASE=for_psycopg(self.database),
            BENCH_DATABASE_URL=self.database,
            BENCH_REDIS_URL=self.redis,
            BENCH_FOLDER=str(self.folder),
            BENCH_NAME=name,
            **more,
        )
        argv = (python, *(("-m", module) if python == sys.executable else (module,)))
        # dlt warns of every column that holds nothing.
        kept = self.folder / f"{name}.log"
        with kept.open("wb") as log:
            done = subprocess.run(
                argv, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, check=False
            )
        if done.returncode:
            raise RuntimeError(f"{module} ended with {done.returncode}: {kept.read_text()[-2_000:]}")
        found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return found

    @contextmanager
    def lists(self, size: int) -> Iterator[str]:
        """Serve lists of this size; yields their address."""
        port = free_port()
        env = environment(PORT=str(port), BENCH_ITEMS=str(size))
        argv = (sys.executable, "-m", "bench.catalogue.lists")
        address = f"http://127.0.0.1:{port}"
        with running(*argv, env=env, log=self.folder / "lists.log", ready=f"{address}/state"):
            yield address


@contextmanager
def _bench() -> Iterator[_Bench]:
    with directory() as folder, Postgres(folder).running() as database, Valkey(folder).running() as redis:
        upgrade(database)
        yield _Bench(folder, database, redis)


def _first_syncs(bench: _Bench, items: int) -> Iterator[Figure]:
    """Each round in turns, each into empty tables of its own; what else runs on the machine disturbs all."""
    peer = _install_peer(bench.folder)
    plain, dlts, ours = [], [], []
    with bench.lists(items) as address:
        bench.run(sys.executable, "bench.catalogue.plain", address, "warm")
        for number in range(ROUNDS):
            plain.append(bench.run(sys.executable, "bench.catalogue.plain", address, f"plain{number}"))
            dlts.append(bench.run(peer, "bench/catalogue/peer.py", address, f"dlt{number}"))
            changed = {"BENCH_CHANGED": str(items // 100)}
            ours.append(
                bench.run(sys.executable, "bench.catalogue.ours", address, f"ours{number}", **changed)
            )
    samples = f"{items} items, median of {ROUNDS}"
    middle, other, bare = (
        statistics.median(one[name] for one in found)
        for found, name in ((ours, "pulling"), (dlts, "seconds"), (plain, "seconds"))
    )
    yield Figure(
        "first sync, both sides pulled and stored", middle, "s", samples, peer=f"{other:.1f} s (dlt)"
    )
    yield Figure("  beside dlt", middle / other, "x", samples, at_most=0.5)
    yield Figure("  beside fetch and COPY", middle / bare, "x", samples, at_most=1.6)
    yield Figure("  and compared", statistics.median(one["seconds"] for one in ours), "s", samples)
    yield from _writes(ours, items)


def _writes(ours: list[dict[str, Any]], items: int) -> Iterator[Figure]:
    agreeing = min(one["links"] for one in ours)
    yield Figure("SKUs that agree after the first sync", agreeing, "", f"of {items}", at_least=items)
    again = max(one["again_writes"] for one in ours)
    yield Figure("writes of a second sync, nothing changed", again, "", f"{items} items", at_most=0)
    samples = f"{ours[0]['wanted_writes']} of {items} changed"
    beyond = max(abs(one["changed_writes"] - one["wanted_writes"]) for one in ours)
    yield Figure("writes too many or too few, 1 % changed", beyond, "", samples, at_most=0)
    yield Figure(
        "products that offer the wrong stock", max(one["apart"] for one in ours), "", samples, at_most=0
    )
    changed = statistics.median(one["changed"] for one in ours)
    yield Figure("sync with 1 % changed, written", changed, "s", samples)


def _memory(bench: _Bench, items: int) -> Iterator[Figure]:
    with bench.lists(items) as address:
        changed = {"BENCH_CHANGED": str(items // 100)}
        found = bench.run(sys.executable, "bench.catalogue.ours", address, "many", **changed)
    samples = f"{items} items, one process"
    yield Figure("peak memory of a sync", found["memory"], "MB", samples, at_most=300)
    yield Figure("  its first sync", found["seconds"], "s", samples)


def _install_peer(folder: Path) -> str:
    """Install dlt into an environment of its own; returns its Python."""
    venv.create(folder / "peer", with_pip=True)
    python = str(folder / "peer" / "bin" / "python")
    argv = (python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", _PEER)
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL)
    return python


def _quantities() -> Iterator[Figure]:
    """Change quantities in Flourish's screens, one after the other, and wait for LeafLink to be told."""
    with demo() as product:
        taken = _changed_quantities(product)
    samples = f"{QUANTITIES} quantities, one each {_PACE_SECONDS:g} s"
    yield Figure("quantity in LeafLink, p50", percentile(taken, 0.5), "s", samples)
    yield Figure("quantity in LeafLink, p95", percentile(taken, 0.95), "s", samples, at_most=2)


def _changed_quantities(product: Demo) -> list[float]:
    """Seconds from the change in Flourish to LeafLink's answer, for one product after the other."""
    product.lift_limits()
    product.command("connection", "catalogue", "--tenant", "greenleaf", "LeafLink")
    skus = _wait_for_links(product)
    with product.database() as database:
        (facility,) = database.execute(_FACILITY).fetchone() or ("",)
    ledger = Ledger(product, "leaflink")
    change = {"company": "greenleaf", "facility_id": facility}
    return [_one(product, ledger, sku, {**change, "quantity": 500 + place}) for place, sku in enumerate(skus)]


def _wait_for_links(product: Demo) -> list[str]:
    """Wait until all SKUs were compared and none is due any more; returns some of them."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with product.database() as database:
            rows = database.execute(_SKUS).fetchall()
        if rows and all(idle for _sku, idle in rows):
            return [sku for sku, _idle in rows[:: max(1, len(rows) // QUANTITIES)]][:QUANTITIES]
        time.sleep(1)
    raise TimeoutError("the demo's products are not compared")


def _one(product: Demo, ledger: Ledger, sku: str, change: dict[str, Any]) -> float:
    ledger.news()
    began = time.monotonic()
    product.control("POST", f"flourish/items/{sku}", change)
    # Of a product, or of its one lot where it is sold by batch; nothing else is written here.
    while not any(is_write(row) for row in ledger.news()):
        if time.monotonic() - began > _GIVE_UP_SECONDS:
            raise TimeoutError(f"{sku} is not in LeafLink after {_GIVE_UP_SECONDS:g} s")
        time.sleep(_LOOK_SECONDS)
    taken = time.monotonic() - began
    time.sleep(max(0.0, _PACE_SECONDS - taken))
    return taken
