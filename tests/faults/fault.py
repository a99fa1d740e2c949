"""What a row of the catalogue says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing that can go wrong.

    `then` is what Trellis does, and tests prove it; empty where nothing that it concerns is built. `later` is
    what it does not do yet: why, and with which issue it comes.
    """

    number: int
    what: str
    then: str = ""
    later: str = ""
