"""Anything may happen in any order: buyers, staff, hints, polls, looks, crashes, late workers, faults, time.

Hypothesis makes up the stories. In the suite they are the same each time; `MACHINE_EXAMPLES=200` tries so
many new ones, and prints how to repeat one that fails.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from portal.sync import queues
from tests.sync.engine.doors import street
from tests.sync.engine.machine import Trellis

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
STEPS = 40
_QUICK = settings(max_examples=25, derandomize=True, phases=[Phase.explicit, Phase.generate, Phase.shrink])
_LONG = settings(max_examples=EXAMPLES or 1, print_blob=True)


@pytest.mark.fault(1, 2, 3, 8, 16, 17, 23, 38, 39, 41)
def test_whatever_happens_each_order_is_made_once_and_none_is_lost(desk, monkeypatch):
    for ring in ("ring", "ring_alone", "ring_poll"):
        monkeypatch.setattr(queues, ring, lambda *_: True)
    with street(desk, monkeypatch) as shops:

        class Story(Trellis):
            def __init__(self):
                super().__init__(shops)

        run_state_machine_as_test(
            Story,
            settings=settings(
                _LONG if EXAMPLES else _QUICK,
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
