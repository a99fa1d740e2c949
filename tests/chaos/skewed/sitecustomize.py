"""A clock that is wrong, for the one process that has this folder on its PYTHONPATH.

Shifts what Python calls the time by CHAOS_CLOCK_SHIFT seconds. The type `datetime` itself is changed, so
that whoever imported it by name before has the wrong clock too. Monotonic clocks stay right, as they do
when somebody sets a machine's clock.
"""

import ctypes
import datetime as dt
import gc
import os
import time
from typing import Any

_SHIFT = float(os.environ.get("CHAOS_CLOCK_SHIFT", "0"))
_right_time, _right_time_ns, _right_now = time.time, time.time_ns, dt.datetime.now


def _shifted_now(cls: type, tz: dt.tzinfo | None = None) -> dt.datetime:
    return _right_now(tz) + dt.timedelta(seconds=_SHIFT)


def _replace(cls: type, name: str, value: Any) -> None:
    """Change a built-in type: its dictionary stands behind a read-only view."""
    gc.get_referents(cls.__dict__)[0][name] = value
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(cls))


if _SHIFT:
    time.time = lambda: _right_time() + _SHIFT
    time.time_ns = lambda: _right_time_ns() + int(_SHIFT * 1_000_000_000)
    _replace(dt.datetime, "now", classmethod(_shifted_now))
    _replace(
        dt.datetime,
        "utcnow",
        classmethod(lambda cls: _shifted_now(cls, dt.UTC).replace(tzinfo=None)),
    )
