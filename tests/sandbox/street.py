"""The sandbox as a caller meets it on the wire: a real server, real connections, cut ones too."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from sandbox.app import create_app
from sandbox.server import address, serve
from sandbox.simulation import Simulation
from tests.sandbox.doors import AIQ_BASE, FLOURISH_BASE, HOME, LEAFLINK_BASE, ORDO_BASE, outbound_body

HEADERS = {
    "leaflink": {"Authorization": "App ll-greenleaf-key"},
    "flourish": {"x-api-key": "fl-greenleaf-key", "FacilityID": HOME},
    "ordo": {"Authorization": "Bearer or-greenleaf-key"},
    "aiq": {"x-dispense-api-key": "aq-greenleaf-key"},
}
BASES = {"leaflink": LEAFLINK_BASE, "flourish": FLOURISH_BASE, "ordo": ORDO_BASE, "aiq": AIQ_BASE}
ORDERS = "/outbound-orders"
SECONDS = 20


class Street:
    """Calls a served simulation."""

    def __init__(self, simulation: Simulation, url: str) -> None:
        self.simulation = simulation
        self.url = url

    def ask(self, method: str, platform: str, path: str, **options: Any) -> requests.Response:
        """Call a platform's API; redirects are not followed."""
        options = {"timeout": SECONDS, "allow_redirects": False, **options}
        url = path if path.startswith("http") else f"{self.url}{BASES[platform]}{path}"
        return requests.request(method, url, headers=HEADERS[platform], **options)

    def flourish(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.ask(method, "flourish", path, **options)

    def leaflink(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.ask(method, "leaflink", path, **options)

    def ordo(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.ask(method, "ordo", path, **options)

    def aiq(self, method: str, path: str, **options: Any) -> requests.Response:
        return self.ask(method, "aiq", path, **options)

    def create(self, original: str = "9bf6e2fa", **options: Any) -> requests.Response:
        """Create a Flourish order."""
        body = outbound_body(original_order_id=original)
        return self.flourish("POST", ORDERS, json=body, **options)

    def orders(self) -> list[str]:
        """Return the original ids of all Flourish orders, whatever reads may say."""
        found = self.simulation.office("flourish", "greenleaf").find("order")
        return [each["original_order_id"] for each in found]

    def place(self, **asked: Any) -> str:
        """Place a LeafLink order and return its number."""
        return str(self.control("POST", "leaflink/orders", {"lines": 1, **asked}).json()["number"])

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        answer = requests.request(method, f"{self.url}/control/{path}", json=body, timeout=SECONDS)
        assert answer.ok, answer.text
        return answer

    def fault(self, fault: str, platform: str = "flourish", **details: Any) -> int:
        """Switch a fault on and return its number."""
        asked = {"platform": platform, "fault": fault, **details}
        return int(self.control("POST", "faults", asked).json()["id"])

    def ledger(self, **query: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = requests.get(
            f"{self.url}/control/ledger", params=query, timeout=SECONDS
        ).json()
        return rows

    def cut(self, path: str) -> tuple[int, bytes]:
        """Read from Flourish what comes before the cut: the length that was promised, and what there is."""
        parts = urlsplit(self.url)
        with closing(HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)) as connection:
            connection.request("GET", FLOURISH_BASE + path, headers=HEADERS["flourish"])
            answer = connection.getresponse()
            with pytest.raises(IncompleteRead) as caught:
                answer.read()
        return int(answer.headers["Content-Length"]), caught.value.partial


@contextmanager
def served(data: Path) -> Iterator[Street]:
    """Serve the sandbox of a directory on a free port."""
    simulation = Simulation(data)
    server = serve(create_app(simulation), 0)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    simulation.outbox.start()
    yield Street(simulation, address(server))
    server.shutdown()
    server.server_close()
    thread.join()
    simulation.close()
