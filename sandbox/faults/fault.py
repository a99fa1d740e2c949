"""What a fault is: its row in the table, and one that is switched on."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.visit import Visit


class Stage(StrEnum):
    """When a fault strikes, and so what its function is called with and returns."""

    BEFORE = "before"
    """Before the platform sees a request: `act(fault, visit)`, which may return an answer instead of its."""

    READ = "read"
    """In the transaction of a read: `act(fault, visit)`; what it changes is undone after the answer."""

    WRITTEN = "written"
    """After a write was committed: `act(fault, visit, response)` returns what to answer."""

    ANSWER = "answer"
    """On the way of any good answer: `act(fault, visit, response)` returns what to answer."""

    WEBHOOK = "webhook"
    """As a webhook is queued: `act(fault, delays, random)` returns the seconds after which copies go out."""


class CutConnection(ConnectionAbortedError):
    """The answer is not sent, or not to its end; the connection ends."""


@dataclass
class Fault:
    """A fault that is switched on.

    Args:
        id: its number.
        platform: whose API or webhooks it hits.
        fault: a name of the table.
        rate: the chance, from 0 to 1, for each occasion.
        until: when it ends by itself, or None.
        argument: what its row says it means.
        times: how often it may still fire, or None.
        only: which requests it may strike, as `sandbox.faults.scope` reads it, or None for all.
    """

    id: int
    platform: str
    fault: str
    rate: float
    until: str | None
    argument: Any
    times: int | None
    only: str | None = None


def always(_visit: Visit) -> bool:
    """Any request is an occasion."""
    return True


@dataclass(frozen=True)
class Kind:
    """A row of the table.

    Args:
        stage: when it strikes.
        act: what it does; see `Stage`.
        about: what it does, in a sentence.
        means: what its argument is, in a sentence, or "" when it takes none.
        read: reads the argument.
        default: the argument when none is given.
        occasion: which requests it can strike at all.
        looks_back: whether the records of the last `argument` seconds must be kept for it.
    """

    stage: Stage
    act: Callable[..., Any]
    about: str
    means: str
    read: Callable[[Any], Any]
    default: Any = None
    occasion: Callable[[Visit], bool] = always
    looks_back: bool = False
