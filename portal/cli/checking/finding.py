"""What a probe of an installation found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a probe saw. `ok` is None where it cannot be told; `todo` is for what is not ok."""

    topic: str
    ok: bool | None
    words: str
    todo: str = ""
