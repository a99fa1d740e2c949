"""The product as it runs: its real processes beside real servers, and the sandbox to talk to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

TRELLIS = str(Path(sys.executable).with_name("trellis"))
GREENLEAF = "greenleaf"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(what: str, condition: Callable[[], Any], *, within: float = 30.0, every: float = 0.05) -> Any:
    """Wait for something to become true, and return it. A question that costs the sandbox much, such as for
    its whole state, is asked less often."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(every)
    raise AssertionError(f"not within {within:g} s: {what}")


@dataclass
class Process:
    """One process of ours, ended by its id."""

    popen: subprocess.Popen[bytes]
    name: str

    def stop(self, number: int = signal.SIGTERM, *, within: float = 30.0) -> int:
        """Signal it and wait for its end."""
        self.popen.send_signal(number)
        return self.popen.wait(within)

    def kill_session(self) -> None:
        """SIGKILL it and every process that it started, as a power cut does."""
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[3]) == self.popen.pid:
                    os.kill(int(stat.parent.name), signal.SIGKILL)
            except (OSError, ProcessLookupError):
                continue
        self.popen.wait(10)


@dataclass
class Product:
    """Where everything is, and the processes that run."""

    env: dict[str, str]
    data: Path
    port: int
    sandbox_port: int
    running: list[Process] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    def start(self, *arguments: str, **extra: str) -> Process:
        """Start one of the product's processes."""
        name = "-".join(part for part in arguments[:1])
        with (self.data / f"{name}.log").open("ab") as log:
            popen = subprocess.Popen(
                [TRELLIS, *arguments],
                env={**self.env, **extra},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        process = Process(popen, name)
        self.running.append(process)
        return process

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [TRELLIS, *arguments], env=self.env, capture_output=True, text=True, timeout=120, check=False
        )

    def stop(self) -> None:
        for process in self.running:
            if process.popen.poll() is None:
                process.kill_session()

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the sandbox's control API."""
        answer = requests.request(method, f"{self.sandbox_url}/control/{path}", json=body, timeout=20)
        assert answer.ok, f"{path}: {answer.status_code} {answer.text[:300]}"
        return answer.json() if answer.content else None

    def place_order(self, **order: Any) -> dict[str, Any]:
        """Place an order as a LeafLink buyer."""
        placed: dict[str, Any] = self.control("POST", "leaflink/orders", {"lines": 3, **order})
        return placed

    def fault(self, platform: str, fault: str, **details: Any) -> None:
        """Switch a fault of the sandbox on."""
        self.control("POST", "faults", {"platform": platform, "fault": fault, "rate": 1, **details})

    def flourish_orders(self, order: dict[str, Any], ref: str = "number") -> list[dict[str, Any]]:
        """Every Flourish order, cancelled or not, that was made for an order of a platform: Trellis notes the
        field `ref` of it there."""
        state = self.control("GET", "state?of=orders")
        return [row for row in state["flourish"]["orders"] if order[ref] in str(row["notes"])]

    def leaflink_status(self, order: dict[str, Any]) -> str:
        """The order's status in LeafLink."""
        state = self.control("GET", "state?of=orders")
        rows = {row["number"]: row["status"] for row in state["leaflink"]["orders"]}
        return str(rows[order["number"]])

    def posts(self) -> int:
        """How many orders Flourish was ever asked to make."""
        rows = self.control("GET", "ledger?platform=flourish")
        rows = rows["requests"] if isinstance(rows, dict) else rows
        return sum(row["method"] == "POST" and "outbound-orders" in row["path"] for row in rows)


def answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False


@contextmanager
def product(
    data: Path, database_url: str, redis_url: str, companies: str = "demo", **extra: str
) -> Iterator[Product]:
    """Run web, schedule and sandbox, with the demo's data or none; workers are the test's own business."""
    port, sandbox_port = free_port(), free_port()
    env = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA": str(data),
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox_port),
        "TRELLIS_DEMO": "1",
        "TRELLIS_SECRET_KEY": "k" * 40,
        "TRELLIS_MASTER_KEY": "dGVzdHRlc3R0ZXN0dGVzdHRlc3R0ZXN0dGVzdHRlc3Q=",
        "TRELLIS_SETTLE_SECONDS": "3",
        "TRELLIS_LEASE_SECONDS": "3",
        "TRELLIS_SWEEP_SECONDS": "1",
        **extra,
    }
    made = Product(env, data, port, sandbox_port)
    try:
        made.start("sandbox", "--port", str(sandbox_port), "--data", str(data / "sandbox"))
        made.start("web", "--port", str(port))
        eventually("sandbox answers", lambda: answers(f"{made.sandbox_url}/control/health"))
        eventually("web answers", lambda: answers(f"{made.url}/readyz"))
        if companies == "demo":
            filled = made.run("demo")
            assert filled.returncode == 0, filled.stderr
        made.start("schedule")
        yield made
    finally:
        made.stop()
