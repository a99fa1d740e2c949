"""`python -m tests.fuzz`: a siege of the webhook door. Exits 1 if anything was accepted or fell over."""

from __future__ import annotations

import base64
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy import text

from portal.config import Settings
from portal.embedded.postgres import Postgres
from portal.embedded.valkey import Valkey
from portal.extensions import Sessions, new_engine, new_redis
from portal.identity import tenants
from portal.migrations import upgrade
from portal.sync.engine.budget import Budget
from portal.sync.engine.desk import Desk
from tests.fuzz.siege import Siege
from tests.sync.engine.shop import open_shop
from tests.web.endpoints import Endpoint, open_endpoint
from tests.web.serving import served

COMPANIES = 3
# No limit of floods stands between the siege and what is behind it.
_NO_LIMIT = 10_000_000


@click.command()
@click.option("--requests", type=int, default=1_000_000, show_default=True, help="Handed to the application.")
@click.option("--sockets", type=int, default=20_000, show_default=True, help="Sent to a real server.")
@click.option("--seed", type=int, default=1, show_default=True)
def main(*, requests: int, sockets: int, seed: int) -> None:
    """Besiege the webhook door, and prove that nothing came in and nothing broke."""
    with _desk() as desk:
        siege = Siege(seed, [endpoint for number in range(COMPANIES) for endpoint in _company(desk, number)])
        with served(desk.settings) as (application, port):
            siege.requests(application.flask, range(requests), click.echo)
            began = time.monotonic()
            siege.sockets(port, range(sockets), click.echo)
            seconds = time.monotonic() - began
            siege.judge_what_was_kept()
            application.flask.extensions["trellis_inbox"].close()
    click.echo(f"{requests:,} requests, {siege.rate:,.0f}/s: {_table(siege.answers)}")
    click.echo(f"{sockets:,} sockets in {seconds:.0f} s: {_table(siege.socket_answers)} (0: no answer)")
    click.echo(f"memory: {siege.at_start:.0f} MB after the warm-up, {siege.peak:.0f} MB at most")
    for line in siege.wrong[:50]:
        click.echo(f"✗ {line}")
    verdict = f"✗ {len(siege.wrong)} wrong" if siege.wrong else "✓ nothing accepted, nothing fell over"
    click.echo(f"{verdict}; again: make fuzz N={requests} SEED={seed}")
    sys.exit(1 if siege.wrong else 0)


def _table(answers: Counter[int]) -> str:
    return ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))


def _company(desk: Desk, number: int) -> list[Endpoint]:
    tenant = tenants.create(desk.sessions, slug=f"company-{number}", name=f"C{number}", timezone="UTC")
    shop = open_shop(desk, tenant.id, f"Company {number}")
    return [open_endpoint(shop), open_endpoint(shop, "flourish")]


@contextmanager
def _desk() -> Iterator[Desk]:
    """Servers of its own."""
    with tempfile.TemporaryDirectory(prefix="trellis-") as folder:
        postgres = Postgres(Path(folder))
        with postgres.running() as database_url, Valkey(Path(folder)).running() as redis_url:
            upgrade(database_url)
            engine, redis = new_engine(database_url), new_redis(redis_url)
            with engine.begin() as connection:
                # Nothing here outlives the siege; what is asked is what the door does, not how the disk is.
                connection.execute(text("ALTER DATABASE trellis SET synchronous_commit = off"))
            yield Desk(_settings(database_url, redis_url), Sessions(engine), redis, Budget(redis))
            engine.dispose()
            redis.close()
        postgres.discard()


def _settings(database_url: str, redis_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        redis_url=redis_url,
        secret_key="fuzz" * 10,
        master_keys={"f1": base64.b64decode("ZnV6emZ1enpmdXp6ZnV6emZ1enpmdXp6ZnV6emZ1eno=")},
        webhook_rate=_NO_LIMIT,
        webhook_burst=_NO_LIMIT,
        webhook_refusals=_NO_LIMIT,
    )


if __name__ == "__main__":
    main()
