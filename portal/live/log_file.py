"""A log as a file: written line by line while it is sent, so that its length costs no memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from portal.access import Here
from portal.extensions import Sessions
from portal.queries import grants, logs
from portal.sync.personal import hide, hide_change
from portal.sync.redaction import MASK

# So many lines are read at once, each time in a transaction of its own.
_BATCH = 1000


@dataclass(frozen=True)
class Form:
    """One way to write a log down."""

    ending: str
    mimetype: str
    write: Callable[[logs.Line, Here], str]


def pieces(sessions: Sessions, here: Here, log: logs.Log, form: Form) -> Iterator[bytes]:
    """Write a log, oldest line first, up to its end.

    Args:
        sessions: where the lines are read.
        here: who it is for: Trellis's own people see no personal data, and nothing once their grant is over.
        log: which lines.
        form: how they are written.
    """
    cursor, more = 0, True
    while more:
        with sessions.tenant(here.id) as session:
            if here.grant and not grants.stands(session, here.id, here.grant.id):
                return
            rows = logs.lines(session, log, after=cursor, size=_BATCH)
        if rows:
            cursor = rows[-1].number
            yield "".join(form.write(line, here) for line in rows).encode()
        more = len(rows) == _BATCH


def _text(line: logs.Line, here: Here) -> str:
    """One line for people: time with its zone, level, what it is about, sentence."""
    said = " ".join(f"{line.entity}  {line.text}".splitlines())
    at = line.at.astimezone(here.zone).isoformat(sep=" ", timespec="milliseconds")
    return f"{at}  {line.level:<5}  {hide(said) if here.masked else said}\n"


def _json(line: logs.Line, here: Here) -> str:
    """One line for programs, with what is behind the sentence."""
    said: dict[str, Any] = {"about": line.entity, "text": line.text, "raw": line.raw}
    facts = {
        "number": line.number,
        "at": line.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "level": line.level,
        "run": str(line.run_id) if line.run_id else None,
        "link": str(line.link_id) if line.link_id else None,
    }
    return json.dumps(facts | (_hidden(said) if here.masked else said), ensure_ascii=False) + "\n"


def _hidden(value: Any) -> Any:
    """The same without personal data; what is no text stays what it is."""
    if isinstance(value, dict):
        return {name: hide_change(name, _hidden(inner)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    if isinstance(value, str):
        return hide(value)
    return value if hide(str(value)) == str(value) else MASK


FORMS = {
    "text": Form("txt", "text/plain", _text),
    "json": Form("jsonl", "application/jsonl", _json),
}
