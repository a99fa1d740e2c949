"""Idempotency keys: a write that comes twice under one key is done once, and answered alike."""

import json
from collections.abc import Callable
from hashlib import sha256

from sandbox.errors import BadValue
from sandbox.office import Office
from sandbox.ordo.refusals import Unprocessable
from sandbox.store import Body

HEADER = "Idempotency-Key"
MAX_KEY = 255


def once(office: Office, key: str | None, asked: Body, act: Callable[[], Body]) -> Body:
    """Do something, or answer as the first time. What was refused was not done, and is tried anew.

    Args:
        office: the organisation; keys are its own.
        key: what the header says, or None.
        asked: all that was asked for.
        act: does it, and returns the answer.

    Raises:
        BadValue: the key is too long.
        Unprocessable: the key was sent with something else before.
    """
    if not key:
        return act()
    if len(key) > MAX_KEY:
        raise BadValue(f"{HEADER} has at most {MAX_KEY} characters.")
    place = f"{office.account.world} {key}"
    print_ = sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
    kept = office.get("answer", place)
    if kept is not None:
        if kept["asked"] != print_:
            raise Unprocessable("idempotency_key_reused", f"{HEADER} was sent with another request before.")
        return dict(kept["answer"])
    answer = act()
    office.put("answer", place, {"asked": print_, "answer": answer})
    return answer
