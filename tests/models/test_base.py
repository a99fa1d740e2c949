"""Identifiers: by when they were made, and each of them once."""

import time
from uuid import RFC_4122

from portal.models import new_id, new_ids


def test_what_is_made_later_sorts_later_within_a_millisecond_too():
    made = []
    for _ in range(200):
        made.append(new_id())
        time.sleep(1e-6)
    assert sorted(made) == made


def test_an_id_is_a_uuid_of_version_7_that_begins_with_its_time():
    before = time.time_ns() // 1_000_000
    made = new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_of_one_moment_differ():
    made = list(new_ids(5_000))
    assert len(set(made)) == len(made)
    assert len({one.int >> 64 for one in made}) == 1
