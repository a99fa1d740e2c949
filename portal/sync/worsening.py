"""Worsening: whether what is wrong with a thing is more, or something else, than when it was last said. Pure.

Somebody who ignores a problem ignores that problem, not whatever it becomes.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import zip_longest

from portal.sync.domain import Json

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# A count that grows by a little is the same problem; one that is twice as large is a worse one.
_FACTOR = 2


def is_worse(title: str, evidence: Json, *, now: str, now_evidence: Json) -> bool:
    """Compare how a problem was said with how it is said now.

    Args:
        title: as it was.
        evidence: the facts behind it, as they were.
        now: the title as it is now.
        now_evidence: the facts as they are now.
    """
    if dict(evidence) != dict(now_evidence) or _NUMBER.sub("#", title) != _NUMBER.sub("#", now):
        return True
    pairs = zip_longest(_numbers(title), _numbers(now), fillvalue=Decimal(0))
    return any(after >= _FACTOR * before and after > before for before, after in pairs)


def _numbers(text: str) -> list[Decimal]:
    # Of "1.2.3" the first two parts: a version grows, too.
    return [Decimal(".".join(found.replace(",", "").split(".")[:2])) for found in _NUMBER.findall(text)]
