"""Logs: one record is one line of JSON, whatever is in its message. The one place that configures them."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType, TracebackType
from typing import TextIO

# The request that this thread answers, as error pages and the audit name it.
reference: ContextVar[str] = ContextVar("reference", default="")
# What this thread works on: ids, by the name of the thing.
_subject: ContextVar[Mapping[str, str]] = ContextVar("subject", default=MappingProxyType({}))

# What our own code says beside a message.
_BESIDE = ("run", "link", "stream", "connection", "preview", "resource", "field")
_LONGEST = 16_000
# PostgreSQL's own words about a row, with its values.
_VALUES = re.compile(r"\b(DETAIL|CONTEXT): .*?(?=\n(?:HINT|CONTEXT|\[SQL|\(Background|\s+File |\n)|\Z)", re.S)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Formatter):
    """Writes a record as one line of JSON, in UTC. All but printable ASCII is escaped."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        at = datetime.fromtimestamp(record.created, UTC)
        values = {
            "time": at.isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage()[:_LONGEST],
        }
        if known := reference.get():
            values["reference"] = known
        values |= _subject.get()
        values |= {name: str(getattr(record, name)) for name in _BESIDE if hasattr(record, name)}
        if record.exc_info:
            values["exception"] = _VALUES.sub(r"\1: (not shown)", self.formatException(record.exc_info))[
                -_LONGEST:
            ]
        return json.dumps(values, ensure_ascii=True).replace("\x7f", "\\u007f")


@contextmanager
def about(**ids: object) -> Iterator[None]:
    """Have every line that this thread logs meanwhile, whoever logs it, name what is worked on.

    Args:
        ids: by the name of the thing, such as `run` or `link`; None is left out.
    """
    known = {name: str(value) for name, value in ids.items() if value is not None}
    before = _subject.set({**_subject.get(), **known})
    try:
        yield
    finally:
        _subject.reset(before)


def begin_request(name: str, ids: Mapping[str, object]) -> None:
    """Have every line that this thread logs from now on name the request that it answers.

    Args:
        name: the request, as error pages and the audit name it.
        ids: what its address names, by the name of the thing.
    """
    reference.set(name)
    _subject.set({name: str(value) for name, value in ids.items()})


def configure(stream: TextIO | None = None) -> None:
    """Have everything that this process logs, also how it dies, written as lines of JSON.

    Args:
        stream: where to; standard error by default.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(OneLine())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _died
    threading.excepthook = lambda died: _died(
        died.exc_type, died.exc_value or died.exc_type(), died.exc_traceback
    )


def readable(line: str) -> str:
    """Write a line of a log for people at a terminal; one that is no JSON of ours stays, on one line."""
    try:
        values = json.loads(line)
        said = f"{values['level']} {values['logger']}: {values['message']}"
        last = values.get("exception", "").rstrip().rpartition("\n")[2]
    except (ValueError, TypeError, KeyError, AttributeError):
        return one_line(line)
    return one_line(f"{said} ({last})" if last else said)


def one_line(text: str) -> str:
    """Write what breaks a line, or moves a terminal's cursor, as an escape."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _died(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("portal").critical("the process ends by a bug", exc_info=(kind, error, trace))
