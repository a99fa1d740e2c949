"""What can be made to go wrong, one row per fault, with chances drawn from a seed.

A row names the stage at which its act runs: BEFORE the platform sees the request (an answer replaces the
platform's own), AFTER a write was committed (the answer is changed or the connection cut), or WEBHOOK,
where it changes the list of delays after which a delivery is sent.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from random import Random
from threading import Lock
from typing import Any

from werkzeug.wrappers import Response

from sandbox.accounts import PLATFORMS
from sandbox.clock import now, stamp
from sandbox.errors import BadValue
from sandbox.store import SHARED, Store

MAX_LATENCY = 600.0
HTML = "text/html; charset=utf-8"


class CutConnection(Exception):
    """The answer is not sent; the connection ends."""


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
    """

    id: int
    platform: str
    fault: str
    rate: float
    until: str | None
    argument: Any
    times: int | None


def _latency(fault: Fault) -> None:
    time.sleep(fault.argument)


def _too_many(fault: Fault) -> Response:
    response = Response('{"detail":"Request was throttled."}', 429, mimetype="application/json")
    response.headers["Retry-After"] = str(fault.argument)
    return response


def _server_error(_fault: Fault) -> Response:
    return Response("<h1>Server Error (500)</h1>", 500, content_type=HTML)


def _drop(fault: Fault, _response: Response) -> Response:
    if fault.argument is None:
        raise CutConnection
    return Response(f"<h1>{fault.argument}</h1>", fault.argument, content_type=HTML)


def _twice(_fault: Fault, delays: list[float]) -> list[float]:
    return [delay for delay in delays for _ in range(2)]


def _never(_fault: Fault, _delays: list[float]) -> list[float]:
    return []


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_LATENCY:
        raise BadValue(f"The argument is a number of seconds up to {MAX_LATENCY:.0f}.", "argument")
    return float(value)


def _retry_after(value: Any) -> int | str:
    if isinstance(value, bool) or not isinstance(value, int | str) or not str(value).isprintable():
        raise BadValue("The argument is the text of the Retry-After header.", "argument")
    return value


def _status(value: Any) -> int | None:
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | str)
        or str(value) not in {"500", "502", "503", "504"}
    ):
        raise BadValue("The argument is a status from 500 to 504 to answer instead of cutting.", "argument")
    return int(value)


def _no_argument(value: Any) -> None:
    if value is not None:
        raise BadValue("This fault takes no argument.", "argument")


@dataclass(frozen=True)
class Kind:
    """A row of the table: what the fault does, how its argument is read and what that is when absent."""

    stage: str
    act: Callable[..., Any]
    argument: Callable[[Any], Any]
    default: Any
    about: str


BEFORE, AFTER, WEBHOOK = "before", "after", "webhook"

KINDS: dict[str, Kind] = {
    "latency": Kind(BEFORE, _latency, _seconds, 1.0, "Answers late; the argument is seconds."),
    "429": Kind(BEFORE, _too_many, _retry_after, 5, "Answers 429; the argument is the Retry-After header."),
    "500": Kind(BEFORE, _server_error, _no_argument, None, "Answers 500 in HTML and does nothing."),
    "commit-then-drop": Kind(
        AFTER,
        _drop,
        _status,
        None,
        "Does the write, then cuts the connection, or answers the argument, as 502.",
    ),
    "webhook-duplicate": Kind(WEBHOOK, _twice, _no_argument, None, "Sends each webhook twice."),
    "webhook-drop": Kind(WEBHOOK, _never, _no_argument, None, "Sends no webhook."),
}


class Faults:
    """The faults that are on; kept in the store, so that a restart does not switch them off.

    Args:
        store: where they are kept.
        seed: what the chances are drawn from.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._lock = Lock()
        self._random = Random(seed)
        self._on = [Fault(**each) for each in store.find("fault", SHARED)]

    def reseed(self, seed: int) -> None:
        """Draw from this seed from now on."""
        with self._lock:
            self._random = Random(seed)

    def add(
        self, platform: str, fault: str, rate: float, seconds: float | None, argument: Any, times: int | None
    ) -> Fault:
        """Switch a fault on.

        Args:
            platform: leaflink or flourish.
            fault: a name of `KINDS`.
            rate: the chance for each occasion.
            seconds: how long it stays on; None means until it is cleared.
            argument: read by the fault's own row; None means its default.
            times: how often it fires at most; None means any number.

        Raises:
            BadValue: a value is out of range or the fault is unknown.
        """
        if platform not in PLATFORMS:
            raise BadValue(f"The platform is one of {', '.join(PLATFORMS)}.", "platform")
        if fault not in KINDS:
            raise BadValue(f"The fault is one of {', '.join(KINDS)}.", "fault")
        kind = KINDS[fault]
        read = kind.default if argument is None else kind.argument(argument)
        until = stamp(now() + timedelta(seconds=seconds)) if seconds is not None else None
        with self._store.transaction():
            new = Fault(self._store.next_number("fault"), platform, fault, rate, until, read, times)
            self._store.put("fault", SHARED, new.id, asdict(new))
        with self._lock:
            self._on.append(new)
        return new

    def on(self) -> list[Fault]:
        """Return the faults that are still on."""
        with self._lock:
            present = stamp()
            return [each for each in self._on if _lives(each, present)]

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            gone, self._on = self._on, []
        with self._store.transaction():
            for each in gone:
                self._store.delete("fault", each.id)

    def draw(self, platform: str, stage: str) -> list[Fault]:
        """Return the faults of a stage that strike on this occasion, and count them."""
        if not self._on:
            return []
        with self._lock:
            present = stamp()
            struck = [each for each in self._on if _at(each, platform, stage) and _lives(each, present)]
            struck = [each for each in struck if self._random.random() < each.rate]
            counted = [each for each in struck if each.times is not None]
            for each in counted:
                each.times = (each.times or 0) - 1
        for each in counted:
            with self._store.transaction():
                self._store.put("fault", SHARED, each.id, asdict(each))
        return struck

    def delays(self, platform: str) -> list[float]:
        """Return after how many seconds each copy of a webhook goes out; none means that it is lost."""
        delays = [0.0]
        for fault in self.draw(platform, WEBHOOK):
            delays = KINDS[fault.fault].act(fault, delays)
        return delays


def _at(fault: Fault, platform: str, stage: str) -> bool:
    return fault.platform == platform and KINDS[fault.fault].stage == stage


def _lives(fault: Fault, present: str) -> bool:
    return (fault.until is None or present < fault.until) and (fault.times is None or fault.times > 0)
