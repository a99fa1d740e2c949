"""What a row of the catalogue says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Promise:
    """One thing that users may rely on.

    `later` is what is missing of it: such a promise is not kept yet, or only in part.
    """

    id: str
    what: str
    later: str = ""
