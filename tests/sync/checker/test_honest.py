"""The check of a world that keeps every promise, and how it reads."""

from __future__ import annotations

from tests.sync.checker.world import World


def test_an_honest_world_passes(world: World):
    report = world.check()

    assert report.failed() == [], report.shown()
    assert report.holds
    # Its companies have orders only: no item is there to be looked at.
    assert {code for code, verdict in report.verdicts.items() if not verdict.looked} == {"I3"}


def test_offline_reads_no_side(world: World):
    report = world.check(offline=True)

    assert report.holds
    assert not world.platform.reads
    assert not world.flourish.reads
    assert {row["code"] for row in report.shown()["invariants"] if row["proven"] is None} == {
        "I1", "I2", "I4", "I5", "I6", "I14", "live"
    }  # fmt: skip


def test_both_sides_are_read_once_for_each_order(world: World):
    world.check()

    assert set(world.platform.reads.values()) == {1}
    assert world.flourish.reads == {"list": 1, "F-created": 1, "F-shipped": 1, "F-cancelled": 1}
