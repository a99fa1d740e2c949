"""The sandbox served from this process, for tests that connect to both platforms over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from sandbox.app import create_app
from sandbox.server import address, serve
from sandbox.simulation import Simulation

LEAFLINK_KEY = "ll-greenleaf-key"
ORDO_KEY = "or-greenleaf-key"
AIQ_KEY = "aq-greenleaf-key"
WEBHOOK_KEY = "ll-greenleaf-webhook"


@contextmanager
def sandbox(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve the sandbox; gives its address and Flourish's key."""
    simulation = Simulation(folder)
    simulation.store.set_setting("leaflink_rate_limit", 0)
    server = serve(create_app(simulation), 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    rows = requests.get(f"{address(server)}/control/accounts", timeout=10).json()
    key = next(row["key"] for row in rows if (row["platform"], row["world"]) == ("flourish", "greenleaf"))
    yield address(server), key
    server.shutdown()
    thread.join()
    server.server_close()
    simulation.close()
