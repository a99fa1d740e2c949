"""The database stops while webhooks come in, and starts again: row 49 of the catalogue of faults."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from portal.embedded.postgres import Postgres
from portal.extensions import Sessions, ask_before_use, new_engine, new_redis
from portal.identity import tenants
from portal.migrations import upgrade
from portal.sync.engine.budget import Budget
from portal.sync.engine.desk import Desk
from tests.sync.engine.shop import open_shop
from tests.web.endpoints import deliver, open_endpoint, order_webhook, post
from tests.web.serving import served

pytestmark = [pytest.mark.fault(49), pytest.mark.processes]


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server of this test's own, which it may stop."""
    with tempfile.TemporaryDirectory(prefix="trellis-") as folder:
        server = Postgres(Path(folder))
        server.start()
        yield server
        server.stop()
        server.discard()


@pytest.fixture
def own_desk(own_postgres, settings) -> Iterator[Desk]:
    upgrade(own_postgres.url)
    engine = ask_before_use(new_engine(own_postgres.url))
    redis = new_redis(settings.redis_url)
    yield Desk(replace(settings, database_url=own_postgres.url), Sessions(engine), redis, Budget(redis))
    engine.dispose()
    redis.close()


def test_while_the_database_is_away_nothing_is_accepted_and_afterwards_everything_works(
    own_postgres, own_desk
):
    tenant = tenants.create(own_desk.sessions, slug="acme", name="Acme", timezone="UTC")
    endpoint = open_endpoint(open_shop(own_desk, tenant.id))

    def send(number: int) -> int:
        return deliver(port, endpoint, order_webhook(f"n{number}"))

    with served(own_desk.settings) as (application, port), ThreadPoolExecutor(8) as senders:
        before = list(senders.map(send, range(20)))
        own_postgres.stop()
        body = order_webhook("told")
        status, headers = post(port, endpoint.path, body, endpoint.signed(body))
        assert (status, headers["retry-after"]) == (503, "30")
        assert post(port, endpoint.path, body, {endpoint.header: "AAAA"})[0] == 503
        during = list(senders.map(send, range(100, 200)))
        own_postgres.start()
        after = list(senders.map(send, range(200, 240)))
        again = list(senders.map(send, range(100, 200)))
        application.flask.extensions["trellis_inbox"].close()

    assert set(before) == {202}
    assert set(during) == {503}
    assert set(after) | set(again) == {202}
    kept = {row.foreign_ref for row in endpoint.deliveries()}
    assert kept == {f"n{number}" for number in (*range(20), *range(100, 240))}
