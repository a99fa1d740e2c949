"""The faults that are on, and when each of them strikes, drawn from a seed."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from random import Random
from threading import Lock
from typing import Any

from sandbox.accounts import PLATFORMS
from sandbox.clock import now, stamp
from sandbox.errors import BadValue, Missing
from sandbox.faults.fault import Fault, Stage
from sandbox.faults.past import Past
from sandbox.faults.scope import covers, read_scope
from sandbox.faults.table import KINDS
from sandbox.store import SHARED, Store
from sandbox.visit import Visit


class Faults:
    """The faults that are on; kept in the store, so that a restart does not switch them off.

    Each fault draws from a generator of its own, of the seed and its number: what the others do, and how
    often they are asked, does not change when it strikes.

    Args:
        store: where they are kept.
        seed: what the chances are drawn from.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._lock = Lock()
        self._seed = seed
        self._chances: dict[int, Random] = {}
        self._past = Past(store)
        self._on = [Fault(**each) for each in store.find("fault", SHARED)]
        self._remember()

    def reseed(self, seed: int) -> None:
        """Draw from this seed from now on."""
        with self._lock:
            self._seed = seed
            self._chances.clear()

    def add(
        self,
        platform: str,
        fault: str,
        rate: float = 1.0,
        seconds: float | None = None,
        argument: Any = None,
        times: int | None = None,
        only: object = None,
    ) -> Fault:
        """Switch a fault on.

        Args:
            platform: one of `PLATFORMS`.
            fault: a name of `KINDS`.
            rate: the chance for each occasion, from 0 to 1.
            seconds: how long it stays on; None means until it is cleared.
            argument: read by the fault's own row; None means its default.
            times: how often it fires at most; None means any number.
            only: which requests it may strike, as "POST /outbound-orders"; None means any.

        Raises:
            BadValue: a value is out of range or the fault is unknown.
        """
        if platform not in PLATFORMS:
            raise BadValue(f"The platform is one of {', '.join(PLATFORMS)}.", "platform")
        if fault not in KINDS:
            raise BadValue(f"The fault is one of {', '.join(KINDS)}.", "fault")
        kind = KINDS[fault]
        scope = read_scope(only)
        if scope is not None and kind.stage is Stage.WEBHOOK:
            raise BadValue("'only' names requests; this fault strikes webhooks.", "only")
        read = kind.default if argument is None else kind.read(argument)
        until = stamp(now() + timedelta(seconds=seconds)) if seconds is not None else None
        self._forget_the_spent()
        with self._store.transaction():
            new = Fault(self._store.next_number("fault"), platform, fault, rate, until, read, times, scope)
            self._store.put("fault", SHARED, new.id, asdict(new))
        with self._lock:
            self._on.append(new)
        self._remember()
        return new

    def on(self) -> list[Fault]:
        """Return the faults that are still on."""
        with self._lock:
            present = stamp()
            return [each for each in self._on if _lives(each, present)]

    def remove(self, number: int) -> None:
        """Switch one fault off.

        Raises:
            Missing: it is not on.
        """
        with self._lock:
            gone = [each for each in self._on if each.id == number]
        if not gone:
            raise Missing(f"No fault that is on has the number {number}.")
        self._forget(gone)

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            gone = list(self._on)
        self._forget(gone)

    def _forget_the_spent(self) -> None:
        with self._lock:
            present = stamp()
            spent = [each for each in self._on if not _lives(each, present)]
        if spent:
            self._forget(spent)

    def _forget(self, gone: list[Fault]) -> None:
        with self._lock:
            self._on = [each for each in self._on if each not in gone]
        with self._store.transaction():
            for each in gone:
                self._store.delete("fault", each.id)
        self._remember()

    def _remember(self) -> None:
        """Have records kept for as long as a fault looks back."""
        self._past.keep(max((each.argument for each in self.on() if KINDS[each.fault].looks_back), default=0))

    def draw(self, visit: Visit, stage: Stage) -> Iterator[Fault]:
        """Yield the faults of a stage that strike a request; each is counted and noted as it comes."""
        for fault in self._at(visit.platform, stage):
            if covers(fault.only, visit) and KINDS[fault.fault].occasion(visit) and self._strikes(fault):
                visit.ledger.struck(visit.number, fault.fault)
                yield fault

    def delays(self, platform: str) -> list[float]:
        """Return after how many seconds each copy of a webhook goes out; none means that it is lost."""
        delays = [0.0]
        for fault in self._at(platform, Stage.WEBHOOK):
            if self._strikes(fault):
                delays = KINDS[fault.fault].act(fault, delays, self._chance(fault))
        return delays

    def _at(self, platform: str, stage: Stage) -> list[Fault]:
        if not self._on:
            return []
        return [each for each in self.on() if each.platform == platform and KINDS[each.fault].stage is stage]

    def _strikes(self, fault: Fault) -> bool:
        """Draw whether a fault strikes on this occasion, and count it."""
        with self._lock:
            if not _lives(fault, stamp()) or self._chance(fault).random() >= fault.rate:
                return False
            if fault.times is None:
                return True
            fault.times -= 1
        with self._store.transaction():
            self._store.put("fault", SHARED, fault.id, asdict(fault))
        return True

    def _chance(self, fault: Fault) -> Random:
        return self._chances.setdefault(fault.id, Random(f"{self._seed} {fault.id}"))


def _lives(fault: Fault, present: str) -> bool:
    return (fault.until is None or present < fault.until) and (fault.times is None or fault.times > 0)
