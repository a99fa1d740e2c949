"""Anything may happen in any order: buyers, staff, hints, polls, looks, crashes, late workers, faults, time.

Hypothesis makes up the stories. In the suite they are the same each time; `MACHINE_EXAMPLES=200` tries so
many new ones, and prints how to repeat one that fails.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from portal.sync import queues
from tests.sync.engine.aiq_machine import TrellisOnAiq
from tests.sync.engine.aiq_world import open_aiq_shop
from tests.sync.engine.doors import street
from tests.sync.engine.machine import Trellis
from tests.sync.engine.ordo_machine import TrellisOnOrdo
from tests.sync.engine.ordo_world import open_ordo_shop
from tests.sync.engine.shop import open_shop

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "0"))
STEPS = 40
_QUICK = settings(derandomize=True, phases=[Phase.explicit, Phase.generate, Phase.shrink])
_LONG = settings(max_examples=EXAMPLES or 1, print_blob=True)


@pytest.mark.fault(1, 2, 3, 8, 16, 17, 23, 38, 39, 41)
@pytest.mark.parametrize(
    ("machine", "opens", "stories"),
    [(Trellis, open_shop, 25), (TrellisOnOrdo, open_ordo_shop, 10), (TrellisOnAiq, open_aiq_shop, 10)],
    ids=["LeafLink", "Ordo", "AIQ"],
)
def test_whatever_happens_each_order_is_made_once_and_none_is_lost(
    desk, monkeypatch, machine: Any, opens, stories
):
    for ring in ("ring", "ring_alone", "ring_poll"):
        monkeypatch.setattr(queues, ring, lambda *_: True)
    with street(desk, monkeypatch, opens) as shops:

        class Story(machine):  # type: ignore[misc]
            def __init__(self):
                super().__init__(shops)

        run_state_machine_as_test(
            Story,
            settings=settings(
                _LONG if EXAMPLES else settings(_QUICK, max_examples=stories),
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
