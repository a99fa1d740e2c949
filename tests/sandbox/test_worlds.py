"""The data: the same seed makes the same world, one is clean, the other holds every planted mismatch."""

from dataclasses import replace

import pytest

from sandbox.worlds.making import NEW_PARTNERS, agreed_world, make_world
from sandbox.worlds.mismatches import MISMATCHES


def test_a_seed_makes_a_world_and_another_seed_another():
    assert make_world("sunrise", 4) == make_world("sunrise", 4)
    assert make_world("sunrise", 4) != make_world("sunrise", 5)


def test_a_clean_world_agrees_but_for_its_new_customers():
    world = make_world("greenleaf", 1)
    assert world.leaflink.goods == world.flourish.goods
    assert world.leaflink.reps == world.flourish.reps
    assert (world.ordo.partners, world.ordo.reps) == (world.flourish.partners, world.flourish.reps)
    assert tuple(brand.name for brand in world.ordo.brands) == world.flourish.brands
    assert [each.number for each in world.ordo.licenses] == [each.license for each in world.facilities]
    assert all(each.street2 for each in world.ordo.licenses)
    assert set(world.ordo.goods) < set(world.flourish.goods)
    assert world.leaflink.partners[:-NEW_PARTNERS] == world.flourish.partners
    assert all(partner.license and partner.address for partner in world.leaflink.partners)


@pytest.mark.parametrize("name", ["greenleaf", "sunrise"])
def test_a_world_is_of_the_promised_size(name):
    world = make_world(name, 1)
    assert len(world.leaflink.goods) == pytest.approx(400, abs=10)
    assert (len(world.leaflink.partners), len(world.leaflink.reps), len(world.facilities)) == (120, 8, 2)
    assert {good.multiplier for good in world.leaflink.goods} == {1, 5, 10, 24}


@pytest.mark.parametrize("name", ["greenleaf", "sunrise"])
def test_every_name_carries_its_world_s_marker(name):
    world = make_world(name, 1)
    side = world.leaflink
    goods, partners = [good.name for good in side.goods], [partner.name for partner in side.partners]
    places = [facility.name for facility in world.facilities]
    assert all(world.marker in name for name in (*goods, *partners, *places, *world.flourish.brands))


@pytest.mark.parametrize("mismatch", MISMATCHES, ids=lambda mismatch: f"{mismatch.side}: {mismatch.what}")
def test_each_mismatch_is_planted(mismatch):
    here = getattr(getattr(make_world("sunrise", 1), mismatch.side), mismatch.part)
    thing = getattr(getattr(agreed_world("sunrise", 1), mismatch.side), mismatch.part)[mismatch.place]
    assert thing not in here
    assert mismatch.change is None or replace(thing, **mismatch.change(thing)) in here


def test_no_two_mismatches_hit_one_thing_on_one_side():
    places = [(each.side, each.part, each.place) for each in MISMATCHES]
    assert len(places) == len(set(places))
