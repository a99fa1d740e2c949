"""The history of a run, as Jepsen writes one: when, who, invoke or how it ended, and what."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import click
import requests


@dataclass(frozen=True)
class Event:
    """One line. `kind` is invoke, ok, fail (it did not happen) or info (nobody knows, or worth a note)."""

    seconds: float
    time: datetime
    who: str
    kind: str
    what: str

    def line(self) -> str:
        """As it is printed."""
        return f"{self.seconds:9.3f}  {self.who:<9} {self.kind:<7} {self.what}"


@dataclass
class History:
    """Everything that happened, printed as it happens unless quiet."""

    quiet: bool = False
    events: list[Event] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def tell(self, who: str, kind: str, what: str) -> None:
        """Add a line."""
        event = Event(time.monotonic() - self.began, datetime.now(UTC), who, kind, what)
        self.events.append(event)
        if not self.quiet:
            click.echo(event.line())

    @contextmanager
    def act(self, who: str, what: str) -> Iterator[None]:
        """Tell of an act from its beginning to its end; one that is refused or fails to arrive is told too,
        and goes no further."""
        self.tell(who, "invoke", what)
        try:
            yield
        except requests.HTTPError as refusal:
            self.tell(who, "fail", f"{what}: {refusal}")
        except requests.RequestException as error:
            self.tell(who, "info", f"{what}: {type(error).__name__}")
        else:
            self.tell(who, "ok", what)

    def counts(self, who: str) -> dict[str, int]:
        """How often each kind of act of somebody was begun, by its first words."""
        return dict(
            Counter(
                event.what.partition(":")[0]
                for event in self.events
                if event.who == who and event.kind == "invoke"
            )
        )
