"""The real process: it keeps connections open, survives kill -9, ends on SIGTERM, cuts sockets."""

import http.client
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.doors import FLOURISH_BASE, outbound_body

pytestmark = pytest.mark.processes

FLOURISH = {"x-api-key": "fl-greenleaf-key", "FacilityID": "00000001"}


class Process:
    """A sandbox of its own on a free port."""

    def __init__(self, data: Path) -> None:
        command = [sys.executable, "-m", "sandbox", "--data", str(data), "--port", "0"]
        self.popen = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.popen.stdout is not None
        found = re.search(r"http://\S+", self.popen.stdout.readline())
        assert found is not None
        self.url = found.group()

    def end(self, number: signal.Signals) -> int:
        self.popen.send_signal(number)
        status = self.popen.wait(timeout=5)
        assert self.popen.stdout is not None
        self.popen.stdout.close()
        return status


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path)
    yield started
    if started.popen.poll() is None:
        started.end(signal.SIGKILL)


def test_what_was_answered_is_there_after_a_kill(process, tmp_path):
    number = requests.post(f"{process.url}/control/leaflink/orders", json={"lines": 1}, timeout=5).json()[
        "number"
    ]
    process.end(signal.SIGKILL)
    again = Process(tmp_path)
    orders = requests.get(f"{again.url}/control/state", timeout=5).json()["leaflink"]["orders"]
    assert [order["number"] for order in orders] == [number]
    assert again.end(signal.SIGTERM) == 0


def test_sigterm_ends_it_within_two_seconds_even_with_an_open_connection(process):
    with requests.Session() as session:
        session.get(f"{process.url}/control/health", timeout=5)
        start = time.monotonic()
        assert process.end(signal.SIGTERM) == 0
        assert time.monotonic() - start < 2


def test_a_connection_stays_open_and_answers_are_quick(process):
    connection = http.client.HTTPConnection(process.url.removeprefix("http://"), timeout=5)
    times = []
    for _ in range(51):
        start = time.monotonic()
        connection.request("GET", f"{FLOURISH_BASE}/facilities", headers=FLOURISH)
        connection.getresponse().read()
        times.append(time.monotonic() - start)
        assert connection.sock is not None
    connection.close()
    assert sorted(times)[25] < 0.03


def test_a_dropped_answer_is_a_cut_connection_and_a_done_write(process):
    fault = {"platform": "flourish", "fault": "commit-then-drop", "times": 1}
    requests.post(f"{process.url}/control/faults", json=fault, timeout=5)
    orders = f"{process.url}{FLOURISH_BASE}/outbound-orders"
    with pytest.raises(requests.ConnectionError):
        requests.post(orders, json=outbound_body(), headers=FLOURISH, timeout=5)
    assert requests.get(orders, headers=FLOURISH, timeout=5).json()["meta"]["total"] == 1


def test_a_body_that_is_too_large_is_refused(process):
    answer = requests.post(f"{process.url}/control/reset", data=b"x" * (11 * 1024 * 1024), timeout=10)
    assert answer.status_code == 413


def test_it_stays_small(process):
    requests.get(f"{process.url}/control/health", timeout=5)
    status = Path(f"/proc/{process.popen.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    assert int(found.group(1)) < 70 * 1024
