"""Every declared check of every platform: what it says of itself, and a passing and a failing example."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from portal.sync.checks import PHASES, Snapshot
from portal.sync.flourish import FLOURISH
from portal.sync.readiness.declared import UnknownCheck, check_named, checks_of
from portal.sync.readiness.reading import RIVAL_ORDERS
from portal.sync.registry import PLATFORMS
from tests.sync.readiness import aiq_examples, examples, ordo_examples, snapshots
from tests.sync.readiness.snapshots import snapshot

FAILING = {
    "leaflink": (*examples.LEAFLINK, *examples.FLOURISH),
    "ordo": ordo_examples.EXAMPLES,
    "aiq": aiq_examples.EXAMPLES,
}
READY: Mapping[str, Sequence[tuple[str, str, Mapping[str, Any]]]] = {
    "leaflink": examples.READY,
    "ordo": ordo_examples.READY,
    "aiq": aiq_examples.READY,
}
SNAPSHOTS: Mapping[str, Callable[..., Snapshot]] = {
    "leaflink": snapshots.snapshot,
    "ordo": ordo_examples.snapshot,
    "aiq": aiq_examples.snapshot,
}
EVERY = [(platform, check) for platform in PLATFORMS.values() for check in checks_of(platform)]
NAMED = [f"{platform.key}:{check.name}" for platform, check in EVERY]


def judge(platform, name, **changed):
    return check_named(PLATFORMS[platform], name).judge(SNAPSHOTS[platform](**changed))


@pytest.mark.promise("ON-2")
@pytest.mark.parametrize(("platform", "check"), EVERY, ids=NAMED)
def test_of_an_ordinary_connection_every_check_is_ready_and_says_why(platform, check):
    verdict = judge(platform.key, check.name)

    assert verdict.outcome == "ready", verdict.evidence
    assert verdict.evidence.endswith(".")


@pytest.mark.promise("ON-2")
@pytest.mark.parametrize(
    ("platform", "example"),
    [(platform, example) for platform, some in FAILING.items() for example in some],
    ids=lambda one: one if isinstance(one, str) else f"{one.check}: {one.says}",
)
def test_what_is_amiss_is_found_counted_and_has_a_next_step(platform, example):
    verdict = judge(platform, example.check, **example.changed)

    assert (verdict.outcome, example.says in verdict.evidence) == (example.outcome, True), verdict.evidence
    assert verdict.next_step.endswith(".")
    declared = check_named(PLATFORMS[platform], example.check).severity
    assert (verdict.severity or declared) == (example.severity or declared)


@pytest.mark.parametrize(
    ("platform", "name", "says", "changed"),
    [(platform, *example) for platform, some in READY.items() for example in some],
)
def test_what_only_looks_amiss_is_ready(platform, name, says, changed):
    verdict = judge(platform, name, **changed)

    assert verdict.outcome == "ready", verdict.evidence
    assert says in verdict.evidence


@pytest.mark.parametrize(("platform", "check"), EVERY, ids=NAMED)
def test_every_check_of_every_platform_has_a_failing_example(platform, check):
    assert check.name in {one.check for one in FAILING[platform.key]}


@pytest.mark.parametrize(("platform", "check"), EVERY, ids=NAMED)
def test_a_check_speaks_to_people_and_names_what_is_there(platform, check):
    others = {one.name: one for one in checks_of(platform)}
    known = {*platform.readiness.lists, *FLOURISH.readiness.lists, RIVAL_ORDERS}
    keys = {one.name for one in platform.readiness.keys}

    assert check.phase in PHASES
    assert check.title[0].isupper()
    assert not check.title.endswith(".")
    assert check.why.endswith(".")
    assert check.source
    assert set(check.needs) <= set(others) - {check.name}
    assert set(check.lists) <= known
    assert check.key in {"", *keys}
    assert check.key or check.where


@pytest.mark.parametrize("platform", PLATFORMS.values(), ids=PLATFORMS)
def test_names_are_given_once_and_no_list_is_of_both_sides(platform):
    names = [one.name for one in checks_of(platform)]

    assert len(names) == len(set(names))
    assert not set(platform.readiness.lists) & set(FLOURISH.readiness.lists)
    assert {one.key for one in platform.readiness.checks} >= {one.name for one in platform.readiness.keys}


def test_a_check_that_is_not_declared_is_refused_by_its_name():
    with pytest.raises(UnknownCheck, match="no check 'colour'"):
        check_named(PLATFORMS["leaflink"], "colour")


def test_nobody_knows_of_a_key_that_could_not_be_asked():
    facts = {"key_unknown": "It could not be asked: LeafLink asked to wait."}
    asked = snapshot(facts=facts)
    without = {name: value for name, value in asked.facts.items() if name != "company"}

    verdict = check_named(PLATFORMS["leaflink"], "leaflink_key").judge(
        type(asked)(asked.at, asked.platform, asked.flourish, without, asked.settings)
    )

    assert verdict.outcome == "unknown"
    assert "asked to wait" in verdict.evidence
