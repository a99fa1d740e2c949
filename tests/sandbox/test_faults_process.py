"""Faults of a sandbox in a process of its own: what outlives a kill, and how much memory they need."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.sandbox.doors import FLOURISH_BASE, outbound_body
from tests.sandbox.receiver import until
from tests.sandbox.test_process import FLOURISH, Process

pytestmark = pytest.mark.processes

ORDERS = f"{FLOURISH_BASE}/outbound-orders"


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    started = Process(tmp_path)
    yield started
    if started.popen.poll() is None:
        started.end(signal.SIGKILL)


def fault(process: Process, name: str, **details: object) -> None:
    asked = {"platform": "flourish", "fault": name, **details}
    assert requests.post(f"{process.url}/control/faults", json=asked, timeout=5).status_code == 201


def orders(process: Process) -> int:
    answer = requests.get(f"{process.url}{ORDERS}", headers=FLOURISH, timeout=5)
    return int(answer.json()["meta"]["total"])


def test_a_late_write_outlives_a_kill_and_is_done_once(process, tmp_path):
    fault(process, "late-commit", argument=3, times=1)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{process.url}{ORDERS}", json=outbound_body(), headers=FLOURISH, timeout=5)
    process.end(signal.SIGKILL)
    again = Process(tmp_path)
    until(lambda: orders(again) == 1, 15)
    again.end(signal.SIGKILL)
    last = Process(tmp_path)
    assert requests.get(f"{last.url}/control/faults", timeout=5).json()["late_writes"] == 0
    assert orders(last) == 1
    assert last.end(signal.SIGTERM) == 0


def test_a_waiting_late_write_does_not_hold_up_the_end(process):
    fault(process, "late-commit", argument="600 504")
    answer = requests.post(f"{process.url}{ORDERS}", json=outbound_body(), headers=FLOURISH, timeout=5)
    assert answer.status_code == 504
    assert process.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("argument", [200, "gzip 200"])
def test_a_huge_body_needs_little_memory(process, argument):
    fault(process, "huge-body", argument=argument)
    answer = requests.get(f"{process.url}{ORDERS}", headers=FLOURISH, stream=True, timeout=20)
    with answer:
        for _ in answer.raw.stream(2**20, decode_content=False):
            pass
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.popen.pid}/status").read_text())
    assert found is not None
    assert int(found.group(1)) < 80 * 1024
