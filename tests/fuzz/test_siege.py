"""A small siege: rows 42 to 47 of the catalogue of faults. `make fuzz` is the large one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portal.identity import tenants
from tests.fuzz.hostile import hostile
from tests.fuzz.siege import Siege
from tests.sync.engine.shop import open_shop
from tests.web.endpoints import deliver, open_endpoint, order_webhook
from tests.web.serving import served

# No limit of floods stands between these requests and what is behind it.
OPEN = {"webhook_rate": 60_000, "webhook_burst": 60_000, "webhook_refusals": 60_000}


@pytest.fixture
def endpoints(desk):
    made = []
    for number in range(2):
        tenant = tenants.create(desk.sessions, slug=f"company-{number}", name=f"C{number}", timezone="UTC")
        shop = open_shop(desk, tenant.id, f"Company {number}")
        made += [open_endpoint(shop), open_endpoint(shop, "flourish")]
    return made


@pytest.mark.fault(42, 44, 45, 46, 47)
def test_a_siege_finds_no_way_in_and_breaks_nothing(endpoints, settings):
    siege = Siege(seed=1, endpoints=endpoints)
    with served(replace(settings, **OPEN)) as (application, port):
        siege.requests(application.flask, range(5_000), lambda _line: None)
        siege.sockets(port, range(300), lambda _line: None)
        siege.judge_what_was_kept()

        assert siege.wrong == []
        assert set(siege.answers) <= {308, 400, 401, 404, 405, 413}
        assert siege.answers[401] > 2_500
        assert siege.socket_answers[401] > 20
        # The door still opens to whoever signs.
        assert deliver(port, endpoints[0], order_webhook()) == 202
        application.flask.extensions["trellis_inbox"].close()


def test_a_hostile_delivery_can_be_made_again_from_its_number(endpoints):
    assert hostile(7, 123, endpoints) == hostile(7, 123, endpoints)
    assert hostile(7, 123, endpoints) != hostile(8, 123, endpoints)
