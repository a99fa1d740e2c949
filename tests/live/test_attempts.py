"""Tries of the same write are told as one."""

import pytest

from portal.live.attempts import attempts
from portal.models import Operation, new_id


def operations(*what):
    """Writes in order: what each tries, and how it ended."""
    return [
        Operation(id=new_id(), kind=kind, natural_key=f"{kind}:1", status=status) for kind, status in what
    ]


# writes -> how many tries came to nothing before each that has some, and how many go on.
CASES = {
    (("create", "ok"),): ([], 0),
    (("create", "abandoned"), ("create", "abandoned"), ("create", "ok")): ([1, 2], 0),
    (("create", "abandoned"), ("create", "ok"), ("create", "ok")): ([1], 0),
    (("create", "abandoned"), ("create", "abandoned")): ([1], 2),
    (("create", "abandoned"), ("move", "ok")): ([], 0),
    (("create", "abandoned"), ("create", "refused"), ("create", "abandoned")): ([1], 1),
    (("create", "abandoned"), ("create", "unknown")): ([1], 1),
    (): ([], 0),
}


@pytest.mark.promise("MO-2")
@pytest.mark.parametrize("what", CASES)
def test_tries_stand_with_the_one_that_came_to_something(what):
    rows = operations(*what)
    found = attempts(rows)
    before, going_on = CASES[what]
    assert [len(found.before[row.id]) for row in rows if row.id in found.before] == before
    assert len(found.going_on) == going_on
