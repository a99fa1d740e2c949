"""Running a set of services in the foreground until Ctrl-C, and leaving none behind."""

import asyncio
import signal
import subprocess
from collections.abc import Awaitable, Callable
from itertools import groupby
from pathlib import Path

from portal.embedded.errors import CannotStart
from portal.embedded.keeper import Keeper, Reaper
from portal.embedded.lifeline import kill_session
from portal.embedded.logs import Log, Output, Say
from portal.embedded.private import make_directory
from portal.embedded.service import Program, Service, Stage, ending

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_READY = 60.0


class Supervisor:
    """Starts services, keeps them running and stops them in the order of their stages.

    What they print goes to files in `logs`, and with `verbose` to `say` too; `say` also hears of each service
    that had to be started again. Use it in a process without threads: only then do its children die with it.
    """

    _reaper: Reaper  # needs the event loop, so `run` makes it

    def __init__(self, logs: Path, say: Say, *, verbose: bool = False) -> None:
        self._logs = make_directory(logs)
        self._say = say
        self._echo = say if verbose else None
        self._keepers: list[Keeper] = []
        self._open_logs: list[Log] = []
        self._asked, self._hurry = asyncio.Event(), asyncio.Event()

    def run(self, startup: Callable[[], Awaitable[None]]) -> None:
        """Run `startup`, which calls the methods below; at Ctrl-C, SIGTERM or SIGHUP stop everything.

        A signal during `startup` cancels it. Raises what `startup` raised, after everything is stopped.
        """
        asyncio.run(self._run(startup))

    def start(self, service: Service) -> None:
        """Start `service` and keep it running."""
        self._keepers.append(Keeper(service, self._log(service.name), self._say, self._reaper))

    async def ready(self, *stages: Stage, patience: float = _READY) -> None:
        """Wait until the services of `stages` that were started are ready.

        Raises CannotStart if one ends, or is not ready after `patience` seconds.
        """
        awaited = [keeper for keeper in self._keepers if keeper.service.stage in stages]
        await asyncio.gather(*(keeper.ready(patience) for keeper in awaited))

    async def complete(self, program: Program) -> list[str]:
        """Run `program` to its end and return the lines of its standard output.

        Raises CannotStart, with its last lines, if it fails.
        """
        log, lines = self._log(program.name), list[str]()
        process = program.spawn(subprocess.PIPE, subprocess.PIPE)
        loop = asyncio.get_running_loop()
        outputs = Output(loop, process.stdout, lines.append), Output(loop, process.stderr, log.write)
        try:
            code = await self._reaper.ended(process)
        finally:
            kill_session(process.pid)
            process.wait()
            self._reaper.forget(process)
            for output in outputs:
                output.finish()
        if code:
            raise CannotStart(f"{program.name} failed ({ending(code)})", log.tail or tuple(lines))
        return lines

    async def _run(self, startup: Callable[[], Awaitable[None]]) -> None:
        self._reaper = Reaper()
        for number in _STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._on_signal)
        starting = asyncio.ensure_future(startup())
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await asked
        finally:
            starting.cancel()
            asked.cancel()
            await asyncio.gather(starting, asked, return_exceptions=True)
            await self._stop()

    def _on_signal(self) -> None:
        if self._asked.is_set():
            self._hurry.set()
        else:
            self._asked.set()
            self._say("Stopping; a second Ctrl-C does not wait for running work.")

    async def _stop(self) -> None:
        keepers = sorted(self._keepers, key=lambda keeper: keeper.service.stage)
        for _stage, together in groupby(keepers, key=lambda keeper: keeper.service.stage):
            await asyncio.gather(*(keeper.stop(self._hurry) for keeper in together))
        for log in self._open_logs:
            log.close()

    def _log(self, name: str) -> Log:
        log = Log(self._logs, name, self._echo)
        self._open_logs.append(log)
        return log
