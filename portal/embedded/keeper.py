"""Keeping one service alive."""

import asyncio
import signal
import subprocess
import time

from portal.embedded.errors import CannotStart
from portal.embedded.lifeline import kill_session
from portal.embedded.logs import Log, Output, Say
from portal.embedded.service import Service, ending

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
# A service that lived this long was well: the next pause is the first again.
STEADY = 30.0
_SETTLED = 0.5
_LOOK_AGAIN = 0.03
_HURRIED_GRACE = 1.0


class Reaper:
    """Tells when child processes end. Needs a running event loop in the main thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._watched: dict[subprocess.Popen[bytes], asyncio.Future[int]] = {}
        self._loop.add_signal_handler(signal.SIGCHLD, self._reap)

    async def ended(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for `process` to end and return its return code."""
        if process not in self._watched:
            self._watched[process] = self._loop.create_future()
            self._reap()
        return await asyncio.shield(self._watched[process])

    def forget(self, process: subprocess.Popen[bytes]) -> None:
        """Stop watching a process that has ended."""
        self._watched.pop(process, None)

    def _reap(self) -> None:
        for process, future in self._watched.items():
            if not future.done() and (code := process.poll()) is not None:
                future.set_result(code)


class Keeper:
    """Starts a service, and starts it again with growing pauses whenever it ends by itself."""

    def __init__(self, service: Service, log: Log, say: Say, reaper: Reaper) -> None:
        self.service = service
        self._log = log
        self._say = say
        self._reaper = reaper
        self._process: subprocess.Popen[bytes] | None = None
        self._output: Output | None = None
        self._born = 0.0
        self._proved = False
        self._task = asyncio.create_task(self._keep())

    async def ready(self, patience: float) -> None:
        """Wait until the service is ready.

        Raises CannotStart if it ends before that, or is not ready after `patience` seconds.
        """
        deadline = time.monotonic() + patience
        while not self._task.done() and not self._proved:
            if self._process and self._answers(self._process.pid):
                self._proved = True
            elif time.monotonic() > deadline:
                raise CannotStart(f"{self.service.name} was not ready within {patience:g} s", self._log.tail)
            else:
                await asyncio.sleep(_LOOK_AGAIN)
        if self._task.done():
            await self._task

    async def stop(self, hurry: asyncio.Event) -> None:
        """Ask the service to end, wait, and kill what remains. `hurry` shortens the wait to a second."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is None:
            return
        for wish in self.service.stop_signals:
            if process.poll() is None:
                process.send_signal(wish)
                await self._within_grace(process, hurry)
        await self._bury(process)

    async def _keep(self) -> None:
        pause = FIRST_PAUSE
        while True:
            how = await self._live()
            if not self._proved:
                raise CannotStart(f"{self.service.name} did not start ({how})", self._log.tail)
            if time.monotonic() - self._born >= STEADY:
                pause = FIRST_PAUSE
            self._report(how, pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _live(self) -> str:
        self._log.forget()
        self._born = time.monotonic()
        try:
            self._process = process = self.service.spawn(subprocess.PIPE)
        except OSError as error:
            return error.strerror or str(error)
        self._output = Output(asyncio.get_running_loop(), process.stdout, self._log.write)
        code = await self._reaper.ended(process)
        await self._bury(process)
        return ending(code)

    def _answers(self, pid: int) -> bool:
        if self.service.ready:
            return self.service.ready(pid)
        return time.monotonic() - self._born >= _SETTLED

    def _report(self, how: str, pause: float) -> None:
        for line in self._log.tail:
            self._say(f"{self.service.name} | {line}")
        self._say(f"{self.service.name} ended by itself ({how}); starting it again in {pause:g} s")

    async def _within_grace(self, process: subprocess.Popen[bytes], hurry: asyncio.Event) -> None:
        ended = asyncio.create_task(self._reaper.ended(process))
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait({ended, hurried}, timeout=self.service.grace, return_when=asyncio.FIRST_COMPLETED)
        if hurried.done():
            await asyncio.wait({ended}, timeout=_HURRIED_GRACE)
        hurried.cancel()
        ended.cancel()

    async def _bury(self, process: subprocess.Popen[bytes]) -> None:
        kill_session(process.pid)
        await self._reaper.ended(process)
        self._reaper.forget(process)
        if self._output:
            self._output.finish()
        self._process = self._output = None
